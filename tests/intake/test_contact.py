"""Do-not-contact by hand: adding, importing, and taking off with a proof."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, story
from tests.intake.test_accept import a_submission, take
from warmline.channels.contract import Signal
from warmline.core.gate import Ask, check
from warmline.core.standing import Asked, facts_of, history_of
from warmline.intake import acts
from warmline.intake.acts import ActError, add_to_list, import_list, take_off_list
from warmline.intake.inbound import receive
from warmline.rules.binding import places_known, policy_of, zones_known
from warmline.store import proofs, suppressions
from warmline.store.due import know
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace

LATER = TUESDAY + timedelta(days=3)
PROOF = "Signed paper form of 27 Nov 2026, in the folder Kitchen fair"


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def refused(conn: psycopg.Connection, place: Workspace, lead_id: UUID, channel: Any = "sms") -> str:
    """The rule by which the gate refuses; "" when it does not."""
    lead = know(conn, lane_of(lead_id), [lead_id])[lead_id]
    history = history_of("", 0, LATER, "America/New_York", {}, {}, lead.events)
    facts = facts_of(lead, zones_known(lead), history, channel, True, Asked())
    rules = policy_of(place.config, LATER.date()).rules(places_known(lead))
    verdict = check(Ask(channel, office=False), facts, rules, LATER)
    return verdict.rule if verdict.result == "refuse" else ""


def in_force(conn: psycopg.Connection, place: Workspace) -> dict[tuple[str, str], list[str]]:
    rows = conn.execute(
        "select scope, value, channels from suppressions where workspace_id = %s and lifted_at is null", (place.id,)
    ).fetchall()
    return {(scope, value): channels for scope, value, channels in rows}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("(212) 555-0123", ("address", "+12125550123")),
        ("+44 20 7946 0958", ("address", "+442079460958")),
        (" Ann@Example.com ", ("address", "ann@example.com")),
        ("@example.com", ("domain", "example.com")),
        ("Example.COM", ("domain", "example.com")),
    ],
)
def test_a_number_an_address_or_a_domain_goes_on_the_list_and_the_gate_refuses(
    conn: psycopg.Connection, place: Workspace, text: str, named: tuple[str, str]
) -> None:
    lead = a_lead(conn, place)
    assert add_to_list(conn, place, text, "kim", TUESDAY, reason="internal_dnc", evidence="asked on the phone")
    assert in_force(conn, place) == {named: []}
    assert not add_to_list(conn, place, text, "kim", TUESDAY, reason="internal_dnc")
    if named[1] != "+442079460958":
        assert refused(conn, place, lead, "email" if "@" in named[1] or named[0] == "domain" else "sms") == "suppressed"


@pytest.mark.parametrize("text", ["", "nobody", "12", "@", "a@b", "+1 000", "x" * 300])
def test_what_names_nobody_is_refused_with_what_to_write(conn: psycopg.Connection, place: Workspace, text: str) -> None:
    with pytest.raises(ActError, match="Write one such as"):
        add_to_list(conn, place, text, "kim", TUESDAY, reason="internal_dnc")
    with pytest.raises(ActError, match="is no reason known here"):
        add_to_list(conn, place, "+12125550123", "kim", TUESDAY, reason="because")
    with pytest.raises(ActError, match="is no channel"):
        add_to_list(conn, place, "+12125550123", "kim", TUESDAY, reason="other", channels=["fax"])


def test_a_list_is_taken_line_by_line_and_what_can_not_be_read_is_named(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lines = [
        "phone,since\n",
        "212-555-0123,2024\n",
        "bo@example.com\tx\n",
        "\n",
        "nonsense\n",
        '"(212) 555-0123"\n',
        "acme.test\n",
    ]
    found = import_list(conn, place, lines, "kim", TUESDAY)
    assert (found.added, found.known) == (3, 1)
    assert [(one.line, one.text) for one in found.wrong] == [(5, "nonsense")]
    assert import_list(conn, place, lines, "kim", TUESDAY).added == 0


def test_a_list_that_breaks_off_is_taken_not_at_all(
    conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, parts = suppressions.add, []

    def add(conn: psycopg.Connection, rows: list[dict[str, Any]]) -> int:
        parts.append(len(rows))
        if len(parts) == 2:
            raise psycopg.OperationalError("the server has gone away")
        return real(conn, rows)

    monkeypatch.setattr(suppressions, "add", add)
    with pytest.raises(psycopg.OperationalError):
        import_list(conn, place, [f"d{number}.example" for number in range(5_001)], "kim", TUESDAY)
    assert parts == [5_000, 1]
    assert conn.execute("select count(*) from suppressions").fetchone() == (0,)


def test_a_wish_of_the_leads_own_is_lifted_as_a_whole_with_its_proof_in_the_ledger(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead = a_lead(conn, place)
    acts.opt_out(conn, place, lane_of(lead), lead, "sam", TUESDAY, evidence="stop calling me")
    assert refused(conn, place, lead) == "opted_out"
    row = suppressions.in_force(conn, place.id, ["+12125550123"])["+12125550123"][0]
    take_off_list(conn, place, row.id, "kim", LATER, evidence=PROOF, channels=["sms", "call"])
    assert in_force(conn, place) == {
        ("person", str(lead)): ["email", "voicemail"],
        ("address", "+12125550123"): ["email", "voicemail"],
        ("address", "ann@example.com"): ["email", "voicemail"],
    }
    assert [refused(conn, place, lead, channel) for channel in ("sms", "call", "email", "voicemail")] == [
        "", "", "suppressed", "suppressed",
    ]  # fmt: skip
    proof = proofs.of_lead(conn, lead)[-1]
    assert (proof.level, proof.channels, proof.wording_text) == ("express", ("sms", "call"), PROOF)
    assert story(conn, lead)[-3:] == ["opted.in", "task.opened"] or "opted.in" in story(conn, lead)
    (lifted,) = conn.execute(
        "select distinct lifted_why, lifted_by from suppressions where lifted_at is not null"
    ).fetchall()
    assert lifted == (PROOF, "kim")


def test_what_others_list_beside_a_leads_own_wish_stays_when_its_new_consent_lifts_the_wish(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead = a_lead(conn, place)
    stop = Signal("inbound", TUESDAY, sender="+12125550123", text="STOP", key="m1")
    receive(conn, place, [stop], TUESDAY)
    assert add_to_list(conn, place, "+12125550123", "kim", TUESDAY, reason="legal", evidence="a letter")
    assert not add_to_list(conn, place, "+12125550123", "kim", TUESDAY, reason="legal", evidence="the same letter")
    assert take(conn, place, a_submission(), at=LATER)[0].reason == "opted_out"
    wish = conn.execute("select id from suppressions where scope = 'address' and reason = 'opted_out'").fetchone()
    assert wish is not None
    take_off_list(conn, place, wish[0], "kim", LATER, evidence=PROOF, channels=("sms", "email", "voicemail", "call"))
    assert in_force(conn, place) == {("address", "+12125550123"): []}
    assert refused(conn, place, lead) == "suppressed"


def test_a_lead_that_opted_out_stays_so_when_what_others_listed_besides_is_taken_off(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead = a_lead(conn, place)
    add_to_list(conn, place, "+12125550123", "kim", TUESDAY, reason="legal", evidence="a letter")
    receive(conn, place, [Signal("inbound", TUESDAY, sender="+12125550123", text="STOP", key="m1")], TUESDAY)
    listed = conn.execute("select id from suppressions where reason = 'legal'").fetchone()
    assert listed is not None
    take_off_list(conn, place, listed[0], "kim", LATER, evidence=PROOF, channels=("sms", "email"))
    assert conn.execute("select status from leads").fetchone() == ("opted_out",)
    assert "opted.in" not in story(conn, lead)
    assert conn.execute("select from tasks where status = 'open'").fetchall() == []


def test_consent_lifts_nothing_for_a_number_of_another_lead(conn: psycopg.Connection, place: Workspace) -> None:
    """Whoever types a number that is another lead's speaks for the own wish, and not for the other's."""
    receive(conn, place, [Signal("inbound", TUESDAY, sender="+12125550199", text="STOP", key="m1")], TUESDAY)
    a_lead(conn, place, phone="+12125550199", email="bob@example.com")
    ann = a_lead(conn, place, phone=None)
    receive(conn, place, [Signal("unsubscribed", TUESDAY, sender="ann@example.com", key="m2")], TUESDAY)
    typed = a_submission(email="ann@example.com", phone="+12125550199")
    assert take(conn, place, typed, at=LATER)[0].playbook == "pricing"
    assert "opted.in" in story(conn, ann)
    assert in_force(conn, place)["address", "+12125550199"] == []


@pytest.mark.parametrize(
    ("evidence", "channels", "said"),
    [
        ("", ["sms"], "Write down the proof"),
        ("he said ok", ["sms"], "Write down the proof"),
        (PROOF, [], "which channels"),
    ],
)
def test_without_a_proof_nothing_is_lifted(
    conn: psycopg.Connection, place: Workspace, evidence: str, channels: list[str], said: str
) -> None:
    add_to_list(conn, place, "+12125550123", "kim", TUESDAY, reason="internal_dnc")
    row = suppressions.in_force(conn, place.id, ["+12125550123"])["+12125550123"][0]
    with pytest.raises(ActError, match=said):
        take_off_list(conn, place, row.id, "kim", LATER, evidence=evidence, channels=channels)
    assert in_force(conn, place) == {("address", "+12125550123"): []}


def test_nobody_lifts_twice_and_nobody_lifts_what_another_workspace_holds(
    conn: psycopg.Connection, place: Workspace
) -> None:
    other = a_workspace(conn, name="Other")
    add_to_list(conn, other, "+12125550123", "kim", TUESDAY, reason="internal_dnc")
    row = suppressions.in_force(conn, other.id, ["+12125550123"])["+12125550123"][0]
    for suppression in (row.id, new_id()):
        with pytest.raises(ActError, match="not on the list any more"):
            take_off_list(conn, place, suppression, "kim", LATER, evidence=PROOF, channels=["sms"])
    take_off_list(conn, other, row.id, "kim", LATER, evidence=PROOF, channels=["sms", "email", "voicemail", "call"])
    assert in_force(conn, other) == {}
    with pytest.raises(ActError, match="not on the list any more"):
        take_off_list(conn, other, row.id, "kim", LATER, evidence=PROOF, channels=["sms"])
