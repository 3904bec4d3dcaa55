from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, enrolled, happened
from tests.cli.conftest import Run
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.store import workspaces
from warmline.store.ids import lane_of


@pytest.fixture
def lead(run: Run, acme: Path, conn: psycopg.Connection) -> str:
    """Ann, who asked for prices and whom the engine has looked at once."""
    run("apply", acme)
    place = workspaces.load(conn, "acme-roofing")
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "pricing", lead_id)
    tick(conn, lane_of(lead_id), TUESDAY, Catalog(conn))
    return str(lead_id)


@pytest.mark.parametrize("ref", ["+12125550123", "(212) 555-0123", "Ann@Example.com", None])
def test_a_lead_is_found_by_id_number_or_address(run: Run, acme: Path, lead: str, ref: str | None) -> None:
    said = run("why", ref or lead, "--dir", acme)
    assert said.code == 0
    assert said.out.startswith("Ann Lee  open\n")


def test_why_tells_what_happened_what_was_decided_and_what_comes_next(run: Run, acme: Path, lead: str) -> None:
    said = run("why", lead, "--dir", acme).out
    story, _, ahead = said.partition("\nNext\n")
    assert "Submitted a form" in story
    assert "Touch planned ack sms (ack)" in story
    assert "has express written consent for sms, wording v1" in story
    assert "Tue 24 Nov 10:30" in story, "the lead's own clock"
    assert "Call Ann Lee (sam)" in ahead


def test_a_picture_is_told_with_where_it_lies(run: Run, acme: Path, lead: str, conn: psycopg.Connection) -> None:
    media = [{"url": "https://api.twilio.com/ME1", "type": "image/jpeg"}]
    data = {"text": "Like this", "media": media}
    place = workspaces.load(conn, "acme-roofing")
    happened(conn, place, UUID(lead), "replied", at=TUESDAY, channel="sms", data=data)
    said = run("why", lead, "--dir", acme).out
    assert "Replied sms: “Like this”; sent a picture (image/jpeg)\n" in said
    assert "│ a picture (image/jpeg): https://api.twilio.com/ME1\n" in said
    assert json.loads(run("why", lead, "--dir", acme, "--json").out)["lines"][-1]["media"] == media


def test_brief_leaves_out_what_passed(run: Run, acme: Path, lead: str) -> None:
    assert "no opt-out" in run("why", lead, "--dir", acme).out
    assert "no opt-out" not in run("why", lead, "--dir", acme, "--brief").out


def test_json_is_the_whole_story_and_nothing_else(run: Run, acme: Path, lead: str) -> None:
    told = json.loads(run("why", lead, "--dir", acme, "--json").out)
    assert told["lead"]["id"] == lead
    assert [line["kind"] for line in told["lines"]][:3] == ["form.submitted", "enrolled", "decision"]
    assert told["steps"][0]["name"] == "ack"


def test_somebody_unknown_is_said_to_be_so(run: Run, acme: Path, lead: str) -> None:
    said = run("why", "bob@example.com", "--dir", acme)
    assert said.code == 1
    assert said.err == "error: No lead of Acme Roofing has bob@example.com. Look for it by name on the page Leads.\n"


def test_a_word_that_names_nobody_gets_an_example(run: Run, acme: Path, lead: str) -> None:
    said = run("why", "Ann", "--dir", acme)
    assert said.code == 1
    assert "Write it like +1 212 555 0142" in said.err


def test_without_a_folder_the_only_workspace_of_the_database_is_meant(
    run: Run, lead: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("why", lead).code == 0


def test_replay_says_that_every_decision_agrees(run: Run, acme: Path, lead: str) -> None:
    said = run("why", lead, "--replay", "--dir", acme)
    assert said.code == 0
    assert "same    pricing v1  reach ack sms ack" in said.out
    assert "1 decision decided again, each to the same answer; the gate was asked again 2 times" in said.out


def test_replay_shows_what_comes_out_otherwise_and_ends_with_one(
    run: Run, acme: Path, lead: str, conn: psycopg.Connection
) -> None:
    conn.execute("update decisions set body = '[]' where lead_id = %s", (lead,))
    said = run("why", lead, "--replay", "--dir", acme)
    assert said.code == 1
    assert "differs pricing v1  nothing due\n" in said.out
    assert "again: reach ack sms ack" in said.out
    assert "1 of 1 decision would come out otherwise now." in said.out
    told = json.loads(run("why", lead, "--replay", "--dir", acme, "--json").out)
    assert [(one["playbook"], one["same"]) for one in told] == [("pricing", False)]


def test_a_rule_that_passed_is_named_by_what_it_looked_at(run: Run, acme: Path, lead: str) -> None:
    said = run("why", lead, "--dir", acme).out
    assert "pass   consent             has express written consent" in said
    assert "pass   no consent" not in said
