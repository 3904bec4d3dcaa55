"""Cases to ask about. Most of them lie on an edge: an opening, a closing, a cap or a proof that ends, a clock put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import TypeVar

from . import table
from .case import Attempt, Case, Listing, Proof, Workspace
from .clock import DAY, MINUTE, holidays, spans, steady, zone_of
from .oracle import COVERS, Law, law_of, months_on
from .product import located

FIRST, LAST = date(2025, 7, 1), date(2028, 12, 31)
SECOND = timedelta(seconds=1)
#: How far off an edge. On it most often.
NEAR = (
    timedelta(0), timedelta(0), timedelta(0), -MINUTE, MINUTE, -SECOND, SECOND, timedelta(microseconds=-1),
    timedelta(seconds=30), timedelta(hours=1), timedelta(hours=-1),
)  # fmt: skip

STARTER = Workspace(
    "Acme", False, True, 3, 7, "mon-fri 09:00-17:30, sat 10:00-14:00", "America/New_York", (), True
)  # fmt: skip
LAX = Workspace("Lax", False, True, 50, 200, "mon-sun 00:00-00:00", "America/Chicago")
WORKSPACES = (
    STARTER,
    LAX,
    Workspace("Careful", True, False, 50, 200, "mon-sat 08:30-12:00, mon-fri 13:00-20:00", "America/Denver"),
    Workspace(
        "Night", False, False, 1, 2, "mon-sat 22:00-02:30, sun 02:30-04:00", "America/New_York",
        (date(2026, 3, 8), date(2026, 11, 2), date(2027, 3, 14)), True, ("GB",),
    ),
    Workspace("Lord", False, True, 2, 2, "mon-sun 02:15-03:00", "Australia/Lord_Howe", (), False, ("AU", "US")),
    Workspace(
        "Dublin", True, True, 2, 3, "mon-sun 23:30-00:45, mon-sun 01:15-03:30", "Europe/Dublin",
        (date(2026, 10, 25),), False, ("BR",),
    ),
    Workspace("Late", False, True, 4, 9, "mon-sun 23:15-00:30", "Asia/Beirut"),  # put back at midnight, to the day before
)  # fmt: skip

STATES = [*sorted(place for place in COVERS if place.startswith("US-")), "US-GA", "US-AR", "US-WV", "US-DC"]
COUNTRIES = ["CA", "GB", "JE", "AU", "CX", "FR", "DE", "ES", "IT", "IE", "SE"]
UNWRITTEN = ["BR", "JM", "NO", "IN"]
AMERICAN = [
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix", "America/Boise",
    "America/Anchorage", "America/Adak", "Pacific/Honolulu", "America/Indiana/Knox",
]  # fmt: skip
FARTHER = [
    "America/St_Johns", "America/Toronto", "America/Regina", "Europe/London", "Europe/Dublin", "Europe/Paris",
    "Atlantic/Canary", "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Eucla",
    "Australia/Perth", "Asia/Kathmandu", "Asia/Kolkata", "Pacific/Chatham", "Africa/Casablanca", "America/Havana",
    "Africa/Cairo", "Antarctica/Troll", "America/Santiago", "Pacific/Kiritimati", "Pacific/Marquesas",
]  # fmt: skip
HOME_CLOCKS = {
    "CA": ["America/St_Johns", "America/Toronto", "America/Regina"],
    "GB": ["Europe/London"], "JE": ["Europe/London"], "CX": ["Australia/Perth"],
    "AU": ["Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Perth", "Australia/Eucla"],
    "FR": ["Europe/Paris"], "DE": ["Europe/Paris"], "ES": ["Europe/Paris", "Atlantic/Canary"],
    "IT": ["Europe/Paris"], "IE": ["Europe/Dublin"], "SE": ["Europe/Paris"],
}  # fmt: skip
CODES = [*sorted(table.STATES_OF_CODES), "800", "500", "729", "809"]

PHONES = ("call", "sms", "voicemail")
CHANNELS = (*PHONES, *PHONES, "email")


T = TypeVar("T")


class Dice(Random):
    def choice(self, among: Sequence[T]) -> T:  # type: ignore[override]
        """Slightly uneven and five times as fast; several are thrown for each case."""
        return among[int(self.random() * len(among))]


# --- days -------------------------------------------------------------------------------------------------------------


@cache
def changes(zone: str) -> tuple[date, ...]:
    """Days on which a zone's clock is put forward or back."""
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days))
    return tuple(day for day in days if steady(zone, day) is None)


@cache
def _turn(zone: str, day: date) -> datetime:
    """The first minute of a UTC day that is ahead by as much as the day's end: when the clock was touched."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = (at + DAY).astimezone(zone_of(zone)).utcoffset()
    while at.astimezone(zone_of(zone)).utcoffset() != end:
        at += MINUTE
    return at


@cache
def _marked() -> tuple[date, ...]:
    """Holidays."""
    years = range(FIRST.year, LAST.year + 1)
    days = {day for calendar in table.HOLIDAYS for year in years for day in holidays(calendar, year)}
    return tuple(sorted(day for day in days if FIRST <= day < LAST))


@cache
def _month_ends() -> tuple[date, ...]:
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days))
    return tuple(day for day in days if (day + DAY).day == 1)


def _day(draw: Dice, own: Workspace, places: frozenset[str], zones: frozenset[str]) -> date:
    """A day that differs from the one before or after it, more often than not."""
    dice = draw.random()
    if dice < 0.3:
        return draw.choice(_marked()) + DAY * draw.choice((-1, 0, 0, 0, 1))
    if dice < 0.48 and (known := changes(draw.choice(sorted({own.clock, *zones})))):
        return draw.choice(known) + DAY * draw.choice((-1, 0, 0, 1))
    if dice < 0.56:
        return draw.choice(_month_ends())
    if dice < 0.62 and (begin := [since for place, since in table.SINCE.items() if place in places]):
        return draw.choice(begin) + DAY * draw.choice((-1, 0, 0, 1))
    day = FIRST + DAY * draw.randrange((LAST - FIRST).days)
    return day + DAY * ((6 - day.weekday()) % 7) if dice < 0.75 else day


# --- places -----------------------------------------------------------------------------------------------------------


def _where(draw: Dice) -> tuple[frozenset[str], frozenset[str]]:
    dice = draw.random()
    if dice < 0.25:
        code = draw.choice(CODES)
        region = draw.choice(STATES) if draw.random() < 0.3 else None
        places, zones = located(f"+1{code}5550123", region, draw.choice(AMERICAN) if draw.random() < 0.2 else None)
    elif dice < 0.75:
        states = draw.sample(STATES, draw.choice((1, 1, 1, 2, 2, 3)))
        places = frozenset(("US", *states))
        zones = frozenset(draw.sample(AMERICAN, draw.choice((1, 1, 1, 2, 2, 3))))
    else:
        countries = draw.sample(COUNTRIES, draw.choice((1, 1, 1, 2)))
        places = frozenset(countries)
        zones = frozenset(draw.choice(HOME_CLOCKS[country]) for country in countries)
        if draw.random() < 0.2:
            places |= {"US", draw.choice(STATES)}
    dice = draw.random()
    if dice < 0.03:
        return frozenset(), zones
    if dice < 0.07:
        return places | {draw.choice(UNWRITTEN)}, zones
    if dice < 0.1:
        return places, frozenset()
    if dice < 0.2:
        return places, frozenset(draw.sample(FARTHER, 1))
    if dice < 0.23:
        return places, zones | {draw.choice(FARTHER)}
    return places, zones


# --- instants ---------------------------------------------------------------------------------------------------------


def _instant(draw: Dice, day: date, zones: frozenset[str], law: Law, channel: str, own: Workspace) -> datetime:
    dice = draw.random()
    if dice < 0.5 and zones and (openings := law.hours.get(channel)):
        opening, extra = draw.choice(openings)
        clock = extra if extra and draw.random() < 0.3 else draw.choice(sorted(zones))
        return _edge(draw, opening.hours, day, clock)
    if dice < 0.6:
        return _edge(draw, own.office, day, own.clock)
    if dice < 0.8 and (turned := [zone for zone in sorted({own.clock, *zones}) if steady(zone, day) is None]):
        return _turn(draw.choice(turned), day) + MINUTE * draw.randrange(-150, 150)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + MINUTE * draw.randrange(1440)
    return at if draw.random() < 0.8 else at + SECOND * draw.randrange(60)


def _edge(draw: Dice, hours: str, day: date, clock: str) -> datetime:
    windows = spans(hours)[day.weekday()]
    minute = draw.choice(draw.choice(windows)) % 1440 if windows else draw.choice((0, 480, 540, 1200))
    local = datetime.combine(day, time(minute // 60, minute % 60, fold=draw.randrange(2)), zone_of(clock))
    return local.astimezone(UTC) + draw.choice(NEAR)


# --- what is known ----------------------------------------------------------------------------------------------------


def _proof(draw: Dice, law: Law, channel: str, now: datetime) -> Proof:
    level = draw.choice(("inquiry", "purchase", "express", "express_written", "express_written", "express_written"))
    channels = ("call", "email", "sms", "voicemail") if draw.random() < 0.7 else tuple(draw.sample(PHONES, 2))
    dice = draw.random()
    if dice < 0.25:
        return Proof("express_written", ("call", "email", "sms", "voicemail"), now - timedelta(days=9), None)
    if dice < 0.55:
        # Ends about now, by the calendar: so many months after it was given.
        months = law.lifetimes.get((channel, level)) or draw.choice((1, 3, 6, 18, 24))
        day = now.date()
        long_ago = datetime(day.year - 3, day.month, min(day.day, 28), tzinfo=UTC) + timedelta(
            days=max(0, day.day - 28)
        )
        at = months_on(long_ago, 36 - months) + (now - datetime(now.year, now.month, now.day, tzinfo=UTC))
        if (day + DAY).day == 1:
            at += DAY * draw.choice((0, 1, 2, 3))  # from the last days of a longer month, too
        at += draw.choice(NEAR)
        return Proof(
            level, channels, at, months_on(at, months) if draw.random() < 0.4 else None, _given(draw), _for(draw)
        )
    at = now - draw.choice((timedelta(0), SECOND, timedelta(days=draw.randrange(800)), -SECOND))
    ends = None if dice < 0.8 else now + draw.choice((*NEAR, timedelta(days=40)))
    return Proof(level, channels, at, ends, _given(draw), _for(draw))


def _for(draw: Dice) -> str:
    return "acknowledge" if draw.random() < 0.1 else "marketing"


def _given(draw: Dice) -> str:
    dice = draw.random()
    return "" if dice < 0.7 else "this" if dice < 0.9 else "another"


def _listings(draw: Dice, law: Law, channel: str, now: datetime) -> Iterator[Listing]:
    for registry in dict.fromkeys(name for name, channels, _, _ in law.registries if channel in channels):
        if draw.random() < 0.85:
            age = draw.choice((0, 1, 27, 28, 29, 30, 31, 31, 31, 32, 33))
            yield Listing(registry, now.date() - timedelta(days=age if draw.random() < 0.4 else 1), draw.random() < 0.1)


def _attempts(draw: Dice, law: Law, now: datetime) -> Iterator[Attempt]:
    if draw.random() < 0.45:
        return
    channels, _, per = draw.choice(law.caps)
    for number in range(draw.choice((1, 2, 3, 3, 4, 4, 5, 8))):
        channel = draw.choice(channels if draw.random() < 0.8 else CHANNELS)
        dice = draw.random()
        if dice < 0.4:
            ago = per + draw.choice(NEAR)  # drops out about now
        elif dice < 0.9:
            ago = per * draw.random()
        else:
            ago = timedelta(minutes=draw.randrange(-2, 60 * 24 * 9))
        at = now - ago
        yield Attempt(f"t{number}", at if draw.random() < 0.4 else at.replace(second=0, microsecond=0), channel)


def cases(seed: int | str, many: int, pinned: Pinned | None = None) -> Iterator[Case]:
    """`many` cases of a seed; some instants of each lead and day, so that what binds is combined once for them."""
    draw, pinned = Dice(seed), pinned or Pinned()
    for _ in range(-(-many // (INSTANTS * EACH))):
        own = pinned.workspace or draw.choice(WORKSPACES)
        places, zones = _where(draw)
        if pinned.places:
            places, zones = pinned.places, frozenset(draw.choice(pinned.zones) for _ in range(draw.choice((1, 1, 2))))
        day = draw.choice(pinned.days) if pinned.days else _day(draw, own, places, zones)
        law = law_of(own, places, day)
        for _ in range(INSTANTS):
            channel = draw.choice(CHANNELS)
            now = _instant(draw, day, zones, law, channel, own)
            for _ in range(EACH):
                yield _case(draw, own, places, zones, law, channel, now)


@dataclass(frozen=True, slots=True)
class Pinned:
    """What is not drawn."""

    places: frozenset[str] = frozenset()
    zones: tuple[str, ...] = tuple(AMERICAN)
    workspace: Workspace | None = None
    days: tuple[date, ...] = ()


#: So many instants of a lead's day, and at each so many leads that differ in what is known of them.
INSTANTS, EACH = 30, 2


def _case(
    draw: Dice, own: Workspace, places: frozenset[str], zones: frozenset[str], law: Law, channel: str, now: datetime
) -> Case:
    chance = draw.random
    answers, told = chance() < 0.3, chance() < 0.15
    asked = now - draw.choice((timedelta(0), MINUTE, law.answered_within + draw.choice(NEAR))) if answers else None
    return Case(
        own,
        places,
        zones,
        now,
        channel,
        "acknowledge" if answers else "marketing",
        office=chance() < 0.6,
        id=draw.choice(("", "t0", "t1")),
        address="ok" if chance() < 0.92 else draw.choice(("", "invalid", "bounced", "not_sms_capable", "unsure")),
        recorded=chance() < 0.95,
        set_up=chance() < 0.97,
        person=chance() < 0.03,
        on_call_at=now - draw.choice((timedelta(0), MINUTE, timedelta(hours=1))) if chance() < 0.05 else None,
        asked_at=asked if chance() < 0.97 else None,
        opted_out_at=now - MINUTE if chance() < 0.03 else None,
        suppressed=(draw.choice(((), ("sms",), ("email", "call"))),) if chance() < 0.05 else (),
        proofs=tuple(_proof(draw, law, channel, now) for _ in range(draw.choice((0, 1, 1, 1, 2, 3)))),
        attempts=tuple(_attempts(draw, law, now)),
        listings=tuple(_listings(draw, law, channel, now)),
        changed_hands=draw.choice(("no", "no", "yes", "no_data")) if told else "",
        told_at=now - draw.choice((timedelta(0), SECOND, timedelta(days=20), timedelta(days=400))) if told else None,
        line=draw.choice(("", "landline", "invalid", "unknown", "mobile", "voip")) if chance() < 0.2 else "mobile",
        lines_asked=chance() < 0.5,
    )
