"""Calls from the page of a task: asked of the gate, placed once, told in any order, and what the playbook hears."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, happened, minutes, story
from tests.intake.line import NOW, SID, SID2, Line, open_call, steps_sent, words_of
from tests.intake.test_acts import a_lead_to_call, look
from tests.intake.test_inbound import PHONE
from tests.waiting import ended_once
from warmline.channels import build_dialer
from warmline.channels.call.contract import (
    KEY,
    Connect,
    Detected,
    Dialer,
    HangUp,
    LegMoved,
    Pressed,
)
from warmline.channels.contract import Accepted, NotSent, Refused, Signal, Unknown
from warmline.core.lead import Draft
from warmline.intake import acts
from warmline.intake.accept import accept
from warmline.intake.acts import ActError, CallRefused, Next
from warmline.intake.calls import hear, note_receipt
from warmline.intake.inbound import receive
from warmline.intake.messages import UnplacedError
from warmline.intake.submission import Accepted as LetIn
from warmline.intake.submission import Given, Submission
from warmline.store import calls, measures
from warmline.store.connect import connect
from warmline.store.ids import lane_of, read_touch_ref

# --- the button -----------------------------------------------------------------------------------------------------


def test_the_rep_hears_who_it_is_and_the_intent_is_there_before_anybody_is_asked(line: Line, task: UUID) -> None:
    placing = line.press(task)
    assert placing.rep_phone == "+15550104477"
    assert placing.said == "Lead: Ann. Submitted a form: pricing. Press 1 to connect."
    assert (line.call.status, line.call.rep, line.call.lead_phone) == ("placing", "sam", PHONE)


def test_two_windows_at_once_place_one_call(line: Line, task: UUID, dsn: str) -> None:
    def press(_: int) -> bool:
        with connect(dsn) as conn:
            try:
                acts.begin_call(conn, line.workspace, lane_of(line.lead), task, "sam", NOW, dialer=line.dialer)
            except ActError:
                return False
            return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(press, range(4))) == 1
    assert line.conn.execute("select count(*) from calls").fetchone() == (1,)


def test_no_call_leaves_at_night_and_the_person_reads_when_it_may(line: Line, task: UUID) -> None:
    with pytest.raises(CallRefused) as refused:
        line.press(task, TUESDAY.replace(hour=3) + timedelta(days=1))  # 22:00 in New York
    assert refused.value.rule == "quiet_hours"
    assert "opens 08:00 America/New_York" in str(refused.value)
    assert len(refused.value.findings) > 5
    assert line.conn.execute("select count(*) from calls").fetchone() == (0,)


def test_nobody_calls_a_lead_whose_words_may_be_an_opt_out(line: Line, task: UUID) -> None:
    happened(line.conn, line.workspace, line.lead, "doubtful", at=NOW)
    with pytest.raises(CallRefused, match="doubtful"):
        line.press(task)


def test_a_lead_that_replied_may_be_called_by_the_person(line: Line, task: UUID) -> None:
    happened(line.conn, line.workspace, line.lead, "replied", at=NOW)
    assert line.press(task)


def test_a_person_without_a_phone_is_told_where_to_write_it(line: Line, task: UUID) -> None:
    with pytest.raises(ActError, match=r"people\.nobody"):
        acts.begin_call(line.conn, line.workspace, lane_of(line.lead), task, "nobody", NOW, dialer=line.dialer)


def test_the_rate_of_the_account_binds(line: Line, task: UUID) -> None:
    line.dialer = build_dialer({"provider": "sandbox", "rate": 0.1}, str, "http://127.0.0.1:8000", {})
    line.press(task)
    line.hear(line.rep("busy"))
    with pytest.raises(ActError, match="in this second"):
        line.press(task)


# --- the provider's answer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("receipt", "status", "reason"),
    [
        (Accepted(SID), "ringing", ""),
        (Refused("invalid_number", "21211", "no number"), "not_placed", "invalid_number"),
        (NotSent("no connection", timedelta(seconds=5)), "not_placed", "not_sent"),
        (Unknown("time-out"), "unknown", ""),
    ],
)
def test_what_the_provider_answered(line: Line, task: UUID, receipt: Any, status: str, reason: str) -> None:
    note_receipt(line.conn, line.workspace, line.press(task).ref, receipt, NOW)
    assert (line.call.status, line.call.reason) == (status, reason)
    assert line.done(task) == ("open", "")


def test_an_answer_that_comes_after_news_of_the_call_changes_nothing(line: Line, task: UUID) -> None:
    ref = line.press(task).ref
    line.hear(line.rep("answered"))
    note_receipt(line.conn, line.workspace, ref, Unknown("time-out"), NOW)
    assert line.call.status == "answered"


def test_an_unknown_call_is_not_placed_again_but_the_person_may(line: Line, task: UUID) -> None:
    first = line.press(task).ref
    note_receipt(line.conn, line.workspace, first, Unknown("time-out"), NOW)
    assert line.press(task).ref != first


def test_a_call_of_a_process_that_died_is_unknown_once_its_time_is_over(line: Line, task: UUID) -> None:
    first = line.press(task).ref
    with pytest.raises(ActError, match="under way"):
        line.press(task)
    line.conn.execute("update calls set lost_at = now() - interval '1 second'")
    line.press(task)
    died = calls.find(line.conn, line.workspace.id, *read_touch_ref(first))
    assert died is not None
    assert died.status == "unknown"


def test_a_callback_proves_that_an_unknown_call_is_there(line: Line, task: UUID) -> None:
    note_receipt(line.conn, line.workspace, line.press(task).ref, Unknown("time-out"), NOW)
    line.hear(line.rep("ringing"))
    assert (line.call.status, line.call.provider_id) == ("ringing", SID)


@pytest.fixture
def pressed_twice(line: Line, task: UUID) -> tuple[str, str]:
    """The first press got no answer, so the rep pressed again; then both turn out to be there."""
    first = line.press(task).ref
    note_receipt(line.conn, line.workspace, first, Unknown("time-out"), NOW)
    second = line.press(task).ref
    note_receipt(line.conn, line.workspace, second, Accepted(SID2), NOW)
    return first, second


def test_late_words_on_a_call_whose_task_has_another_are_kept_and_hurt_nobody(
    line: Line, task: UUID, pressed_twice: tuple[str, str]
) -> None:
    first, second = pressed_twice
    line.hear(LegMoved(first, "rep", "ringing", provider_id=SID), LegMoved(first, "rep", "answered", provider_id=SID))
    assert (line.of(first).status, line.of(first).rep_leg, line.of(first).provider_id) == ("unknown", "answered", SID)
    line.hear(LegMoved(first, "rep", "ended", provider_id=SID))
    assert (line.of(first).status, line.of(second).status) == ("ended", "ringing")


def test_the_key_on_a_call_whose_task_has_another_dials_nobody_and_says_why(
    line: Line, pressed_twice: tuple[str, str]
) -> None:
    first, second = pressed_twice
    answer = hear(line.conn, line.workspace, Pressed(first, KEY, SID), NOW)
    assert isinstance(answer, HangUp)
    assert "Another call for this task is under way" in answer.said
    assert hear(line.conn, line.workspace, Pressed(second, KEY, SID2), NOW) == Connect(second, PHONE)
    assert (line.of(first).connected, line.of(second).status) == (False, "dialling")


# --- the key ----------------------------------------------------------------------------------------------------------


def test_the_lead_rings_when_the_rep_presses_the_key(line: Line, task: UUID) -> None:
    line.press(task)
    assert line.connect() == Connect(line.ref, PHONE)
    assert line.call.status == "dialling"


def test_a_provider_that_asks_again_gets_the_same_answer(line: Line, task: UUID) -> None:
    line.press(task)
    assert line.connect() == line.connect() == Connect(line.ref, PHONE)


def test_another_call_than_the_one_that_was_placed_dials_nobody(line: Line, task: UUID) -> None:
    note_receipt(line.conn, line.workspace, line.press(task).ref, Accepted(SID), NOW)
    assert isinstance(line.connect(SID2), HangUp)
    assert line.call.connected is False


def test_another_key_dials_nobody(line: Line, task: UUID) -> None:
    line.press(task)
    assert hear(line.conn, line.workspace, Pressed(line.ref, "9", SID), NOW) == HangUp("Goodbye.")


def test_a_stop_while_the_reps_phone_rings_wins(line: Line, task: UUID) -> None:
    line.press(task)
    stop = Signal("inbound", NOW, sender=PHONE, text="STOP", key="m-1")
    receive(line.conn, line.workspace, [stop], NOW)
    assert isinstance(line.connect(), HangUp)
    assert line.call.connected is False


def test_a_number_that_was_suppressed_while_the_phone_rings_is_not_dialled(line: Line, task: UUID) -> None:
    line.press(task)
    line.conn.execute(
        "insert into suppressions (id, workspace_id, scope, value, reason, at)"
        " values (gen_random_uuid(), %s, 'address', %s, 'wrong_number', now())",
        (line.workspace.id, PHONE),
    )
    answer = line.connect()
    assert isinstance(answer, HangUp)
    assert "suppressed" in answer.said
    line.hear(line.rep("ended"))
    assert (line.call.status, line.call.reason, line.done(task)[0]) == ("ended", "suppressed", "open")


# --- what became of it ------------------------------------------------------------------------------------------------


def test_a_rep_who_does_not_pick_up_keeps_the_attempt(line: Line, task: UUID) -> None:
    line.press(task)
    line.hear(line.rep("ringing"), line.rep("no_answer"))
    assert line.done(task) == ("open", "")
    assert story(line.conn, line.lead)[-1] == "call.ended"
    assert line.press(task)


@pytest.mark.parametrize("leg", ["no_answer", "busy", "failed", "canceled"])
def test_nobody_answers_and_the_playbook_goes_on(line: Line, task: UUID, leg: str) -> None:
    line.press(task)
    line.connect()
    line.hear(line.their("ringing"), line.their(leg), line.rep("ended"))
    assert line.done(task) == ("done", "missed")
    look(line.conn, line.lead, NOW)
    look(line.conn, line.lead, NOW + minutes(46))
    steps = line.conn.execute("select step from touches where lead_id = %s order by id", (line.lead,)).fetchall()
    assert ("context",) in steps


def test_a_machine_is_a_voicemail_and_no_human_signal(line: Line, task: UUID) -> None:
    line.press(task)
    line.connect()
    line.hear(
        line.their("answered"), Detected(line.ref, "machine"), line.their("ended", 31), line.rep("ended")
    )  # fmt: skip
    assert line.done(task) == ("done", "voicemail")
    look(line.conn, line.lead, NOW)
    assert "handed.off" not in story(line.conn, line.lead)


def test_after_a_talk_the_person_says_what_comes_next(line: Line, task: UUID) -> None:
    line.press(task)
    line.connect()
    line.hear(line.their("answered"), Detected(line.ref, "human"), line.their("ended", 300), line.rep("ended"))
    assert (line.done(task), line.call.outcome) == (("open", ""), "connected")


@pytest.mark.parametrize("seed", range(4))
def test_doubled_and_reordered_words_finish_the_task_once(line: Line, task: UUID, seed: int) -> None:
    line.press(task)
    line.connect()
    words = words_of(line) * 2
    random.Random(seed).shuffle(words)
    line.hear(*words)
    told = story(line.conn, line.lead)
    assert (line.call.status, line.call.outcome, line.done(task)) == ("ended", "voicemail", ("done", "voicemail"))
    assert (told.count("task.done"), told.count("call.dialled")) == (1, 1)
    ends = [data for kind, data in line.told() if kind == "call.ended"]
    assert (ends[-1]["outcome"], ends[-1]["how"]) == ("voicemail", "a machine answered, over after 31 s")
    assert len(ends) == len({(data["outcome"], data["asks"]) for data in ends}), "nothing is told twice"
    assert line.on_call() == {}


def test_a_word_that_comes_after_the_person_said_it_changes_nothing(line: Line, task: UUID) -> None:
    line.press(task)
    line.connect()
    soon = Next("next_step", NOW + timedelta(days=1))
    acts.complete_call(line.conn, line.workspace, lane_of(line.lead), task, "sam", NOW, outcome="connected", next=soon)
    line.hear(line.their("no_answer"), line.rep("ended"))
    assert line.done(task) == ("done", "connected")
    assert line.call.settled is False


def test_a_word_about_nobodys_call_is_kept_for_a_person(line: Line) -> None:
    for ref in ("7-" + "0" * 32, "nonsense"):
        with pytest.raises(UnplacedError):
            hear(line.conn, line.workspace, LegMoved(ref, "rep", "ended"), NOW)


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


# --- corrected --------------------------------------------------------------------------------------------------------


def machine_took_it(line: Line, task: UUID) -> None:
    line.press(task)
    line.connect()
    line.hear(*words_of(line))
    assert line.call.settled


def test_a_person_corrects_what_the_phone_took_for_a_machine(line: Line, task: UUID) -> None:
    machine_took_it(line, task)
    soon = Next("next_step", NOW + timedelta(days=1))
    acts.correct_call(line.conn, line.workspace, lane_of(line.lead), task, "sam", NOW, outcome="connected", next=soon)
    assert line.done(task) == ("done", "connected")
    look(line.conn, line.lead, NOW + minutes(50))
    sent = line.conn.execute("select 1 from touches where lead_id = %s and step = 'context'", (line.lead,)).fetchall()
    assert sent == []


def test_handed_back_after_a_correction_the_playbook_knows_better(line: Line, task: UUID) -> None:
    machine_took_it(line, task)
    acts.correct_call(
        line.conn, line.workspace, lane_of(line.lead), task, "sam", NOW, outcome="connected", next=Next("resume")
    )
    for at in (NOW, NOW + minutes(50)):
        look(line.conn, line.lead, at)
    sent = line.conn.execute("select 1 from touches where lead_id = %s and step = 'context'", (line.lead,)).fetchall()
    assert sent == [], "the mail that follows a missed call went out after a talk"


def test_what_a_person_said_is_not_corrected_here(line: Line, task: UUID) -> None:
    acts.complete_call(line.conn, line.workspace, lane_of(line.lead), task, "sam", NOW, outcome="missed")
    with pytest.raises(ActError, match="said by a person"):
        acts.correct_call(line.conn, line.workspace, lane_of(line.lead), task, "sam", NOW, outcome="voicemail")


# --- called back ------------------------------------------------------------------------------------------------------


def test_a_lead_that_calls_back_stops_the_machine_and_its_open_call(line: Line, task: UUID) -> None:
    answered = Signal("call", NOW, sender=PHONE, key="CA2:answered", data={"answered": "sam"})
    receive(line.conn, line.workspace, [answered], NOW)
    look(line.conn, line.lead, NOW)
    assert line.done(task)[0] == "cancelled"
    assert {"called.back", "handed.off"} <= set(story(line.conn, line.lead))


def test_a_word_that_is_ended_in_a_ring_of_locks_is_heard_all_the_same(
    line: Line, task: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.press(task)
    for word in (line.connect, partial(line.hear, line.their("busy"))):
        with monkeypatch.context() as patch:
            held = ended_once(patch)
            word()
            assert len(held) > 1
    assert line.call.outcome == "missed"
    assert story(line.conn, line.lead).count("task.done") == 1
