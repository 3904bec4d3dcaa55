"""Local time. The only place, with core/schedule.py on top of it, where a wall clock is read off a UTC instant.

Windows are half-open and local: 08:00-21:00 is open at 08:00:00 and closed at 21:00:00. A window whose end is not after
its start runs past midnight, so 21:00-08:00 is the night and 00:00-00:00 the whole day; it belongs to the day it
starts on.

A week is judged by what the clock on the wall shows. An hour that the clock shows twice in autumn is judged alike both
times, and an hour that it skips in spring never happens.

Zones come as a set, because an area code may cross a border: open means open in every zone of the set. An empty set is
a lead of whom we know no zone, and for it nothing is ever open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
FORTNIGHT = timedelta(days=14)
YEAR = timedelta(days=366)
SECOND = timedelta(seconds=1)
NO_HOLIDAYS: frozenset[date] = frozenset()


class UnknownZone(ValueError):
    """The name is not in the IANA time zone database. The text names a close one where there is one."""


class NeverOpen(ValueError):
    """The week has no open time for a whole year, so a clock that runs in open hours would never get there."""


@dataclass(frozen=True, slots=True)
class Window:
    """Local wall times [start, end). With end <= start it runs past midnight into the next day."""

    start: time
    end: time

    @property
    def overnight(self) -> bool:
        return self.end <= self.start


Week = tuple[
    tuple[Window, ...],
    tuple[Window, ...],
    tuple[Window, ...],
    tuple[Window, ...],
    tuple[Window, ...],
    tuple[Window, ...],
    tuple[Window, ...],
]
"""The windows of each day, Monday first."""


def is_open(week: Week, zone: str, at: datetime, holidays: frozenset[date] = NO_HOLIDAYS) -> bool:
    """Whether the wall clock of `zone` is inside a window of `week` at the aware instant `at`.

    A local date in `holidays` is closed from midnight to midnight, also for a window that began the evening before.
    """
    local = _local(at, zone)
    if holidays and local.date() in holidays:
        return False
    clock, weekday = local.time(), local.weekday()
    for window in week[weekday]:
        if window.start <= clock and (clock < window.end or window.end <= window.start):
            return True
    return any(window.end <= window.start and clock < window.end for window in week[weekday - 1])


def open_in_all(week: Week, zones: Iterable[str], at: datetime, holidays: frozenset[date] = NO_HOLIDAYS) -> bool:
    """Whether `week` is open at `at` in every one of `zones`. No zone known: no."""
    known = False
    for zone in zones:
        if not is_open(week, zone, at, holidays):
            return False
        known = True
    return known


def next_open(
    week: Week,
    zones: frozenset[str],
    at: datetime,
    within: timedelta = FORTNIGHT,
    holidays: frozenset[date] = NO_HOLIDAYS,
) -> datetime | None:
    """First instant at or after `at` that is open in every zone. None: none up to `at + within`, or no zone known."""
    if not zones:
        return None
    moment, until = at.astimezone(UTC), at + within
    while not open_in_all(week, zones, moment, holidays):
        # No answer comes before the first open instant of any single zone: step to the latest of these and look again.
        firsts = [_first(week, zone, moment, until, holidays, wanted=True) for zone in zones]
        known = [first for first in firsts if first is not None]
        if len(known) < len(firsts):
            return None
        moment = max(known)
    return moment


def at_local(day: date, clock: time, zone: str) -> datetime:
    """The UTC instant when the wall clock of `zone` shows `clock` on `day`.

    Skipped by the clock change: the first instant after the gap. Shown twice: the first of the two.
    """
    where = find_zone(zone)
    early = datetime.combine(day, clock, where)
    late = early.replace(fold=1)
    if early.utcoffset() == late.utcoffset() or not _skipped(early):
        return early.astimezone(UTC)
    # Read with the later offset, a skipped time lies before the change; read with the earlier offset, after it.
    return _change_between(late.astimezone(UTC), early.astimezone(UTC), where)


def local_date(at: datetime, zone: str) -> date:
    """The calendar day in `zone` at the aware instant `at`."""
    return _local(at, zone).date()


def local_clock(at: datetime, zone: str) -> time:
    """What the wall clock of `zone` shows at the aware instant `at`."""
    return _local(at, zone).time()


def add_office_time(
    start: datetime, amount: timedelta, week: Week, zone: str, holidays: frozenset[date] = NO_HOLIDAYS
) -> datetime:
    """When a clock that runs only in the open hours of `week` has run for `amount`, started at `start`.

    It may stop exactly at closing time. An amount of nothing, asked while closed, is over when the doors open.
    Raises NeverOpen when no open time is left within a year, ValueError for a negative amount.
    """
    if amount < timedelta(0):
        raise ValueError(f"office time runs forward only, and {amount} is negative: give an amount of zero or more")
    moment, left = start.astimezone(UTC), amount
    while True:
        until = moment + YEAR
        opens = _first(week, zone, moment, until, holidays, wanted=True)
        if opens is None:
            raise NeverOpen(f"office hours have no open time for a year after {moment}: give at least one day a window")
        closes = _first(week, zone, opens, until, holidays, wanted=False)
        if closes is None or left <= closes - opens:
            return opens + left
        left, moment = left - (closes - opens), closes


@cache
def find_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises UnknownZone, with a close name where there is one.

    Rules come from the tzdata package, not from the host's files: hosts with older systems would decide otherwise.
    """
    if name not in _zone_names():
        close = _close_name(name)
        raise UnknownZone(
            f"{name!r} is not a time zone: write an IANA name such as America/New_York"
            + (f" (did you mean {close}?)" if close else "")
        )
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


def _close_name(name: str) -> str:
    wanted = name.strip().replace(" ", "_").casefold()
    names = sorted(_zone_names(), reverse=True)
    whole = {full.casefold(): full for full in names}
    # A bare city is the usual slip: "New York" for America/New_York. The last one read wins: America before US.
    cities = {full.rsplit("/", 1)[-1].casefold(): full for full in names}
    for table in (whole, cities):
        if close := get_close_matches(wanted, table, n=1, cutoff=0.75):
            return table[close[0]]
    return ""


def _local(at: datetime, zone: str) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone: pass an aware UTC datetime")
    return at.astimezone(find_zone(zone))


def _first(
    week: Week, zone: str, at: datetime, until: datetime, holidays: frozenset[date], *, wanted: bool
) -> datetime | None:
    """First instant in [at, until] at which is_open(week, zone) is `wanted`."""
    if is_open(week, zone, at, holidays) == wanted:
        return at
    if wanted and not any(week):
        return None
    # Two days at a time: where the clock goes back over midnight, edges of two neighbouring days interleave.
    day = local_date(at, zone) - DAY
    edges = _edges(week, zone, day)
    while True:
        day += DAY
        following = _edges(week, zone, day)
        for edge in sorted(edges + following):
            if edge > until:
                return None
            if edge > at and is_open(week, zone, edge, holidays) == wanted:
                return edge
        edges = following


def _edges(week: Week, zone: str, day: date) -> tuple[datetime, ...]:
    """Every instant of the local `day` at which the answer of is_open may change."""
    return _edges_of(week[day.weekday()], week[day.weekday() - 1], zone, day)


@lru_cache(maxsize=16_384)  # everybody asks for the same few days of the same few weeks
def _edges_of(today: tuple[Window, ...], yesterday: tuple[Window, ...], zone: str, day: date) -> tuple[datetime, ...]:
    where = find_zone(zone)
    clocks = {time(0)}  # where holidays begin and end; and an edge on every day keeps the walk finite
    for window in today:
        clocks.add(window.start)
        clocks.add(window.end)
    clocks.update(window.end for window in yesterday if window.overnight)
    edges = []
    for clock in clocks:
        early = datetime.combine(day, clock, where)
        edges.append(early.astimezone(UTC))
        late = early.replace(fold=1)
        if early.utcoffset() != late.utcoffset():
            edges.append(late.astimezone(UTC))
    change = _change_on(zone, day)
    return tuple(edges if change is None else [*edges, change])


def _skipped(early: datetime) -> bool:
    """Whether the wall time `early` (fold 0) falls into a gap: going to UTC and back shows another clock."""
    return early.astimezone(UTC).astimezone(early.tzinfo).replace(tzinfo=None) != early.replace(tzinfo=None)


@lru_cache(maxsize=4096)
def _change_on(zone: str, day: date) -> datetime | None:
    """The instant at which the UTC offset of `zone` changes on the local `day`, midnight at its end included."""
    where = find_zone(zone)
    first, last = (datetime.combine(edge, time(0), where).astimezone(UTC) for edge in (day, day + DAY))
    if first.astimezone(where).utcoffset() == last.astimezone(where).utcoffset():
        return None
    return _change_between(first, last, where)


def _change_between(before: datetime, after: datetime, where: ZoneInfo) -> datetime:
    """The first second whose UTC offset is the one at `after`; `before` has another one."""
    old = before.astimezone(where).utcoffset()
    while after - before > SECOND:
        middle = before + timedelta(seconds=(after - before) // SECOND // 2)
        if middle.astimezone(where).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
