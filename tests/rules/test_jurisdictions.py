"""The packs at work: what may be sent to a number at an instant, by the rules of every place it may be in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.gate_facts import facts, finding, starter_config
from tests.core.simulator import CHICAGO, NEW_YORK, local
from tests.rules.write_docs import PAGE, RULES, every_rule, written

from warmline import rules
from warmline.core.consent import Consent
from warmline.core.gate import Ask, Reassigned, Registry, Verdict, check
from warmline.core.months import add_months
from warmline.core.rulebook import HoursRule
from warmline.rules.binding import places_known, policy_of, zones_known

EVERYTHING = [Consent("express_written", ("sms", "email", "voicemail", "call"), datetime(2025, 1, 1, tzinfo=UTC))]
DENVER, PHOENIX = "America/Denver", "America/Phoenix"


@dataclass
class Somebody:
    phone: str | None = None
    region: str = ""
    country: str = ""
    time_zone: str = ""


def may(channel: Any, who: Somebody, now: datetime, **known: Any) -> Verdict:
    bound = policy_of(starter_config(), now.date()).rules(places_known(who))
    zones = zones_known(who)
    held = {"consents": EVERYTHING, "zones": zones.zones, "zone_basis": zones.basis, **known}
    return check(Ask(channel, office=False), facts(**held), bound, now)


def text(who: Somebody, day: date, clock: str, zone: str, **known: Any) -> Verdict:
    return may("sms", who, local(day, clock, zone), **known)


# --- the files --------------------------------------------------------------------------------------------------------


def test_every_pack_covers_places_that_are_known_and_narrows_one_that_is_there() -> None:
    known = rules.regions()
    for pack in rules.packs().values():
        for place in pack.covers:
            assert place in known.states or place in known.countries, (pack.id, place)
        if pack.parent is not None:
            assert pack.parent in rules.packs()


def test_every_calendar_of_forbidden_days_has_its_days_and_a_law_that_uses_it() -> None:
    used = {r.forbidden_days for pack in rules.packs().values() for r in pack.rules if isinstance(r, HoursRule)} - {""}
    assert used == set(rules.forbidden_days())


# --- cases ------------------------------------------------------------------------------------------------------------

TUESDAY, SATURDAY, SUNDAY = date(2026, 11, 24), date(2026, 11, 21), date(2026, 11, 22)
PENSACOLA = Somebody("+18505550123", "US-FL", "US", CHICAGO)


def test_case_1_a_number_of_an_area_code_across_a_border_waits_for_the_later_clock() -> None:
    verdict = text(Somebody("+18505550123"), TUESDAY, "08:30", NEW_YORK)
    assert (verdict.result, verdict.until) == ("hold", local(TUESDAY, "08:00", CHICAGO))


@pytest.mark.parametrize(("clock", "result"), [("08:30", "allow"), ("19:59", "allow"), ("20:00", "hold")])
def test_case_1_an_address_in_pensacola_tells_the_clock_and_florida_ends_at_eight(clock: str, result: str) -> None:
    assert text(PENSACOLA, TUESDAY, clock, CHICAGO).result == result


@pytest.mark.parametrize(("clock", "result"), [("11:59", "hold"), ("12:00", "allow")])
def test_case_2_a_sunday_in_texas_begins_at_noon(clock: str, result: str) -> None:
    assert text(Somebody("+17135550123"), SUNDAY, clock, CHICAGO).result == result


def test_case_2_a_voicemail_to_alabama_on_a_sunday_waits_for_monday_morning() -> None:
    verdict = may("voicemail", Somebody("+12055550123"), local(SUNDAY, "12:00", CHICAGO))
    assert (verdict.result, verdict.until) == ("hold", local(date(2026, 11, 23), "08:00", CHICAGO))


@pytest.mark.parametrize(
    ("saturday", "opens"),
    [(date(2026, 6, 13), date(2026, 6, 15)), (date(2027, 1, 16), date(2027, 1, 19))],  # the second before a holiday
)
def test_case_3_a_saturday_evening_in_rhode_island_waits_for_the_next_working_day(saturday: date, opens: date) -> None:
    verdict = may("call", Somebody("+14015550123"), local(saturday, "17:00", NEW_YORK))
    assert (verdict.result, verdict.until) == ("hold", local(opens, "09:00", NEW_YORK))


def test_case_4_an_address_in_florida_with_a_number_of_new_york_has_the_rules_of_both() -> None:
    both = Somebody("+12125550123", "US-FL", "US", NEW_YORK)
    assert text(both, TUESDAY, "20:30", NEW_YORK).result == "hold"
    assert text(Somebody("+12125550123"), TUESDAY, "20:30", NEW_YORK).result == "allow"
    noon = local(TUESDAY, "12:00", NEW_YORK)
    three = {f"t{n}": (noon - timedelta(hours=n), channel) for n, channel in enumerate(("sms", "call", "sms"), 1)}
    assert may("call", both, noon, attempts=three).rule == "attempt_cap"
    assert may("call", Somebody("+12125550123"), noon, attempts=three).result == "allow"


def test_case_5_a_form_without_written_consent_licenses_calls_and_mail_and_no_machine() -> None:
    noon = local(TUESDAY, "12:00", NEW_YORK)
    filled = [Consent("inquiry", ("email", "call"), noon, add_months(noon, 3))]
    here = Somebody("+12125550123")
    results = {channel: may(channel, here, noon, consents=filled).result for channel in ("sms", "voicemail", "email")}
    assert results == {"sms": "refuse", "voicemail": "refuse", "email": "allow"}
    assert may("call", here, noon, consents=filled).result == "allow"


@pytest.mark.parametrize(
    ("level", "since", "result"),
    [("inquiry", {"days": 182}, "allow"), ("inquiry", {"days": 186}, "refuse"), ("purchase", {"days": 700}, "allow"),
     ("purchase", {"days": 732}, "refuse")],
)  # fmt: skip
def test_a_canadian_inquiry_serves_mail_for_six_months_and_a_purchase_for_two_years(
    level: Any, since: dict[str, int], result: str
) -> None:
    here, noon = Somebody("+14165550123"), local(TUESDAY, "12:00", "America/Toronto")
    at = noon - timedelta(**since)
    months = policy_of(starter_config(), TUESDAY).rules(places_known(here)).lasts(level, ("email",))
    assert months is not None
    proof = [Consent(level, ("email",), at, add_months(at, months))]
    assert may("email", here, noon, consents=proof).result == result


def test_case_9_an_australian_consent_that_names_no_end_is_over_after_three_months() -> None:
    months = policy_of(starter_config(), TUESDAY).rules(frozenset({"AU"})).lasts("express", ("call",))
    assert months == 3


def test_case_7_a_scrub_of_32_days_refuses_and_an_answer_that_knows_nothing_waits_for_a_person() -> None:
    now, who = local(date(2026, 6, 9), "12:00", NEW_YORK), Somebody("+12125550123")
    asked = {"consents": [Consent("express", ("call",), now - timedelta(days=1))]}
    for days, result in ((31, "allow"), (32, "refuse")):
        file = {"us.national": Registry(now.date() - timedelta(days=days), False)}
        assert may("call", who, now, registries=file, **asked).result == result
    held = may("sms", who, now, reassigned=Reassigned("no_data", now))
    assert (held.result, held.rule, held.until) == ("hold", "reassigned", None)


def test_case_8_a_canadian_inquiry_is_over_after_six_months_and_a_purchase_serves_for_twenty_three() -> None:
    now, who = datetime(2026, 11, 26, 17, tzinfo=UTC), Somebody("+14165550123", country="CA")
    for level, on, result in (
        ("inquiry", datetime(2026, 5, 26, 17, 1, tzinfo=UTC), "allow"),
        ("inquiry", datetime(2026, 5, 25, 17, tzinfo=UTC), "refuse"),
        ("purchase", datetime(2024, 12, 26, 17, tzinfo=UTC), "allow"),
    ):
        verdict = may("email", who, now, address="ann@example.com", consents=[Consent(level, ("email",), on)])  # type: ignore[arg-type]
        assert verdict.result == result, (level, on)
        if result == "refuse":
            assert "which ran out on 25 Nov 2026" in finding(verdict, "no_consent").flip


@pytest.mark.parametrize(
    ("states", "level", "days", "result"),
    [
        ("FL IN MA MO OK TX WY", "inquiry", 9, "allow"),
        ("CO LA PA TN", "inquiry", 9, "refuse"),
        ("FL OK WY CO", "purchase", 400, "allow"),
        ("TN TX", "purchase", 300, "allow"),
        ("TN TX", "purchase", 400, "refuse"),
        ("IN LA MA MO PA", "purchase", 9, "refuse"),
        ("CO MA MO TN", "express", 9, "allow"),
        ("FL IN LA OK PA TX WY", "express", 9, "refuse"),
        ("CO FL IN MA MO OK PA TN TX WY", "express_written", 9, "allow"),
        ("LA", "express_written", 9, "refuse"),
    ],
)
def test_the_list_of_a_state_that_was_never_imported_is_lifted_by_what_its_own_law_exempts(
    states: str, level: Any, days: int, result: str
) -> None:
    now = local(TUESDAY, "12:00", CHICAGO)
    known = {
        "consents": [Consent(level, ("call",), now - timedelta(days=days))],
        "registries": {"us.national": Registry(now.date(), False)},
    }
    for state in states.split():
        verdict = may("call", Somebody(None, f"US-{state}", "US", CHICAGO), now, **known)
        assert verdict.result == result, (state, verdict)


def test_mississippi_asks_the_national_list_even_after_an_inquiry() -> None:
    now, who = local(TUESDAY, "12:00", CHICAGO), Somebody(None, "US-MS", "US", CHICAGO)
    asked = {"consents": [Consent("inquiry", ("call",), now - timedelta(days=9))]}
    assert may("call", who, now, registries={"us.national": Registry(now.date(), False)}, **asked).result == "allow"
    assert may("call", who, now, registries={}, **asked).result == "refuse"


def test_a_country_that_nobody_has_written_down_waits_for_a_person() -> None:
    verdict = may("email", Somebody(None, "", "BR"), local(TUESDAY, "12:00", NEW_YORK))
    assert (verdict.result, verdict.rule) == ("hold", "unknown_place")


def test_a_toll_free_number_tells_no_clock_and_waits() -> None:
    assert text(Somebody("+18005550123"), TUESDAY, "12:00", NEW_YORK).rule == "unknown_zone"


def test_a_law_that_is_not_in_force_yet_does_not_bind_and_does_from_its_day_on() -> None:
    evening = "20:30"
    new_law = Somebody("+15035550123")  # Oregon, until eight since 2026
    assert text(new_law, date(2025, 12, 30), evening, "America/Los_Angeles").result == "allow"
    assert text(new_law, date(2026, 1, 6), evening, "America/Los_Angeles").result == "hold"


def test_the_conservative_profile_keeps_to_the_middle_of_the_day() -> None:
    careful = msgspec.structs.replace(starter_config(), profile="conservative")
    evening = local(TUESDAY, "18:30", NEW_YORK)
    bound = policy_of(careful, TUESDAY).rules(frozenset({"US", "US-NY"}))
    verdict = check(Ask("sms"), facts(consents=EVERYTHING), bound, evening)
    assert verdict.result == "hold"
    assert finding(verdict, "quiet_hours").result == "hold"


def test_no_place_lets_a_voicemail_out_as_an_acknowledgement() -> None:
    """`warmline check` says so to whoever writes such a step."""
    for place in {place for pack in rules.packs().values() for place in pack.covers}:
        bound = policy_of(starter_config(), TUESDAY).rules(frozenset({place}))
        assert ("voicemail", "acknowledge") not in bound.consent


# --- what more places may do ------------------------------------------------------------------------------------------

PLACES = sorted({place for pack in rules.packs().values() for place in pack.covers} | {"BR", "US-CA"})


@settings(max_examples=300)
@given(
    some=st.frozensets(st.sampled_from(PLACES), max_size=3),
    more=st.frozensets(st.sampled_from(PLACES), max_size=2),
    hours=st.integers(0, 24 * 370),
    channel=st.sampled_from(["sms", "email", "voicemail", "call"]),
    zone=st.sampled_from(
        [NEW_YORK, CHICAGO, DENVER, PHOENIX, "Pacific/Honolulu", "Europe/Berlin", "Australia/Lord_Howe"]
    ),
    level=st.sampled_from(["none", "inquiry", "purchase", "express", "express_written"]),
    attempts=st.lists(st.integers(1, 200), max_size=4),
)
def test_case_13_a_further_place_never_allows_what_the_others_do_not(
    some: frozenset[str], more: frozenset[str], hours: int, channel: Any, zone: str, level: Any, attempts: list[int]
) -> None:
    now = datetime(2026, 1, 1, 0, 30, tzinfo=UTC) + timedelta(hours=hours)
    policy = policy_of(starter_config(), now.date())
    known = facts(
        zones=frozenset({zone}),
        consents=[Consent(level, ("sms", "email", "voicemail", "call"), now - timedelta(days=9))],
        attempts={f"t{n}": (now - timedelta(hours=ago), "sms") for n, ago in enumerate(attempts)},
    )
    fewer = check(Ask(channel, office=False), known, policy.rules(some | {"US"}), now)
    all_of_them = check(Ask(channel, office=False), known, policy.rules(some | more | {"US"}), now)
    if fewer.result != "allow":
        assert all_of_them.result != "allow"
    if fewer.result == "refuse":
        assert all_of_them.result == "refuse"


def test_the_table_of_the_documents_is_made_of_the_packs() -> None:
    assert written() == PAGE.read_text("utf-8"), "run: python -m tests.rules.write_docs"
    assert every_rule() == RULES.read_text("utf-8"), "run: python -m tests.rules.write_docs"
