"""The fold: what one enrollment knows of its lead, and what changes nothing."""

from __future__ import annotations

import inspect
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from tests.core.story import BEGIN, DAY, HOUR, MINUTE, event, history, opened, planned, sent, told
from warmline.core import history as fold_code
from warmline.core.events import SIGNAL_OF, TRIGGERS, WORDS, Event
from warmline.core.history import FOLD, REQUESTS


def test_a_planned_touch_is_in_flight_until_its_receipt() -> None:
    assert history(planned()).steps["text"].in_flight
    state = history(sent(after=HOUR)).steps["text"]
    assert (state.in_flight, state.settled, state.attempts) == (False, True, 1)
    assert state.outcomes == {"sent": BEGIN + HOUR}


def test_an_unknown_fate_counts_as_sent_so_that_nobody_sends_it_again() -> None:
    state = history(planned(), event("touch.unknown", HOUR, "text", "sms", "t1")).steps["text"]
    assert state.settled
    assert state.outcomes == {"sent": BEGIN + HOUR}


def test_a_held_touch_is_no_longer_in_flight_and_no_attempt() -> None:
    told_so_far = history(planned(), event("touch.held", HOUR, "text", "sms", "t1"))
    state = told_so_far.steps["text"]
    assert (state.in_flight, state.settled, state.tried) == (False, False, ())
    assert told_so_far.attempts == {}


def test_a_refusal_leaves_the_next_channel_open_and_the_last_one_settles_the_step() -> None:
    first = event("touch.refused", MINUTE, "text", "sms", last=False)
    second = event("touch.refused", MINUTE, "text", "email", last=True)
    once = history(first).steps["text"]
    assert (once.settled, once.tried, once.outcomes) == (False, ("sms",), {})
    twice = history(first, second).steps["text"]
    assert (twice.settled, twice.tried) == (True, ("sms", "email"))
    assert twice.outcomes == {"refused": BEGIN + MINUTE}


def test_a_refused_touch_is_no_attempt_but_a_failed_one_is() -> None:
    assert history(planned(), event("touch.refused", MINUTE, "text", "sms", "t1", last=True)).attempts == {}
    assert history(planned(), event("touch.failed", MINUTE, "text", "sms", "t1", last=True)).attempts == {
        "t1": (BEGIN, "sms")
    }


def test_a_touch_that_waited_in_the_queue_counts_from_when_it_went_out() -> None:
    out = event("touch.sent", DAY, "text", "sms", "t1")
    assert history(planned(), out).attempts == {"t1": (BEGIN + DAY, "sms")}
    assert history(planned(), event("touch.unknown", DAY, "text", "sms", "t1")).attempts == {"t1": (BEGIN + DAY, "sms")}
    assert history(planned(), event("touch.held", DAY, "text", "sms", "t1"), out).attempts == {}


def test_attempts_in_other_playbooks_count_for_the_caps_but_not_for_our_steps() -> None:
    other = Event("touch.planned", BEGIN, 0, "another run", "text", "sms", "t9")
    told_so_far = history(other)
    assert told_so_far.attempts == {"t9": (BEGIN, "sms")}
    assert told_so_far.steps == {}


def test_a_touch_without_an_id_cannot_be_counted() -> None:
    assert history(event("touch.planned", HOUR, "text", "sms")).attempts == {}


def test_a_kind_of_touch_event_from_a_newer_version_leaves_a_touch_in_flight() -> None:
    assert history(planned(), event("touch.pondered", HOUR, "text", "sms", "t1")).steps["text"].in_flight


def test_a_doubled_failure_of_the_first_channel_does_not_touch_the_second_one_in_flight() -> None:
    failed = event("touch.failed", MINUTE, "text", "sms", "t1", last=False)
    told_so_far = history(planned(), failed, planned("text", 2 * MINUTE, "email", "t2"), failed)
    assert told_so_far.steps["text"].in_flight
    assert told_so_far.steps["text"].tried == ("sms",)


def test_a_failure_told_after_the_hand_over_is_an_outcome_whichever_channel_was_left() -> None:
    late = event("touch.failed", DAY, "text", "sms", "t1", last=False)
    assert history(sent(), late).steps["text"].outcomes == {"sent": BEGIN, "failed": BEGIN + DAY}


def test_a_doubled_failure_does_not_turn_a_refusal_of_the_last_channel_into_a_failure() -> None:
    failed = event("touch.failed", MINUTE, "text", "sms", "t1", last=False)
    refused = event("touch.refused", MINUTE, "text", "email", last=True)
    assert history(planned(), failed, refused, failed).steps["text"].outcomes == {"refused": BEGIN + MINUTE}


def test_receipts_that_come_twice_change_nothing() -> None:
    once = history(sent(), event("touch.delivered", HOUR, "text", "sms", "t1"))
    receipt = event("touch.sent", 2 * HOUR, "text", "sms", "t1")
    twice = history(
        sent(), event("touch.delivered", HOUR, "text", "sms", "t1"), receipt,
        event("touch.delivered", 3 * HOUR, "text", "sms", "t1"),
    )  # fmt: skip
    assert twice.steps["text"].outcomes == once.steps["text"].outcomes
    assert twice.steps["text"].settled_at == once.steps["text"].settled_at


def test_the_first_attempt_that_reaches_nobody_is_missed_and_all_of_them_unanswered() -> None:
    once = history(opened(), told("missed", HOUR))
    assert once.steps["call"].outcomes == {"missed": BEGIN + HOUR}
    assert not once.steps["call"].settled
    twice = history(opened(), told("missed", HOUR), opened(after=2 * HOUR), told("missed", 3 * HOUR, last=True))
    assert twice.steps["call"].outcomes == {"missed": BEGIN + HOUR, "unanswered": BEGIN + 3 * HOUR}
    assert twice.steps["call"].settled


@pytest.mark.parametrize("outcome", ["voicemail", "missed"])
def test_a_voicemail_left_is_a_call_that_reached_nobody(outcome: str) -> None:
    outcomes = history(opened(), told(outcome, HOUR, last=True)).steps["call"].outcomes
    assert outcomes == dict.fromkeys((outcome, "missed", "unanswered"), BEGIN + HOUR)


@pytest.mark.parametrize("outcome", ["connected", "wrong-number"])
def test_a_call_that_reached_somebody_is_neither_missed_nor_unanswered(outcome: str) -> None:
    assert history(opened(), told(outcome, HOUR, last=True)).steps["call"].outcomes == {outcome: BEGIN + HOUR}


def test_a_call_task_that_ran_out_was_missed() -> None:
    state = history(opened(), event("task.expired", HOUR, "call", "call", last=True)).steps["call"]
    assert state.outcomes == dict.fromkeys(("expired", "missed", "unanswered"), BEGIN + HOUR)
    assert state.task_open_at is None


def test_a_chore_comes_out_as_done_or_expired_and_never_as_missed() -> None:
    done = history(opened("chore", channel=""), event("task.done", HOUR, "chore", last=True))
    assert done.steps["chore"].outcomes == {"done": BEGIN + HOUR}
    expired = history(opened("chore", channel=""), event("task.expired", HOUR, "chore", last=True))
    assert expired.steps["chore"].outcomes == {"expired": BEGIN + HOUR}


def test_a_cancelled_task_settles_its_step_without_an_outcome() -> None:
    state = history(opened(), event("task.cancelled", HOUR, "call", "call")).steps["call"]
    assert (state.settled, state.outcomes, state.settled_at) == (True, {}, BEGIN + HOUR)


def test_the_first_human_touch_is_a_call_made_or_a_hand_off_taken() -> None:
    assert history(opened()).first_human_touch_at is None
    assert history(opened(), told("missed", HOUR)).first_human_touch_at == BEGIN + HOUR
    took = event("task.done", 2 * HOUR, task="hand_off")
    assert history(took).first_human_touch_at == BEGIN + 2 * HOUR
    assert history(opened(), told("missed", HOUR), took).first_human_touch_at == BEGIN + HOUR
    assert history(opened(), told("missed", HOUR), told("missed", 3 * HOUR)).first_human_touch_at == BEGIN + HOUR


def test_a_call_made_is_an_attempt_under_its_task_or_its_place_in_the_story() -> None:
    assert history(opened(), told("missed", HOUR)).attempts == {"k1": (BEGIN + HOUR, "call")}
    nameless = Event("task.done", BEGIN, 5, "run", "call", "call", None, {"outcome": "missed"})
    assert history(nameless).attempts == {"call:5": (BEGIN, "call")}


def test_a_hand_off_taken_stops_its_clock() -> None:
    told_so_far = history(event("handed.off", due=(BEGIN + HOUR).isoformat(), signal="reply"))
    assert (told_so_far.taken, told_so_far.hand_off_due, told_so_far.signal) == (False, BEGIN + HOUR, "reply")
    assert history(event("handed.off", due=BEGIN + HOUR, taken=True)).taken
    assert history(event("handed.off"), event("task.done", task="hand_off")).taken
    assert history(event("handed.off")).hand_off_due is None


@pytest.mark.parametrize(("kind", "signal"), SIGNAL_OF.items())
def test_every_human_signal_is_kept_with_its_time_and_the_first_one_stays(kind: str, signal: str) -> None:
    told_so_far = history(event(kind, HOUR), event("replied", 2 * HOUR))
    assert (told_so_far.signal, told_so_far.signal_at, told_so_far.engaged) == (signal, BEGIN + HOUR, True)


@pytest.mark.parametrize("kind", SIGNAL_OF)
def test_what_a_machine_did_is_no_human_signal(kind: str) -> None:
    told_so_far = history(event(kind, HOUR, automated="scanner"))
    assert (told_so_far.signal, told_so_far.engaged, told_so_far.replied) == ("", False, False)


def test_a_signal_before_this_run_does_not_stop_it_but_one_on_an_older_touch_during_it_does() -> None:
    assert history(event("clicked", -HOUR, "text", enrollment="older")).signal == ""
    assert history(event("clicked", HOUR, "text", enrollment="older")).signal == "click"
    assert "text" not in history(event("clicked", HOUR, "text", enrollment="older")).steps


def test_a_click_and_an_open_are_outcomes_of_their_step() -> None:
    told_so_far = history(sent(), event("opened", HOUR, "text"), event("clicked", 2 * HOUR, "text"))
    assert told_so_far.steps["text"].outcomes == {"sent": BEGIN, "opened": BEGIN + HOUR, "clicked": BEGIN + 2 * HOUR}
    assert history(event("clicked", HOUR)).steps == {}


def test_an_open_engages_but_never_stops_and_a_proxys_open_does_neither() -> None:
    assert (history(event("opened", HOUR, "text")).engaged, history(event("opened", HOUR, "text")).signal) == (True, "")
    assert not history(event("opened", HOUR, "text", automated="proxy")).engaged
    assert not history(event("opened", HOUR, "text", enrollment="older")).engaged


def test_release_gives_the_lead_back_and_keeps_what_happened() -> None:
    told_so_far = history(
        sent(), event("replied", HOUR), event("doubtful", HOUR), event("handed.off", HOUR, signal="reply"),
        event("escalated", 2 * HOUR, what="hand_off"), event("escalated", 2 * HOUR, what="promise"),
        event("released", DAY),
    )  # fmt: skip
    assert (told_so_far.signal, told_so_far.signal_at, told_so_far.handed_off_at) == ("", None, None)
    assert (told_so_far.hand_off_due, told_so_far.taken, told_so_far.doubtful_at) == (None, False, None)
    assert told_so_far.escalated == {"promise"}
    assert told_so_far.replied
    assert told_so_far.steps["text"].settled


@pytest.mark.parametrize(
    "settled",
    [
        event("task.done", 2 * HOUR, task="read_reply", outcome="done"), event("closed", 2 * HOUR, reason="lost"),
        event("opted.out", 2 * HOUR), event("released", 2 * HOUR),
    ],
    ids=lambda one: one.kind,
)  # fmt: skip
def test_a_doubt_is_over_when_somebody_has_read_it_or_nobody_needs_to(settled: Event) -> None:
    assert history(event("doubtful", HOUR)).doubtful_at == BEGIN + HOUR
    assert history(event("doubtful", HOUR), settled).doubtful_at is None
    assert history(event("doubtful", HOUR), settled, event("doubtful", DAY)).doubtful_at == BEGIN + DAY


@pytest.mark.parametrize(
    "other", [event("task.done", 2 * HOUR, task="review"), event("opted.out", 2 * HOUR, channels=["sms"])]
)
def test_a_doubt_outlives_what_says_nothing_of_it(other: Event) -> None:
    assert history(event("doubtful", HOUR), other).doubtful_at == BEGIN + HOUR


def test_an_opt_out_stays_until_the_lead_opts_in_again() -> None:
    assert history(event("opted.out", HOUR, enrollment=None)).opted_out_at == BEGIN + HOUR
    assert history(event("opted.out", HOUR), event("released", DAY), event("form.submitted", DAY)).opted_out_at
    assert history(event("opted.out", HOUR), event("opted.in", DAY)).opted_out_at is None


@pytest.mark.parametrize("kind", ["ended", "preempted", "parked"])
def test_an_end_is_kept_and_clearing_an_error_takes_it_back(kind: str) -> None:
    assert history(event(kind, HOUR)).ended_at == BEGIN + HOUR
    assert history(event(kind, HOUR, enrollment="older")).ended_at is None
    assert history(event(kind, HOUR), event("unparked", DAY)).ended_at is None


@pytest.mark.parametrize("kind", TRIGGERS)
def test_only_what_the_lead_asked_for_itself_is_a_request(kind: str) -> None:
    assert history(event(kind, HOUR)).requested_at == (BEGIN + HOUR if kind in REQUESTS else None)


def test_nobody_asked_for_anything_by_being_imported_referred_or_absent() -> None:
    assert set(TRIGGERS) - REQUESTS == {"lead.imported", "lead.referred", "lead.returned", "appointment.missed"}


def test_an_escalation_of_another_run_is_not_ours() -> None:
    assert history(event("escalated", what="promise")).escalated == {"promise"}
    assert history(event("escalated", enrollment="older", what="promise")).escalated == frozenset()


def test_a_skipped_step_is_settled_and_only_in_the_run_that_skipped_it() -> None:
    assert history(event("step.skipped", HOUR, "text")).steps["text"].settled
    assert history(event("step.skipped", HOUR, "text", enrollment="older")).steps == {}


def test_a_hand_off_from_before_this_run_is_over() -> None:
    assert history(event("handed.off", -DAY, enrollment="older")).handed_off_at is None


def test_a_task_of_another_run_opens_nothing_here() -> None:
    assert history(event("task.opened", HOUR, "call", "call", enrollment="older")).steps == {}
    assert history(event("task.opened", HOUR, task="review")).steps == {}


def test_an_unknown_kind_changes_nothing_but_how_far_it_was_read() -> None:
    told_so_far = history(sent(), Event("lead.teleported", BEGIN, 41, "run", "text"))
    assert told_so_far.seen == 41
    told_so_far.seen = 0
    assert told_so_far == history(sent())


@pytest.mark.parametrize("kind", [*WORDS, "touch.invented"])
def test_every_known_kind_can_be_folded_alone(kind: str) -> None:
    assert history(Event(kind, BEGIN, 3, "run", "text", "sms", "t1")).seen == 3


def test_the_highest_place_in_the_story_is_what_was_seen() -> None:
    assert history(Event("opened", BEGIN, 9, "run"), Event("opened", BEGIN, 4, "run")).seen == 9


def test_a_further_attempt_keeps_the_time_of_the_last_one() -> None:
    state = history(opened(), told("missed", HOUR)).steps["call"]
    assert (state.last_at, state.attempts, state.task_open_at) == (BEGIN + HOUR, 1, None)
    assert history(opened(), told("missed", HOUR), opened(after=3 * HOUR)).steps["call"].attempts == 2


def test_a_corrected_call_was_not_missed_and_an_earlier_miss_stays_one() -> None:
    wrong = event("task.done", 2 * HOUR, "call", "call", "t2", outcome="missed", last=False)
    right = event(
        "task.done", 3 * HOUR, "call", "call", "t2", outcome="connected", last=True,
        corrects=(BEGIN + 2 * HOUR).isoformat(),
    )  # fmt: skip
    assert history(opened(), wrong, right).steps["call"].outcomes == {"connected": BEGIN + 3 * HOUR}
    before = event("task.done", HOUR, "call", "call", "t1", outcome="missed", last=False)
    both = history(opened(), before, opened(after=2 * HOUR), wrong, right).steps["call"]
    assert both.outcomes == {"missed": BEGIN + HOUR, "connected": BEGIN + 3 * HOUR}
    assert both.settled


def dialled(after: timedelta = MINUTE, call: str = "c1", task: str = "t1", **more: Any) -> Event:
    return event("call.dialled", after, "call", "call", who="sam", call=call, task=task, **more)


def ended(after: timedelta, outcome: str = "", call: str = "c1", **more: Any) -> Event:
    return event("call.ended", after, "call", "call", who="sam", call=call, outcome=outcome, **more)


def done(after: timedelta, outcome: str = "connected", task: str = "t1") -> Event:
    return event("task.done", after, "call", "call", task, outcome=outcome, last=True, task="call")


def test_every_call_that_rang_the_lead_counts_once_from_when_it_was_dialled() -> None:
    twice = history(
        opened(), dialled(), ended(2 * MINUTE), dialled(3 * MINUTE, "c2"), ended(4 * MINUTE, call="c2"), done(HOUR)
    )
    assert twice.attempts == {"c1": (BEGIN + MINUTE, "call"), "c2": (BEGIN + 3 * MINUTE, "call")}
    assert history(opened(), done(HOUR)).attempts == {"t1": (BEGIN + HOUR, "call")}, "by hand, without the button"
    elsewhere = history(dialled(enrollment="another"), ended(HOUR, enrollment="another"), done(HOUR))
    assert elsewhere.attempts == {"c1": (BEGIN + MINUTE, "call")}


def test_the_first_human_touch_is_the_moment_in_which_the_lead_is_dialled() -> None:
    assert history(opened(), dialled(2 * MINUTE), ended(HOUR), done(HOUR)).first_human_touch_at == BEGIN + 2 * MINUTE


def test_the_lead_is_on_the_phone_until_the_call_is_over() -> None:
    assert history(opened(), dialled()).on_call == {"c1": BEGIN + MINUTE}
    assert history(opened(), dialled(), ended(HOUR)).on_call == {}
    assert history(opened(), dialled(), ended(HOUR), ended(HOUR, "connected")).on_call == {}
    again = history(opened(), dialled(), ended(HOUR), dialled(2 * HOUR))  # given up, and heard of again
    assert (again.on_call, again.attempts) == ({"c1": BEGIN + 2 * HOUR}, {"c1": (BEGIN + MINUTE, "call")})


@pytest.mark.parametrize(
    ("outcome", "asks", "talked"),
    [("connected", True, True), ("", True, True), ("missed", False, False), ("", False, False)],
)
def test_a_call_that_somebody_answered_waits_for_the_word_of_the_person(outcome: str, asks: bool, talked: bool) -> None:
    told_so_far = history(opened(), dialled(), ended(HOUR, outcome, asks=asks))
    assert told_so_far.steps["call"].talked is talked
    assert history(opened(), dialled(), ended(HOUR, outcome, asks=asks), done(HOUR)).steps["call"].talked is False


def test_a_call_of_an_earlier_attempt_says_nothing_of_the_open_one() -> None:
    gone = event("task.expired", 2 * HOUR, "call", "call", last=False)
    later = history(opened(), dialled(), ended(HOUR), gone, opened(after=3 * HOUR), ended(4 * HOUR, "connected"))
    assert later.steps["call"].talked is False


def test_an_end_told_by_a_version_that_counted_tasks_changes_nothing() -> None:
    old = event("call.ended", HOUR, "call", "call", who="sam", outcome="connected")
    assert history(opened(), old).steps == history(opened()).steps
    assert history(opened(), old).attempts == {}


def test_an_attempt_that_ran_out_and_was_a_talk_after_all_was_not_missed() -> None:
    gone = event("task.expired", 2 * HOUR, "call", "call", last=False)
    right = event(
        "task.done", 3 * HOUR, "call", "call", "t1", outcome="connected", last=True,
        corrects=(BEGIN + 2 * HOUR).isoformat(),
    )  # fmt: skip
    assert history(opened(), dialled(), ended(HOUR), gone, right).steps["call"].outcomes == {
        "connected": BEGIN + 3 * HOUR
    }


#: FOLD -> the code that folds so. A changed fold must not go on from what another one has kept.
FOLDS = {
    1: "effc6cccf31ce59b",
    2: "ee321676c91b8974",
    3: "6bff6610ed6c5d7d",
    4: "17cea685b79feee8",
    5: "e908494d54cbc753",
    6: "ad3f749f5f183ad8",
    7: "fffe03996d3692ad",
}


def test_a_changed_fold_has_a_number_of_its_own() -> None:
    """Fails when the code of the fold changes. Does any event now fold into something else, or has a field another name
    or meaning? Then raise FOLD. Either way, write the digest above."""
    code = inspect.getsource(fold_code)
    assert FOLDS[FOLD] == sha256(code[code.index("class StepState") :].encode()).hexdigest()[:16]
