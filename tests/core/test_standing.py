"""From what is stored of a lead to what `decide` and the gate read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.core.gate_facts import INQUIRY, WRITTEN
from tests.core.simulator import CHICAGO, NEW_YORK
from tests.core.story import BEGIN, HOUR, event, history, sent
from warmline.core.consent import Consent, Suppression
from warmline.core.events import Event
from warmline.core.numbers import NumberFact
from warmline.core.places import UNKNOWN, Zones
from warmline.core.standing import Asked, calendar_zone, facts_of, history_of

PANHANDLE = Zones(frozenset({CHICAGO, NEW_YORK}), "area_code", (CHICAGO, NEW_YORK))


@dataclass
class Lead:
    status: str = "open"
    email: str | None = "ann@example.com"
    phone: str | None = "+18505551234"
    events: list[Event] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=lambda: [WRITTEN, INQUIRY])
    suppressions: list[Suppression] = field(default_factory=list)
    numbers: list[NumberFact] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)


def test_the_calendar_is_the_leads_own_zone_or_the_offices_while_nobody_knows() -> None:
    assert calendar_zone(PANHANDLE, NEW_YORK) == CHICAGO
    assert calendar_zone(UNKNOWN, NEW_YORK) == NEW_YORK


def test_the_history_is_the_fold_seen_from_one_enrollment() -> None:
    told = history_of("run", 7, BEGIN, NEW_YORK, {"first_name": "Ann"}, {"form": "pricing"}, sent())
    assert told == history(sent(), lead={"first_name": "Ann"}, event={"form": "pricing"})


@pytest.mark.parametrize(
    ("channel", "address"),
    [("sms", "+18505551234"), ("call", "+18505551234"), ("voicemail", "+18505551234"), ("email", "ann@example.com")],
)
def test_each_channel_has_its_address(channel: str, address: str) -> None:
    assert facts_of(Lead(), PANHANDLE, history(), channel, True, Asked()).address == address


def test_a_lead_without_an_address_has_none() -> None:
    assert facts_of(Lead(phone=None), PANHANDLE, history(), "sms", True, Asked()).address is None


def test_the_state_of_an_address_is_that_of_the_one_that_would_be_used() -> None:
    lead = Lead(addresses={"+12125550123": "invalid", "+18505551234": "ok", "ann@example.com": "bounced"})
    assert facts_of(lead, PANHANDLE, history(), "email", True, Asked()).address_state == "bounced"
    assert facts_of(lead, PANHANDLE, history(), "sms", True, Asked()).address_state == "ok"


def test_all_that_is_known_is_passed_on() -> None:
    suppression = Suppression("person", "x", "stop", BEGIN)
    told = history(sent(), event("form.submitted", HOUR))
    known = facts_of(Lead(suppressions=[suppression]), PANHANDLE, told, "sms", False, Asked())
    assert (known.zones, known.zone_basis) == (PANHANDLE.zones, "area_code")
    assert (known.consents, known.suppressions) == ([WRITTEN, INQUIRY], [suppression])
    assert (known.requested_at, known.attempts) == (BEGIN + HOUR, {"t1": (BEGIN, "sms")})
    assert (known.opted_out_at, known.human_live, known.channel_on) == (None, "", False)


def test_an_opt_out_is_passed_on() -> None:
    out = history(event("opted.out", timedelta(0)))
    assert facts_of(Lead(), PANHANDLE, out, "sms", True, Asked()).opted_out_at == BEGIN


@pytest.mark.parametrize(
    ("lead", "events", "live"),
    [
        (Lead(), [], ""),
        (Lead(), [event("replied")], "reply"),
        (Lead(), [event("handed.off")], "takeover"),
        (Lead(status="handed_off"), [], "hand-off"),
        (Lead(), [event("doubtful")], "a doubtful reply waits to be read"),
        (Lead(), [event("replied"), event("doubtful")], "reply"),
        (Lead(), [event("replied"), event("released", HOUR)], ""),
    ],
)
def test_a_person_has_the_lead_after_a_signal_a_hand_off_or_a_doubtful_reply(
    lead: Lead, events: list[Event], live: str
) -> None:
    assert facts_of(lead, PANHANDLE, history(*events), "sms", True, Asked()).human_live == live
