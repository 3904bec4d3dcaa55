"""The gate: what outweighs what, the rules that are no proof and no time, and an acknowledgement as what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from tests.core.gate_facts import (
    ACK,
    CALL,
    CHANNELS,
    EMAIL,
    HOUR,
    LATELY,
    LONG_AGO,
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
from tests.core.simulator import NEW_YORK, local
from warmline.core.consent import Consent, Suppression
from warmline.core.gate import CHECKS, REASONS, Ask, Finding

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


def test_which_of_several_suppressions_is_named_does_not_hang_on_their_order() -> None:
    several = [
        Suppression("address", "ann@example.com", "opted_out", LATELY), Suppression("person", "x", "opted_out", LATELY),
        Suppression("domain", "example.com", "stop", LATELY + HOUR), Suppression("person", "x", "stop", LONG_AGO, ("sms",)),
    ]  # fmt: skip
    said = {finding(look(EMAIL, facts(suppressions=list(order))), "suppressed").saw for order in permutations(several)}
    assert said == {"person x suppressed on 10 May 2026 16:00 UTC: opted_out"}


def test_nothing_automated_speaks_while_a_person_does() -> None:
    verdict = look(known=facts(human_live="reply"))
    assert (verdict.result, verdict.rule) == ("refuse", "human_live")
    assert finding(verdict, "human_live").saw == "a person has the lead (reply)"
    assert "hands the lead back" in finding(verdict, "human_live").flip


@pytest.mark.parametrize("ask", [*CHANNELS, ACK])
def test_nothing_goes_out_while_a_person_is_on_the_phone_with_the_lead(ask: Ask) -> None:
    verdict = look(ask, facts(on_call=NOON - 3 * MINUTE))
    found = finding(verdict, "human_live")
    assert (found.result, found.until) == ("hold", NOON + 5 * MINUTE)
    assert (found.saw, found.flip) == ("on the phone with a person since 15:57 UTC", "the call ends")
    assert finding(look(ask, facts(on_call=NOON, human_live="reply")), "human_live").result == "refuse"


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


# --- a place nobody knows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", CHANNELS, ids=lambda ask: ask.channel)
def test_a_place_whose_rules_nobody_has_written_down_holds_every_channel_for_a_person(ask: Ask) -> None:
    verdict = look(ask, rules=replace(starter_rules(TODAY), unknown=("BR",)))
    assert (verdict.result, verdict.rule, verdict.until) == ("hold", "unknown_place", None)
    assert "BR" in finding(verdict, "unknown_place").saw


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


# --- values -----------------------------------------------------------------------------------------------------------


def test_the_same_facts_get_the_same_verdict_and_are_not_changed() -> None:
    known, same = facts(attempts=tried(HOUR)), facts(attempts=tried(HOUR))
    assert look(SMS, known) == look(SMS, known)
    assert known == same


def test_a_finding_is_stored_as_a_short_list() -> None:
    one = finding(look(known=facts(human_live="reply")), "human_live")
    assert msgspec.json.decode(msgspec.json.encode(one), type=Finding) == one
