"""What a lead receives next: attempts, fall-backs, conditions, hand-off, promise, and when it is over."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from tests.core.simulator import NEW_YORK, OFFICE, Simulator, local
from tests.core.story import (
    BEGIN,
    DAY,
    HOUR,
    MINUTE,
    answer,
    call,
    chore,
    event,
    history,
    now_or,
    opened,
    planned,
    playbook,
    send,
    sent,
    told,
)
from warmline.core.condition import Condition, ConditionError
from warmline.core.decide import OVERTAKEN_BY, Ask, Decision, End, Escalate, Expire, HandOver, Reach, Skip, decide
from warmline.core.events import Event
from warmline.core.history import LONGEST_AWAY
from warmline.core.hours import at_local, local_date
from warmline.core.playbook import After, Choice, Days, HandOff, Send
from warmline.core.schedule import PATIENCE

TEN = (time(10), time(10))
STOPPED = Decision()


def on_day(day: int) -> Days:
    return Days(day, day, TEN)


# --- one step at a time -----------------------------------------------------------------------------------------------


def test_a_step_that_is_due_is_done_and_one_that_is_not_is_waited_for() -> None:
    book = playbook(send("now"), send("later", at=now_or(HOUR)))
    decision = answer(book, history())
    assert decision.actions == (Reach(book.steps[0], "sms", "now-words", last=True),)  # type: ignore[arg-type]
    assert (decision.next_at, decision.end) == (BEGIN + HOUR, None)


def test_a_touch_in_flight_is_waited_for_and_not_repeated() -> None:
    assert answer(playbook(send()), history(planned()), DAY) == STOPPED


def test_the_end_comes_when_every_step_is_settled() -> None:
    decision = answer(playbook(send()), history(sent()), MINUTE)
    assert decision == Decision(end=End("finished", After("slow-nurture")))


def test_the_end_does_not_come_while_a_later_step_is_to_come() -> None:
    book = playbook(send("now"), send("later", at=on_day(2)))
    assert answer(book, history(sent("now")), HOUR) == Decision(next_at=local(date(2026, 6, 10), "10:00", NEW_YORK))


def test_steps_that_can_no_longer_happen_do_not_keep_a_playbook_open() -> None:
    book = playbook(call(), send("after", at=now_or(HOUR, "call", "missed")))
    answered = history(opened(), told("connected", HOUR, last=True))
    assert answer(book, answered, 2 * HOUR).end == End("finished", After("slow-nurture"))


def test_a_playbook_waits_a_fortnight_for_an_open_and_then_ends() -> None:
    book = playbook(send("mail", "email"), call(at=now_or(HOUR, "mail", "opened")))
    silent = history(sent("mail", channel="email"))
    assert answer(book, silent, DAY) == Decision(next_at=BEGIN + PATIENCE)
    assert answer(book, silent, PATIENCE).end is not None
    opened_late = history(sent("mail", channel="email"), event("opened", 3 * DAY, "mail"))
    assert isinstance(answer(book, opened_late, 3 * DAY + HOUR).actions[0], Ask)


def test_the_same_question_gets_the_same_answer_and_changes_nothing() -> None:
    book = playbook(send("now"), call(), send("later", at=on_day(3), condition=Condition("!history.engaged")))
    told_so_far, again = history(sent("now"), opened()), history(sent("now"), opened())
    assert answer(book, told_so_far, 3 * DAY) == answer(book, again, 3 * DAY)
    assert told_so_far == again


# --- the next channel -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["touch.refused", "touch.failed"])
def test_a_refusal_or_a_failure_brings_the_next_channel(kind: str) -> None:
    book = playbook(send("ack", "sms", "email"))
    first = answer(book, history()).actions[0]
    assert isinstance(first, Reach)
    assert (first.channel, first.last) == ("sms", False)
    said_no = event(kind, MINUTE, "ack", "sms", "t1", last=False)
    second = answer(book, history(planned("ack"), said_no), MINUTE).actions[0]
    assert isinstance(second, Reach)
    assert (second.channel, second.last) == ("email", True)


def test_the_last_channel_that_fails_settles_the_step_and_its_outcome_may_start_another() -> None:
    book = playbook(send("ack", "sms", "email"), call(at=now_or(MINUTE, "ack", "failed")))
    both_failed = history(
        planned("ack"), event("touch.failed", MINUTE, "ack", "sms", "t1", last=False),
        planned("ack", MINUTE, "email", "t2"), event("touch.failed", HOUR, "ack", "email", "t2", last=True),
    )  # fmt: skip
    assert [type(action) for action in answer(book, both_failed, HOUR + MINUTE).actions] == [Ask]


def test_a_channel_that_was_handed_over_is_not_followed_by_another() -> None:
    book = playbook(send("ack", "sms", "email"))
    undelivered = event("touch.failed", HOUR, "ack", "sms", "t1", last=False)
    assert answer(book, history(sent("ack"), undelivered), 2 * HOUR).end is not None


def test_a_doubled_failure_brings_the_next_channel_once() -> None:
    book = playbook(send("ack", "sms", "email"))
    failed = event("touch.failed", MINUTE, "ack", "sms", "t1", last=False)
    assert answer(book, history(planned("ack"), failed, planned("ack", MINUTE, "email", "t2"), failed), HOUR) == STOPPED


# --- calls and chores -------------------------------------------------------------------------------------------------


def test_a_call_is_a_task_with_an_end() -> None:
    book = playbook(call(expires=2 * HOUR))
    assert answer(book, history()).actions == (Ask(book.steps[0], 1, BEGIN + 2 * HOUR),)  # type: ignore[arg-type]


def test_an_open_task_is_left_alone_until_it_runs_out() -> None:
    book = playbook(call(expires=2 * HOUR, attempts=2))
    assert answer(book, history(opened()), HOUR) == Decision(next_at=BEGIN + 2 * HOUR)
    assert answer(book, history(opened()), 2 * HOUR).actions == (Expire(book.steps[0], last=False),)  # type: ignore[arg-type]


def test_no_time_runs_out_during_a_call_nor_after_one_that_was_answered() -> None:
    book = playbook(call(expires=2 * HOUR))
    more: dict[str, Any] = {"call": "c1", "task": "t1"}
    dialled = event("call.dialled", HOUR, "call", "call", **more)
    nobody = event("call.ended", 3 * HOUR, "call", "call", outcome="missed", **more)
    somebody = event("call.ended", 3 * HOUR, "call", "call", outcome="connected", **more)
    assert answer(book, history(opened(), dialled), 3 * HOUR) == Decision()
    assert answer(book, history(opened(), dialled, somebody), DAY) == Decision()
    assert answer(book, history(opened(), dialled, nobody), 3 * HOUR).actions == (Expire(book.steps[0], last=True),)  # type: ignore[arg-type]


def test_the_last_attempt_that_runs_out_says_so() -> None:
    book = playbook(call(expires=2 * HOUR))
    assert answer(book, history(opened()), 2 * HOUR).actions == (Expire(book.steps[0], last=True),)  # type: ignore[arg-type]


def test_a_further_attempt_waits_its_pause_after_the_last_one_and_no_attempt_follows_the_last() -> None:
    book = playbook(call(attempts=2, every=3 * HOUR))
    once = history(opened(), told("missed", HOUR))
    assert answer(book, once, 2 * HOUR) == Decision(next_at=BEGIN + 4 * HOUR)
    (ask,) = answer(book, once, 4 * HOUR).actions
    assert isinstance(ask, Ask)
    assert ask.attempt == 2
    twice = history(opened(), told("missed", HOUR), opened(after=4 * HOUR), told("missed", 5 * HOUR, last=True))
    assert answer(book, twice, 9 * HOUR).end is not None


def test_a_call_that_was_answered_is_not_made_again() -> None:
    book = playbook(call(attempts=3))
    assert answer(book, history(opened(), told("connected", HOUR, last=True)), DAY).end is not None


def test_missed_comes_with_the_first_attempt_and_unanswered_with_the_last() -> None:
    book = playbook(
        call(attempts=2, every=HOUR, expires=30 * MINUTE),
        send("at-first", at=now_or(step="call", outcome="missed")),
        send("at-last", at=now_or(step="call", outcome="unanswered")),
    )
    run = Simulator(book, BEGIN, answers={"call": ["missed", "missed"]}).run()
    assert run.first("at-first").at == BEGIN + 10 * MINUTE
    assert run.first("at-last").at == BEGIN + 10 * MINUTE + HOUR + 10 * MINUTE


def test_a_call_nobody_makes_expires_attempt_by_attempt_and_counts_as_missed() -> None:
    book = playbook(
        call(attempts=3, every=HOUR, expires=30 * MINUTE), send("sorry", at=now_or(step="call", outcome="unanswered"))
    )
    run = Simulator(book, BEGIN).run()
    assert [line.at - BEGIN for line in run.told("expire")] == [30 * MINUTE, 120 * MINUTE, 210 * MINUTE]
    assert run.first("sorry").at == BEGIN + 210 * MINUTE


def test_a_chore_is_asked_once_and_its_outcome_may_start_a_step() -> None:
    book = playbook(chore(expires=DAY), send("after", at=now_or(HOUR, "chore", "done")))
    run = Simulator(book, BEGIN, answers={"chore": ["done"]}).run()
    assert run.first("after").at == BEGIN + 10 * MINUTE + HOUR
    left = Simulator(book, BEGIN).run()
    assert [(line.what, line.step) for line in left.lines] == [("ask", "chore"), ("expire", "chore"), ("end", "")]


# --- conditions and templates -----------------------------------------------------------------------------------------


def test_a_condition_that_is_false_skips_its_step() -> None:
    book = playbook(send(condition=Condition("!history.engaged")))
    assert isinstance(answer(book, history()).actions[0], Reach)
    engaged = history(event("opened", MINUTE, "other"))
    assert answer(book, engaged, HOUR).actions == (Skip(book.steps[0], "condition"),)


def test_a_condition_is_asked_when_the_step_is_due_and_not_before() -> None:
    book = playbook(send(at=on_day(2), condition=Condition("!history.engaged")))
    assert answer(book, history(event("opened", MINUTE, "other")), HOUR).actions == ()


def test_a_condition_is_asked_again_after_the_last_look_has_held_the_touch() -> None:
    book = playbook(send(condition=Condition("!history.engaged")))
    held = (planned(), event("touch.held", MINUTE, "text", "sms", "t1"))
    assert isinstance(answer(book, history(*held), DAY).actions[0], Reach)
    (skip,) = answer(book, history(*held, event("opened", HOUR, "mail", "email", "t0")), DAY).actions
    assert skip == Skip(book.steps[0], "condition")


def test_a_touch_that_the_last_look_has_held_is_overtaken_as_any_other() -> None:
    book = playbook(send("two", at=on_day(2)), send("three", at=on_day(3)))
    held = history(planned("two", DAY), event("touch.held", DAY, "two", "sms", "t1"))
    assert [type(action) for action in answer(book, held, 5 * DAY).actions] == [Skip, Reach]


def test_a_condition_is_not_asked_again_between_the_attempts_of_a_call() -> None:
    book = playbook(call(attempts=2, every=HOUR, condition=Condition("!history.missed('call')")))
    assert isinstance(answer(book, history(opened(), told("missed", HOUR)), 2 * HOUR).actions[0], Ask)


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("history.day == 4", True),
        ("history.attempts == 1", True),
        ("history.sent('text')", True),
        ("history.clicked('text')", False),
        ("history.replied", False),
        ("lead.first_name == 'Ann'", True),
        ("event.form == 'pricing'", True),
        ("lead.fields.size == ''", True),
        ("event.fields.plan == 'big'", True),
    ],
)
def test_a_condition_reads_the_lead_the_event_and_the_history(source: str, holds: bool) -> None:
    book = playbook(send("text"), send("then", at=on_day(4), condition=Condition(source)))
    told_so_far = history(
        sent(), lead={"first_name": "Ann"}, event={"form": "pricing", "fields": {"plan": "big"}}
    )  # fmt: skip
    (action,) = answer(book, told_so_far, 3 * DAY).actions
    assert isinstance(action, Reach if holds else Skip)


def test_a_condition_that_cannot_be_answered_says_so_rather_than_guessing() -> None:
    book = playbook(send(condition=Condition("int(lead.fields.size) > 3")))
    with pytest.raises(ConditionError, match="could not be answered"):
        answer(book, history(lead={"fields": {"size": "huge"}}))


def test_a_template_may_be_chosen_by_what_happened() -> None:
    choice = Choice(Condition("history.clicked('text')"), "case", "objection")
    book = playbook(send("text"), Send("then", ("email",), choice, on_day(2)))
    clicked = history(sent(), event("clicked", HOUR, "text"), event("released", HOUR))
    for story, words in ((history(sent()), "objection"), (clicked, "case")):
        (reach,) = answer(book, story, DAY).actions
        assert isinstance(reach, Reach)
        assert reach.template == words


# --- late ------------------------------------------------------------------------------------------------------------


def test_a_step_that_a_later_one_caught_up_with_is_skipped_rather_than_sent_beside_it() -> None:
    book = playbook(send("two", at=on_day(2)), send("three", at=on_day(3)))
    decision = answer(book, history(), 5 * DAY)
    assert decision.actions == (
        Skip(book.steps[0], "overtaken"),
        Reach(book.steps[1], "sms", "three-words", last=True),  # type: ignore[arg-type]
    )


def test_a_step_that_does_not_come_catches_up_with_none() -> None:
    never = Condition("history.engaged")
    book = playbook(send("two", at=on_day(2)), send("three", at=on_day(3), condition=never))
    assert answer(book, history(), 5 * DAY).actions == (
        Reach(book.steps[0], "sms", "two-words", last=True),  # type: ignore[arg-type]
        Skip(book.steps[1], "condition"),
    )


def test_of_three_that_are_late_the_last_that_comes_is_sent() -> None:
    never = Condition("history.engaged")
    book = playbook(send("two", at=on_day(2)), send("three", at=on_day(3)), send("four", at=on_day(4), condition=never))
    assert [type(action) for action in answer(book, history(), 6 * DAY).actions] == [Skip, Reach, Skip]


@pytest.mark.parametrize(("apart", "skipped"), [(OVERTAKEN_BY, True), (OVERTAKEN_BY - MINUTE, False)])
def test_steps_meant_close_together_are_both_kept(apart: timedelta, skipped: bool) -> None:
    book = playbook(send("one"), send("two", at=now_or(apart)))
    assert isinstance(answer(book, history(), 2 * DAY).actions[0], Skip) == skipped


def test_a_call_is_overtaken_by_a_later_call_only() -> None:
    book = playbook(call("first"), send("text", at=on_day(2)))
    assert [type(action) for action in answer(book, history(), 2 * DAY).actions] == [Ask, Reach]
    book = playbook(call("first"), call("second", at=on_day(2)), chore(at=on_day(3)))
    assert [type(action) for action in answer(book, history(), 3 * DAY).actions] == [Skip, Ask, Ask]


def test_a_text_is_overtaken_by_a_later_call() -> None:
    book = playbook(send("text"), call(at=on_day(2)))
    assert [type(action) for action in answer(book, history(), 2 * DAY).actions] == [Skip, Ask]


def test_an_attempt_that_was_begun_is_not_given_up() -> None:
    book = playbook(send("ack", "sms", "email"), send("two", at=on_day(3)))
    begun = history(planned("ack"), event("touch.failed", MINUTE, "ack", "sms", "t1", last=False))
    assert [type(action) for action in answer(book, begun, 4 * DAY).actions] == [Reach, Reach]


def test_a_release_resumes_where_the_story_stands_without_a_burst() -> None:
    book = playbook(*(send(f"day-{day}", at=on_day(day)) for day in range(2, 9)))
    run = Simulator(book, BEGIN).later(BEGIN + DAY, "replied").later(BEGIN + 5 * DAY, "released").run()
    after_release = [line.step for line in run.told("send") if line.at >= BEGIN + 5 * DAY]
    assert after_release == ["day-6", "day-7", "day-8"]
    assert [line.step for line in run.told("skip")] == ["day-3", "day-4", "day-5"]


# --- a person takes over ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "signal"),
    [("replied", "reply"), ("clicked", "click"), ("called.back", "callback"), ("meeting.booked", "meeting"),
     ("taken.over", "takeover")],
)  # fmt: skip
def test_a_human_signal_stops_everything_and_hands_the_lead_over_with_a_clock(kind: str, signal: str) -> None:
    book = playbook(send(), call(), hand_off=HandOff(within=10 * MINUTE))
    decision = answer(book, history(event(kind, MINUTE)), MINUTE)
    due_at = BEGIN + 11 * MINUTE
    assert decision == Decision((HandOver(signal, due_at, urgent=True),), due_at)


def test_a_signal_that_the_playbook_does_not_name_stops_it_all_the_same_with_a_slower_clock() -> None:
    book = playbook(send(), hand_off=HandOff(on=("reply",), within=10 * MINUTE, otherwise="wait"))
    decision = answer(book, history(event("clicked", MINUTE)), MINUTE)
    (hand,) = decision.actions
    assert isinstance(hand, HandOver)
    assert not hand.urgent
    assert hand.due_at == local(date(2026, 6, 10), "11:01", NEW_YORK)  # eight hours of office time
    assert decision.next_at is None


def test_the_clock_of_a_hand_off_runs_in_office_time() -> None:
    book = playbook(send(), hand_off=HandOff(within=30 * MINUTE))
    at_night = timedelta(hours=10)  # 21:30 in New York
    (hand,) = answer(book, history(event("replied", at_night)), at_night).actions
    assert isinstance(hand, HandOver)
    assert hand.due_at == local(date(2026, 6, 10), "09:30", NEW_YORK)


def handed_off(*more: object, **data: object) -> object:
    due = {"due": (BEGIN + HOUR).isoformat(), "signal": "reply", **data}
    return history(event("replied"), event("handed.off", **due), *more)  # type: ignore[arg-type]


def test_an_unanswered_hand_off_goes_to_the_manager_once() -> None:
    book = playbook(send())
    waiting = handed_off()
    assert answer(book, waiting, MINUTE) == Decision(next_at=BEGIN + HOUR)  # type: ignore[arg-type]
    assert answer(book, waiting, HOUR) == Decision((Escalate("hand_off"),))  # type: ignore[arg-type]
    assert answer(book, handed_off(event("escalated", HOUR, what="hand_off")), DAY) == STOPPED  # type: ignore[arg-type]


def test_a_hand_off_that_was_taken_or_has_no_clock_is_left_to_the_person() -> None:
    book = playbook(send())
    taken = handed_off(event("task.done", MINUTE, task="hand_off"))
    assert answer(book, taken, DAY) == STOPPED  # type: ignore[arg-type]
    assert answer(book, handed_off(due=None), DAY) == STOPPED  # type: ignore[arg-type]
    patient = playbook(send(), hand_off=HandOff(otherwise="wait"))
    assert answer(patient, handed_off(), DAY) == STOPPED  # type: ignore[arg-type]


def test_a_second_hand_off_after_a_release_has_a_clock_of_its_own() -> None:
    again = handed_off(
        event("escalated", HOUR, what="hand_off"), event("released", 2 * HOUR), event("replied", 3 * HOUR),
        event("handed.off", 3 * HOUR, due=(BEGIN + 4 * HOUR).isoformat()),
    )  # fmt: skip
    assert answer(playbook(send()), again, 4 * HOUR) == Decision((Escalate("hand_off"),))  # type: ignore[arg-type]


def test_an_opt_out_ends_it_at_once_and_nothing_comes_after() -> None:
    gone = Decision(end=End("opted_out", After()))
    assert answer(playbook(send()), history(event("opted.out")), MINUTE) == gone
    assert answer(playbook(send()), history(event("replied"), event("opted.out")), MINUTE) == gone


def test_a_doubtful_reply_freezes_everything_until_a_person_has_read_it() -> None:
    book = playbook(send(), call(), promise=MINUTE)
    assert answer(book, history(event("doubtful", MINUTE)), DAY) == STOPPED
    assert answer(book, history(event("doubtful", MINUTE), event("released", HOUR)), HOUR).actions


# --- the promise ------------------------------------------------------------------------------------------------------


def test_a_promise_that_nobody_kept_is_told_once() -> None:
    book = playbook(call(), promise=5 * MINUTE)
    assert answer(book, history(opened()), MINUTE) == Decision(next_at=BEGIN + 5 * MINUTE)
    assert answer(book, history(opened()), 5 * MINUTE).actions == (Escalate("promise"),)
    told_already = history(opened(), event("escalated", 5 * MINUTE, what="promise"))
    assert answer(book, told_already, 6 * MINUTE).actions == ()


def test_a_promise_is_kept_by_a_call_made_even_if_nobody_answered() -> None:
    book = playbook(call(attempts=2, every=DAY), promise=HOUR)
    assert answer(book, history(opened(), told("missed", MINUTE)), 2 * HOUR).actions == ()


def test_a_promise_made_at_night_is_counted_from_the_moment_the_doors_open() -> None:
    book = playbook(call(expires=20 * DAY), promise=30 * MINUTE)
    start = local(date(2026, 6, 9), "22:00", NEW_YORK)
    run = Simulator(book, start).run(3 * DAY)
    assert [line.at for line in run.told("escalate")] == [local(date(2026, 6, 10), "09:30", NEW_YORK)]


def test_a_playbook_does_not_end_before_its_promise_is_kept_or_told() -> None:
    book = playbook(send(), promise=HOUR)
    assert answer(book, history(sent()), MINUTE) == Decision(next_at=BEGIN + HOUR)
    run = Simulator(book, BEGIN).run()
    assert [(line.what, line.at) for line in run.lines[1:]] == [("escalate", BEGIN + HOUR), ("end", BEGIN + HOUR)]


def test_decide_needs_no_more_than_its_four_arguments_to_answer_again() -> None:
    """What was stored with a decision (playbook, events, seed, instant) replays to the same answer."""
    book = playbook(send(), call(attempts=2), send("later", at=Days(3, 9)))
    run = Simulator(book, BEGIN, answers={"call": ["missed", "missed"]}).run(4 * DAY)
    for seen in range(2, len(run.events)):
        upto = run.events[: seen + 1]
        once, again = history(upto), history(list(upto))
        assert decide(book, once, upto[-1].at, OFFICE) == decide(book, again, upto[-1].at, OFFICE)


# --- away -------------------------------------------------------------------------------------------------------------


def away(day: str, after: timedelta = timedelta(0)) -> Event:
    return event("replied", after, channel="email", automated="auto_submitted", until=day)


def test_the_cadence_rests_until_the_morning_after_the_day_that_an_out_of_office_names() -> None:
    book = playbook(send("first"), call(at=now_or(HOUR)), send("late", at=now_or(30 * DAY)))
    told_so_far = history(away(f"{local_date(BEGIN + 3 * DAY, NEW_YORK)}"))
    back = at_local(local_date(BEGIN + 4 * DAY, NEW_YORK), time(9), NEW_YORK)
    assert told_so_far.away_until == back
    assert not told_so_far.engaged
    assert answer(book, told_so_far, 2 * HOUR) == Decision(next_at=back)
    assert [type(one) for one in answer(book, told_so_far, back - BEGIN).actions] == [Reach, Ask]


def test_an_acknowledgement_and_a_persons_chore_do_not_rest() -> None:
    book = playbook(send("ack", purpose="acknowledge"), chore(), send("text"))
    decision = answer(book, history(away("2099-01-01")))
    assert [one.step.name for one in decision.actions if isinstance(one, Reach | Ask)] == ["ack", "chore"]


def test_steps_that_came_due_while_the_lead_was_away_do_not_burst_on_the_return() -> None:
    book = playbook(send("one"), send("two", at=now_or(DAY)), send("three", at=now_or(2 * DAY)))
    told_so_far = history(away(f"{local_date(BEGIN + 3 * DAY, NEW_YORK)}"))
    assert told_so_far.away_until is not None
    actions = answer(book, told_so_far, told_so_far.away_until - BEGIN).actions
    assert [(type(one), one.step.name) for one in actions if isinstance(one, Skip | Reach)] == [
        (Skip, "one"), (Skip, "two"), (Reach, "three"),
    ]  # fmt: skip


def test_nobody_is_away_for_longer_than_some_weeks() -> None:
    told_so_far = history(away("2099-01-01"))
    assert told_so_far.away_until is not None
    assert told_so_far.away_until - BEGIN <= LONGEST_AWAY + 2 * DAY


@pytest.mark.parametrize("day", ["2000-01-01", "soon", ""])
def test_a_return_that_is_over_or_no_date_changes_nothing(day: str) -> None:
    book = playbook(send())
    assert answer(book, history(away(day))) == answer(book, history())


@pytest.mark.parametrize("kind", ["form.submitted", "replied", "clicked"])
def test_who_asks_or_answers_is_not_away_any_more(kind: str) -> None:
    assert history(away("2099-01-01"), event(kind, HOUR)).away_until is None


def test_a_second_note_corrects_the_first_and_one_without_a_date_does_not() -> None:
    first, second = away("2026-06-20"), away("2026-06-15", HOUR)
    silent = event("replied", 2 * HOUR, channel="email", automated="subject")
    assert history(first, second, silent).away_until == history(second).away_until != history(first).away_until
