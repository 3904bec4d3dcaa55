"""Where a lead may be: the strongest ground wins, and no ground means no zone."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.weeks import every_day
from warmline import rules
from warmline.core.hours import UnknownZone, Window, at_local, next_open, open_in_all
from warmline.core.places import Basis, Zones, countries_of, places_of, primary_zone, zones_of

NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"


def zones(
    phone: str | None = None, stated: str | None = None, region: str | None = None, country: str | None = None
) -> Zones:
    return zones_of(phone, stated, region, country, rules.area_codes(), rules.regions())


@pytest.mark.parametrize(
    ("found", "expected", "basis"),
    [
        (zones("+18505551234", "America/Denver", "US-FL", "US"), {"America/Denver"}, "stated"),
        (zones("+12125551234", None, "US-FL", "US"), {NEW_YORK, CHICAGO}, "region"),
        (zones("+12125551234", None, "fl", "us"), {NEW_YORK, CHICAGO}, "region"),
        (zones("+18505551234"), {NEW_YORK, CHICAGO}, "area_code"),
        (zones("+14485551234"), {NEW_YORK, CHICAGO}, "area_code"),  # the overlay of 850
        (zones("+12125551234", None, None, "US"), {NEW_YORK}, "area_code"),
        (zones("+12125551234", None, "Atlantis", "US"), {NEW_YORK}, "area_code"),  # unreadable region: next ground
        (zones("+18765551234"), {"America/Jamaica"}, "area_code"),
        (zones("+18005551234"), set(), "unknown"),  # toll-free
        (zones("+18005551234", None, None, "US"), set(), "unknown"),
        (zones("+18005551234", None, "US-NJ"), {NEW_YORK}, "region"),
        (zones("+15215551234"), set(), "unknown"),  # personal number
        (zones("+19995551234"), set(), "unknown"),  # no such area code
        (zones("+353861234567"), {"Europe/Dublin"}, "country"),
        (zones("+34612345678"), {"Europe/Madrid", "Atlantic/Canary", "Africa/Ceuta"}, "country"),
        (zones("+447911123456", None, None, "GB"), {"Europe/London"}, "country"),
        (zones("+34612345678", None, None, "DE"), {"Europe/Berlin"}, "country"),  # an address outranks a number
        (zones(None, None, None, "NO"), {"Europe/Oslo"}, "country"),
        (zones("+99912345678"), set(), "unknown"),
        (zones(None, None, None, "XX"), set(), "unknown"),
        (zones(), set(), "unknown"),
        (zones("", "", "", ""), set(), "unknown"),
    ],
)
def test_the_strongest_ground_gives_the_zones(found: Zones, expected: set[str], basis: Basis) -> None:
    assert found.zones == expected
    assert found.basis == basis
    assert set(found.listed) == expected


def test_a_florida_panhandle_number_is_closed_at_half_past_eight_in_new_york() -> None:
    daytime = every_day(Window(time(8), time(21)))
    panhandle = zones("+18505551234").zones
    half_past_eight = at_local(date(2026, 11, 23), time(8, 30), NEW_YORK)
    assert not open_in_all(daytime, panhandle, half_past_eight)
    assert next_open(daytime, panhandle, half_past_eight) == at_local(date(2026, 11, 23), time(9), NEW_YORK)


def test_several_countries_behind_one_calling_code_all_count() -> None:
    found = zones("+447911123456")
    assert {"Europe/London", "Europe/Guernsey", "Europe/Jersey", "Europe/Isle_of_Man"} == found.zones
    assert primary_zone(found) == "Europe/London"


def test_the_longest_calling_code_wins() -> None:
    assert countries_of("+35312345678", rules.regions()) == ("IE",)
    assert countries_of("+33123456789", rules.regions()) == ("FR",)
    assert countries_of(None, rules.regions()) == ()


def test_the_calendar_zone_is_the_first_listed_one() -> None:
    assert primary_zone(zones("+18505551234")) == CHICAGO
    assert primary_zone(zones("+14235551234")) == NEW_YORK
    assert primary_zone(zones("+18005551234")) is None


def test_a_stated_zone_that_is_none_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(UnknownZone, match="did you mean America/New_York"):
        zones("+12125551234", "New York")


@settings(deadline=None)
@given(number=st.integers(2_000_000_000, 9_999_999_999), country=st.sampled_from([None, "US", "CA"]))
def test_a_north_american_number_has_zones_or_is_unknown(number: int, country: str | None) -> None:
    found = zones(f"+1{number}", None, None, country)
    assert (found.basis == "area_code") == bool(found.zones)
    assert found.basis in {"area_code", "unknown"}


# --- whose rules bind -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "region", "country", "expected"),
    [
        ("+12125551234", "", "", {"US", "US-NY"}),
        ("+12125551234", "US-FL", "US", {"US", "US-NY", "US-FL"}),  # the address and the number: both
        ("+12125551234", "fl", "us", {"US", "US-NY", "US-FL"}),
        ("+19025551234", "", "", {"CA", "CA-NS", "CA-PE"}),
        ("+14165551234", "US-NY", "US", {"CA", "CA-ON", "US", "US-NY"}),
        ("+18765551234", "", "", {"JM"}),
        ("+18005551234", "", "", set()),  # toll-free tells no place
        ("+18005551234", "US-NJ", "US", {"US", "US-NJ"}),
        ("+447911123456", "", "", {"GB", "GG", "IM", "JE"}),
        ("+447911123456", "", "GB", {"GB"}),  # of those who share the code, the one that was named
        ("+447911123456", "", "FR", {"FR", "GB", "GG", "IM", "JE"}),
        (None, "", "DE", {"DE"}),
        (
            "+12125551234",
            "Atlantis",
            "US",
            {"US", "US-NY"},
        ),  # no state: what is known binds, and no place without a name
        ("+12125551234", "FL", "", {"US", "US-NY"}),
        (None, "", "", set()),
    ],
)
def test_every_place_that_a_lead_names_or_its_number_tells_is_one_whose_rules_bind(
    phone: str | None, region: str, country: str, expected: set[str]
) -> None:
    assert places_of(phone, region or None, country or None, rules.area_codes(), rules.regions()) == expected
