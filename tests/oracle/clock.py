"""Open and closed minutes. No reckoning with windows: every minute of a day is written down, and a hold is walked out.

A day's minutes are bytes, 1 for open. A line is the same for one UTC day of one zone: minute by minute, what the wall
clock shows there. Lines of several clocks are laid over each other, and the first minute open in all of them ends a hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dateutil.easter import easter

from .table import ALSO_OBSERVED, HOLIDAYS

MINUTES = 1440
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SHUT = bytes(MINUTES)


class Opening(NamedTuple):
    """Hours as the table writes them, the calendar that closes days, and dates besides."""

    hours: str
    calendar: str = ""
    observed: bool = False
    dates: tuple[date, ...] = ()


class Bound(NamedTuple):
    """An opening by the clock of a zone."""

    opening: Opening
    zone: str


# --- days -------------------------------------------------------------------------------------------------------------


@cache
def holidays(calendar: str, year: int) -> frozenset[date]:
    return frozenset(_dated(day, year) for day in HOLIDAYS[calendar]) if calendar else frozenset()


def _dated(words: str, year: int) -> date:
    *which, last = words.split()
    if which == ["easter"]:
        return easter(year) + timedelta(days=int(last))
    days = [day for day in _days_of(year) if MONTHS[day.month - 1] == last]
    if len(which) == 1:
        return days[int(which[0]) - 1]
    nth, weekday = which
    days = [day for day in days if WEEKDAYS[day.weekday()] == weekday]
    return days[-1] if nth == "last" else days[int(nth[0]) - 1]


@cache
def _days_of(year: int) -> tuple[date, ...]:
    first = date(year, 1, 1)
    return tuple(first + timedelta(days=n) for n in range(366) if (first + timedelta(days=n)).year == year)


@cache
def is_off(opening: Opening, day: date) -> bool:
    if day in opening.dates:
        return True
    if not opening.calendar:
        return False
    near = [day]
    if opening.observed or opening.calendar in ALSO_OBSERVED:
        if day.weekday() == 4:
            near.append(day + DAY)
        if day.weekday() == 0:
            near.append(day - DAY)
    return any(one in holidays(opening.calendar, one.year) for one in near)


# --- minutes of a day -------------------------------------------------------------------------------------------------


@cache
def spans(hours: str) -> tuple[tuple[tuple[int, int], ...], ...]:
    """For each weekday its (first, end) in minutes. An end past 1440 lies on the next day."""
    week: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    for part in hours.split(", "):
        days, clock = part.split(" ")
        first, _, last = days.partition("-")
        start, end = (int(text[:2]) * 60 + int(text[3:]) for text in clock.split("-"))
        for index in range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1):
            week[index].append((start, end if end > start else end + MINUTES))
    return tuple(tuple(day) for day in week)


@cache
def _weekday(hours: str, weekday: int) -> bytes:
    today, yesterday = spans(hours)[weekday], spans(hours)[weekday - 1]
    return bytes(
        any(start <= minute < end for start, end in today)
        or any(start <= minute + MINUTES < end for start, end in yesterday)
        for minute in range(MINUTES)
    )


@lru_cache(maxsize=50_000)
def minutes(opening: Opening, day: date) -> bytes:
    return SHUT if is_off(opening, day) else _weekday(opening.hours, day.weekday())


# --- minutes of a UTC day ---------------------------------------------------------------------------------------------


@cache
def zone_of(name: str) -> ZoneInfo:
    """By the rules of the package tzdata, whatever the machine has: clocks of the years ahead are changed every year."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, name)


@lru_cache(maxsize=200_000)
def steady(zone: str, day: date) -> int | None:
    """Minutes that the zone is ahead all through a UTC day. None: its clock is put forward or back on it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    before, after = (at.astimezone(zone_of(zone)).utcoffset() for at in (midnight, midnight + DAY))
    assert before is not None
    return before // MINUTE if before == after else None


@lru_cache(maxsize=2000)
def _walls(zone: str, day: date) -> list[tuple[date, int]]:
    """What the wall shows, day and minute, at each minute of a UTC day."""
    at, clock, shown = datetime(day.year, day.month, day.day, tzinfo=UTC), zone_of(zone), []
    for _ in range(MINUTES):
        local = at.astimezone(clock)
        shown.append((local.date(), local.hour * 60 + local.minute))
        at += MINUTE
    return shown


@lru_cache(maxsize=20_000)
def line(bound: Bound, day: date) -> int:
    """The minutes of one clock on one UTC day, as one number whose bytes are the minutes."""
    opening, zone = bound
    ahead = steady(zone, day)
    if ahead is not None:
        # No clock is touched, so the wall runs through two dates, minute after minute.
        early, late = (day, day + DAY) if ahead >= 0 else (day - DAY, day)
        shown = (minutes(opening, early) + minutes(opening, late))[ahead % MINUTES :][:MINUTES]
    else:
        shown = b"".join(minutes(opening, local)[minute : minute + 1] for local, minute in _walls(zone, day))
    return int.from_bytes(shown, "big")


@lru_cache(maxsize=20_000)
def together(bounds: frozenset[Bound], day: date) -> bytes:
    """The minutes of a UTC day that are open by every clock."""
    over = int.from_bytes(b"\1" * MINUTES, "big")
    for bound in bounds:
        over &= line(bound, day)
    return over.to_bytes(MINUTES, "big")


def is_open(bounds: frozenset[Bound], at: datetime) -> bool:
    return together(bounds, at.date())[at.hour * 60 + at.minute] == 1


def opens(bounds: frozenset[Bound], at: datetime, days: int) -> datetime | None:
    """The first minute open by every clock, walking on from one that is not. None: none in so many days."""
    day, minute = at.date(), at.hour * 60 + at.minute
    for _ in range(days + 1):
        found = together(bounds, day).find(1, minute)
        if found >= 0:
            return datetime(day.year, day.month, day.day, tzinfo=UTC) + found * MINUTE
        day, minute = day + DAY, 0
    return None


def bounds_of(openings: Iterable[tuple[Opening, str]], zones: frozenset[str]) -> frozenset[Bound]:
    """Each opening by each clock of the lead, and by the second clock that a law may name."""
    return frozenset(
        Bound(opening, zone) for opening, extra in openings for zone in (*zones, *([extra] if extra else []))
    )
