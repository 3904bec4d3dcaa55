"""The story of a lead: the order of its lines, what is foreseen, where each step stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened
from warmline.core.gate import CHECKS
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.insight.foreseen import Coming
from warmline.insight.story import LeadNotFoundError, Story, story
from warmline.intake.acts import merge
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace
from warmline.web.steps import progress

DEMO = """
name: Demo request
enroll: {when: 'event.form == "demo"', rank: 77}
owner: {team: sales}
steps:
  ack:   {send: sms, or: email, template: demo-ack, at: now, purpose: acknowledge}
  nudge: {send: sms, template: demo-times, at: 'day 2, 10:00', if: '!history.engaged'}
  note:  {send: email, template: demo-agenda, at: 'day 3, 11:00'}
after: close
"""
NIGHT = TUESDAY.replace(hour=4)  # Monday 23:30 in New York
WEDNESDAY_TEN = TUESDAY.replace(day=25, hour=15, minute=0)


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn, {"playbooks/demo.yaml": DEMO})


def look(conn: psycopg.Connection, lead_id: UUID, now: datetime = TUESDAY) -> None:
    assert tick(conn, lane_of(lead_id), now, Catalog(conn)).looked_at == 1


def sent(conn: psycopg.Connection, place: Workspace, lead_id: UUID, now: datetime) -> None:
    """The provider takes what is queued, and the engine hears of it."""
    rows = conn.execute(
        "update touches set status = 'sent', sent_at = %s, body = 'Hello Ann', address = '+12125550123'"
        " where status = 'queued' returning id, enrollment_id, step, channel",
        (now,),
    ).fetchall()
    for touch_id, enrollment_id, step, channel in rows:
        happened(
            conn, place, lead_id, "touch.sent", at=now, enrollment_id=enrollment_id, step=step, channel=channel,
            touch_id=touch_id,
        )  # fmt: skip


def machine(told: Story) -> list[Coming]:
    return [one for one in told.coming if one.who == "machine"]


def test_a_decision_stands_between_what_it_saw_and_what_it_caused(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "demo", lead_id)
    look(conn, lead_id)
    told = story(conn, place, lead_id, TUESDAY)
    assert [line.kind for line in told.lines] == ["form.submitted", "enrolled", "decision", "touch.planned"]
    assert [(one.do, one.step, one.channel) for one in told.lines[2].did] == [("plan", "ack", "sms")]
    assert [finding.result for finding in told.lines[2].did[0].findings] == ["pass"] * len(CHECKS)


def test_what_came_with_a_lead_and_could_not_be_used_is_told(conn: psycopg.Connection, place: Workspace) -> None:
    lead = a_lead(conn, place)
    note = "'+44 7700 900123' is no valid phone number. Write: +1 212 555 0123"
    happened(conn, place, lead, "form.submitted", at=TUESDAY, data={"form": "pricing", "notes": [note]})
    assert [line.detail for line in story(conn, place, lead, TUESDAY).lines] == [f"pricing; {note}"]


def test_the_words_of_a_touch_are_shown_where_it_left(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "demo", lead_id)
    look(conn, lead_id)
    sent(conn, place, lead_id, TUESDAY)
    told = story(conn, place, lead_id, TUESDAY)
    shown = [(line.kind, line.touch.body) for line in told.lines if line.touch is not None]
    assert shown == [("touch.sent", "Hello Ann")]


def test_what_had_reached_a_lead_that_became_a_part_of_this_one_is_told_with_its_day_where_that_happened(
    conn: psycopg.Connection, place: Workspace
) -> None:
    keep, gone = a_lead(conn, place, phone="+12125550177", email=None), a_lead(conn, place)
    enrolled(conn, place, "demo", gone)
    look(conn, gone)
    sent(conn, place, gone, TUESDAY)
    merge(conn, place, keep, gone, "kim", WEDNESDAY_TEN)
    lines = story(conn, place, keep, WEDNESDAY_TEN).lines
    (merged,) = (line for line in lines if line.kind == "merged")
    assert merged.detail == "what the other was sent or called counts here too: sms 24 Nov"
    assert merged.data["attempts"] == [{"at": TUESDAY, "channel": "sms"}]
    assert {line.at for line in lines} == {WEDNESDAY_TEN}
    assert "touch.planned" not in [line.kind for line in lines]


def test_a_touch_on_its_way_is_foreseen_with_its_words(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "demo", lead_id)
    look(conn, lead_id)
    first = machine(story(conn, place, lead_id, TUESDAY))[0]
    assert (first.what, first.step, first.channel, first.at) == ("touch", "ack", "sms", TUESDAY)
    assert "Ann" in first.text


def test_what_comes_next_is_the_next_touch_at_its_local_time_with_its_words(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "demo", lead_id)
    look(conn, lead_id)
    sent(conn, place, lead_id, TUESDAY)
    told = story(conn, place, lead_id, TUESDAY + timedelta(minutes=1))
    (coming,) = machine(told)
    assert (coming.what, coming.step, coming.result, coming.at) == ("reach", "nudge", "allow", WEDNESDAY_TEN)
    assert told.local(WEDNESDAY_TEN) == "Wed 25 Nov 10:00"
    assert coming.text.startswith("Hi Ann, Sam at Acme Roofing. For your demo")


def test_a_step_whose_condition_is_not_met_is_passed_over_to_the_one_behind_it(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead_id = a_lead(conn, place)
    enrollment_id = enrolled(conn, place, "demo", lead_id)
    look(conn, lead_id)
    sent(conn, place, lead_id, TUESDAY)
    happened(conn, place, lead_id, "opened", at=TUESDAY, enrollment_id=enrollment_id, step="ack", channel="email")
    skipped, reached = machine(story(conn, place, lead_id, TUESDAY))
    assert (skipped.what, skipped.step) == ("skip", "nudge")
    assert "its condition is not met" in skipped.words
    assert (reached.what, reached.step, reached.channel) == ("reach", "note", "email")


def test_a_refusal_is_foreseen_with_what_would_flip_it_and_then_what_comes_behind(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead_id = a_lead(conn, place, consents={"email": "inquiry"})
    enrolled(conn, place, "demo", lead_id)
    look(conn, lead_id)
    sent(conn, place, lead_id, TUESDAY)
    refused, reached = machine(story(conn, place, lead_id, TUESDAY))
    assert (refused.step, refused.result, refused.rule) == ("nudge", "refuse", "no_consent")
    finding = next(one for one in refused.findings if one.rule == "no_consent")
    assert "a form whose wording names sms" in finding.flip
    assert (reached.step, reached.result) == ("note", "allow")


@pytest.mark.parametrize(("level", "channel"), [({"sms": "express_written"}, "sms"), ({"email": "inquiry"}, "email")])
def test_the_words_that_are_foreseen_are_those_of_the_channel_that_is(
    conn: psycopg.Connection, place: Workspace, level: dict[str, str], channel: str
) -> None:
    lead_id = a_lead(conn, place, consents=level)
    enrolled(conn, place, "demo", lead_id)
    ahead = next(one for one in machine(story(conn, place, lead_id, TUESDAY)) if one.result == "allow")
    look(conn, lead_id)
    if channel == "email":  # the text was refused: the mail comes at the next look
        conn.execute("update enrollments set due_at = %s", (TUESDAY,))
        tick(conn, lane_of(lead_id), TUESDAY, Catalog(conn))
    queued = next(one for one in machine(story(conn, place, lead_id, TUESDAY)) if one.what == "touch")
    for one in (ahead, queued):
        assert (one.step, one.channel) == ("ack", channel)
        assert ("STOP" in one.text, "\n\nSam Rivera\n" in one.text) == (channel == "sms", channel == "email")


def test_a_hold_is_foreseen_until_it_ends(conn: psycopg.Connection) -> None:
    place = a_workspace(conn, {"playbooks/demo.yaml": DEMO.replace("'day 2, 10:00'", "1 minute")})
    lead_id = a_lead(conn, place, at=NIGHT)
    enrolled(conn, place, "demo", lead_id, at=NIGHT)
    look(conn, lead_id, NIGHT)
    sent(conn, place, lead_id, NIGHT)
    look_at = NIGHT + timedelta(minutes=2)
    conn.execute("update enrollments set due_at = %s", (look_at,))
    look(conn, lead_id, look_at)
    told = story(conn, place, lead_id, look_at + timedelta(minutes=1))
    (coming,) = machine(told)
    morning = TUESDAY.replace(hour=13, minute=0)
    assert (coming.step, coming.result, coming.rule, coming.at) == ("nudge", "hold", "quiet_hours", morning)
    assert [line.words for line in told.lines if line.kind == "decision"][-1] == "Held"


def test_what_is_due_before_a_hold_ends_is_foreseen_before_what_is_held(conn: psycopg.Connection) -> None:
    held_first = DEMO.replace("'day 2, 10:00'", "now").replace("'day 3, 11:00'", "5 minutes")
    place = a_workspace(conn, {"playbooks/demo.yaml": held_first})
    lead_id = a_lead(conn, place, at=NIGHT)
    enrolled(conn, place, "demo", lead_id, at=NIGHT)
    look(conn, lead_id, NIGHT)
    sent(conn, place, lead_id, NIGHT)
    mail, held = machine(story(conn, place, lead_id, NIGHT + timedelta(seconds=1)))
    assert (mail.step, mail.result, mail.at) == ("note", "allow", NIGHT + timedelta(minutes=5))
    assert (held.step, held.result, held.at) == ("nudge", "hold", TUESDAY.replace(hour=13, minute=0))


def test_the_end_is_foreseen_with_what_comes_after(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place, consents={})
    enrolled(conn, place, "demo", lead_id)
    conn.execute("update enrollments set due_at = %s", (TUESDAY,))
    told = story(conn, place, lead_id, TUESDAY)
    assert machine(told)[-1].words == "The playbook is over, then the lead is closed"


def test_what_comes_after_the_end_is_foreseen_with_its_pause_in_words(conn: psycopg.Connection) -> None:
    later = "after: {enroll: slow-nurture, in: 14 days}"
    place = a_workspace(conn, {"playbooks/demo.yaml": DEMO.replace("after: close", later)})
    lead_id = a_lead(conn, place, consents={})
    enrolled(conn, place, "demo", lead_id)
    told = story(conn, place, lead_id, TUESDAY)
    assert machine(told)[-1].words == "The playbook is over, then enters slow-nurture after 2 weeks"


def test_a_scheduled_start_is_foreseen(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "demo", lead_id, due_at=WEDNESDAY_TEN)
    conn.execute("update enrollments set status = 'scheduled'")
    (coming,) = story(conn, place, lead_id, TUESDAY).coming
    assert (coming.what, coming.at, coming.words) == ("start", WEDNESDAY_TEN, "Enters the playbook Demo request")
    conn.execute("update leads set status = 'handed_off'")
    (coming,) = story(conn, place, lead_id, TUESDAY).coming
    told = "Enters the playbook Demo request, not before a person hands the lead back"
    assert (coming.what, coming.at, coming.words) == ("start", None, told)


def test_a_call_that_the_manager_is_to_make_is_foreseen_with_their_name(conn: psycopg.Connection) -> None:
    ask = "steps:\n  ring:  {call: manager, script: discovery, at: now, hours: legal}\n"
    place = a_workspace(conn, {"playbooks/demo.yaml": DEMO.replace("steps:\n", ask)})
    lead_id = a_lead(conn, place, owner="sam")
    enrolled(conn, place, "demo", lead_id)
    calls = [one for one in story(conn, place, lead_id, TUESDAY).coming if one.what == "ask"]
    assert [(one.step, one.who) for one in calls] == [("ring", "kim")]


def test_a_parked_run_is_shown_with_its_error(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "demo", lead_id)
    conn.execute("update enrollments set status = 'parked', due_at = null, error = 'no such field'")
    (coming,) = story(conn, place, lead_id, TUESDAY).coming
    assert (coming.what, coming.at) == ("parked", None)
    assert coming.words.endswith("no such field")


def test_after_a_reply_the_person_who_has_the_lead_is_what_comes_next(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "demo", lead_id)
    look(conn, lead_id)
    sent(conn, place, lead_id, TUESDAY)
    happened(conn, place, lead_id, "replied", at=TUESDAY, channel="sms", data={"text": "Call me", "channel": "sms"})
    conn.execute("update enrollments set due_at = %s", (TUESDAY,))
    look(conn, lead_id)
    told = story(conn, place, lead_id, TUESDAY)
    assert told.lead.status == "handed_off"
    assert [line.detail for line in told.lines if line.kind == "replied"] == ["“Call me”"]
    task = next(one for one in told.coming if one.what == "task")
    assert (task.who, task.words) == ("sam", "Replied: take over Ann Lee")
    assert not [one for one in told.coming if one.what in ("reach", "touch")], "the machine is silent"


def test_nothing_comes_for_a_lead_that_is_closed(conn: psycopg.Connection, place: Workspace) -> None:
    assert story(conn, place, a_lead(conn, place, status="closed"), TUESDAY).coming == ()


def test_every_step_says_where_it_stands(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "demo", lead_id)
    assert [step.state for step in story(conn, place, lead_id, TUESDAY).steps] == ["due", "due", "due"]
    look(conn, lead_id)
    assert [step.state for step in story(conn, place, lead_id, TUESDAY).steps] == ["in_flight", "due", "due"]
    sent(conn, place, lead_id, TUESDAY)
    steps = story(conn, place, lead_id, TUESDAY).steps
    assert [(step.state, step.at) for step in steps][:2] == [("done", TUESDAY), ("due", WEDNESDAY_TEN)]
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s, end_reason = 'x'", (TUESDAY,))
    assert [step.state for step in story(conn, place, lead_id, TUESDAY).steps] == ["done", "left_out", "left_out"]


@pytest.mark.parametrize(
    ("kind", "outcome", "stands"),
    [("task.done", "connected", "done"), ("task.done", "voicemail", "done"), ("task.done", "missed", "missed"),
     ("task.expired", "", "missed")],
)  # fmt: skip
def test_a_call_that_reached_nobody_does_not_stand_as_done(
    conn: psycopg.Connection, kind: str, outcome: str, stands: str
) -> None:
    calling = DEMO.replace("after: close", "  ring: {call: owner, at: now, script: discovery}\nafter: close")
    place = a_workspace(conn, {"playbooks/demo.yaml": calling})
    lead_id = a_lead(conn, place)
    run = enrolled(conn, place, "demo", lead_id)
    data = {"last": True} | ({"outcome": outcome, "task": "call"} if outcome else {})
    for one in ("task.opened", kind):
        happened(conn, place, lead_id, one, at=TUESDAY, enrollment_id=run, step="ring", channel="call", data=data)
    told = story(conn, place, lead_id, TUESDAY)
    assert next(step.state for step in told.steps if step.name == "ring") == stands
    assert next(dot.word for dot in progress(told) if dot.name == "ring") == stands


def test_a_lead_whose_zone_nobody_knows_is_shown_on_the_offices_clock(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead = story(conn, place, a_lead(conn, place, phone="+18005550123"), TUESDAY).lead
    assert (lead.zone, lead.zones, lead.zone_basis) == ("America/New_York", (), "unknown")


def test_a_lead_of_another_workspace_is_not_found(conn: psycopg.Connection, place: Workspace) -> None:
    stranger = a_lead(conn, a_workspace(conn, name="Other"))
    with pytest.raises(LeadNotFoundError):
        story(conn, place, stranger, TUESDAY)
    with pytest.raises(LeadNotFoundError):
        story(conn, place, new_id(), TUESDAY)


def test_who_was_not_enrolled_is_told_why_in_words(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    why = {"reason": "outranked", "playbook": "demo", "errors": ["quote: no answer"]}
    happened(conn, place, lead_id, "declined", at=TUESDAY, data=why)
    (line,) = story(conn, place, lead_id, TUESDAY).lines
    assert line.detail == "demo: it is in a playbook that is at least as strong; quote: no answer"
