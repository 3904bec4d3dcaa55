"""Calls from the page of a task: asked of the gate, placed once, told in any order, corrected by whoever was on the phone."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from tests.builders import TUESDAY, happened, minutes, story
from tests.intake.line import NOW, SID, SID2, Line, words_of
from tests.intake.test_acts import look
from tests.intake.test_inbound import PHONE
from tests.waiting import ended_once
from warmline.channels import build_dialer
from warmline.channels.call.contract import (
    KEY,
    Connect,
    Detected,
    HangUp,
    LegMoved,
    Pressed,
)
from warmline.channels.contract import Accepted, NotSent, Refused, Signal, Unknown
from warmline.intake import acts
from warmline.intake.acts import ActError, CallRefused, Next
from warmline.intake.calls import hear, note_receipt
from warmline.intake.inbound import receive
from warmline.intake.messages import UnplacedError
from warmline.store import calls, snapshots
from warmline.store.connect import connect
from warmline.store.ids import lane_of, new_id, read_touch_ref

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


def test_no_phone_rings_from_a_restored_copy_that_nobody_has_resumed(line: Line, task: UUID) -> None:
    line.conn.execute("insert into restores (id, taken_at, restored_at) values (%s, now(), now())", (new_id(),))
    with pytest.raises(ActError, match="warmline resume"):
        line.press(task)
    snapshots.resume(line.conn)
    assert line.press(task)


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
        (Refused("unknown", "1", "no \0 reason \ud83d"), "not_placed", "unknown"),
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


def test_a_wrong_number_is_the_one_that_was_dialled_though_the_lead_has_the_right_one_by_now(
    line: Line, task: UUID
) -> None:
    line.press(task)
    line.talks()
    line.hangs_up()
    lane, right = lane_of(line.lead), "+13035550111"
    acts.correct_address(line.conn, line.workspace, lane, line.lead, "sam", NOW, address=right)
    acts.complete_call(line.conn, line.workspace, lane, task, "sam", NOW, outcome="wrong-number")
    assert line.conn.execute("select value, reason from suppressions").fetchall() == [(PHONE, "wrong_number")]
    (states,) = line.conn.execute("select addresses from leads").fetchall()[0]
    assert (states[PHONE], states[right]) == ("invalid", "ok")


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
