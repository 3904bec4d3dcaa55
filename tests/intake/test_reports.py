"""Delivery reports in every order: a touch only moves forward, on a real database, told by real channels."""

from __future__ import annotations

from itertools import permutations
from urllib.parse import urlencode
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, minutes, story
from warmline import rules
from warmline.channels import build
from warmline.channels.contract import Callback, Channel
from warmline.channels.secrets import Secret
from warmline.channels.signature import sign
from warmline.intake.inbound import receive
from warmline.store import touches
from warmline.store.ids import lane_of, new_id, touch_ref

PUBLIC, SECRET, ACCOUNT = "http://acme.test", "a-secret-of-tests-24char", "AC" + "0" * 32
TABLES: dict[str, dict[str, object]] = {
    "twilio": {"provider": "twilio", "account_sid": ACCOUNT, "auth_token": SECRET, "from": "+15005550006"},
    "kannel": {"provider": "kannel", "username": "u", "password": "p", "hook_secret": SECRET, "from": "13013"},
}
#: Report -> what it makes of a touch that was handed over, None for those on the way: its receipt has said that already.
REPORTS: dict[str, dict[str, str | None]] = {
    "twilio": {"queued": None, "sent": None, "delivered": "delivered", "undelivered": "failed", "failed": "failed"},
    "kannel": {"8": None, "4": None, "1": "delivered", "2": "failed", "16": "failed"},
}
FORWARD = {"sending": 0, "sent": 1, "delivered": 2, "failed": 2}


def told(provider: str, touch: str, report: str) -> Callback:
    if provider == "kannel":
        query = urlencode({"touch": touch, "st": report, "said": "stat:UNDELIV err:001"})
        return Callback("GET", f"{PUBLIC}/hooks/sms/{SECRET}/dlr?{query}", {}, b"", f"{SECRET}/dlr")
    url = f"{PUBLIC}/hooks/sms/status?touch={touch}"
    failed = {"ErrorCode": "30003"} if report in ("undelivered", "failed") else {}
    fields = {"MessageSid": f"SM{touch}", "AccountSid": ACCOUNT, "MessageStatus": report, **failed}
    headers = {"x-twilio-signature": sign(url, list(fields.items()), Secret(SECRET))}
    return Callback("POST", url, headers, urlencode(fields).encode(), "status")


class Place:
    """A lead in a playbook, whose texts go out through this provider's channel."""

    def __init__(self, conn: psycopg.Connection, provider: str) -> None:
        self.conn, self.provider = conn, provider
        self.workspace = a_workspace(conn)
        self.lead = a_lead(conn, self.workspace)
        self.run = enrolled(conn, self.workspace, "pricing", self.lead)
        classes = rules.provider_errors().classes_by_code()
        self.channel: Channel = build("sms", TABLES[provider], lambda value: value, PUBLIC, b"k" * 32, classes)

    def touch(self, status: str, step: str) -> UUID:
        return a_touch(self.conn, self.run, status, step)

    def tell(self, touch: UUID, report: str, after: float = 1) -> None:
        at = TUESDAY + minutes(after)
        callback = told(self.provider, touch_ref(lane_of(self.lead), touch), report)
        receive(self.conn, self.workspace, self.channel.read(callback, at), at)

    def status(self, touch: UUID) -> str:
        where = (lane_of(self.lead), touch)
        row = self.conn.execute("select status from touches where lane = %s and id = %s", where).fetchone()
        assert row is not None
        return str(row[0])


def a_touch(conn: psycopg.Connection, run: UUID, status: str, step: str) -> UUID:
    touch = new_id()
    conn.execute(
        """
        insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template,
          status, ready_at, created_at, address, leased_until)
        select lane, %(id)s, lead_id, workspace_id, id, version_id, %(step)s, 'sms', 'marketing', 't', %(status)s, %(at)s,
          %(at)s, '+12125550123', case when %(status)s = 'sending' then %(at)s::timestamptz end
        from enrollments where id = %(run)s
        """,
        {"id": touch, "step": step, "status": status, "at": TUESDAY, "run": run},
    )
    return touch


@pytest.mark.parametrize(("provider", "report"), [("twilio", "sent"), ("kannel", "8")])
def test_a_report_that_the_provider_has_it_settles_a_touch_of_unknown_fate(
    conn: psycopg.Connection, provider: str, report: str
) -> None:
    place = Place(conn, provider)
    touch = place.touch("unknown", "ack")
    task = (lane_of(place.lead), new_id(), place.lead, place.workspace.id, TUESDAY, TUESDAY)
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, kind, title, due_at, opened_at)"
        " values (%s, %s, %s, %s, 'unknown', 'Look', %s, %s)",
        task,
    )
    place.tell(touch, report)
    assert place.status(touch) == "sent"
    assert conn.execute("select status, outcome from tasks").fetchall() == [("cancelled", "settled")]
    assert story(conn, place.lead)[-2:] == ["task.cancelled", "touch.sent"]
    place.tell(touch, ends_only(provider)[0], 2)
    place.tell(touch, report, 3)
    assert place.status(touch) == "delivered"
    assert story(conn, place.lead).count("touch.sent") == 1


@pytest.mark.parametrize(("provider", "report"), [("twilio", "sent"), ("kannel", "8")])
def test_a_report_that_the_provider_has_it_counts_also_while_its_answer_is_waited_for(
    conn: psycopg.Connection, provider: str, report: str
) -> None:
    place = Place(conn, provider)
    touch = place.touch("sending", "ack")
    place.tell(touch, report)
    assert place.status(touch) == "sent"
    lane = lane_of(place.lead)
    assert touches.take_stale(conn, lane, new_id(), minutes(1), 10) == [], "nobody has to ask what became of it"
    with conn.transaction():  # the answer comes after all
        assert touches.settle(conn, [accepted(place, touch)], TUESDAY) == []
    assert story(conn, place.lead).count("touch.sent") == 1


def accepted(place: Place, touch: UUID) -> touches.Outcome:
    return touches.Outcome(
        lane=lane_of(place.lead), id=touch, lead_id=place.lead, workspace_id=place.workspace.id, enrollment_id=place.run,
        step="ack", channel="sms", last=True, tries=0, status="sent", at=TUESDAY, event="touch.sent",
    )  # fmt: skip


def ends_only(provider: str) -> list[str]:
    return [report for report, end in REPORTS[provider].items() if end]


@pytest.mark.parametrize("begin", ["sent", "sending"])  # a report may overtake the receipt of its hand-over
@pytest.mark.parametrize("provider", list(TABLES))
def test_in_every_order_of_ends_the_first_one_stays(conn: psycopg.Connection, provider: str, begin: str) -> None:
    moves_forward(conn, provider, begin, ends_only(provider))


@pytest.mark.slow  # 120 orders of six reports
@pytest.mark.parametrize("provider", list(TABLES))
def test_in_every_order_of_all_reports_a_touch_moves_forward(conn: psycopg.Connection, provider: str) -> None:
    moves_forward(conn, provider, "sent", list(REPORTS[provider]))


def moves_forward(conn: psycopg.Connection, provider: str, begin: str, reports: list[str]) -> None:
    """Tells every order of `reports`, each to a touch of its own, and the first of them once more at the end."""
    place, means = Place(conn, provider), REPORTS[provider]
    for number, order in enumerate(permutations(reports)):
        touch = place.touch(begin, f"step-{number}")
        seen = [begin]
        for report in (*order, order[0]):
            place.tell(touch, report, len(seen))
            seen.append(place.status(touch))
        ends = [means[report] for report in order if means[report] is not None]
        assert seen[-1] == ends[0], order
        assert [FORWARD[one] for one in seen] == sorted(FORWARD[one] for one in seen), order
        assert len({one for one in seen if FORWARD[one] == 2}) == 1, order
    told_of = "select touch_id, count(*) from events where kind in ('touch.delivered', 'touch.failed') group by 1"
    counts = [count for _, count in conn.execute(told_of.encode()).fetchall()]
    assert counts == [1] * (number + 1)
