"""warmline forget and warmline merge, as people type them."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from tests.builders import TUESDAY, a_lead, a_workspace
from tests.cli.conftest import Run
from tests.waiting import ended_once
from warmline.cli import app
from warmline.store import quarantine, races
from warmline.store.workspaces import Workspace


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, place: Workspace) -> UUID:
    return a_lead(conn, place)


def test_a_lead_that_was_merged_away_is_erased_with_the_one_it_became(
    run: Run, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    other = a_lead(conn, place, phone="+12125550177", email=None, first_name="Zelda")
    assert run("merge", other, lead).out == f"One lead now: {lead}.\n"
    assert f"Ann Lee ({lead})" in run("why", other).out
    asked = CliRunner().invoke(app, ["forget", str(other)], input="n\n")
    assert "Erase Ann Lee (+12125550123) and 1 lead that became a part of it for good?" in asked.stdout
    assert run("forget", other, "--yes").out.startswith("Erased. 3 addresses stay known by a token")
    assert conn.execute("select count(*) from leads where first_name <> ''").fetchone() == (0,)


def test_what_holds_only_the_name_in_quarantine_is_shown_and_erased_by_hand(
    run: Run, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    def keep(body: str, workspace_id: int = place.id) -> UUID:
        return quarantine.keep(conn, workspace_id, "source:pricing", "unread", body, "text/plain", {}, TUESDAY)

    named, others = keep('{"first_name": "Ann", "last_name": "Lee", "phone": "12"}'), keep("Ann Leeson")
    keep("Ann Lee, +12125550123")
    quarantine.settle(conn, named, "dismissed", "sam", TUESDAY)
    said = run("forget", lead, "--yes").out
    assert f"quarantine erase {named}" not in said
    assert str(named) in said
    assert str(others) not in said
    assert "1 item in quarantine, settled ones among them" in said
    assert run("quarantine", "erase", named).code == 0
    row = conn.execute("select status, reason, body from quarantine where id = %s", (named,)).fetchone()
    assert row == ("dismissed", "erased", "")
    assert run("quarantine", "erase", lead).code == 1


def test_a_race_that_was_lost_in_every_round_is_no_database_that_does_not_answer(
    run: Run, conn: psycopg.Connection, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(races, "ROUNDS", 1)
    ended_once(monkeypatch)
    said = run("forget", lead, "--yes")
    assert said.code == 1
    assert (
        said.err
        == "error: Too much happened to the same lead at once, so nothing was changed. Run the command again.\n"
    )
