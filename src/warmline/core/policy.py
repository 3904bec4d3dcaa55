"""From jurisdictions and a workspace's own settings to the Rules that bind. Combining only ever narrows.

Windows intersect (every hours rule must be open), of consent levels the highest counts, caps add up. A workspace can
tighten; nothing it can write loosens a jurisdiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256

from .consent import RANK
from .gate import AUTOMATED, Cap, ConsentRule, HoursRule, NumberCheck, Rules, Scrub
from .hours import NO_HOLIDAYS
from .playbook import ChannelKind, Office
from .rulebook import (
    AcknowledgeRule,
    Calendar,
    CapRule,
    LifetimeRule,
    Pack,
    ReassignedRule,
    RevocationRule,
    ScrubRule,
    holiday_names,
)
from .rulebook import ConsentRule as PackConsent
from .rulebook import HoursRule as PackHours
from .settings import Config

#: What the workspace's own hours bind.
BY_PHONE: tuple[ChannelKind, ...] = ("sms", "voicemail", "call")

OWN = "your own setting in warmline.toml"


@dataclass(slots=True)
class Policy:
    """What binds a workspace on a day, for leads wherever they may be. Everything it is made of is immutable."""

    packs: tuple[Pack, ...]
    config: Config
    on: date
    office: Office
    forbidden: Mapping[str, frozenset[date]]  # by calendar of forbidden_days.yaml
    _rules: dict[frozenset[str], Rules] = field(default_factory=dict)

    def rules(self, places: frozenset[str]) -> Rules:
        """The rules of all these places together. A lead that tells no place is where the sources' forms are for."""
        found = self._rules.get(places)
        if found is None:
            found = self._rules[places] = self._combine(places or self.home)
        return found

    @property
    def home(self) -> frozenset[str]:
        return frozenset(source.country for source in self.config.sources.values())

    def _combine(self, places: frozenset[str]) -> Rules:
        packs = [
            pack
            for pack in self.packs
            if places.intersection(pack.covers) and pack.profile in ("", self.config.profile)
        ]
        known = {place for pack in packs for place in pack.covers}
        unknown = sorted(place for place in places if "-" not in place and place not in known)
        return rules_for(packs, self.config, self.office, self.forbidden, self.on, tuple(unknown))


def rules_for(
    packs: Iterable[Pack],
    config: Config,
    office: Office,
    forbidden: Mapping[str, frozenset[date]],
    on: date,
    unknown: tuple[str, ...] = (),
) -> Rules:
    """The rules of `packs` in force on a day, all of them together, tightened by `config`."""
    packs = list(packs)
    hours: dict[tuple[str, str], list[HoursRule]] = {}
    consent: dict[tuple[str, str], ConsentRule] = {}
    caps: list[Cap] = []
    lifetimes: dict[tuple[str, str], int] = {}
    scrubs: list[Scrub] = []
    numbers: list[NumberCheck] = []
    withdraws_all: set[str] = set()
    barred: set[tuple[str, str]] = set()
    fresh = timedelta.max
    bound = not config.acknowledge_at_night
    for pack in packs:
        for rule in pack.in_force(on):
            if isinstance(rule, PackHours):
                closed = forbidden[rule.forbidden_days] if rule.forbidden_days else NO_HOLIDAYS
                one = HoursRule(rule.id, rule.week, rule.cite, closed, rule.zone)
                for channel in rule.channels:
                    for purpose in rule.purposes:
                        hours.setdefault((channel, purpose), []).append(one)
            elif isinstance(rule, PackConsent):
                for channel in rule.channels:
                    for purpose in rule.purposes:
                        key: tuple[str, str] = (channel, purpose)
                        if not rule.allowed:
                            barred.add(key)
                        elif key not in consent or RANK[rule.asked] > RANK[consent[key].level]:
                            consent[key] = ConsentRule(rule.id, rule.asked, rule.cite)
            elif isinstance(rule, CapRule):
                per = timedelta(hours=rule.per_hours)
                caps.append(Cap(rule.id, rule.channels, rule.count, per, rule.cite))
            elif isinstance(rule, LifetimeRule):
                for channel in rule.channels:
                    kept = (channel, rule.level)
                    lifetimes[kept] = min(rule.months, lifetimes.get(kept, rule.months))
            elif isinstance(rule, ScrubRule):
                scrubs.append(Scrub(rule.id, rule.registry, rule.channels, rule.max_age_days, rule.unless, rule.cite))
            elif isinstance(rule, ReassignedRule):
                numbers.append(NumberCheck(rule.id, rule.channels, rule.unless, rule.cite))
            elif isinstance(rule, RevocationRule):
                withdraws_all |= set(rule.channels) if rule.reaches_all else set()
            elif isinstance(rule, AcknowledgeRule):
                fresh = min(fresh, timedelta(minutes=rule.within_minutes))
                bound = bound or rule.hours_bind_acknowledge
    if config.hours is not None:
        for channel in BY_PHONE:
            hours.setdefault((channel, "marketing"), []).append(HoursRule("own_hours", config.hours, OWN))
    if bound:  # after all packs: whichever of them comes first, the hours of every one bind
        _bind_acknowledge(hours)
    for pair in barred:
        consent.pop(pair, None)
    return Rules(
        version=_version(packs, config, office, on, unknown),
        hours={key: tuple(rules) for key, rules in hours.items()},
        consent=consent,
        caps=(
            Cap("automated_per_day", AUTOMATED, config.caps.automated_per_day, timedelta(days=1), OWN),
            Cap("automated_per_week", AUTOMATED, config.caps.automated_per_week, timedelta(days=7), OWN),
            *caps,
        ),
        office=office,
        fresh=timedelta(0) if fresh == timedelta.max else fresh,
        lifetimes=lifetimes,
        scrubs=tuple(scrubs),
        numbers=tuple(numbers),
        withdraws_all=frozenset(withdraws_all),
        unknown=unknown,
    )


def office_of(config: Config, calendars: Mapping[str, Calendar], on: date) -> Office:
    """When the people of a workspace work, with the public holidays of this year and the next."""
    named: dict[date, str] = {}
    for name in config.office.calendars:
        named |= holiday_names(calendars[name], on.year - 1, on.year + 1)
    return Office(config.office.week, config.office.time_zone, config.office.holidays | frozenset(named), named)


def _bind_acknowledge(hours: dict[tuple[str, str], list[HoursRule]]) -> None:
    for (channel, purpose), rules in list(hours.items()):
        if purpose == "marketing":
            own = hours.setdefault((channel, "acknowledge"), [])
            own.extend(rule for rule in rules if rule not in own)


def _version(packs: list[Pack], config: Config, office: Office, on: date, unknown: tuple[str, ...]) -> str:
    """Names what was in force: equal versions give equal answers to equal facts. The same in every process."""
    parts = [*(f"{pack.id}@{pack.as_of}" for pack in packs), *(f"?{place}" for place in unknown)]
    days = sorted(office.holidays)  # a set has another order in another process
    named = sorted(office.named.items())  # the gate says them: without, a look made before they had names would differ
    tightened: tuple[object, ...] = (config.caps, office.week, office.zone, days, named, config.acknowledge_at_night)
    if config.hours is not None:
        tightened = (*tightened, config.hours)
    own = sha256(repr(tightened).encode()).hexdigest()[:8]
    return f"{'+'.join(parts)};{own};{on}"
