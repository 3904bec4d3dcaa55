"""Everything at once, in any order: leads, people, providers and crashes; and what must hold after every step.

The parts of the engine are called one by one, so that a crash between two of them is simply not calling the rest.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.builders import TUESDAY, a_workspace
from tests.engine.hands import FakeChannel, Hands
from warmline.channels.contract import Accepted, Message, NotSent, Receipt, Refused, Signal, Unknown
from warmline.core.lead import Draft
from warmline.engine.catalog import Catalog
from warmline.engine.dispatch import Prepared
from warmline.engine.tick import start_scheduled, tick
from warmline.insight.replay import replay
from warmline.intake import acts
from warmline.intake import submission as door
from warmline.intake.accept import accept
from warmline.intake.acts import ActError, Next
from warmline.intake.inbound import receive
from warmline.store import due as dues
from warmline.store import touches
from warmline.store.ids import LANES, lane_of, read_touch_ref
from warmline.store.orphans import count_orphans
from warmline.store.touches import Outcome
from warmline.store.workspaces import Workspace

PEOPLE = 3
TABLES = (
    "leads, address_owners, consents, suppressions, events, enrollments, touches, tasks, decisions,"
    " quarantine, paces, rotations, answers"
)


class Provider:
    """One far end for all channels: what it took, and what it will say next."""

    def __init__(self) -> None:
        self.took: list[Message] = []
        self.next = "accept"
        self.knows = True

    def take(self, message: Message) -> Receipt:
        match self.next:
            case "busy":
                return NotSent("busy", timedelta(seconds=1))
            case "refuse":
                return Refused("unknown", "30008", "refused")
            case "lost":
                return Unknown("cut before it arrived")
        self.took.append(message)
        return Unknown("cut after it arrived") if self.next == "silent" else Accepted(f"p{len(self.took)}")

    def has(self, message: Message) -> Any:
        if not self.knows:
            return "cannot_say"
        return next(
            (Accepted(f"p{n}") for n, one in enumerate(self.took) if one.touch_id == message.touch_id), "absent"
        )


class ProvidedChannel(FakeChannel):
    def __init__(self, kind: Any, provider: Provider) -> None:
        super().__init__(kind)
        self.far_end = provider

    async def send(self, message: Message) -> Receipt:
        return self.far_end.take(message)

    async def find(self, message: Message, since: Any) -> Any:  # noqa: ARG002
        return self.far_end.has(message)


class UnderFire(RuleBasedStateMachine):
    """`hands` and `workspace` are shared by all runs; every run begins with empty tables."""

    hands: Hands
    workspace: Workspace

    def __init__(self) -> None:
        super().__init__()
        self.hands.conn.execute(f"truncate {TABLES}".encode())
        self.hands.now = TUESDAY
        self.provider = Provider()
        self.hands.channels = {kind: ProvidedChannel(kind, self.provider) for kind in ("sms", "email", "voicemail")}
        self.prepared: list[Prepared] = []
        self.allowed: list[Prepared] = []
        self.receipts: list[Outcome] = []
        self.told: set[UUID] = set()
        self.keys = 0

    # --- the world -------------------------------------------------------------------------------------------------

    @rule(
        who=st.integers(0, PEOPLE - 1),
        form=st.sampled_from(["pricing", "pricing", "demo", "guide"]),
        agrees=st.booleans(),
    )
    def a_form_comes_in(self, who: int, form: str, agrees: bool) -> None:
        written = (door.Given("express_written", ("sms", "voicemail"), "v1", "words"),) if agrees else ()
        draft = Draft(phone=phone(who), email=f"ann{who}@example.com", first_name="Ann", country="US")
        kind = "content.downloaded" if form == "guide" else "form.submitted"
        given = (*written, door.Given("inquiry", ("email", "call")))
        one = door.Submission("pricing", draft, kind, form="" if form == "guide" else form, consents=given)
        (result,) = accept(self.hands.conn, self.workspace, [one], self.hands.now)
        assert isinstance(result, door.Accepted), result
        self.told.add(result.lead)

    @rule(
        who=st.integers(0, PEOPLE - 1),
        text=st.sampled_from(["Yes please call me", "STOP", "please stop this", "START", "HELP"]),
    )
    def a_lead_writes(self, who: int, text: str) -> None:
        self.signal("inbound", sender=phone(who), text=text)

    @rule(who=st.integers(0, PEOPLE - 1), answered=st.booleans())
    def a_lead_calls(self, who: int, answered: bool) -> None:
        self.signal("call", sender=phone(who), data={"answered": "yes"} if answered else {})

    @rule(
        kind=st.sampled_from(["delivered", "delivered", "failed", "clicked", "opened", "unsubscribed"]),
        which=st.integers(0, 50), automated=st.booleans(), twice=st.booleans(),
    )  # fmt: skip
    def the_provider_tells(self, kind: str, which: int, automated: bool, twice: bool) -> None:
        if not self.provider.took:  # no precondition: ids are drawn anew each time, and with them when something is due
            return
        message = self.provider.took[which % len(self.provider.took)]
        data = {"automated": "scanner"} if automated and kind in ("clicked", "opened") else {}
        key = f"{message.touch_id}:{kind}"
        for _ in range(1 + twice):
            self.signal(
                kind, touch_id=message.touch_id, data=data, key=key, reason="unreachable" if kind == "failed" else ""
            )

    def signal(self, kind: str, key: str = "", **more: Any) -> None:
        self.keys += 1
        one = Signal(kind, self.hands.now, key=key or f"k{self.keys}", **more)
        receive(self.hands.conn, self.workspace, [one], self.hands.now)

    @rule(
        which=st.integers(0, 50), outcome=st.sampled_from(["connected", "missed", "voicemail", "wrong-number"]),
        then=st.sampled_from([None, "resume", "won", "lost", "next_step", "enroll:demo"]),
    )  # fmt: skip
    def a_person_finishes_a_task(self, which: int, outcome: str, then: str | None) -> None:
        tasks = self.hands.all("select lane, id, kind from tasks where status = 'open' order by opened_at, id")
        if not tasks:
            return
        lane, task, kind = tasks[which % len(tasks)]
        following = Next.read(then, self.hands.now + timedelta(days=1)) if then else None
        who = (self.hands.conn, self.workspace, lane, task, "sam", self.hands.now)
        try:
            if kind == "call":
                acts.complete_call(*who, outcome=outcome, next=following)
            else:
                acts.complete_task(*who, next=following)
        except ActError:
            pass  # refused with a reason: nothing may have changed, and the invariants look at that

    @rule(hours=st.sampled_from([0.02, 0.1, 1, 7, 26, 100, 400]))
    def time_passes(self, hours: float) -> None:
        self.hands.now += timedelta(hours=hours)

    @rule()
    def time_passes_until_something_is_due(self) -> None:
        upcoming = dues.next_due(self.hands.conn)
        if upcoming is not None:
            self.hands.now = max(self.hands.now, upcoming)

    # --- the engine, part by part ----------------------------------------------------------------------------------

    @rule()
    def the_engine_decides(self) -> None:
        catalog = Catalog(self.hands.conn)
        for lane in range(LANES):
            start_scheduled(self.hands.conn, lane, self.hands.now)
        for lane in dues.lanes_due(self.hands.conn, self.hands.now):
            done = tick(self.hands.conn, lane, self.hands.now, catalog)
            assert done.parked == 0

    @rule()
    def touches_are_claimed(self) -> None:
        for lane in touches.lanes_ready(self.hands.conn, self.hands.now):
            claimed = self.hands.dispatcher.prepare([lane], 100)
            assert claimed.broken == []
            self.prepared += claimed.prepared

    @rule()
    def the_last_look_is_taken(self) -> None:
        looked, self.prepared = self.prepared, []
        allowed = self.hands.last_look(looked)
        for one in allowed:
            self.assert_may_be_reached(one.touch.lead_id, one.touch.channel, one.touch.enrollment_id)
        self.allowed += allowed

    @rule(answer=st.sampled_from(["accept", "accept", "accept", "busy", "refuse", "lost", "silent"]))
    def what_is_allowed_is_sent(self, answer: str) -> None:
        sent, self.allowed = self.allowed, []
        self.provider.next = answer
        for one in sent:
            receipt = asyncio.run(one.channel.send(one.message))
            self.receipts.append(self.hands.outcome(one, receipt))

    @rule(keeps=st.booleans())
    def receipts_are_written(self, keeps: bool) -> None:
        """`keeps`: and will be written once more, late."""
        self.hands.dispatcher.settle(self.receipts)
        self.receipts = self.receipts if keeps else []

    @rule()
    def the_whole_of_it_runs(self) -> None:
        for _ in range(3):
            self.the_engine_decides()
            self.touches_are_claimed()
            self.the_last_look_is_taken()
            self.what_is_allowed_is_sent("accept")
            self.receipts_are_written(False)

    @rule(knows=st.booleans(), loses_receipts=st.booleans())
    def the_process_dies_and_the_provider_is_asked(self, knows: bool, loses_receipts: bool) -> None:
        """Receipts that are not lost come late: after the answer of the provider."""
        self.prepared, self.allowed = [], []
        if loses_receipts:
            self.receipts = []
        self.provider.knows = knows
        self.hands.lease_runs_out(ago=timedelta(minutes=10))
        self.hands.rescue()

    # --- what must hold --------------------------------------------------------------------------------------------

    def assert_may_be_reached(self, lead: UUID, channel: str, enrollment: UUID) -> None:
        """Invariants 7 and 8, told from the tables in another way than the gate's."""
        stopped = self.hands.all(
            "select s.reason from suppressions s, leads l where l.id = %s and s.lifted_at is null"
            " and s.value in (l.id::text, l.phone, l.email) and (s.channels = '{}' or %s = any(s.channels))", lead, channel,
        )  # fmt: skip
        assert stopped == [], f"{lead} has opted out of {channel}"
        live = self.hands.all(
            """
            select kind from events where lead_id = %(lead)s
              and kind in ('replied', 'clicked', 'called.back', 'meeting.booked', 'taken.over', 'doubtful')
              and coalesce(data->>'automated', '') = ''
              and seq > (select max(seq) from events where lead_id = %(lead)s and (kind = 'released'
                         or (kind = 'enrolled' and enrollment_id = %(run)s)))
            """.replace("%(lead)s", f"'{lead}'").replace("%(run)s", f"'{enrollment}'"),
        )
        assert live == [], f"a person has {lead}"

    @invariant()
    def no_lead_is_left_behind(self) -> None:
        assert count_orphans(self.hands.conn, self.workspace.id) == 0

    @invariant()
    def a_lead_has_one_voice(self) -> None:
        voices = self.hands.all("select lead_id from enrollments where status in ('running', 'handed_off', 'parked')")
        assert len(voices) == len(set(voices))

    @invariant()
    def nothing_reaches_the_provider_twice(self) -> None:
        refs = Counter(message.touch_id for message in self.provider.took)
        assert [ref for ref, count in refs.items() if count > 1] == []
        steps = Counter(
            self.hands.one("select enrollment_id, step from touches where lane = %s and id = %s", *read_touch_ref(ref))
            for ref in refs
        )
        assert [step for step, count in steps.items() if count > 1] == []

    @invariant()
    def what_was_accepted_is_there(self) -> None:
        assert self.told == set(self.hands.all("select id from leads where id = any(%s)", list(self.told)))

    @invariant()
    def nobody_is_parked_and_unknown_touches_are_shown(self) -> None:
        assert self.hands.all("select error from enrollments where status = 'parked'") == []
        unseen = self.hands.all(
            """
            select t.lead_id from touches t join leads l on l.id = t.lead_id
            where t.status = 'unknown' and l.status in ('open', 'handed_off')
              and not exists (select from tasks k where k.lead_id = t.lead_id and k.kind = 'unknown')
            """
        )
        assert unseen == []

    def teardown(self) -> None:
        """Invariant 6: every decision of the run comes out the same again."""
        for lead in self.told:
            for one in replay(self.hands.conn, lane_of(lead), lead):
                assert one.same, one
        super().teardown()


def phone(who: int) -> str:
    return f"+1212555010{who}"


@pytest.fixture
def under_fire(conn: psycopg.Connection, dsn: str) -> type[UnderFire]:
    class Here(UnderFire):
        workspace = a_workspace(conn)
        hands = Hands(conn, dsn)

    return Here


#: Without shrinking: every step is real work on a database, and a run of thirty can be read as it is.
COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}


def test_every_interleaving_keeps_the_invariants(under_fire: type[UnderFire]) -> None:
    run_state_machine_as_test(under_fire, settings=settings(max_examples=12, stateful_step_count=30, **COMMON))


@pytest.mark.long
def test_many_long_interleavings_keep_the_invariants(under_fire: type[UnderFire]) -> None:
    run_state_machine_as_test(under_fire, settings=settings(max_examples=80, stateful_step_count=50, **COMMON))
