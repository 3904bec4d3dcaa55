"""Whatever comes in and whatever people do, in any order: nobody is left behind, one voice, and no means no."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import TUESDAY, a_workspace
from warmline.channels.contract import Signal
from warmline.core.lead import Draft
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.intake import acts
from warmline.intake.accept import accept
from warmline.intake.acts import ActError, Next
from warmline.intake.inbound import receive
from warmline.intake.submission import Accepted, Given, Submission
from warmline.store import due
from warmline.store.ids import lane_of, new_id, touch_ref
from warmline.store.workspaces import Workspace

WRITTEN, INQUIRY = Given("express_written", ("sms", "voicemail"), "v1", "words"), Given("inquiry", ("email", "call"))
NEXTS = ("", "won", "lost", "resume", "next_step", "enroll:slow-nurture", "enroll:pricing")


class World:
    """One lead, a clock that only goes forward, and everything that can happen to it."""

    def __init__(self, conn: psycopg.Connection, workspace: Workspace, number: int) -> None:
        self.conn, self.workspace = conn, workspace
        self.now: datetime = TUESDAY
        self.phone, self.mail = f"+1212555{number:04d}", f"p{number}@example.com"
        self.lead: UUID = self.form("pricing", "form.submitted", (WRITTEN, INQUIRY))

    def form(self, form: str, kind: str, consents: tuple[Given, ...]) -> UUID:
        one = Submission("web", Draft(phone=self.phone, email=self.mail), kind, form, consents=consents)
        (result,) = accept(self.conn, self.workspace, [one], self.now)
        assert isinstance(result, Accepted)
        return result.lead

    def told(self, kind: str, **more: Any) -> None:
        receive(self.conn, self.workspace, [Signal(kind, self.now, key=new_id().hex, **more)], self.now)

    def of_touch(self, kind: str) -> None:
        row = self.row("select id from touches where lead_id = %s order by id desc limit 1")
        if row:
            self.told(kind, touch_id=touch_ref(lane_of(self.lead), row[0]), reason="invalid_number")

    def act(self, do: Callable[..., None], **more: Any) -> None:
        do(self.conn, self.workspace, lane_of(self.lead), self.lead, "sam", self.now, **more)

    def finish(self, outcome: str, following: str) -> None:
        row = self.row("select id, kind from tasks where lead_id = %s and status = 'open' order by due_at, id limit 1")
        if row is None:
            return
        after = Next.read(following, self.now + timedelta(days=1))
        who = (self.conn, self.workspace, lane_of(self.lead), row[0], "sam", self.now)
        if row[1] == "call":
            acts.complete_call(*who, outcome=outcome, next=after)
        else:
            acts.complete_task(*who, next=after)

    def engine(self) -> None:
        lane = lane_of(self.lead)
        due.start_scheduled(self.conn, lane, self.now, 100)
        tick(self.conn, lane, self.now, Catalog(self.conn))

    def row(self, query: str) -> Any:
        return self.conn.execute(query.encode(), (self.lead,)).fetchone()

    def check(self) -> None:
        status, live, waits, tasks, queued = self.row(
            """
            select l.status,
              (select count(*) from enrollments e where e.lead_id = l.id and e.status = 'running'),
              (select count(*) from enrollments e where e.lead_id = l.id and e.status = 'scheduled'),
              (select count(*) from tasks t where t.lead_id = l.id and t.status = 'open'),
              (select count(*) from touches t where t.lead_id = l.id and t.status = 'queued')
            from leads l where l.id = %s
            """
        )
        if status in ("open", "handed_off"):
            assert live or waits or tasks, f"{status}, and nothing and nobody has the lead"
        last = self.row(
            "select kind from events where lead_id = %s and kind in ('opted.out', 'opted.in') order by seq desc limit 1"
        )
        if last == ("opted.out",):
            assert (live, waits, queued) == (0, 0, 0), "something goes on after an opt-out"
            assert status == "opted_out"
            kept = self.row("select count(*) from suppressions where value = (%s::uuid)::text and lifted_at is null")
            assert kept[0] >= 1


STEPS: dict[str, Callable[[World], object]] = {
    "pricing with consent": lambda w: w.form("pricing", "form.submitted", (WRITTEN, INQUIRY)),
    "demo without": lambda w: w.form("demo", "form.submitted", (INQUIRY,)),
    "contact": lambda w: w.form("contact", "form.submitted", (INQUIRY,)),
    "guide": lambda w: w.form("", "content.downloaded", (INQUIRY,)),
    "import": lambda w: w.form("", "lead.imported", ()),
    "meeting": lambda w: w.form("", "meeting.booked", ()),
    "stop": lambda w: w.told("inbound", sender=w.phone, text="STOP"),
    "start": lambda w: w.told("inbound", sender=w.phone, text="START"),
    "reply": lambda w: w.told("inbound", sender=w.phone, text="Yes, call me"),
    "doubt": lambda w: w.told("inbound", sender=w.mail, text="not interested"),
    "missed call": lambda w: w.told("call", sender=w.phone),
    "click": lambda w: w.of_touch("clicked"),
    "delivered": lambda w: w.of_touch("delivered"),
    "failed": lambda w: w.of_touch("failed"),
    "unsubscribed": lambda w: w.of_touch("unsubscribed"),
    "take over": lambda w: w.act(acts.take_over),
    "release": lambda w: w.act(acts.release),
    "won": lambda w: w.act(acts.close, status="won"),
    "lost": lambda w: w.act(acts.close, status="lost"),
    "reopen": lambda w: w.act(acts.reopen),
    "opt out": lambda w: w.act(acts.opt_out, evidence="said so"),
    "enroll": lambda w: w.act(acts.enroll, playbook="referral"),
    "set zone": lambda w: w.act(acts.set_zone, time_zone="America/Chicago"),
    "engine": lambda w: w.engine(),
}
_finish = [(outcome, following) for outcome in acts.task.CALL_OUTCOMES for following in NEXTS]
# The engine often has its turn, and people finish what it asks them for; the rest comes as it likes.
_steps = st.sampled_from([*STEPS, *STEPS, *["engine"] * 12, *_finish])
_pause = st.sampled_from(
    [timedelta(seconds=1), timedelta(minutes=7), timedelta(hours=5), timedelta(days=2), timedelta(days=40)]
)
_life = st.lists(st.tuples(_steps, _pause), min_size=4, max_size=24)


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def test_no_order_of_events_and_acts_breaks_a_promise(conn: psycopg.Connection, workspace: Workspace) -> None:
    numbers = iter(range(100, 10_000))

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_life)
    def lives(life: list[tuple[str | tuple[str, str], timedelta]]) -> None:
        world = World(conn, workspace, next(numbers))
        for step, pause in life:
            world.now += pause
            try:
                if isinstance(step, tuple):
                    world.finish(*step)
                else:
                    STEPS[step](world)
            except ActError:  # an act that makes no sense now is refused, and that is an answer too
                pass
            world.check()

    lives()
