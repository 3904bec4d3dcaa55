"""Where a lead may be, what it has allowed, and when it comes in: the worlds in which a playbook is walked.

Every pair of a place, a consent and a start is in one of them, so there are places times starts, and not all three times
each other. The starts lie on edges of the calendar: where the office opens, a window closes, the clock is about to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from warmline.core.condition import ConditionError
from warmline.core.consent import Consent, Level, Suppression
from warmline.core.decide import with_custom
from warmline.core.events import TRIGGERS, Event
from warmline.core.gate import Rules
from warmline.core.hours import at_local, find_zone, is_open
from warmline.core.months import add_months
from warmline.core.numbers import NumberFact
from warmline.core.places import Zones
from warmline.core.playbook import ChannelKind, Office, Playbook
from warmline.core.policy import Policy
from warmline.core.settings import Config, OptOut
from warmline.core.standing import Asked, calendar_zone
from warmline.core.values import event_values

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
TUESDAY, SATURDAY, SUNDAY = 1, 5, 6
EVERY: tuple[ChannelKind, ...] = ("sms", "email", "voicemail", "call")
MAIL = "ann@example.com"


@dataclass(frozen=True, slots=True)
class Where:
    """What is known of a lead's place. `weekend` is the day of it on which a lead comes in there."""

    key: str
    name: str
    phone: str | None
    country: str = "US"
    region: str = ""
    time_zone: str = ""
    weekend: int = SATURDAY


PLACES = (
    Where("new-york", "New York", "+12125550123"),
    Where("two-zones", "the area code 850, in two zones", "+18505550123"),
    Where("arizona", "Arizona", "+16025550123", region="US-AZ"),
    Where("rhode-island", "Rhode Island", "+14015550123"),
    Where("texas", "El Paso in Texas, whose law counts by Austin's clock, too", "+19155550123", weekend=SUNDAY),
    Where("honolulu", "Honolulu", "+18085550123"),
    Where("canada", "Toronto", "+14165550123", "CA"),
    Where("london", "London", "+447700900123", "GB"),
    Where("paris", "Paris", "+33639980012", "FR"),
    Where("sydney", "Sydney", "+61491570156", "AU", time_zone="Australia/Sydney"),
    Where("no-rules", "Tokyo, whose rules nobody wrote down", "+819012345678", "JP"),
    Where("no-zone", "a number that tells no time zone", "+18005550123"),
)

#: What a lead has allowed, by the name of it: a level, for channels, and whether it ends while the playbook runs.
CONSENTS: Mapping[str, tuple[Level | None, tuple[ChannelKind, ...], bool]] = {
    "none": (None, (), False),
    "inquiry": ("inquiry", EVERY, False),
    "mail-only": ("express", ("email",), False),
    "written": ("express_written", EVERY, False),
    "expiring": ("express_written", EVERY, True),
}
EXPIRES_AFTER = timedelta(days=2, hours=1)

STARTS = ("workday", "night", "clock-change", "holiday", "weekend")

#: What a world's name may be made of: texas.weekend.written
KNOWN = (*(where.key for where in PLACES), *STARTS, *CONSENTS)


@dataclass(slots=True)
class Lead:
    """A lead as `facts_of` reads it. Never changed: another takes its place."""

    phone: str | None
    email: str | None
    country: str
    region: str
    consents: list[Consent]
    suppressions: list[Suppression]
    numbers: list[NumberFact]
    addresses: dict[str, str] = field(default_factory=dict)  # those that are not well, each with its state
    owner: str | None = "owner"
    status: str = "open"
    first_name: str = "Ann"
    last_name: str = "Lee"
    company: str = ""
    source: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """One lead in one place, from `start` on. `rules` are those of the place on the day of an instant."""

    name: str
    where: str
    lead: Lead
    zones: Zones
    zone: str  # whose calendar days are counted
    start: datetime
    event: Mapping[str, Any]
    seed: int  # what a step that names a range of days draws its instant from: each world another
    channels: frozenset[str]  # that are set up
    rules: Callable[[datetime], Rules]
    office: Callable[[datetime], Office]
    asked: Asked
    opt_out: OptOut  # whether an opt-out by one channel ends all


@dataclass(slots=True)
class Worlds:
    """The worlds of a playbook, for leads who come in after `on`. The three functions know the rule data."""

    playbook: Playbook
    config: Config
    on: date
    policy: Callable[[date], Policy]
    zones: Callable[[Where], Zones]
    places: Callable[[Where], frozenset[str]]
    _days: dict[date, Policy] = field(default_factory=dict)

    def every(self) -> list[World]:
        """One for each place and start. The consents take turns, so each meets every place and every start."""
        consents = list(CONSENTS)
        return [
            self.make(where, when, consents[(row + column) % len(consents)])
            for row, where in enumerate(PLACES)
            for column, when in enumerate(STARTS)
        ]

    def named(self, names: Iterable[str]) -> list[World]:
        """Those of `every` that have all the parts of a name, or the one that a name of three parts means.

        Raises KeyError with the part that is no place, start or consent.
        """
        every = self.every()
        found: dict[str, World] = {}
        for name in names:
            parts = name.split(".")
            for part in parts:
                if part not in KNOWN:
                    raise KeyError(part)
            some = [one for one in every if set(parts) <= set(one.name.split("."))]
            if not some:
                where = next((one for one in PLACES if one.key == parts[0]), None)
                if where is None or len(parts) != 3 or parts[1] not in STARTS or parts[2] not in CONSENTS:
                    raise KeyError(name)
                some = [self.make(where, parts[1], parts[2])]
            found |= {one.name: one for one in some}
        return list(found.values())

    def make(self, where: Where, when: str, consent: str) -> World:
        there = self.places(where)

        def rules(at: datetime) -> Rules:
            return self._on(at).rules(there)

        def office(at: datetime) -> Office:
            return self._on(at).office

        known, first = self.zones(where), at_local(self.on, time(12), "UTC")
        zone = calendar_zone(known, office(first).zone)
        start = start_of(when, where, self.on, zone, rules(first), office(first))
        lead = lead_of(where, consent, start, rules(start), self._numbers(start))
        seed = (PLACES.index(where) * len(STARTS) + STARTS.index(when)) * len(CONSENTS) + list(CONSENTS).index(consent)
        return World(
            f"{where.key}.{when}.{consent}", where.name, lead, known, zone, start,
            trigger_of(self.playbook, self.config, start, office(start)), seed,
            frozenset((*self.config.channels, "call")), rules, office, Asked(lines=self.config.asks_lines),
            self.config.opt_out,
        )  # fmt: skip

    def _numbers(self, start: datetime) -> list[NumberFact]:
        """Where the workspace asks about every number, it has been answered. No registry's file is there."""
        return [NumberFact("line", "mobile", start)] if self.config.asks_lines else []

    def _on(self, at: datetime) -> Policy:
        day = at.date()
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = self.policy(day)
        return known


def lead_of(where: Where, consent: str, start: datetime, rules: Rules, numbers: list[NumberFact]) -> Lead:
    level, channels, ends = CONSENTS[consent]
    consents = []
    if level is not None:
        months = rules.lasts(level, channels)
        lasts = add_months(start, months) if months else None
        consents = [Consent(level, channels, start, start + EXPIRES_AFTER if ends else lasts)]
    return Lead(where.phone, MAIL, where.country, where.region, consents, [], numbers)


def start_of(when: str, where: Where, on: date, zone: str, rules: Rules, office: Office) -> datetime:
    """When the lead comes in, by its own clock, as soon after `on` as there is such a day."""
    closed = set(office.holidays).union(*(rule.closed for binding in rules.hours.values() for rule in binding))
    if when == "weekend":
        return at_local(_weekday(on, where.weekend, frozenset()), time(10), zone)
    if when == "holiday":
        return at_local(min((day for day in closed if day > on + DAY), default=on + 2 * DAY) - DAY, time(20, 59), zone)
    if when == "clock-change":
        return at_local(_change_day(on, zone) - DAY, time(20, 59), zone)
    return at_local(_weekday(on, TUESDAY, frozenset(closed)), time(9) if when == "workday" else time(21), zone)


def _weekday(on: date, wanted: int, closed: frozenset[date]) -> date:
    day = on + DAY
    while day.weekday() != wanted or day in closed:
        day += DAY
    return day


def _change_day(on: date, zone: str) -> date:
    """The next local day on which the clock of `zone` changes; where none does, the one of New York."""
    for name in (zone, "America/New_York"):
        clock = find_zone(name)
        for ahead in range(2, 370):
            today, tomorrow = (datetime.combine(on + (ahead + n) * DAY, time(0), clock) for n in (0, 1))
            if today.utcoffset() != tomorrow.utcoffset():
                return on + ahead * DAY
    return on + 2 * DAY


def trigger_of(playbook: Playbook, config: Config, start: datetime, office: Office) -> Mapping[str, Any]:
    """What starts the enrollment: the first thing of those that sources bring in that the playbook takes up."""
    after_hours = not is_open(office.week, office.zone, start.astimezone(UTC), office.holidays)
    when = playbook.enroll.when
    sources = [(one.event, one.form, one.key) for one in config.sources.values() if one.event in TRIGGERS]
    wanted = [*sources, *((kind, "", "") for kind in TRIGGERS)]
    for late in (after_hours, not after_hours):
        for kind, form, source in wanted:
            event = event_values(kind, form=form, source=source, after_hours=late)
            if when is None:
                return event
            try:
                if when.holds({"event": with_custom(event, "event", when), "lead": with_custom({}, "lead", when)}):
                    return event
            except ConditionError:
                continue
    return event_values(wanted[0][0], form=wanted[0][1], source=wanted[0][2], after_hours=after_hours)
