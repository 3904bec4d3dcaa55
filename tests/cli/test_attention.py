"""`warmline parked` and `warmline quarantine`."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, enrolled
from tests.cli.conftest import Run
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.store import quarantine, workspaces
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace


@pytest.fixture
def place(run: Run, acme: Path, conn: psycopg.Connection) -> Workspace:
    run("apply", acme)
    return workspaces.load(conn, "acme-roofing")


def _fails(*_: object) -> None:
    raise ValueError("no such field")


@pytest.fixture
def run_id(place: Workspace, conn: psycopg.Connection) -> UUID:
    """A run that the engine has parked."""
    lead_id = a_lead(conn, place)
    enrollment_id = enrolled(conn, place, "pricing", lead_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warmline.engine.tick.judge", _fails)
        tick(conn, lane_of(lead_id), TUESDAY, Catalog(conn))
    return enrollment_id


def test_a_parked_run_is_listed_with_its_error(run: Run, acme: Path, run_id: UUID) -> None:
    said = run("parked", "list", "--dir", acme)
    assert f"{run_id}  Ann Lee  pricing v1" in said.out
    assert "no such field" in said.out
    assert [one["id"] for one in json.loads(run("parked", "list", "--dir", acme, "--json").out)] == [str(run_id)]


@pytest.mark.parametrize("which", ["id", "--all"])
def test_a_replayed_run_goes_on(run: Run, acme: Path, run_id: UUID, conn: psycopg.Connection, which: str) -> None:
    said = run("parked", "replay", run_id if which == "id" else "--all", "--dir", acme)
    assert said.code == 0
    assert conn.execute("select status, error from enrollments").fetchall() == [("running", "")]
    assert run("parked", "list", "--dir", acme).out == "0 parked runs.\n"


def test_replay_wants_to_know_which(run: Run, acme: Path, run_id: UUID) -> None:
    assert "Say which" in run("parked", "replay", "--dir", acme).err
    said = run("parked", "replay", new_id(), "--dir", acme)
    assert said.code == 1
    assert "is not parked" in said.err


@pytest.fixture
def item(place: Workspace, conn: psycopg.Connection) -> UUID:
    """A lead whose phone number could not be read."""
    body = '{"phone_number": "12"}'
    return quarantine.keep(
        conn, place.id, "source:pricing", "phone_number: too short", body, "application/json", {}, TUESDAY
    )


def test_a_quarantined_item_is_listed_with_its_reason_and_body(run: Run, acme: Path, item: UUID) -> None:
    said = run("quarantine", "list", "--dir", acme)
    assert str(item) in said.out
    assert "phone_number: too short" in said.out
    assert '{"phone_number": "12"}' in said.out


def test_a_corrected_body_becomes_a_lead(
    run: Run, acme: Path, item: UUID, tmp_path: Path, conn: psycopg.Connection
) -> None:
    corrected = tmp_path / "body.json"
    corrected.write_text('{"phone_number": "+1 212 555 0142"}')
    said = run("quarantine", "replay", item, "--body", corrected, "--dir", acme)
    assert said.code == 0, said.err
    assert conn.execute("select phone from leads").fetchall() == [("+12125550142",)]
    assert run("quarantine", "list", "--dir", acme).out == "0 items in quarantine.\n"


def test_what_still_cannot_be_read_stays_with_the_new_reason(run: Run, acme: Path, item: UUID) -> None:
    said = run("quarantine", "replay", item, "--dir", acme)
    assert said.code == 1
    assert "It still can't be read" in said.err
    assert str(item) in run("quarantine", "list", "--dir", acme).out


def test_a_dismissed_item_is_gone_from_the_list_and_on_record(
    run: Run, acme: Path, item: UUID, conn: psycopg.Connection
) -> None:
    assert run("quarantine", "dismiss", item, "--dir", acme).code == 0
    assert run("quarantine", "list", "--dir", acme).out == "0 items in quarantine.\n"
    assert conn.execute("select status from quarantine").fetchall() == [("dismissed",)]
    assert run("quarantine", "dismiss", item, "--dir", acme).code == 1
