"""The case file: everything that is kept of a lead, readable by people and by programs, and nothing of another lead."""

from __future__ import annotations

import json
from datetime import timedelta

import psycopg
import pytest
from msgspec.structs import replace

from tests.builders import TUESDAY, a_lead, a_workspace
from tests.intake.test_accept import a_submission, take
from warmline.engine.catalog import Catalog
from warmline.engine.seal import seal_all
from warmline.engine.tick import tick
from warmline.insight.case_file import as_json, as_page, case_file
from warmline.insight.story import LeadNotFoundError
from warmline.intake.acts import lead as acts
from warmline.intake.submission import Given
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace

SHOWN = Given(
    "express_written", ("sms", "voicemail"), "sms-2026-11", 'I agree to <script>alert("texts")</script> & calls'
)


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def test_it_holds_every_proof_with_its_words_and_its_entry_in_the_ledger(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead = take(conn, place, replace(a_submission(), consents=(SHOWN,)))[0].lead
    fresh = case_file(conn, place, "ann@example.com", TUESDAY)
    assert [(one.level, one.seller, one.phone, one.entry) for one in fresh.consents] == [
        ("express_written", place.config.workspace.name, "+12125550123", 0)
    ]
    seal_all(conn, lambda: TUESDAY)
    (proof,) = case_file(conn, place, lead, TUESDAY).consents
    assert (proof.wording_text, proof.url, proof.ip) == (
        SHOWN.wording_text, "https://acme.test/pricing", "203.0.113.9"
    )  # fmt: skip
    assert (proof.entry, len(proof.hash)) == (1, 64)


def test_it_holds_decisions_with_every_rule_and_withdrawals_with_what_was_said(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead = take(conn, place, a_submission())[0].lead
    tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    acts.opt_out(
        conn, place, lane_of(lead), lead, "sam", TUESDAY + timedelta(hours=1), evidence="Take me <off> the list"
    )
    case = case_file(conn, place, lead, TUESDAY + timedelta(hours=2))
    assert {one.scope for one in case.withdrawals} == {"person", "address"}
    kinds = [line.kind for line in case.lines]
    assert kinds.index("decision") < kinds.index("opted.out")
    told = json.loads(as_json(case))
    findings = next(line for line in told["lines"] if line["kind"] == "decision")["did"][0]["findings"]
    assert {"rule", "result", "saw", "flip", "cite", "until"} == set(findings[0])
    page = as_page(case)
    assert "Take me &lt;off&gt; the list" in page
    assert findings[0]["saw"] in page
    assert "<script" not in page


def test_what_a_form_said_is_shown_and_never_run(conn: psycopg.Connection, place: Workspace) -> None:
    lead = take(conn, place, replace(a_submission(), consents=(SHOWN,)))[0].lead
    page = as_page(case_file(conn, place, lead, TUESDAY))
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_a_lead_of_another_workspace_has_no_case_file_here(conn: psycopg.Connection, place: Workspace) -> None:
    other = a_workspace(conn, name="Other")
    stranger = a_lead(conn, other, phone="+13035550188", email="bo@example.com")
    for ref in (stranger, "bo@example.com"):
        with pytest.raises(LeadNotFoundError):
            case_file(conn, place, ref, TUESDAY)
