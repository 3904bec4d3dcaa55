"""Where a lead may be, judged from what we know: the time zones that bind, and on what ground."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .hours import find_zone
from .rulebook import AreaCode, Regions

Basis = Literal["stated", "region", "area_code", "country", "unknown"]

NANP = "+1"


@dataclass(frozen=True, slots=True)
class Zones:
    """Every zone the lead may be in. Empty with basis "unknown": nothing automated may go out by the clock."""

    zones: frozenset[str]
    basis: Basis
    listed: tuple[str, ...]  # the same zones, most likely first


UNKNOWN = Zones(frozenset(), "unknown", ())


def zones_of(
    phone: str | None,
    stated_zone: str | None,
    region: str | None,
    country: str | None,
    area_codes: Mapping[str, AreaCode],
    regions: Regions,
) -> Zones:
    """The zones a lead may be in, from the strongest ground there is: stated zone, region, area code, country.

    `phone` is E.164. `region` is "US-FL", or "FL" with `country` "US". A number keeps its area code when its owner
    moves, so an address outranks it. A toll-free, personal or unlisted code of North America says nothing of place:
    unknown, even with a country, because somebody who gives such a number may be anywhere in it or outside. A weaker
    ground never adds to a stronger one.
    Raises UnknownZone when `stated_zone` is no IANA name.
    """
    if stated_zone:
        find_zone(stated_zone)
        return _zones((stated_zone,), "stated")
    if region and (state := _state(region, country)) in regions.states:
        return _zones(regions.states[state].zones, "region")
    if phone and phone.startswith(NANP):
        code = area_codes.get(phone[2:5])
        return _zones(code.zones, "area_code") if code else UNKNOWN
    names = (country.upper(),) if country else countries_of(phone, regions)
    # Several countries may share a calling code (+44, +7): the lead may be in any of them.
    known = [regions.countries[name].zones for name in names if name in regions.countries]
    return _zones(tuple(dict.fromkeys(zone for zones in known for zone in zones)), "country")


def places_of(
    phone: str | None,
    region: str | None,
    country: str | None,
    area_codes: Mapping[str, AreaCode],
    regions: Regions,
) -> frozenset[str]:
    """Every country and state whose rules may protect the lead, such as {"US", "US-FL"}: of what it said, and of its number.

    All of them bind. Unlike a clock, a law does not go away because an address says something else than a number: states
    presume that who has their area code lives there. Empty: nothing tells a place.
    """
    found = {country.upper()} if country else set()
    if region and (state := _state(region, country)) in regions.states:
        found.add(state)
    if phone and phone.startswith(NANP):
        code = area_codes.get(phone[2:5])
        found.update(code.regions if code else ())
    else:
        # Where several countries share a calling code, the one that the lead named is believed.
        named = countries_of(phone, regions)
        found.update(() if found.intersection(named) else named)
    return frozenset(found | {place.partition("-")[0] for place in found})


def primary_zone(zones: Zones) -> str | None:
    """The one zone for a lead's calendar (which day is day 2): the first listed. Never decides what is allowed."""
    return zones.listed[0] if zones.listed else None


def countries_of(phone: str | None, regions: Regions) -> tuple[str, ...]:
    """The countries that use the calling code of an E.164 number outside North America; the longest code wins."""
    for length in (4, 3, 2):
        if phone and phone[1:length] in regions.by_calling_code:
            return regions.by_calling_code[phone[1:length]]
    return ()


def _state(region: str, country: str | None) -> str:
    return region.upper() if "-" in region else f"{country or ''}-{region}".upper()


def _zones(listed: tuple[str, ...], basis: Basis) -> Zones:
    return Zones(frozenset(listed), basis, listed) if listed else UNKNOWN
