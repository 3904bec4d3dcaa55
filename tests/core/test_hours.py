"""Local time: windows by the wall clock, over midnight, over clock changes and in several zones at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.weeks import every_day
from warmline.core.hours import (
    NeverOpen,
    UnknownZone,
    Week,
    Window,
    add_office_time,
    at_local,
    find_zone,
    is_open,
    local_clock,
    local_date,
    next_open,
    open_in_all,
)

NEW_YORK, CHICAGO, PHOENIX = "America/New_York", "America/Chicago", "America/Phoenix"
LORD_HOWE, CASABLANCA = "Australia/Lord_Howe", "Africa/Casablanca"
DAYTIME = every_day(Window(time(8), time(21)))
NIGHT = every_day(Window(time(21), time(8)))
CLOSED: Week = ((), (), (), (), (), (), ())
OFFICE: Week = (*[(Window(time(9), time(17)),)] * 5, (), ())  # type: ignore[assignment]


def closes(week: Week, zone: str, at: datetime, holidays: frozenset[date] = frozenset()) -> bool:
    """Whether it is open up to `at`, and not then."""
    before = at - timedelta(microseconds=1)
    return is_open(week, zone, before, holidays) and not is_open(week, zone, at, holidays)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("07:59:59", False), ("08:00", True), ("20:59:59.999999", True), ("21:00", False), ("00:00", False)],
)
def test_a_window_is_open_at_its_start_and_closed_at_its_end(clock: str, expected: bool) -> None:
    at = at_local(date(2026, 7, 1), time.fromisoformat(clock), NEW_YORK)
    assert is_open(DAYTIME, NEW_YORK, at) is expected
    assert is_open(NIGHT, NEW_YORK, at) is not expected


def test_a_window_that_ends_where_it_starts_is_the_whole_day() -> None:
    week: Week = ((Window(time(0), time(0)),), (), (), (), (), (), ())
    assert is_open(week, NEW_YORK, at_local(date(2026, 11, 23), time(0), NEW_YORK))  # a Monday
    assert is_open(week, NEW_YORK, at_local(date(2026, 11, 23), time(23, 59), NEW_YORK))
    assert not is_open(week, NEW_YORK, at_local(date(2026, 11, 24), time(0), NEW_YORK))


def test_an_overnight_window_belongs_to_the_day_it_starts_on() -> None:
    friday_night: Week = ((), (), (), (), (Window(time(22), time(6)),), (), ())
    friday, saturday = date(2026, 11, 27), date(2026, 11, 28)
    assert not is_open(friday_night, CHICAGO, at_local(friday, time(3), CHICAGO))
    assert is_open(friday_night, CHICAGO, at_local(friday, time(22), CHICAGO))
    assert is_open(friday_night, CHICAGO, at_local(saturday, time(5, 59), CHICAGO))
    assert not is_open(friday_night, CHICAGO, at_local(saturday, time(6), CHICAGO))
    assert closes(friday_night, CHICAGO, at_local(saturday, time(6), CHICAGO))


def test_a_number_on_the_zone_border_waits_for_the_later_zone() -> None:
    both = frozenset({NEW_YORK, CHICAGO})
    half_past_eight = at_local(date(2026, 11, 23), time(8, 30), NEW_YORK)
    assert is_open(DAYTIME, NEW_YORK, half_past_eight)
    assert not open_in_all(DAYTIME, both, half_past_eight)
    assert next_open(DAYTIME, both, half_past_eight) == at_local(date(2026, 11, 23), time(8), CHICAGO)
    half_past_eight_there = at_local(date(2026, 11, 23), time(20, 30), CHICAGO)
    assert is_open(DAYTIME, CHICAGO, half_past_eight_there)
    assert not open_in_all(DAYTIME, both, half_past_eight_there)


def test_arizona_opens_with_denver_in_winter_and_an_hour_later_in_summer() -> None:
    both = frozenset({PHOENIX, "America/Denver"})
    winter = next_open(DAYTIME, both, utc("2026-01-15T10:00"))
    summer = next_open(DAYTIME, both, utc("2026-07-15T10:00"))
    assert winter == utc("2026-01-15T15:00") == at_local(date(2026, 1, 15), time(8), "America/Denver")
    assert summer == utc("2026-07-15T15:00") == at_local(date(2026, 7, 15), time(9), "America/Denver")


def test_no_zone_known_is_never_open() -> None:
    noon = at_local(date(2026, 7, 1), time(12), NEW_YORK)
    assert not open_in_all(DAYTIME, frozenset(), noon)
    assert next_open(DAYTIME, frozenset(), noon) is None


def test_zones_that_never_share_an_open_hour_give_none() -> None:
    opposite = frozenset({NEW_YORK, "Asia/Shanghai"})
    morning = every_day(Window(time(9), time(12)))
    assert next_open(morning, opposite, utc("2026-07-01T00:00")) is None


def test_an_opening_after_the_horizon_gives_none() -> None:
    sunday_only: Week = ((), (), (), (), (), (), (Window(time(9), time(10)),))
    monday = at_local(date(2026, 11, 23), time(10), NEW_YORK)
    sunday = at_local(date(2026, 11, 29), time(9), NEW_YORK)
    assert next_open(sunday_only, frozenset({NEW_YORK}), monday, timedelta(days=5)) is None
    assert next_open(sunday_only, frozenset({NEW_YORK}), monday, sunday - monday) == sunday


def test_a_holiday_is_closed_from_midnight_to_midnight() -> None:
    holidays = frozenset({date(2026, 11, 26)})
    wednesday_night = at_local(date(2026, 11, 25), time(23), NEW_YORK)
    assert closes(NIGHT, NEW_YORK, at_local(date(2026, 11, 26), time(0), NEW_YORK), holidays)
    assert next_open(OFFICE, frozenset({NEW_YORK}), wednesday_night, holidays=holidays) == at_local(
        date(2026, 11, 27), time(9), NEW_YORK
    )


def test_a_window_inside_the_repeated_hour_opens_twice() -> None:
    quarter = every_day(Window(time(1, 30), time(1, 45)))
    zone = frozenset({NEW_YORK})
    assert next_open(quarter, zone, utc("2026-11-01T00:00")) == utc("2026-11-01T05:30")
    assert closes(quarter, NEW_YORK, utc("2026-11-01T05:45"))
    assert next_open(quarter, zone, utc("2026-11-01T05:45")) == utc("2026-11-01T06:30")
    assert closes(quarter, NEW_YORK, utc("2026-11-01T06:45"))


def test_the_clock_going_back_closes_a_window_that_had_begun() -> None:
    from_half_past_one = every_day(Window(time(1, 30), time(4)))
    zone = frozenset({NEW_YORK})
    assert closes(from_half_past_one, NEW_YORK, utc("2026-11-01T06:00"))
    assert next_open(from_half_past_one, zone, utc("2026-11-01T06:00")) == utc("2026-11-01T06:30")


def test_a_window_that_starts_in_the_skipped_hour_opens_when_the_clock_jumps() -> None:
    half_past_two = every_day(Window(time(2, 30), time(3, 30)))
    assert next_open(half_past_two, frozenset({NEW_YORK}), utc("2026-03-08T06:00")) == utc("2026-03-08T07:00")
    assert closes(half_past_two, NEW_YORK, utc("2026-03-08T07:30"))


@pytest.mark.parametrize(
    ("day", "clock", "zone", "expected"),
    [
        (date(2026, 7, 1), "10:00", NEW_YORK, "2026-07-01T14:00"),
        (date(2026, 3, 8), "02:00", NEW_YORK, "2026-03-08T07:00"),  # skipped: the first instant after the gap
        (date(2026, 3, 8), "02:30", NEW_YORK, "2026-03-08T07:00"),
        (date(2026, 3, 8), "03:00", NEW_YORK, "2026-03-08T07:00"),
        (date(2026, 11, 1), "01:30", NEW_YORK, "2026-11-01T05:30"),  # shown twice: the first time
        (date(2026, 10, 4), "02:15", LORD_HOWE, "2026-10-03T15:30"),  # half an hour is skipped here
        (date(2026, 4, 5), "01:45", LORD_HOWE, "2026-04-04T14:45"),
        (date(2011, 12, 30), "12:00", "Pacific/Apia", "2011-12-30T10:00"),  # a whole day was skipped
        (date(2026, 7, 1), "09:00", "Asia/Kathmandu", "2026-07-01T03:15"),
    ],
)
def test_a_wall_time_becomes_one_instant(day: date, clock: str, zone: str, expected: str) -> None:
    found = at_local(day, time.fromisoformat(clock), zone)
    assert found == utc(expected)
    assert found.tzinfo is UTC


def test_the_local_day_turns_at_local_midnight() -> None:
    assert local_date(utc("2026-07-02T03:59:59"), NEW_YORK) == date(2026, 7, 1)
    assert local_date(utc("2026-07-02T04:00"), NEW_YORK) == date(2026, 7, 2)
    assert local_clock(utc("2026-07-02T04:00"), NEW_YORK) == time(0)


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        ("2026-11-23T10:00", 30, "2026-11-23T10:30"),
        ("2026-11-23T16:50", 10, "2026-11-23T17:00"),  # exactly at closing time
        ("2026-11-23T16:50", 30, "2026-11-24T09:20"),
        ("2026-11-27T16:00", 120, "2026-11-30T10:00"),  # over the weekend
        ("2026-11-28T12:00", 0, "2026-11-30T09:00"),
        ("2026-11-25T16:00", 120, "2026-11-27T10:00"),  # over Thanksgiving
        ("2026-11-23T09:00", 5 * 8 * 60, "2026-11-30T17:00"),  # five working days, one of them lost to the holiday
    ],
)
def test_the_office_clock_stands_still_while_closed(start: str, minutes: int, expected: str) -> None:
    def local(text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        return at_local(moment.date(), moment.time(), NEW_YORK)

    thanksgiving = frozenset({date(2026, 11, 26)})
    assert add_office_time(local(start), timedelta(minutes=minutes), OFFICE, NEW_YORK, thanksgiving) == local(expected)


def test_the_office_clock_refuses_a_week_without_hours_and_a_negative_amount() -> None:
    with pytest.raises(NeverOpen, match="give at least one day a window"):
        add_office_time(utc("2026-07-01T12:00"), timedelta(minutes=1), CLOSED, NEW_YORK)
    with pytest.raises(ValueError, match="forward only"):
        add_office_time(utc("2026-07-01T12:00"), timedelta(minutes=-1), OFFICE, NEW_YORK)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("New York", NEW_YORK),
        ("Europe/Berlim", "Europe/Berlin"),
        ("Kolkatta", "Asia/Kolkata"),
        ("america/chicago", CHICAGO),
    ],
)
def test_a_wrong_zone_name_is_told_with_the_right_one(name: str, hint: str) -> None:
    with pytest.raises(UnknownZone, match=f"did you mean {hint}"):
        find_zone(name)


@pytest.mark.parametrize("name", ["", "America", "../../etc/passwd", "/etc/localtime", "xx"])
def test_what_is_no_zone_name_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone, match="is not a time zone"):
        find_zone(name)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="pass an aware UTC datetime"):
        is_open(DAYTIME, NEW_YORK, datetime(2026, 7, 1, 12))  # noqa: DTZ001


# Nights on which the clocks change, somewhere: the brute force below walks through them minute by minute.
CHANGES = [
    "2026-03-08", "2026-11-01",  # New York, Chicago
    "2026-04-04", "2026-10-03",  # Lord Howe, by half an hour
    "2026-02-15", "2026-03-22",  # Casablanca, around Ramadan
    "2026-03-28", "2026-10-24", "2026-07-01",
]  # fmt: skip
clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
weeks = st.tuples(*[st.lists(st.builds(Window, clocks, clocks), max_size=2).map(tuple)] * 7)
zone_sets = st.frozensets(
    st.sampled_from(
        [NEW_YORK, CHICAGO, PHOENIX, LORD_HOWE, CASABLANCA, "Europe/Berlin", "America/Nuuk", "Africa/Cairo"]
    ),
    min_size=1,
    max_size=3,
)
starts = st.builds(
    lambda day, minutes: utc(day) - timedelta(hours=30) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(0, 48 * 60),
)


@settings(max_examples=120, deadline=None)
@given(week=weeks, zones=zone_sets, at=starts, holiday=st.integers(0, 6))
def test_boundaries_agree_with_a_walk_minute_by_minute(
    week: Week, zones: frozenset[str], at: datetime, holiday: int
) -> None:
    holidays = frozenset({at.date() + timedelta(days=holiday)})
    within = timedelta(days=2)
    walk = [at + timedelta(minutes=step) for step in range(2 * 24 * 60 + 1)]
    opened = [open_in_all(week, zones, moment, holidays) for moment in walk]
    first_open = walk[opened.index(True)] if True in opened else None
    assert next_open(week, zones, at, within, holidays) == first_open


@settings(max_examples=120, deadline=None)
@given(week=weeks, zone=zone_sets.map(min), at=starts, holiday=st.integers(0, 6), minutes=st.integers(1, 900))
def test_a_clock_of_open_hours_agrees_with_a_walk_minute_by_minute(
    week: Week, zone: str, at: datetime, holiday: int, minutes: int
) -> None:
    holidays = frozenset({at.date() + timedelta(days=holiday)})
    walk = (at + timedelta(minutes=step) for step in range(4 * 24 * 60))
    run = [moment for moment in walk if is_open(week, zone, moment, holidays)]
    if len(run) >= minutes:
        stops = run[minutes - 1] + timedelta(minutes=1)
        assert add_office_time(at, timedelta(minutes=minutes), week, zone, holidays) == stops


@settings(max_examples=300, deadline=None)
@given(week=weeks, zones=zone_sets, at=starts, seconds=st.integers(0, 59))
def test_a_zone_more_never_opens_anything(week: Week, zones: frozenset[str], at: datetime, seconds: int) -> None:
    at += timedelta(seconds=seconds)
    if open_in_all(week, zones | {"Pacific/Honolulu"}, at):
        assert open_in_all(week, zones, at)
    later, sooner = next_open(week, zones | {"Pacific/Honolulu"}, at), next_open(week, zones, at)
    assert later is None or (sooner is not None and sooner <= later)


@settings(deadline=None)
@given(
    day=st.dates(date(2007, 1, 1), date(2037, 12, 31)),
    clock=clocks,
    zone=st.sampled_from([NEW_YORK, LORD_HOWE, CASABLANCA, "America/St_Johns", "Pacific/Chatham", "America/Havana"]),
)
def test_at_local_shows_the_clock_it_was_asked_for_or_the_one_after_the_gap(day: date, clock: time, zone: str) -> None:
    found = at_local(day, clock, zone)
    shown = datetime.combine(local_date(found, zone), local_clock(found, zone))
    asked = datetime.combine(day, clock)
    assert shown >= asked
    if shown > asked:  # a gap: one second earlier the clock had not reached the asked time
        before = found - timedelta(seconds=1)
        assert datetime.combine(local_date(before, zone), local_clock(before, zone)) < asked
    else:  # no earlier instant shows the same clock
        earlier = [found - timedelta(minutes=minutes) for minutes in (30, 60)]
        assert all(datetime.combine(local_date(at, zone), local_clock(at, zone)) != asked for at in earlier)


@settings(deadline=None)
@given(start=starts, minutes=st.integers(0, 3000), more=st.integers(0, 3000))
def test_office_time_adds_up(start: datetime, minutes: int, more: int) -> None:
    first = add_office_time(start, timedelta(minutes=minutes), OFFICE, NEW_YORK)
    both = add_office_time(start, timedelta(minutes=minutes + more), OFFICE, NEW_YORK)
    assert first <= both
    if more:
        assert add_office_time(first, timedelta(minutes=more), OFFICE, NEW_YORK) == both
