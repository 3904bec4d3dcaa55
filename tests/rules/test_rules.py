"""The rule data: it loads, it is cited, it agrees with itself, and a broken file is told by file and key."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from importlib.resources import files
from pathlib import Path
from threading import Event, Semaphore
from unittest.mock import Mock

import pytest
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.tzdata import TIMEZONE_DATA
from ruamel.yaml import YAML
from tests.e2e.support import PATIENCE

from warmline import rules
from warmline.core.consent import RANK
from warmline.core.hours import Window, find_zone
from warmline.core.rulebook import (
    AcknowledgeRule,
    AreaCode,
    AreaCodeFile,
    ConsentRule,
    HoursRule,
    Pack,
    ProviderErrors,
    holiday_dates,
    read_week,
    read_window,
)
from warmline.core.wordings import OptOutWords

FILES = sorted(Path(str(files("warmline.rules"))).rglob("*.yaml"))

CROSSING = [
    "208", "219", "250", "270", "308", "418", "423", "541", "574", "605", "606", "620", "701", "709", "775", "785",
    "807", "812", "850", "867", "879", "906", "907", "928", "986",  # measured
    "448", "930", "364", "458", "778", "236", "672", "257", "581", "367", "729",  # their overlays
]  # fmt: skip


def offsets(zone: str) -> tuple[object, ...]:
    """What tells two zones apart: their clocks in the winters and summers to come."""
    days = [datetime(year, month, 1, tzinfo=UTC) for year in (2026, 2027) for month in (1, 7, 12)]
    return tuple(day.astimezone(find_zone(zone)).utcoffset() for day in days)


def places() -> dict[str, AreaCode]:
    return {code: entry for code, entry in rules.area_codes().items() if entry.kind == "place"}


# --- area codes and regions -------------------------------------------------------------------------------------------


def test_the_fast_reader_reads_what_the_plain_one_does() -> None:
    assert len(FILES) > 40
    for file in FILES:
        text = file.read_text("utf-8")
        assert YAML(typ="safe").load(text) == YAML(typ="safe", pure=True).load(text), file.name


def test_threads_that_ask_for_the_same_data_at_once_read_it_once() -> None:
    begun, go_on = Semaphore(0), Event()
    read = Mock(side_effect=lambda: (begun.release(), go_on.wait(PATIENCE), "data")[-1])
    once = rules.once(read)
    with ThreadPoolExecutor(3) as threads:
        told = [threads.submit(once) for _ in range(3)]
        assert begun.acquire(timeout=PATIENCE)
        go_on.set()
        assert [one.result(timeout=PATIENCE) for one in told] == ["data"] * 3
    assert read.call_count == 1


def test_every_area_code_of_the_metadata_is_there() -> None:
    known = {prefix[1:4] for prefix in TIMEZONE_DATA if prefix.startswith("1") and len(prefix) >= 4}
    assert known - rules.area_codes().keys() == set()
    assert len(places()) > 440


def test_an_area_code_is_a_place_with_zones_and_regions_or_no_place_at_all() -> None:
    for code, entry in rules.area_codes().items():
        assert re.fullmatch(r"[2-9]\d\d", code)
        assert bool(entry.zones) == bool(entry.regions) == (entry.kind == "place"), code


@pytest.mark.parametrize("code", ["800", "833", "844", "855", "866", "877", "888"])
def test_toll_free_codes_name_no_place(code: str) -> None:
    assert rules.area_codes()[code].kind == "toll_free"


@pytest.mark.parametrize("code", CROSSING)
def test_codes_that_cross_a_border_have_zones_with_different_clocks(code: str) -> None:
    assert len({offsets(zone) for zone in rules.area_codes()[code].zones}) > 1


@pytest.mark.parametrize(
    ("code", "zones", "regions"),
    [
        ("850", {"America/Chicago", "America/New_York"}, ("US-FL",)),
        ("212", {"America/New_York"}, ("US-NY",)),
        ("713", {"America/Chicago"}, ("US-TX",)),
        ("203", {"America/New_York"}, ("US-CT",)),
        ("202", {"America/New_York"}, ("US-DC",)),
        ("928", {"America/Phoenix", "America/Denver"}, ("US-AZ",)),
        ("602", {"America/Phoenix"}, ("US-AZ",)),
        ("808", {"Pacific/Honolulu"}, ("US-HI",)),
        ("416", {"America/Toronto"}, ("CA-ON",)),
        ("902", {"America/Halifax"}, ("CA-NS", "CA-PE")),
        ("787", {"America/Puerto_Rico"}, ("US-PR",)),
        ("876", {"America/Jamaica"}, ("JM",)),
    ],
)
def test_well_known_area_codes(code: str, zones: set[str], regions: tuple[str, ...]) -> None:
    entry = rules.area_codes()[code]
    assert set(entry.zones) == zones
    assert entry.regions == regions


def test_every_area_code_lies_within_the_clocks_of_its_regions() -> None:
    known = rules.regions()
    for code, entry in places().items():
        around = [known.states.get(region) or known.countries[region] for region in entry.regions]
        clocks = {offsets(zone) for place in around for zone in place.zones}
        assert {offsets(zone) for zone in entry.zones} <= clocks, code


def test_every_state_lies_within_the_clocks_of_its_country() -> None:
    known = rules.regions()
    for name, state in known.states.items():
        if name not in {
            "US-PR",
            "US-VI",
            "US-GU",
            "US-MP",
            "US-AS",
        }:  # territories are dialled and stated by themselves
            clocks = {offsets(zone) for zone in known.countries[name[:2]].zones}
            assert {offsets(zone) for zone in state.zones} <= clocks, name


def test_all_states_and_provinces_are_there() -> None:
    names = rules.regions().states
    assert sum(name.startswith("US-") for name in names) == 50 + 1 + 5
    assert sum(name.startswith("CA-") for name in names) == 13
    for split in ("FL", "TN", "KY", "IN", "MI", "TX", "KS", "NE", "SD", "ND", "ID", "OR", "AK", "AZ"):
        assert len(names[f"US-{split}"].zones) == 2, split


def test_countries_have_the_calling_codes_of_the_numbering_plans() -> None:
    countries = rules.regions().countries
    assert len(countries) >= 40
    for name, country in countries.items():
        assert name in COUNTRY_CODE_TO_REGION_CODE[int(country.calling)], name


# --- jurisdictions ----------------------------------------------------------------------------------------------------


def federal(channel: str, purpose: str) -> ConsentRule:
    found = [
        rule
        for rule in rules.packs()["us.fed"].in_force(date(2026, 11, 23))
        if isinstance(rule, ConsentRule) and channel in rule.channels and purpose in rule.purposes
    ]
    assert len(found) == 1
    return found[0]


def test_federal_hours_are_eight_to_nine_for_marketing_and_leave_email_alone() -> None:
    (hours,) = [rule for rule in rules.packs()["us.fed"].rules if isinstance(rule, HoursRule)]
    assert hours.id == "us.fed.hours"
    assert set(hours.channels) == {"sms", "voicemail", "call"}
    assert hours.purposes == ("marketing",)
    assert hours.week == ((Window(time(8), time(21)),),) * 7


@pytest.mark.parametrize(
    ("channel", "purpose", "level", "asked"),
    [
        ("sms", "marketing", "express_written", "express_written"),
        ("voicemail", "marketing", "express_written", "express_written"),
        ("call", "marketing", "inquiry", "inquiry"),
        ("email", "marketing", "none", "inquiry"),
        ("sms", "acknowledge", "inquiry", "inquiry"),
        ("email", "acknowledge", "inquiry", "inquiry"),
    ],
)
def test_federal_consent_by_channel_and_purpose(channel: str, purpose: str, level: str, asked: str) -> None:
    rule = federal(channel, purpose)
    assert rule.allowed
    assert (rule.level, rule.asked) == (level, asked)


def test_a_voicemail_is_never_an_acknowledgement() -> None:
    assert not federal("voicemail", "acknowledge").allowed


def test_an_acknowledgement_comes_within_a_quarter_of_an_hour_and_the_hours_leave_it_free() -> None:
    (rule,) = [rule for rule in rules.packs()["us.fed"].rules if isinstance(rule, AcknowledgeRule)]
    assert rule.within_minutes == 15
    assert rule.hours_bind_acknowledge is False
    assert "voicemail" not in rule.channels


def test_we_never_ask_less_than_the_law() -> None:
    for pack in rules.packs().values():
        for rule in pack.rules:
            if isinstance(rule, ConsentRule):
                assert RANK[rule.asked] >= RANK[rule.level]


PACK = """
as_of: 2026-11-23
id: xx
name: Nowhere
covers: [XX]
effective_from: 2026-01-01
sources: {law: {title: A law}}
rules:
  - {kind: scrub, id: xx.old, channels: [call], registry: r, max_age_days: 31, effective_until: 2027-01-01,
     source: [law], confidence: high}
  - {kind: scrub, id: xx.new, channels: [call], registry: r, max_age_days: 7, effective_from: 2027-01-01,
     source: [law], confidence: high}
"""


def test_a_rule_that_starts_next_year_starts_next_year() -> None:
    pack = rules.read_rules("xx.yaml", PACK, Pack)
    in_force = {
        day: [rule.id for rule in pack.in_force(date.fromisoformat(day))]
        for day in ("2025-12-31", "2026-12-31", "2027-01-01")
    }
    assert in_force == {"2025-12-31": [], "2026-12-31": ["xx.old"], "2027-01-01": ["xx.new"]}


# --- broken files -----------------------------------------------------------------------------------------------------

CODES = """
as_of: 2026-11-23
sources: {a: {title: A}}
codes: {"850": {zones: [America/Chicago], source: [a], confidence: high}}
"""


@pytest.mark.parametrize(
    ("kind", "text", "old", "new", "told"),
    [
        (AreaCodeFile, CODES, "America/Chicago", "America/Chicgo", r"codes.850: .*did you mean America/Chicago"),
        (AreaCodeFile, CODES, "source: [a]", "source: [b]", r"rules/x.yaml: codes.850: source 'b' is not in this file"),
        (AreaCodeFile, CODES, "source: [a]", "source: []", r"rules/x.yaml: codes.850: names no source"),
        (AreaCodeFile, CODES, "confidence: high", "confidence: sure", r"rules/x.yaml: .*'sure'.*codes"),
        (AreaCodeFile, CODES, "zones:", "zone:", r"rules/x.yaml: .*unknown field `zone`"),
        (AreaCodeFile, CODES, "a: {title: A}", "a: {title: A}, z: {title: Z}", r"rules/x.yaml: sources.z: is not used"),
        (AreaCodeFile, CODES, "codes: {", "codes: {{", r"rules/x.yaml: not readable as YAML"),
        (Pack, PACK, "xx.new", "xx.old", r"rules/x.yaml: rules.xx.old: .*is there once"),
        (Pack, PACK, "xx.new", "yy.new", r"rules/x.yaml: rules.yy.new: a rule's id begins with 'xx'"),
        (Pack, PACK, "kind: scrub", "kind: scrubb", r"rules/x.yaml: .*'scrubb'"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_by_file_and_key(
    kind: type[Pack] | type[AreaCodeFile], text: str, old: str, new: str, told: str
) -> None:
    rules.read_rules("x.yaml", text, kind)
    with pytest.raises(rules.BadRules, match=told):
        rules.read_rules("x.yaml", text.replace(old, new), kind)


def test_windows_are_read_and_wrong_ones_told() -> None:
    assert read_window("08:00-21:00") == Window(time(8), time(21))
    assert read_window("13:30-24:00") == Window(time(13, 30), time(0))
    week = read_week({"mon-fri": ("09:00-12:00", "13:00-17:00"), "sun": ("10:00-12:00",)})
    assert [len(day) for day in week] == [2, 2, 2, 2, 2, 0, 1]
    for wrong in ("8-21", "08:00", "25:00-26:00", ""):
        with pytest.raises(ValueError, match='write "08:00-21:00"'):
            read_window(wrong)
    with pytest.raises(ValueError, match='write "sat" or "mon-fri"'):
        read_week({"fri-mon": ("09:00-12:00",)})
    with pytest.raises(ValueError, match="tue is named twice"):
        read_week({"mon-fri": ("09:00-12:00",), "tue": ()})


# --- opt-out words, provider errors, holidays -------------------------------------------------------------------------


def test_stop_words_of_every_provider_and_of_the_law_are_there() -> None:
    said = {word.say for word in rules.opt_out_words().stop}
    twilio = {"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"}
    telnyx = {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit"}
    aws = {"arret", "cancel", "end", "opt out", "optout", "quit", "remove", "stop", "td", "unsubscribe"}
    assert twilio | telnyx | aws <= said


def test_words_are_plain_text_and_each_means_one_thing() -> None:
    words: OptOutWords = rules.opt_out_words()
    said = [word.say for word in (*words.stop, *words.help, *words.start)]
    assert len(said) == len(set(said))
    assert all(re.fullmatch(r"[a-z0-9]+( [a-z0-9]+)*", word) for word in said)
    assert "yes" not in said
    assert {word.language for word in words.stop} == {"en", "es", "fr"}


def test_phrases_find_what_they_must_and_nothing_that_they_must_not() -> None:
    words = rules.opt_out_words()
    for pattern in (*words.phrases, *words.doubtful):
        assert pattern.hits
        for text in pattern.hits:
            assert re.search(pattern.find, text), (pattern.find, text)
        for text in pattern.misses:
            assert not re.search(pattern.find, text), (pattern.find, text)


@pytest.mark.parametrize(
    "text",
    [
        "dont stop", "can you stop by tomorrow", "when does the offer end", "what time do you quit for the day",
        "please dont stop the quote", "stop by anytime", "call me before you stop working",
        "does the warranty end in may",
        "can you text me the address", "text me not my wife", "can you email me the quote instead of calling",
        "i need the old roof removed", "yes please call me", "si por favor llameme", "oui appelez moi demain",
    ],
)  # fmt: skip
def test_no_phrase_takes_an_ordinary_answer_for_an_opt_out(text: str) -> None:
    assert [pattern.find for pattern in rules.opt_out_words().phrases if re.search(pattern.find, text)] == []


@pytest.mark.parametrize(
    ("provider", "code", "expected"),
    [
        ("twilio", "21610", "opted_out"),
        ("twilio", "21614", "not_sms_capable"),
        ("twilio", "30007", "filtered"),
        ("twilio", "20429", "rate_limited"),
        ("telnyx", "40300", "opted_out"),
        ("vonage", "9", "opted_out"),
        ("smtp", "5.1.1", "invalid_address"),
        ("smtp", "5.7.515", "sender_config"),
    ],
)
def test_a_provider_code_has_its_class(provider: str, code: str, expected: str) -> None:
    assert rules.provider_errors().classes_by_code()[provider][code] == expected


def test_a_fault_of_ours_never_marks_the_lead_and_only_a_closed_account_pauses() -> None:
    classes = rules.provider_errors().classes
    assert classes["sender_config"].address == "keep"
    assert classes["rate_limited"].address == "keep"
    assert classes["opted_out"].address == "suppress_person"
    assert {name for name, entry in classes.items() if entry.account == "pause"} == {"account_refused"}
    assert classes["unknown"].tell == "admin"


def test_a_code_of_an_undefined_class_is_told() -> None:
    text = (
        "as_of: 2026-11-23\nsources: {a: {title: A}}\n"
        "classes: {unknown: {means: We do not know., source: [a], confidence: high}}\n"
        'providers: {twilio: {"1": {class: lost, source: [a], confidence: high}}}\n'
    )
    with pytest.raises(rules.BadRules, match=r"providers.twilio.1: class 'lost' is not in `classes`"):
        rules.read_rules("provider_errors.yaml", text, ProviderErrors)


def test_federal_holidays_of_2026_with_their_substitute_days() -> None:
    days = holiday_dates(rules.holidays()["us"], 2026, 2026)
    expected = "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"
    assert " ".join(sorted(f"{day:%m-%d}" for day in days)) == expected


def test_new_year_on_a_saturday_is_kept_on_the_last_day_of_the_old_year() -> None:
    assert date(2027, 12, 31) in holiday_dates(rules.holidays()["us"], 2027, 2027)
    assert date(2020, 6, 19) not in holiday_dates(rules.holidays()["us"], 2020, 2020)
