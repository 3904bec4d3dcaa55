"""What the story hears of calls, and what that means while a person talks and after: for caps, promises, tasks and others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, minutes, story
from tests.intake.line import NOW, SID, SID2, Line, open_call, steps_sent
from tests.intake.test_acts import a_lead_to_call, look
from tests.intake.test_inbound import PHONE
from warmline.channels.call.contract import (
    KEY,
    Connect,
    Detected,
    Dialer,
    HangUp,
    LegMoved,
    Pressed,
)
from warmline.core.lead import Draft
from warmline.intake import acts
from warmline.intake.accept import accept
from warmline.intake.acts import ActError, CallRefused, Next
from warmline.intake.calls import hear
from warmline.intake.submission import Accepted as LetIn
from warmline.intake.submission import Given, Submission
from warmline.store import measures
from warmline.store.ids import lane_of

# --- what the story hears -------------------------------------------------------------------------------------------


def test_the_story_hears_that_the_lead_is_dialled_and_when_it_is_over(line: Line, task: UUID) -> None:
    line.press(task)
    line.hear(line.rep("answered"))
    assert "call.dialled" not in story(line.conn, line.lead)
    line.talks()
    line.connect()  # the provider asks once more
    dialled = [data for kind, data in line.told() if kind == "call.dialled"]
    assert dialled == [{"who": "sam", "call": str(line.call.id), "task": str(task)}]
    assert line.on_call() == {str(line.call.id): NOW}
    line.hangs_up()
    assert story(line.conn, line.lead).count("call.ended") == 1
    assert line.on_call() == {}


def test_a_rep_who_hangs_up_is_off_the_phone_though_nobody_told_of_the_leads_leg(line: Line, task: UUID) -> None:
    line.press(task)
    line.connect()
    line.hear(line.rep("ended"))
    assert line.on_call() == {}
    line.hear(line.their("no_answer"))
    assert line.done(task) == ("done", "missed")


def test_a_call_that_is_lost_keeps_nobody_on_the_phone(line: Line, task: UUID) -> None:
    line.press(task)
    line.connect()
    line.loses()
    assert line.asks() == 1
    assert line.asks() == 0
    assert (line.call.status, line.on_call(), line.told()[-1][1]["how"]) == (
        "unknown",
        {},
        "nothing more was heard of it, and Twilio knows no such call",
    )


@pytest.mark.parametrize("connects", [False, True])
def test_a_call_to_a_lead_that_was_merged_while_our_phone_rang_is_given_up_for_the_one_it_became(
    line: Line, task: UUID, connects: bool
) -> None:
    keep = a_lead(line.conn, line.workspace, phone="+12125550188", email="else@example.com")
    line.press(task)
    acts.merge(line.conn, line.workspace, keep, line.lead, "sam", NOW)
    if connects:
        line.connect()
    line.loses()
    assert line.asks() == 1
    assert line.asks() == 0
    assert line.call.status == "unknown"
    line.lead = keep
    assert line.on_call() == {}


def test_a_call_that_was_given_up_and_is_heard_of_again_is_on_the_phone_again(line: Line, task: UUID) -> None:
    line.press(task)
    line.connect()
    for _ in range(2):
        line.loses()
        line.asks()
        assert line.on_call() == {}
        line.hear(line.their("answered"), Detected(line.ref, "human"))
        assert line.on_call() != {}
    line.hangs_up()
    assert line.on_call() == {}
    assert story(line.conn, line.lead)[-1] == "call.ended"


# --- the attempt, while and after a person talks ----------------------------------------------------------------------


def test_a_talk_outlives_the_time_of_its_task(line: Line, task: UUID) -> None:
    line.press(task, NOW + minutes(117))
    line.talks()
    look(line.conn, line.lead, NOW + minutes(121))
    assert line.done(task) == ("open", "")
    line.now = NOW + minutes(140)
    line.hangs_up(1300)
    for after in (141, 200, 300):
        look(line.conn, line.lead, NOW + minutes(after))
    assert line.done(task) == ("open", ""), "only the person who was on the phone can say how it went"
    assert "context" not in steps_sent(line), "the lead reads that it was missed, after a talk"
    soon = Next("next_step", NOW + timedelta(days=1))
    acts.complete_call(
        line.conn, line.workspace, lane_of(line.lead), task, "sam", NOW + minutes(301), outcome="connected", next=soon
    )
    assert line.done(task) == ("done", "connected")


@pytest.mark.parametrize("answered_by", ["human", "unknown"])
def test_an_answered_call_that_nobody_has_written_down_is_not_taken_for_missed(
    line: Line, task: UUID, answered_by: Any
) -> None:
    line.press(task)
    line.connect()
    line.hear(line.their("answered"), Detected(line.ref, answered_by))
    line.hangs_up(600)
    for after in (5, 119, 130, 240):
        look(line.conn, line.lead, NOW + minutes(after))
    assert line.done(task) == ("open", "")
    assert "context" not in steps_sent(line)


def test_a_call_that_reached_nobody_leaves_the_time_of_its_task_as_it_was(line: Line, task: UUID) -> None:
    line.press(task)
    line.hear(line.rep("no_answer"))
    look(line.conn, line.lead, NOW + minutes(121))
    assert line.done(task)[0] == "expired"


@pytest.fixture
def ran_out(line: Line, task: UUID) -> UUID:
    """A call that nothing was heard of, so that its task ran out; and then it turns out to have been a talk."""
    line.press(task)
    line.connect()
    line.loses()
    line.asks()
    look(line.conn, line.lead, NOW + minutes(121))
    assert line.done(task)[0] == "expired"
    line.hear(line.their("answered"), Detected(line.ref, "human"))
    line.hangs_up()
    return task


def test_a_talk_that_is_told_after_its_task_ran_out_can_be_written_down(line: Line, ran_out: UUID) -> None:
    now = NOW + minutes(125)
    who = (line.conn, line.workspace, lane_of(line.lead), ran_out, "sam", now)
    with pytest.raises(ActError, match="missed call"):
        acts.correct_call(*who, outcome="missed")
    acts.correct_call(*who, outcome="connected", next=Next("resume"))
    assert line.done(ran_out) == ("done", "connected")
    for after in (126, 190):
        look(line.conn, line.lead, NOW + minutes(after))
    assert "context" not in steps_sent(line)
    with pytest.raises(ActError, match="said by a person"):
        acts.correct_call(*who, outcome="connected", next=Next("resume"))


@pytest.mark.parametrize("leg", ["no_answer", "busy"])
def test_a_talk_that_broke_off_is_no_missed_call_because_nobody_took_the_next_one(
    line: Line, task: UUID, leg: str
) -> None:
    line.press(task)
    line.talks()
    line.hangs_up(40)
    line.press(task, NOW + minutes(2))
    line.connect(SID2)
    line.hear(LegMoved(line.ref, "lead", leg, provider_id=SID2), LegMoved(line.ref, "rep", "ended", provider_id=SID2))  # type: ignore[arg-type] # of the test
    for after in (3, 60, 130):
        look(line.conn, line.lead, NOW + minutes(after))
    assert line.done(task) == ("open", ""), "only the person who was on the phone can say how it went"
    assert "context" not in steps_sent(line), "the lead reads that it was missed, after a talk"


def test_a_late_word_on_an_earlier_call_finishes_no_task_for_which_somebody_talks(line: Line, task: UUID) -> None:
    first = line.press(task).ref
    line.connect()
    line.loses()
    line.press(task)
    line.talks(SID2)
    line.hear(LegMoved(first, "lead", "no_answer", provider_id=SID))
    assert (line.of(first).outcome, line.done(task)) == ("missed", ("open", ""))


def test_a_talk_is_written_down_after_its_time_though_the_last_call_rang_nobody(line: Line, task: UUID) -> None:
    first = line.press(task).ref
    line.connect()
    line.loses()
    line.press(task)
    line.hear(LegMoved(line.ref, "rep", "no_answer", provider_id=SID2))
    look(line.conn, line.lead, NOW + minutes(121))
    assert line.done(task)[0] == "expired"
    line.hear(LegMoved(first, "lead", "ended", 300, provider_id=SID), Detected(first, "human"))
    acts.correct_call(
        line.conn, line.workspace, lane_of(line.lead), task, "sam", NOW, outcome="connected", next=Next("resume")
    )
    assert line.done(task) == ("done", "connected")


def test_the_promise_is_kept_by_the_call_and_not_by_the_form_that_follows_it(line: Line, task: UUID) -> None:
    line.press(task)  # one minute after the lead came in
    line.talks()
    look(line.conn, line.lead, NOW + minutes(5))
    assert "escalated" not in story(line.conn, line.lead)
    speed = measures.first_touches(line.conn, line.workspace.id, TUESDAY - timedelta(days=1))
    assert [one.count for one in speed if one.who == "human"] == [1]


def test_every_call_that_rang_the_lead_counts_for_the_laws_cap(conn: psycopg.Connection, dialer: Dialer) -> None:
    workspace = a_workspace(conn)
    given = (Given("express_written", ("sms", "voicemail", "call"), "v1", "words"), Given("inquiry", ("email", "call")))
    draft = Draft(phone="+13055550123", email=None, first_name="Ann", region="FL", country="US")
    (result,) = accept(conn, workspace, [Submission("pricing", draft, form="pricing", consents=given)], TUESDAY)
    assert isinstance(result, LetIn)
    look(conn, result.lead, TUESDAY)
    line, task = Line(conn, workspace, result.lead, dialer), open_call(conn, result.lead)
    touched = conn.execute("select count(*) from touches where lead_id = %s", (result.lead,)).fetchone()
    for number in range(3 - (touched or (0,))[0]):  # three in a day, texts among them
        line.press(task, NOW + minutes(5 * number))
        line.connect()
        line.hear(line.their("answered"), Detected(line.ref, "unknown"))
        line.hangs_up(3)
    with pytest.raises(CallRefused) as refused:
        line.press(task, NOW + minutes(30))
    assert refused.value.rule == "attempt_cap"


# --- one voice --------------------------------------------------------------------------------------------------------

TWO_CALLS = """# Who responds first: the owner by phone.
# On which channels: calls and text.
# For how long: a week.
name: Pricing request
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 90, again: after 30 days}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 10 minutes, else: escalate}
steps:
  first-call:  {call: owner, at: now, script: discovery}
  nudge:       {send: sms, template: nudge, at: 30 minutes}
  second-call: {call: owner, at: 20 minutes, script: other-angle}
after: {enroll: slow-nurture}
"""


@pytest.fixture
def two_calls(conn: psycopg.Connection, dialer: Dialer) -> Line:
    workspace = a_workspace(conn, {"playbooks/pricing.yaml": TWO_CALLS})
    return Line(conn, workspace, a_lead_to_call(conn, workspace), dialer)


def test_nothing_goes_out_and_nobody_else_is_asked_to_call_while_a_person_is_on_the_phone(two_calls: Line) -> None:
    line = two_calls
    line.press(open_call(line.conn, line.lead))
    line.talks()
    for after in (21, 31):
        look(line.conn, line.lead, NOW + minutes(after))
    assert steps_sent(line) == set()
    steps = line.conn.execute("select step from tasks where lead_id = %s and kind = 'call'", (line.lead,)).fetchall()
    assert steps == [("first-call",)]
    line.now = NOW + minutes(40)
    line.hangs_up()
    look(line.conn, line.lead, NOW + minutes(40))
    assert steps_sent(line) == {"nudge"}


def test_of_two_people_who_call_a_lead_at_once_one_is_connected_and_the_other_hears_why_not(two_calls: Line) -> None:
    line = two_calls
    look(line.conn, line.lead, NOW + minutes(21))
    rows = line.conn.execute("select id from tasks where lead_id = %s and kind = 'call' order by id", (line.lead,))
    first, second = [
        acts.begin_call(
            line.conn, line.workspace, lane_of(line.lead), task, who, NOW + minutes(22), dialer=line.dialer
        ).ref
        for (task,), who in zip(rows.fetchall(), ("sam", "jo"), strict=True)
    ]
    now = NOW + minutes(23)
    assert hear(line.conn, line.workspace, Pressed(first, KEY, SID), now) == Connect(first, PHONE)
    answer = hear(line.conn, line.workspace, Pressed(second, KEY, SID2), now)
    assert isinstance(answer, HangUp)
    assert "on the phone with a person since" in answer.said
    hear(line.conn, line.workspace, LegMoved(first, "lead", "busy", provider_id=SID), now)
    assert hear(line.conn, line.workspace, Pressed(second, KEY, SID2), now) == Connect(second, PHONE)


def test_nobody_begins_a_call_to_a_lead_that_is_on_the_phone(two_calls: Line) -> None:
    line = two_calls
    look(line.conn, line.lead, NOW + minutes(21))
    rows = line.conn.execute("select id from tasks where lead_id = %s and kind = 'call' order by id", (line.lead,))
    (first,), (second,) = rows.fetchall()
    line.press(first, NOW + minutes(22))
    line.talks()
    with pytest.raises(CallRefused, match="on the phone with a person since"):
        line.press(second, NOW + minutes(23))
