"""One look at one enrollment: what it writes for every kind of decision and verdict."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened, minutes, story
from tests.engine.hands import Hands
from warmline.core.gate import CHECKS
from warmline.store.events import NewEvent, append
from warmline.store.ids import lane_of
from warmline.store.orphans import count_orphans
from warmline.store.workspaces import Workspace

#: 22:30 in New York.
LATE = TUESDAY + timedelta(hours=12)
NEXT_MORNING_AT_EIGHT = datetime.fromisoformat("2026-11-25T13:00:00Z")

SHORT = """
name: Short
enroll: {{when: 'event.kind == "form.submitted" && event.form == "short"', rank: 80}}
owner: {{team: sales, by: round-robin}}
hand-off: {{on: [reply], act within: 10 minutes, else: {otherwise}}}
steps:
  text: {{send: sms, template: nudge, at: now}}
{after}
"""


def a_short_playbook(hands: Hands, after: str = "", otherwise: str = "escalate") -> Workspace:
    """One marketing text, then `after`."""
    return a_workspace(hands.conn, {"playbooks/short.yaml": SHORT.format(after=after, otherwise=otherwise)})


def tell(hands: Hands, workspace: Workspace, lead: UUID, kind: str, **more: Any) -> None:
    event = NewEvent(lane=lane_of(lead), lead_id=lead, workspace_id=workspace.id, kind=kind, at=hands.now, **more)
    append(hands.conn, [event], hands.now)


def test_a_hold_sleeps_until_it_ends_and_keeps_what_every_rule_saw(hands: Hands) -> None:
    workspace = a_short_playbook(hands)
    hands.now = LATE
    lead = a_lead(hands.conn, workspace, at=LATE)
    enrolled(hands.conn, workspace, "short", lead, at=LATE)
    hands.tick(lead)

    due_at = hands.one("select due_at from enrollments")
    assert due_at >= NEXT_MORNING_AT_EIGHT
    result, reason, until, body = hands.one("select result, reason, until, body from decisions")
    assert (result, reason, until) == ("hold", "quiet_hours", due_at)
    findings = {rule: (verdict, saw) for rule, verdict, saw, *_ in body[0]["findings"]}
    assert findings["quiet_hours"] == ("hold", "22:30 America/New_York")
    assert findings["opted_out"][0] == "pass"
    assert len(findings) == len(CHECKS)
    assert hands.all("select id from touches") == []

    hands.now = due_at
    assert hands.tick(lead).touches == 1


def test_a_channel_without_consent_gives_way_to_the_next_one(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace, consents={"email": "inquiry", "call": "inquiry"})
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    assert hands.one("select channel, last from touches where step = 'ack'") == ("email", True)
    assert story(hands.conn, lead)[2:4] == ["touch.refused", "task.opened"]
    does = hands.one("select body from decisions")
    assert [(one["do"], one.get("channel"), one["reason"]) for one in does] == [
        ("refuse", "sms", "no_consent"), ("ask", "call", ""), ("plan", "email", ""),
    ]  # fmt: skip


def test_a_lead_of_no_known_zone_is_shown_to_a_person_once(hands: Hands) -> None:
    workspace = a_short_playbook(hands)
    lead = a_lead(hands.conn, workspace, phone="+18005550123", country="")
    enrolled(hands.conn, workspace, "short", lead)
    for _ in range(3):
        hands.tick(lead)
        hands.now = hands.one("select due_at from enrollments")
    assert hands.now >= TUESDAY + timedelta(days=2)
    assert hands.all("select kind, status, owner from tasks where step = ''") == [("fix", "open", "sam")]
    assert hands.all("select id from touches") == []

    hands.conn.execute("update leads set region = 'US-NY', country = 'US'")
    hands.tick(lead)
    assert hands.one("select count(*) from touches") == 1


def test_a_reply_stops_what_is_queued_and_gives_the_owner_one_task(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    hands.now += minutes(1)
    tell(hands, workspace, lead, "replied", channel="sms")
    hands.tick(lead)
    hands.now += minutes(1)
    tell(hands, workspace, lead, "replied", channel="sms")
    hands.tick(lead)

    assert hands.one("select status, reason from touches") == ("refused", "human_live")
    assert hands.one("select status from tasks where kind = 'call'") == "cancelled"
    assert hands.all("select owner, due_at from tasks where kind = 'hand_off'") == [("sam", TUESDAY + minutes(11))]
    assert hands.one("select status from leads") == "handed_off"
    assert hands.one("select status from enrollments") == "handed_off"
    assert hands.sms.took == []


def test_a_hand_off_that_nobody_takes_is_escalated_once(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    tell(hands, workspace, lead, "replied", channel="sms")
    hands.tick(lead)
    assert hands.one("select due_at from enrollments") == TUESDAY + minutes(10)
    for _ in range(3):
        hands.now = hands.one("select due_at from enrollments")
        hands.tick(lead)
    assert hands.all("select owner, status from tasks where kind = 'escalation'") == [("kim", "open")]
    assert story(hands.conn, lead).count("escalated") == 1


def test_a_hand_off_that_is_to_wait_is_not_escalated(hands: Hands) -> None:
    workspace = a_short_playbook(hands, otherwise="wait")
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "short", lead)
    tell(hands, workspace, lead, "replied", channel="sms")
    hands.tick(lead)
    hands.now += timedelta(days=2)
    hands.tick(lead)
    assert "escalated" not in story(hands.conn, lead)


def test_a_promise_that_nobody_keeps_is_told_to_the_manager(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    assert hands.one("select due_at from enrollments") == TUESDAY + minutes(5)
    hands.now = TUESDAY + minutes(5)
    hands.tick(lead)
    hands.now += minutes(5)
    tell(hands, workspace, lead, "help.asked")
    hands.tick(lead)
    assert hands.all("select owner from tasks where kind = 'promise'") == ["kim"]


@pytest.mark.parametrize(
    ("after", "lead_status", "runs", "tasks"),
    [
        ("after: {enroll: pricing}", "open", [("short", "ended", "finished"), ("pricing", "running", "")], []),
        (
            "after: {enroll: pricing, in: 7 days}",
            "open",
            [("short", "ended", "finished"), ("pricing", "scheduled", "")],
            [],
        ),
        ("after: close", "closed", [("short", "ended", "finished")], []),
        ("", "open", [("short", "ended", "finished")], [("review", "sam")]),
    ],
)
def test_when_the_steps_are_used_up_the_lead_has_what_comes_after(
    hands: Hands, after: str, lead_status: str, runs: list[Any], tasks: list[Any]
) -> None:
    workspace = a_short_playbook(hands, after)
    hands.dispatcher = hands.a_dispatcher()
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "short", lead)
    hands.tick(lead)
    hands.hand_over(lead)
    hands.tick(lead)  # the receipt woke it: nothing is left to do

    found = hands.all("select playbook, status, end_reason from enrollments order by started_at, id")
    assert found == runs
    assert hands.one("select status from leads") == lead_status
    assert hands.all("select kind, owner from tasks where status = 'open'") == tasks
    assert count_orphans(hands.conn, workspace.id) == 0
    if "in: 7 days" in after:
        assert hands.one("select due_at from enrollments where status = 'scheduled'") == TUESDAY + timedelta(days=7)


def test_an_opt_out_ends_the_playbook_and_nothing_comes_after(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    tell(hands, workspace, lead, "opted.out", channel="sms")
    hands.tick(lead)
    assert hands.all("select status, end_reason from enrollments") == [("ended", "opted_out")]
    assert hands.one("select status from leads") == "opted_out"
    assert hands.one("select count(*) from tasks where status = 'open'") == 0


def test_a_call_that_nobody_makes_runs_out_and_is_asked_for_again(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    expires = hands.one("select expires_at from tasks where kind = 'call'")
    hands.now = expires
    hands.tick(lead)
    assert hands.one("select status from tasks where kind = 'call' and attempt = 1") == "expired"
    for _ in range(4):
        hands.now = hands.one("select due_at from enrollments")
        hands.tick(lead)
    assert hands.all("select attempt from tasks where step = 'first-call' order by attempt") == [1, 2]


def test_two_decisions_on_the_same_facts_are_the_same(hands: Hands, workspace: Workspace) -> None:
    bodies = []
    for number in range(2):
        lead = a_lead(hands.conn, workspace, phone=f"+1212555010{number}", email=f"a{number}@example.com")
        enrolled(hands.conn, workspace, "pricing", lead, seed=42)
        hands.tick(lead)
        bodies.append(hands.one("select result, reason, until, body::text from decisions where lead_id = %s", lead))
    assert bodies[0] == bodies[1]


def test_a_decision_says_which_events_it_had_seen(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    last = hands.one("select max(seq) from events")
    happened(hands.conn, workspace, lead, "help.asked", at=hands.now)
    hands.tick(lead)
    assert hands.one("select seen from decisions") > last
    assert hands.one("select count(*) from events e, decisions d where e.seq > d.seen and e.kind = 'help.asked'") == 0
