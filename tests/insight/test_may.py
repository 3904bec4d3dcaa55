"""What may be sent to an address: of a lead, by what is known of it; of somebody else, by what the address tells."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace
from warmline.insight.may import UnreadableError, may
from warmline.store import suppressions
from warmline.store.ids import new_id
from warmline.store.workspaces import Workspace


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def results(found: object) -> dict[str, str]:
    return {one.channel: one.result for one in found.channels}  # type: ignore[attr-defined]


def test_a_lead_is_judged_by_its_own_consents(conn: psycopg.Connection, place: Workspace) -> None:
    lead = a_lead(conn, place)
    found = may(conn, place, "(212) 555-0123", TUESDAY)
    assert (found.lead, found.called, found.places) == (lead, "Ann Lee", ("US", "US-NY"))
    assert results(found) == {"sms": "allow", "call": "allow", "voicemail": "allow", "email": "allow"}


def test_a_number_of_nobody_is_judged_by_its_area_code_and_has_no_consent(
    conn: psycopg.Connection, place: Workspace
) -> None:
    found = may(conn, place, "+17135550123", TUESDAY)
    assert (found.lead, found.places) == (None, ("US", "US-TX"))
    assert "us.tx@" in found.packs
    assert results(found) == {"sms": "refuse", "call": "refuse", "voicemail": "refuse"}
    sms = next(one for one in found.channels if one.channel == "sms")
    assert sms.rule == "no_consent"
    assert next(one for one in sms.findings if one.rule == "quiet_hours").result == "pass"


def test_what_was_said_of_a_stranger_counts(conn: psycopg.Connection, place: Workspace) -> None:
    found = may(conn, place, "ann@nowhere.example", TUESDAY, country="br")
    assert (found.places, found.channels[0].rule) == (("BR",), "unknown_place")
    rules = {one.rule: one.result for one in found.channels[0].findings}
    assert rules["unknown_place"] == "hold"


def test_a_suppression_of_the_address_is_seen(conn: psycopg.Connection, place: Workspace) -> None:
    row = {
        "id": new_id(), "workspace_id": place.id, "scope": "address", "value": "+17135550123", "channels": [],
        "reason": "unsubscribed", "evidence": "x", "at": TUESDAY - timedelta(days=1),
    }  # fmt: skip
    suppressions.add(conn, [row])
    found = may(conn, place, "+17135550123", TUESDAY)
    assert {one.rule for one in found.channels} == {"suppressed"}


def test_the_instant_is_the_askers(conn: psycopg.Connection, place: Workspace) -> None:
    a_lead(conn, place)
    night = datetime.fromisoformat("2026-11-24T23:00-05:00")
    assert results(may(conn, place, "+12125550123", night))["sms"] == "hold"


def test_what_is_no_address_is_said_to_be_none(conn: psycopg.Connection, place: Workspace) -> None:
    with pytest.raises(UnreadableError, match="no phone number or mail address"):
        may(conn, place, "hello", TUESDAY)
