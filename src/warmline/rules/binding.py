"""Where a lead may be, and what binds there: the judgements of core, with the rule data at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Protocol

from warmline import rules
from warmline.core.places import Zones, places_of, zones_of
from warmline.core.policy import Policy, office_of
from warmline.core.rulebook import holiday_dates
from warmline.core.settings import Config


class Placed(Protocol):
    """What is known of a lead's place."""

    @property
    def phone(self) -> str | None: ...
    @property
    def region(self) -> str: ...
    @property
    def country(self) -> str: ...


class Located(Placed, Protocol):
    """And of its clock."""

    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Somebody:
    """What is known of where somebody is who is no lead, or not a whole one."""

    phone: str | None = None
    region: str = ""
    country: str = ""
    time_zone: str = ""


def policy_of(config: Config, on: date) -> Policy:
    """What binds a workspace on a day."""
    return Policy(
        tuple(rules.packs().values()), config, on, office_of(config, rules.holidays(), on), _forbidden(on.year)
    )


@cache
def _forbidden(year: int) -> Mapping[str, frozenset[date]]:
    """The days of each calendar of forbidden_days.yaml, of the year before to the year after."""
    return {name: holiday_dates(one, year - 1, year + 1) for name, one in rules.forbidden_days().items()}


def zones_known(lead: Located) -> Zones:
    """The time zones a lead may be in."""
    return whereabouts(lead)[0]


def whereabouts(lead: Located) -> tuple[Zones, frozenset[str]]:
    """The time zones a lead may be in, and the places whose rules may protect it."""
    return _whereabouts(_prefix(lead.phone), lead.time_zone, lead.region, lead.country)


def places_known(lead: Placed) -> frozenset[str]:
    """The countries and states whose rules may protect a lead."""
    return _places(_prefix(lead.phone), lead.region, lead.country)


@lru_cache(maxsize=65_536)
def _whereabouts(phone: str | None, time_zone: str, region: str, country: str) -> tuple[Zones, frozenset[str]]:
    zones = zones_of(phone, time_zone or None, region or None, country or None, rules.area_codes(), rules.regions())
    return zones, _places(phone, region, country)


@lru_cache(maxsize=65_536)
def _places(phone: str | None, region: str, country: str) -> frozenset[str]:
    return places_of(phone, region or None, country or None, rules.area_codes(), rules.regions())


def _prefix(phone: str | None) -> str | None:
    """The part of a number that tells a place: +1 and three digits, or the whole of any other. Asked for each lead, so what
    follows is kept by it."""
    return phone[:5] if phone and phone.startswith("+1") else phone
