"""The gate's times: zones, quiet hours, the office, and caps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.core.gate_facts import (
    ACK,
    CALL,
    DAY,
    EMAIL,
    HOUR,
    MINUTE,
    NOON,
    SMS,
    TODAY,
    VOICEMAIL,
    facts,
    finding,
    look,
    starter_rules,
    tried,
)
from tests.core.simulator import CHICAGO, LOS_ANGELES, NEW_YORK, PHOENIX, local
from tests.core.weeks import every_day
from warmline.core.gate import Ask, Cap, HoursRule, Rules
from warmline.core.hours import Week, Window

# --- time zones and quiet hours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [SMS, VOICEMAIL, CALL], ids=lambda ask: ask.channel)
def test_an_unknown_zone_holds_without_end_until_a_person_knows_better(ask: Ask) -> None:
    verdict = look(ask, facts(zones=frozenset(), zone_basis="unknown"))
    assert (verdict.result, verdict.rule, verdict.until) == ("hold", "unknown_zone", None)
    assert finding(verdict, "unknown_zone").flip == "a person sets the lead's time zone or region"


def test_mail_and_an_acknowledgement_need_no_zone() -> None:
    unknown = {"zones": frozenset[str](), "requested_at": NOON}
    assert look(EMAIL, facts(**unknown)).result == "allow"
    assert look(ACK, facts(**unknown)).result == "allow"


@pytest.mark.parametrize(
    ("clock", "result"), [("07:59", "hold"), ("08:00", "allow"), ("20:59", "allow"), ("21:00", "hold")]
)
@pytest.mark.parametrize("zone", [NEW_YORK, LOS_ANGELES, PHOENIX])
@pytest.mark.parametrize("day", [TODAY, date(2026, 3, 8), date(2026, 11, 1)])
def test_texts_go_out_from_eight_to_nine_by_the_clock_on_the_leads_wall(
    day: date, zone: str, clock: str, result: str
) -> None:
    now = local(day, clock, zone)
    verdict = look(SMS, facts(zones=frozenset({zone})), now, starter_rules(day))
    assert verdict.result == result
    if result == "hold":
        opens = local(day if clock < "08" else day + DAY, "08:00", zone)
        assert (verdict.rule, verdict.until) == ("quiet_hours", opens)
        assert f"opens 08:00 {zone}" in finding(verdict, "quiet_hours").flip


def test_half_past_eight_in_new_york_is_held_for_a_number_that_may_be_in_chicago() -> None:
    both = frozenset({NEW_YORK, CHICAGO})
    now = local(TODAY, "08:30", NEW_YORK)
    verdict = look(SMS, facts(zones=both), now)
    assert (verdict.result, verdict.rule) == ("hold", "quiet_hours")
    assert verdict.until == local(TODAY, "08:00", CHICAGO)
    found = finding(verdict, "quiet_hours")
    assert found.saw == f"07:30 {CHICAGO}, 08:30 {NEW_YORK}"
    assert found.flip == f"opens 08:00 {CHICAGO}, in 30 min"


def test_half_past_eight_in_chicago_is_held_for_a_number_that_may_be_in_new_york() -> None:
    both = frozenset({NEW_YORK, CHICAGO})
    verdict = look(SMS, facts(zones=both), local(TODAY, "20:30", CHICAGO))
    assert verdict.until == local(date(2026, 6, 10), "08:00", CHICAGO)


def test_mail_is_never_held_by_the_clock() -> None:
    for hour in range(24):
        assert look(EMAIL, now=NOON + hour * HOUR).result == "allow"


def hours_of(*rules: HoursRule) -> Rules:
    return replace(starter_rules(TODAY), hours={("sms", "marketing"): rules})


def rule(name: str, start: int, end: int) -> HoursRule:
    return HoursRule(name, every_day(Window(time(start), time(end))), f"law of {name}")


def test_every_hours_rule_must_be_open_at_once() -> None:
    rules = hours_of(rule("federal", 8, 21), rule("state", 12, 14))
    verdict = look(SMS, now=local(TODAY, "11:00", NEW_YORK), rules=rules)
    assert verdict.until == local(TODAY, "12:00", NEW_YORK)
    assert finding(verdict, "quiet_hours").cite == "law of state"
    assert look(SMS, now=local(TODAY, "12:00", NEW_YORK), rules=rules).result == "allow"


def test_rules_that_take_turns_are_walked_until_both_are_open() -> None:
    odd: Week = ((Window(time(9), time(10)),), *(((),) * 6))  # Mondays
    rules = hours_of(rule("federal", 8, 21), HoursRule("mondays", odd, ""))
    verdict = look(SMS, now=local(TODAY, "22:00", NEW_YORK), rules=rules)
    assert verdict.until == local(date(2026, 6, 15), "09:00", NEW_YORK)


def test_a_rule_that_is_never_open_in_all_zones_holds_without_end() -> None:
    rules = hours_of(rule("short", 9, 10))
    verdict = look(SMS, facts(zones=frozenset({NEW_YORK, LOS_ANGELES})), rules=rules)
    assert (verdict.result, verdict.rule, verdict.until) == ("hold", "quiet_hours", None)
    assert "short is never open in all of" in finding(verdict, "quiet_hours").saw


def test_rules_that_are_never_open_together_hold_without_end() -> None:
    rules = hours_of(rule("mornings", 8, 12), rule("afternoons", 12, 20))
    verdict = look(SMS, rules=rules)
    assert (verdict.result, verdict.rule, verdict.until) == ("hold", "quiet_hours", None)
    assert "mornings, afternoons are never open together" in finding(verdict, "quiet_hours").saw


def test_a_rule_that_keeps_another_hour_names_the_zone_that_is_shut() -> None:
    rules = hours_of(rule("wide", 8, 21), rule("early", 8, 9))
    verdict = look(SMS, facts(zones=frozenset({PHOENIX})), local(TODAY, "10:00", PHOENIX), rules)
    assert finding(verdict, "quiet_hours").flip == f"opens 08:00 {PHOENIX}, in 22 h"


def test_a_forbidden_day_is_closed_from_midnight_to_midnight_and_the_hold_says_when_it_is_over() -> None:
    closed = hours_of(replace(rule("a", 8, 21), closed=frozenset({TODAY})))
    verdict = look(rules=closed)
    assert (verdict.result, verdict.until) == ("hold", local(date(2026, 6, 10), "08:00", NEW_YORK))


def test_a_rule_with_a_clock_of_its_own_binds_by_it_too() -> None:
    southern = hours_of(replace(rule("ms", 8, 20), zone=CHICAGO))
    assert look(now=local(TODAY, "08:30", NEW_YORK), rules=southern).until == local(TODAY, "08:00", CHICAGO)
    assert look(now=local(TODAY, "20:30", NEW_YORK), rules=southern).result == "hold"


# --- office hours -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "clock", "result", "opens"),
    [
        (TODAY, "09:00", "allow", None),
        (TODAY, "17:29", "allow", None),
        (TODAY, "17:30", "hold", local(date(2026, 6, 10), "09:00", NEW_YORK)),
        (date(2026, 6, 13), "15:00", "hold", local(date(2026, 6, 15), "09:00", NEW_YORK)),  # saturday afternoon
        (date(2026, 7, 3), "12:00", "hold", local(date(2026, 7, 6), "09:00", NEW_YORK)),  # the holiday, observed
    ],
)
def test_a_call_waits_for_the_office(day: date, clock: str, result: str, opens: datetime | None) -> None:
    verdict = look(CALL, now=local(day, clock, NEW_YORK), rules=starter_rules(day))
    assert (verdict.result, verdict.until) == (result, opens)
    assert verdict.rule == ("office_hours" if opens else "")
    if opens:
        assert f"the office opens {opens:%a} 09:00, in" in finding(verdict, "office_hours").flip


@pytest.mark.parametrize(
    ("day", "clock", "saw", "flip"),
    [
        (TODAY, "08:11", "08:11 America/New_York, the office is closed", "the office opens 09:00, in 49 min"),
        (date(2026, 11, 26), "11:05", "closed for Thanksgiving Day", "the office opens Fri 09:00, in 21 h"),
        (date(2026, 7, 3), "12:00", "closed for Independence Day, kept on this day", "the office opens Mon 09:00, in"),
        (date(2026, 12, 24), "12:00", "closed today, a holiday of yours", "the office opens Mon 4 Jan 09:00, in 10 d"),
    ],
)
def test_a_closed_office_says_for_which_holiday_and_on_which_day_it_opens(
    day: date, clock: str, saw: str, flip: str
) -> None:
    rules = starter_rules(day)
    own = frozenset(date(2026, 12, 24) + n * DAY for n in range(10))
    office = replace(rules.office, holidays=rules.office.holidays | own)
    found = finding(look(CALL, now=local(day, clock, NEW_YORK), rules=replace(rules, office=office)), "office_hours")
    assert found.saw.endswith(saw)
    assert found.flip.startswith(flip)


def test_only_calls_wait_for_the_office() -> None:
    evening = local(TODAY, "19:00", NEW_YORK)
    assert [look(ask, now=evening).result for ask in (SMS, EMAIL, VOICEMAIL)] == ["allow"] * 3
    assert look(CALL, now=evening).result == "hold"


def test_a_call_that_may_be_made_after_hours_is_bound_by_the_law_all_the_same() -> None:
    anytime = Ask("call", "marketing", "", office=False)
    assert look(anytime, now=local(TODAY, "19:00", NEW_YORK)).result == "allow"
    night = look(anytime, now=local(TODAY, "21:30", NEW_YORK))
    assert (night.result, night.rule) == ("hold", "quiet_hours")


def test_an_office_that_never_opens_holds_without_end() -> None:
    office = replace(starter_rules(TODAY).office, week=((),) * 7)  # type: ignore[arg-type]
    verdict = look(CALL, rules=replace(starter_rules(TODAY), office=office))
    assert (verdict.result, verdict.rule, verdict.until) == ("hold", "office_hours", None)
    assert "[office] hours" in finding(verdict, "office_hours").flip


# --- caps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "until"),
    [
        ([HOUR, 2 * HOUR], None),
        ([HOUR, 2 * HOUR, 20 * HOUR], NOON + 4 * HOUR),
        ([HOUR, 2 * HOUR, DAY], None),  # a day ago to the second: out of the window
        ([HOUR, 2 * HOUR, DAY - timedelta(seconds=1)], NOON + timedelta(seconds=1)),
        ([HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR], NOON + 21 * HOUR),  # the third last must drop out
        ([2 * DAY, 3 * DAY, 3 * DAY, 4 * DAY, 5 * DAY, 5 * DAY, 6 * DAY], NOON + DAY),  # seven in a week
        ([HOUR, HOUR, HOUR, 4 * DAY, 5 * DAY, 5 * DAY, 6 * DAY], NOON + DAY),  # both: the later end
        ([HOUR, HOUR, HOUR, *([7 * DAY - HOUR] * 4)], NOON + 23 * HOUR),  # both, the other way round
    ],
)
def test_a_cap_looks_back_over_a_rolling_window(ago: list[timedelta], until: datetime | None) -> None:
    verdict = look(SMS, facts(attempts=tried(*ago)))
    assert (verdict.result, verdict.until) == ("hold" if until else "allow", until)
    assert verdict.rule == ("attempt_cap" if until else "")
    if until:
        assert look(SMS, facts(attempts=tried(*ago)), until, starter_rules(TODAY)).rule != "attempt_cap"
        assert "the oldest attempt drops out in" in finding(verdict, "attempt_cap").flip


def test_the_touch_itself_is_left_out_of_the_count_at_the_last_look() -> None:
    attempts = tried(0 * HOUR, HOUR, 2 * HOUR)
    assert look(Ask("sms", "marketing", "t0"), facts(attempts=attempts)).result == "allow"
    assert look(Ask("sms", "marketing", "other"), facts(attempts=attempts)).result == "hold"


def test_every_automated_channel_counts_and_calls_by_people_do_not() -> None:
    mixed = {
        "a": (NOON - HOUR, "email"), "b": (NOON - HOUR, "voicemail"), "c": (NOON - HOUR, "sms"),
        "d": (NOON - HOUR, "call"),
    }  # fmt: skip
    assert look(EMAIL, facts(attempts=mixed)).rule == "attempt_cap"
    assert look(CALL, facts(attempts=mixed)).result == "allow"
    assert look(EMAIL, facts(attempts=tried(*([HOUR] * 9), channel="call"))).result == "allow"


def test_without_a_cap_nothing_is_counted() -> None:
    rules = replace(starter_rules(TODAY), caps=(Cap("texts", ("sms",), 1, DAY, ""),))
    assert finding(look(EMAIL, rules=rules), "attempt_cap").saw == "no cap on email"
    assert finding(look(SMS, rules=rules), "attempt_cap").saw == "0 of 1 in 1 d"


def test_a_cap_of_a_state_counts_calls_with_texts() -> None:
    florida = Cap("us.fl.cap", ("sms", "call"), 3, DAY, "Fla. Stat. 501.616(6)")
    bound = replace(starter_rules(TODAY), caps=(florida,))
    attempts = tried(HOUR, 2 * HOUR) | {"c": (NOON - 3 * HOUR, "call")}
    verdict = look(known=facts(attempts=attempts), rules=bound)
    assert (verdict.rule, verdict.until) == ("attempt_cap", NOON - 3 * HOUR + DAY)
    assert look(EMAIL, facts(attempts=attempts), rules=bound).result == "allow"


def test_a_moment_is_told_in_days_hours_and_minutes() -> None:
    flip = finding(look(SMS, facts(attempts=tried(*([5 * DAY - 90 * MINUTE] * 7)))), "attempt_cap").flip
    assert flip == "the oldest attempt drops out in 2 d 1 h 30 min"
    soon = finding(look(SMS, now=datetime(2026, 6, 9, 11, 59, 30, tzinfo=UTC)), "quiet_hours")
    assert soon.flip == f"opens 08:00 {NEW_YORK}, in 0 min"
