"""When a step is due: anchors, days in the lead's own calendar, ranges drawn from a seed, clocks that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.simulator import LOS_ANGELES, NEW_YORK, PHOENIX, local
from tests.core.story import (
    BEGIN,
    DAY,
    HOUR,
    MINUTE,
    call,
    chore,
    event,
    history,
    now_or,
    opened,
    planned,
    playbook,
    sent,
    told,
)
from tests.core.story import send as a_send
from warmline.core.hours import local_clock, local_date
from warmline.core.playbook import Anchor, Days, Delay
from warmline.core.schedule import NEVER, PATIENCE, Waiting, anchored_at, due, fractions, instant, natural_outcome

ZONES = (NEW_YORK, LOS_ANGELES, PHOENIX, "Europe/London", "Australia/Lord_Howe", "America/St_Johns")
TEN = (time(10), time(10))


def test_a_delay_is_counted_from_the_start() -> None:
    assert instant(Delay(45 * MINUTE), BEGIN, NEW_YORK, 7, "x") == BEGIN + 45 * MINUTE


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        pytest.param(1, NEW_YORK, BEGIN, id="day 1 is today: ten is over, so at once"),
        pytest.param(2, NEW_YORK, datetime(2026, 6, 10, 14, tzinfo=UTC), id="new york"),
        pytest.param(2, LOS_ANGELES, datetime(2026, 6, 10, 17, tzinfo=UTC), id="los angeles"),
        pytest.param(2, PHOENIX, datetime(2026, 6, 10, 17, tzinfo=UTC), id="phoenix keeps no summer time"),
    ],
)
def test_a_day_and_a_clock_are_read_in_the_leads_own_calendar(day: int, zone: str, expected: datetime) -> None:
    assert instant(Days(day, day, TEN), BEGIN, zone, 7, "x") == expected


def test_day_2_of_a_lead_that_came_after_midnight_utc_is_counted_where_the_lead_is() -> None:
    late = local(date(2026, 6, 9), "21:00", LOS_ANGELES)  # the 10th already in UTC
    assert instant(Days(2, 2, TEN), late, LOS_ANGELES, 7, "x") == local(date(2026, 6, 10), "10:00", LOS_ANGELES)


@pytest.mark.parametrize(
    ("start", "hours"),
    [pytest.param(date(2026, 3, 7), 23, id="spring"), pytest.param(date(2026, 10, 31), 25, id="autumn")],
)
def test_ten_oclock_stays_ten_oclock_over_a_clock_change(start: date, hours: int) -> None:
    asked = local(start, "10:00", NEW_YORK)
    assert instant(Days(2, 2, TEN), asked, NEW_YORK, 7, "x") - asked == timedelta(hours=hours)


def test_a_clock_that_spring_skips_means_the_first_instant_after_the_gap() -> None:
    asked = local(date(2026, 3, 7), "12:00", NEW_YORK)
    half_past_two = (time(2, 30), time(2, 30))
    assert instant(Days(2, 2, half_past_two), asked, NEW_YORK, 7, "x") == local(date(2026, 3, 8), "03:00", NEW_YORK)


@given(
    seed=st.integers(0, 2**63 - 1),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC)),  # noqa: DTZ001
    first=st.integers(2, 20),
    span=st.integers(0, 6),
)
def test_a_drawn_instant_is_always_the_same_and_within_its_days_and_window(
    seed: int, zone: str, start: datetime, first: int, span: int
) -> None:
    at = Days(first, first + span, (time(11), time(16)))
    drawn = instant(at, start, zone, seed, "voicemail")
    assert drawn == instant(at, start, zone, seed, "voicemail")
    assert first <= (local_date(drawn, zone) - local_date(start, zone)).days + 1 <= first + span
    assert time(11) <= local_clock(drawn, zone) < time(16)


def test_different_leads_and_different_steps_are_spread_over_the_whole_range() -> None:
    at = Days(3, 6, (time(11), time(16)))
    drawn = [instant(at, BEGIN, NEW_YORK, seed, "voicemail") for seed in range(400)]
    assert {local_date(one, NEW_YORK) for one in drawn} == {date(2026, 6, day) for day in (11, 12, 13, 14)}
    assert {local_clock(one, NEW_YORK).hour for one in drawn} == set(range(11, 16))
    assert fractions(1, "a") != fractions(1, "b")


def test_a_window_of_no_length_is_a_clock_time_even_when_the_day_is_drawn() -> None:
    drawn = {local_clock(instant(Days(2, 5, TEN), BEGIN, NEW_YORK, seed, "x"), NEW_YORK) for seed in range(20)}
    assert drawn == {time(10)}


def test_a_step_after_an_outcome_is_counted_from_the_first_time_it_happened() -> None:
    book = playbook(call(attempts=2), a_send("after", at=now_or(45 * MINUTE, "call", "missed")))
    missed_twice = history(opened(), told("missed", HOUR), opened(after=2 * HOUR), told("missed", 3 * HOUR, last=True))
    assert due(book.steps[1], book, missed_twice, BEGIN + DAY) == BEGIN + HOUR + 45 * MINUTE


def test_days_after_an_outcome_are_counted_from_its_own_day() -> None:
    book = playbook(call(), a_send("after", at=Days(2, 2, TEN, Anchor("call", "missed"))))
    missed = history(opened(after=2 * DAY), told("missed", 3 * DAY, last=True))
    assert due(book.steps[1], book, missed, BEGIN + 3 * DAY) == local(date(2026, 6, 13), "10:00", NEW_YORK)


def test_after_a_step_alone_means_its_natural_outcome() -> None:
    assert [natural_outcome(step) for step in (a_send(), call(), chore())] == ["sent", "missed", "done"]
    book = playbook(a_send("first"), a_send("second", at=now_or(HOUR, "first")))
    assert due(book.steps[1], book, history(sent("first", MINUTE)), BEGIN + DAY) == BEGIN + MINUTE + HOUR


def test_a_step_waits_while_its_anchor_may_still_happen() -> None:
    book = playbook(a_send("first"), a_send("second", at=now_or(HOUR, "first", "delivered")))
    for told_so_far in (history(), history(planned("first"))):
        assert due(book.steps[1], book, told_so_far, BEGIN) == Waiting(None)


@pytest.mark.parametrize("outcome", ["opened", "clicked", "delivered"])
def test_an_outcome_that_comes_by_itself_is_waited_for_a_fortnight_and_then_never_comes(outcome: str) -> None:
    book = playbook(a_send("first"), a_send("second", at=now_or(HOUR, "first", outcome)))
    told_so_far = history(sent("first", HOUR))
    until = BEGIN + HOUR + PATIENCE
    assert due(book.steps[1], book, told_so_far, until - MINUTE) == Waiting(until)
    assert due(book.steps[1], book, told_so_far, until) is NEVER


@pytest.mark.parametrize("outcome", ["opened", "clicked", "delivered", "sent", "failed"])
def test_what_was_refused_on_every_channel_is_never_opened_or_sent(outcome: str) -> None:
    book = playbook(a_send("first"), a_send("second", at=now_or(HOUR, "first", outcome)))
    refused = history(event("touch.refused", MINUTE, "first", "sms", last=True))
    assert due(book.steps[1], book, refused, BEGIN + HOUR) is NEVER


def test_a_call_that_was_answered_is_never_missed() -> None:
    book = playbook(call(), a_send("after", at=now_or(HOUR, "call", "missed")))
    assert due(book.steps[1], book, history(opened(), told("connected", HOUR, last=True)), BEGIN + DAY) is NEVER


def test_a_step_whose_anchor_falls_away_falls_away_with_it() -> None:
    book = playbook(
        call(), a_send("after", at=now_or(HOUR, "call", "missed")), a_send("later", at=now_or(HOUR, "after", "opened"))
    )
    answered = history(opened(), told("connected", HOUR, last=True))
    assert due(book.steps[2], book, answered, BEGIN + DAY) is NEVER
    assert due(book.steps[2], book, history(opened()), BEGIN + DAY) == Waiting(None)


def test_a_stray_receipt_for_a_step_that_never_began_keeps_nobody_waiting() -> None:
    book = playbook(
        call(), a_send("after", at=now_or(HOUR, "call", "missed")), a_send("later", at=now_or(HOUR, "after", "opened"))
    )
    stray = event("touch.delivered", HOUR, "after", "sms", "t1")
    assert due(book.steps[2], book, history(opened(), told("connected", HOUR, last=True), stray), BEGIN + DAY) is NEVER


def test_a_step_that_hangs_on_one_the_playbook_has_not_got_falls_away() -> None:
    assert anchored_at(Anchor("nowhere", "sent"), playbook(a_send()), history(), BEGIN) is NEVER
