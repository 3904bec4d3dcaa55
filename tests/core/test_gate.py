"""The gate: every rule on its own, what outweighs what, and what would flip it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from tests.core.gate_facts import INQUIRY, LONG_AGO, NOON, TODAY, WRITTEN, facts, finding, starter_rules
from tests.core.simulator import CHICAGO, LOS_ANGELES, NEW_YORK, PHOENIX, local
from warmline.core.consent import Consent, Suppression
from warmline.core.gate import (
    CHECKS,
    REASONS,
    Ask,
    Cap,
    ConsentRule,
    Facts,
    Finding,
    HoursRule,
    NumberCheck,
    Reassigned,
    Registry,
    Rules,
    Verdict,
    check,
)
from warmline.core.hours import Week, Window, every_day

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SMS, EMAIL, CALL, VOICEMAIL = Ask("sms"), Ask("email"), Ask("call"), Ask("voicemail")
ACK = Ask("sms", "acknowledge")
CHANNELS = (SMS, EMAIL, CALL, VOICEMAIL)


def look(ask: Ask = SMS, known: Facts | None = None, now: datetime = NOON, rules: Rules | None = None) -> Verdict:
    return check(ask, known or facts(), rules or starter_rules(TODAY), now)


def tried(*ago: timedelta, channel: str = "sms") -> dict[str, tuple[datetime, str]]:
    return {f"t{number}": (NOON - one, channel) for number, one in enumerate(ago)}


# --- the trace --------------------------------------------------------------------------------------------------------

TROUBLES: list[dict[str, Any]] = [
    {},
    {"opted_out_at": LONG_AGO},
    {"address": None, "zones": frozenset(), "consents": []},
    {"human_live": "reply", "channel_on": False},
    {"suppressions": [Suppression("person", "x", "stop", LONG_AGO)], "attempts": tried(*([HOUR] * 9))},
]


@pytest.mark.parametrize("ask", [*CHANNELS, ACK], ids=lambda ask: f"{ask.channel} {ask.purpose}")
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("now", [NOON, NOON + 10 * HOUR])
def test_every_rule_is_looked_at_in_order_whatever_the_answer(ask: Ask, trouble: dict[str, Any], now: datetime) -> None:
    verdict = look(ask, facts(**trouble), now)
    assert tuple(one.rule for one in verdict.findings) == REASONS
    assert len(CHECKS) == len(REASONS)
    assert all(one.saw for one in verdict.findings)
    assert all(bool(one.flip) == (one.result != "pass") for one in verdict.findings)
    assert all(one.until is None or one.until > now for one in verdict.findings)


@pytest.mark.parametrize("ask", CHANNELS, ids=lambda ask: ask.channel)
def test_a_lead_of_whom_all_is_known_may_be_reached_at_noon_on_every_channel(ask: Ask) -> None:
    verdict = look(ask)
    assert (verdict.result, verdict.rule, verdict.until) == ("allow", "", None)
    assert {one.result for one in verdict.findings} == {"pass"}


def test_a_refusal_outweighs_a_hold_and_the_first_refusal_is_named() -> None:
    verdict = look(SMS, facts(consents=[], human_live="reply"), NOON + 12 * HOUR)
    assert finding(verdict, "quiet_hours").result == "hold"
    assert (verdict.result, verdict.rule, verdict.until) == ("refuse", "human_live", None)


def test_of_two_holds_the_later_end_counts() -> None:
    late = NOON + 12 * HOUR  # midnight in New York: open again in eight hours
    capped = {f"t{number}": (late - HOUR, "sms") for number in range(3)}  # gone in twenty-three
    verdict = look(SMS, facts(attempts=capped), late)
    assert (verdict.result, verdict.rule, verdict.until) == ("hold", "attempt_cap", late + 23 * HOUR)
    nearly = {f"t{number}": (late - 23 * HOUR, "sms") for number in range(3)}  # gone in one
    verdict = look(SMS, facts(attempts=nearly), late)
    assert (verdict.rule, verdict.until) == ("quiet_hours", late + 8 * HOUR)


def test_a_hold_without_end_outweighs_every_other_hold() -> None:
    for ask, rule in ((SMS, "unknown_zone"), (CALL, "unknown_zone")):
        known = facts(zones=frozenset(), attempts=tried(*([HOUR] * 3)))
        verdict = look(ask, known, NOON + 12 * HOUR)
        assert (verdict.result, verdict.rule, verdict.until) == ("hold", rule, None)


# --- opted out, suppressed, with a person -----------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [*CHANNELS, ACK], ids=lambda ask: f"{ask.channel} {ask.purpose}")
def test_an_opt_out_refuses_every_channel_and_every_purpose(ask: Ask) -> None:
    verdict = look(ask, facts(opted_out_at=LONG_AGO))
    assert (verdict.result, verdict.rule) == ("refuse", "opted_out")
    assert "05 May 2025" in finding(verdict, "opted_out").saw
    assert "new consent" in finding(verdict, "opted_out").flip


@pytest.mark.parametrize(
    ("suppression", "refused"),
    [
        (Suppression("person", "lead", "said stop", LONG_AGO), {"sms", "email", "call", "voicemail"}),
        (Suppression("domain", "example.com", "asked by its owner", LONG_AGO, ("email",)), {"email"}),
        (Suppression("address", "+12125550123", "stop", LONG_AGO, ("sms", "voicemail")), {"sms", "voicemail"}),
        (Suppression("address", "ann@example.com", "unsubscribed", LONG_AGO, ("email",)), {"email"}),
    ],
    ids=["person", "domain", "number", "mail address"],
)
def test_a_suppression_refuses_the_channels_it_names_or_all(suppression: Suppression, refused: set[str]) -> None:
    for ask in CHANNELS:
        verdict = look(ask, facts(suppressions=[suppression]))
        assert (verdict.result == "refuse") == (ask.channel in refused)
        if ask.channel in refused:
            found = finding(verdict, "suppressed")
            assert verdict.rule == "suppressed"
            assert suppression.reason in found.saw
            assert suppression.value in found.saw
            assert found.flip == "lift the suppression, with proof of new consent"


def test_nothing_automated_speaks_while_a_person_does() -> None:
    verdict = look(known=facts(human_live="reply"))
    assert (verdict.result, verdict.rule) == ("refuse", "human_live")
    assert finding(verdict, "human_live").saw == "a person has the lead (reply)"
    assert "hands the lead back" in finding(verdict, "human_live").flip


# --- channel and address ----------------------------------------------------------------------------------------------


def test_a_channel_that_is_not_set_up_is_refused_with_what_to_write() -> None:
    verdict = look(VOICEMAIL, facts(channel_on=False))
    assert (verdict.result, verdict.rule) == ("refuse", "channel_off")
    assert finding(verdict, "channel_off").flip == "add [channels.voicemail] to warmline.toml"


@pytest.mark.parametrize(
    ("ask", "known", "saw"),
    [
        (SMS, {"address": None}, "no phone number known"),
        (EMAIL, {"address": None}, "no email known"),
        (EMAIL, {"address_state": "bounced"}, "email is marked bounced"),
        (CALL, {"address_state": "invalid"}, "phone number is marked invalid"),
        (SMS, {"address_state": "not_sms_capable"}, "phone number is marked not sms capable"),
    ],
)
def test_an_address_that_is_missing_or_bad_is_refused(ask: Ask, known: dict[str, Any], saw: str) -> None:
    verdict = look(ask, facts(**known))
    assert (verdict.result, verdict.rule) == ("refuse", "no_address")
    assert finding(verdict, "no_address").saw == saw


@pytest.mark.parametrize(("ask", "state"), [(CALL, "not_sms_capable"), (VOICEMAIL, "not_sms_capable"), (SMS, "unsure")])
def test_a_number_that_takes_no_texts_may_still_be_called(ask: Ask, state: str) -> None:
    assert look(ask, facts(address_state=state)).result == "allow"


# --- consent ----------------------------------------------------------------------------------------------------------

LEVELS = ("none", "inquiry", "purchase", "express", "express_written")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("ask", "least"), [(SMS, "express_written"), (VOICEMAIL, "express_written"), (CALL, "inquiry"), (EMAIL, "inquiry")],
    ids=lambda value: getattr(value, "channel", value),
)  # fmt: skip
def test_a_channel_asks_its_level_of_consent_and_a_higher_one_serves(ask: Ask, least: str, level: Any) -> None:
    held = Consent(level, (ask.channel,), NOON - timedelta(days=30))
    enough = LEVELS.index(level) >= LEVELS.index(least)
    clean = {"us.national": Registry(TODAY, False)}
    verdict = look(ask, facts(consents=[held], registries=clean))
    assert verdict.result == ("allow" if enough else "refuse")
    assert finding(verdict, "no_consent").cite
    if not enough:
        assert verdict.rule == "no_consent"
        assert ask.channel in finding(verdict, "no_consent").flip


def test_the_wording_that_the_lead_was_shown_is_part_of_what_the_gate_saw() -> None:
    saw = finding(look(), "no_consent").saw
    assert saw == "has express written consent for sms, wording sms-2026-11"


def test_consent_for_one_channel_is_none_for_another() -> None:
    assert look(SMS, facts(consents=[INQUIRY])).rule == "no_consent"
    assert look(EMAIL, facts(consents=[WRITTEN])).rule == "no_consent"


@pytest.mark.parametrize(
    ("expires", "result"),
    [(NOON + MINUTE, "allow"), (NOON, "refuse"), (NOON - MINUTE, "refuse"), (None, "allow")],
)
def test_consent_ends_at_the_instant_it_expires(expires: datetime | None, result: str) -> None:
    held = Consent("express_written", ("sms",), LONG_AGO, expires)
    assert look(SMS, facts(consents=[held])).result == result


def test_consent_of_tomorrow_does_not_serve_today() -> None:
    assert look(SMS, facts(consents=[Consent("express_written", ("sms",), NOON + MINUTE)])).result == "refuse"


def test_of_several_consents_the_strongest_in_force_counts() -> None:
    held = [
        Consent("express_written", ("sms",), LONG_AGO, NOON - DAY),
        Consent("inquiry", ("sms",), NOON - HOUR),
        Consent("express_written", ("sms",), NOON - 2 * HOUR, None, "new"),
    ]
    assert "wording new" in finding(look(SMS, facts(consents=held)), "no_consent").saw
    assert look(SMS, facts(consents=held[:2])).result == "refuse"


def test_a_proof_ends_by_the_rules_of_the_place_to_the_minute_and_the_earlier_end_counts() -> None:
    lasting = replace(starter_rules(), lifetimes={("call", "inquiry"): 3}, scrubs=())
    given = Consent("inquiry", ("call",), NOON - timedelta(days=92))  # 9 March, 16:00
    assert look(CALL, facts(consents=[given]), NOON - MINUTE, lasting).result == "allow"
    over = look(CALL, facts(consents=[given]), rules=lasting)
    assert over.rule == "no_consent"
    assert "on 09 Mar 2026, which ran out on 09 Jun 2026" in finding(over, "no_consent").flip
    sooner = Consent("inquiry", ("call",), given.at, NOON - timedelta(days=30))
    assert look(CALL, facts(consents=[sooner]), NOON - 29 * DAY, lasting).rule == "no_consent"
    later = Consent("inquiry", ("call",), given.at, NOON + timedelta(days=30))
    assert look(CALL, facts(consents=[later]), rules=lasting).rule == "no_consent"


def test_a_proof_speaks_for_the_address_that_was_given_with_it_and_for_no_other() -> None:
    given = Consent("express_written", ("sms",), LONG_AGO, phone="+12125550123", email="ann@example.com")
    assert look(SMS, facts(consents=[given])).result == "allow"
    other = look(SMS, facts(address="+12125550199", consents=[given]))
    assert other.rule == "no_consent"
    assert finding(other, "no_consent").flip.endswith("for sms on 05 May 2025, for +12125550123")


def test_an_inquiry_goes_with_the_person_to_another_number() -> None:
    given = Consent("inquiry", ("call",), NOON - DAY, phone="+12125550123")
    assert look(CALL, facts(address="+12125550199", consents=[given])).result == "allow"


def test_a_proof_for_acknowledgements_serves_no_marketing() -> None:
    given = Consent("express_written", ("sms",), LONG_AGO, purpose="acknowledge")
    assert look(SMS, facts(consents=[given])).rule == "no_consent"


def test_a_refusal_for_want_of_consent_says_what_the_lead_did_give() -> None:
    given = Consent("express", ("email",), NOON - timedelta(days=37))
    refused = finding(look(VOICEMAIL, facts(consents=[given])), "no_consent")
    assert refused.saw == "has no consent for voicemail; marketing needs express written consent"
    assert refused.flip.endswith("; this lead gave express consent for email on 03 May 2026")


# --- registries and numbers that change hands -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "the registry us.national was never asked about this number"),
        (Registry(TODAY - timedelta(days=31), False), ""),
        (Registry(TODAY - timedelta(days=32), False), "the registry us.national was asked with a file 32 days old"),
        (Registry(TODAY, True), "the number stands in the registry us.national of 09 Jun 2026"),
        (Registry(TODAY - timedelta(days=90), True), "the number stands in the registry us.national of 11 Mar 2026"),
    ],
    ids=["never", "31 days", "32 days", "listed", "listed long ago"],
)
def test_marketing_without_a_proof_that_exempts_asks_the_registry_in_a_file_of_its_age(
    known: Registry | None, said: str
) -> None:
    registries = {"us.national": known} if known else {}
    oral = Consent("express", ("call",), LONG_AGO)
    verdict = look(CALL, facts(consents=[oral], registries=registries))
    found = finding(verdict, "registry")
    assert (verdict.result, verdict.rule) == (("refuse", "registry") if said else ("allow", ""))
    assert found.saw.startswith(said or "not in us.national of 09 May 2026")
    assert ("an inquiry of the lead's own or a purchase or express written consent for call" in found.flip) == bool(
        said
    )
    assert look(CALL, facts(consents=[INQUIRY])).result == "allow"


def test_an_answer_to_the_leads_own_request_asks_no_registry_and_mail_has_none() -> None:
    asked = look(Ask("call", "acknowledge"), facts(requested_at=NOON))
    assert finding(asked, "registry").saw == "an answer to the lead's own request needs none"
    assert finding(look(EMAIL), "registry").saw == "no registry binds email here"


@pytest.mark.parametrize(
    ("answer", "result", "until"), [("no", "allow", None), ("yes", "refuse", None), ("no_data", "hold", None)]
)
def test_a_number_that_changed_hands_carries_no_consent_and_one_nobody_can_tell_of_waits_for_a_person(
    answer: Any, result: str, until: None
) -> None:
    told = Reassigned(answer, NOON - timedelta(days=1))
    verdict = look(SMS, facts(reassigned=told))
    assert (verdict.result, verdict.until) == (result, until)
    assert verdict.rule == ("" if answer == "no" else "reassigned")
    newer = Consent("express_written", ("sms",), NOON - timedelta(hours=1))
    assert look(SMS, facts(reassigned=told, consents=[newer])).result == "allow"
    assert look(EMAIL, facts(reassigned=told)).result == "allow"


def test_where_a_law_asks_for_it_a_number_nobody_has_asked_about_waits() -> None:
    asks = replace(starter_rules(), numbers=(NumberCheck("us.me", ("sms",), ("inquiry",), "a law"),))
    held = look(SMS, facts(consents=[WRITTEN]), rules=asks)
    assert (held.result, held.rule, held.until) == ("hold", "reassigned", None)
    told = Reassigned("no", NOON)
    assert look(SMS, facts(consents=[WRITTEN], reassigned=told), rules=asks).result == "allow"
    inquiry = Consent("inquiry", ("sms",), NOON - timedelta(days=1))
    assert look(SMS, facts(consents=[WRITTEN, inquiry]), rules=asks).result == "allow"


# --- what may carry what ----------------------------------------------------------------------------------------------


def test_a_channel_without_a_rule_for_the_purpose_may_not_carry_it() -> None:
    verdict = look(Ask("voicemail", "acknowledge"), facts(requested_at=NOON))
    assert (verdict.result, verdict.rule) == ("refuse", "no_consent")
    assert finding(verdict, "no_consent").flip == "use another channel for this step"


def test_a_channel_that_asks_for_nothing_needs_nothing() -> None:
    rules = replace(starter_rules(TODAY), consent={("email", "marketing"): ConsentRule("own", "none", "")})
    verdict = look(EMAIL, facts(consents=[]), rules=rules)
    assert verdict.result == "allow"
    assert finding(verdict, "no_consent").saw == "email needs no consent here"


# --- acknowledgement --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "result"),
    [(0 * MINUTE, "allow"), (15 * MINUTE, "allow"), (16 * MINUTE, "refuse"), (None, "refuse")],
)
def test_an_acknowledgement_needs_only_the_request_and_only_for_its_fifteen_minutes(
    ago: timedelta | None, result: str
) -> None:
    asked = None if ago is None else NOON - ago
    verdict = look(ACK, facts(consents=[Consent("inquiry", ("sms",), LONG_AGO)], requested_at=asked))
    assert verdict.result == result
    if result == "refuse":
        assert "marketing needs express written consent" in finding(verdict, "no_consent").saw


def test_an_acknowledgement_goes_out_at_night_and_a_late_one_waits_for_the_morning() -> None:
    night = local(TODAY, "23:30", NEW_YORK)
    assert look(ACK, facts(requested_at=night - MINUTE), night).result == "allow"
    late = look(ACK, facts(requested_at=night - HOUR), night)
    assert (late.rule, late.until) == ("quiet_hours", local(date(2026, 6, 10), "08:00", NEW_YORK))


def test_an_acknowledgement_is_not_counted_against_the_cap() -> None:
    capped = facts(attempts=tried(*([HOUR] * 9)), requested_at=NOON)
    assert look(SMS, capped).rule == "attempt_cap"
    assert look(ACK, capped).result == "allow"


@pytest.mark.parametrize(
    "ask", [ACK, Ask("email", "acknowledge"), Ask("call", "acknowledge")], ids=lambda ask: ask.channel
)
def test_without_a_request_an_acknowledgement_is_judged_as_the_marketing_it_is(ask: Ask) -> None:
    for now in (NOON, NOON + 12 * HOUR):
        assert look(ask, facts(requested_at=None), now) == look(Ask(ask.channel), facts(), now)


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


# --- office hours -----------------------------------------------------------------------------------------------------


def test_a_forbidden_day_is_closed_from_midnight_to_midnight_and_the_hold_says_when_it_is_over() -> None:
    closed = hours_of(replace(rule("a", 8, 21), closed=frozenset({TODAY})))
    verdict = look(rules=closed)
    assert (verdict.result, verdict.until) == ("hold", local(date(2026, 6, 10), "08:00", NEW_YORK))


def test_a_rule_with_a_clock_of_its_own_binds_by_it_too() -> None:
    southern = hours_of(replace(rule("ms", 8, 20), zone=CHICAGO))
    assert look(now=local(TODAY, "08:30", NEW_YORK), rules=southern).until == local(TODAY, "08:00", CHICAGO)
    assert look(now=local(TODAY, "20:30", NEW_YORK), rules=southern).result == "hold"


@pytest.mark.parametrize("ask", CHANNELS, ids=lambda ask: ask.channel)
def test_a_place_whose_rules_nobody_has_written_down_holds_every_channel_for_a_person(ask: Ask) -> None:
    verdict = look(ask, rules=replace(starter_rules(TODAY), unknown=("BR",)))
    assert (verdict.result, verdict.rule, verdict.until) == ("hold", "unknown_place", None)
    assert "BR" in finding(verdict, "unknown_place").saw


def test_a_cap_of_a_state_counts_calls_with_texts() -> None:
    florida = Cap("us.fl.cap", ("sms", "call"), 3, DAY, "Fla. Stat. 501.616(6)")
    bound = replace(starter_rules(TODAY), caps=(florida,))
    attempts = tried(HOUR, 2 * HOUR) | {"c": (NOON - 3 * HOUR, "call")}
    verdict = look(known=facts(attempts=attempts), rules=bound)
    assert (verdict.rule, verdict.until) == ("attempt_cap", NOON - 3 * HOUR + DAY)
    assert look(EMAIL, facts(attempts=attempts), rules=bound).result == "allow"


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
        assert "the office opens 09:00, in" in finding(verdict, "office_hours").flip


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


# --- values -----------------------------------------------------------------------------------------------------------


def test_the_same_facts_get_the_same_verdict_and_are_not_changed() -> None:
    known, same = facts(attempts=tried(HOUR)), facts(attempts=tried(HOUR))
    assert look(SMS, known) == look(SMS, known)
    assert known == same


def test_a_moment_is_told_in_days_hours_and_minutes() -> None:
    flip = finding(look(SMS, facts(attempts=tried(*([5 * DAY - 90 * MINUTE] * 7)))), "attempt_cap").flip
    assert flip == "the oldest attempt drops out in 2 d 1 h 30 min"
    soon = finding(look(SMS, now=datetime(2026, 6, 9, 11, 59, 30, tzinfo=UTC)), "quiet_hours")
    assert soon.flip == f"opens 08:00 {NEW_YORK}, in 0 min"


def test_a_finding_is_stored_as_a_short_list() -> None:
    import msgspec

    one = finding(look(known=facts(human_live="reply")), "human_live")
    assert msgspec.json.decode(msgspec.json.encode(one), type=Finding) == one
