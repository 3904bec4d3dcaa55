"""The gate's proofs: consent, registries, and numbers that change hands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.gate_facts import (
    CALL,
    DAY,
    EMAIL,
    HOUR,
    INQUIRY,
    LONG_AGO,
    MINUTE,
    NOON,
    SMS,
    TODAY,
    VOICEMAIL,
    WRITTEN,
    facts,
    finding,
    look,
    starter_rules,
)
from warmline.core.consent import Consent, Suppression
from warmline.core.gate import Ask, ConsentRule, NumberCheck, Reassigned, Registry

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


given_together = st.builds(
    Consent,
    st.sampled_from(("inquiry", "express", "express_written")),
    st.sampled_from((("sms",), ("email",), ("sms", "voicemail"))),
    st.sampled_from((LONG_AGO, NOON - DAY)),
    st.sampled_from((None, NOON + DAY)),
    st.sampled_from(("", "a", "b")),
    phone=st.sampled_from(("", "+12125550123", "+12125550199")),
)
listed = st.builds(
    Suppression,
    st.sampled_from(("address", "person")),
    st.just("+12125550123"),
    st.sampled_from(("complaint", "by hand")),
    st.sampled_from((LONG_AGO, NOON - DAY)),
    st.sampled_from(((), ("sms",))),
)


@given(st.data(), st.lists(given_together, max_size=4), st.lists(listed, max_size=3), st.sampled_from((SMS, EMAIL)))
def test_the_gate_says_the_same_in_whatever_order_proofs_and_lists_are_known(
    data: Any, consents: list[Consent], suppressions: list[Suppression], ask: Ask
) -> None:
    changed = Reassigned("no_data", LONG_AGO + DAY)
    first = look(ask, facts(consents=consents, suppressions=suppressions, reassigned=changed))
    turned = {
        name: data.draw(st.permutations(some))
        for name, some in (("consents", consents), ("suppressions", suppressions))
    }
    assert look(ask, facts(**turned, reassigned=changed)) == first


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
