"""From jurisdictions and a workspace's own settings to the Rules that bind. Combining only ever narrows.

Windows intersect (every hours rule must be open), of consent levels the highest counts, caps add up. A workspace can
tighten; nothing it can write loosens a jurisdiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from hashlib import sha256

from .consent import RANK
from .gate import AUTOMATED, Cap, ConsentRule, HoursRule, Rules
from .playbook import Office
from .rulebook import AcknowledgeRule, Calendar, Pack, holiday_dates
from .rulebook import ConsentRule as PackConsent
from .rulebook import HoursRule as PackHours
from .settings import Config

OWN = "your own setting in warmline.toml"


def rules_for(packs: Iterable[Pack], config: Config, calendars: Mapping[str, Calendar], on: date) -> Rules:
    """The rules of a workspace on a day: those of `packs` in force then, tightened by `config`."""
    packs = list(packs)
    hours: dict[tuple[str, str], list[HoursRule]] = {}
    consent: dict[tuple[str, str], ConsentRule] = {}
    barred: set[tuple[str, str]] = set()
    fresh = timedelta.max
    bound = not config.acknowledge_at_night
    for pack in packs:
        for rule in pack.in_force(on):
            if isinstance(rule, PackHours):
                for channel in rule.channels:
                    for purpose in rule.purposes:
                        hours.setdefault((channel, purpose), []).append(HoursRule(rule.id, rule.week, rule.cite))
            elif isinstance(rule, PackConsent):
                for channel in rule.channels:
                    for purpose in rule.purposes:
                        key: tuple[str, str] = (channel, purpose)
                        if not rule.allowed:
                            barred.add(key)
                        elif key not in consent or RANK[rule.asked] > RANK[consent[key].level]:
                            consent[key] = ConsentRule(rule.id, rule.asked, rule.cite)
            elif isinstance(rule, AcknowledgeRule):
                fresh = min(fresh, timedelta(minutes=rule.within_minutes))
                bound = bound or rule.hours_bind_acknowledge
    if bound:  # after all packs: whichever of them comes first, the hours of every one bind
        _bind_acknowledge(hours)
    for pair in barred:
        consent.pop(pair, None)
    office = office_of(config, calendars, on)
    return Rules(
        version=_version(packs, config, office, on),
        hours={key: tuple(rules) for key, rules in hours.items()},
        consent=consent,
        caps=(
            Cap("automated_per_day", AUTOMATED, config.caps.automated_per_day, timedelta(days=1), OWN),
            Cap("automated_per_week", AUTOMATED, config.caps.automated_per_week, timedelta(days=7), OWN),
        ),
        office=office,
        fresh=timedelta(0) if fresh == timedelta.max else fresh,
    )


def office_of(config: Config, calendars: Mapping[str, Calendar], on: date) -> Office:
    """When the people of a workspace work, with the public holidays of this year and the next."""
    days = set(config.office.holidays)
    for name in config.office.calendars:
        days |= holiday_dates(calendars[name], on.year - 1, on.year + 1)
    return Office(config.office.week, config.office.time_zone, frozenset(days))


def _bind_acknowledge(hours: dict[tuple[str, str], list[HoursRule]]) -> None:
    for (channel, purpose), rules in list(hours.items()):
        if purpose == "marketing":
            own = hours.setdefault((channel, "acknowledge"), [])
            own.extend(rule for rule in rules if rule not in own)


def _version(packs: list[Pack], config: Config, office: Office, on: date) -> str:
    """Names what was in force: equal versions give equal answers to equal facts. The same in every process."""
    parts = [f"{pack.id}@{pack.as_of}" for pack in packs]
    days = sorted(office.holidays)  # a set has another order in another process
    tightened = (config.caps, office.week, office.zone, days, config.acknowledge_at_night)
    own = sha256(repr(tightened).encode()).hexdigest()[:8]
    return f"{'+'.join(parts)};{own};{on}"
