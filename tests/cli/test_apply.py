from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Run
from tests.cli.test_check import spoil


def versions(conn: psycopg.Connection) -> int:
    row = conn.execute("select count(*) from playbook_versions").fetchone()
    return int(row[0]) if row else 0


def test_apply_publishes_and_says_what(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    said = run("apply", acme)
    assert said.code == 0
    assert "+ playbook pricing (version 1)" in said.out
    assert "to new workspace acme-roofing" in said.out
    assert versions(conn) == 11


def test_apply_a_second_time_says_that_all_is_as_it_is(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    run("apply", acme)
    said = run("apply", acme)
    assert said.out == "Up to date. Workspace acme-roofing is as it is in the folder.\n"
    assert versions(conn) == 11


def test_a_dry_run_shows_the_lines_and_writes_nothing(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    run("apply", acme)
    spoil(acme / "templates/ack.txt", "angle: ", "angle: quickly, ")
    said = run("apply", acme, "--dry-run")
    assert "~ template ack" in said.out
    assert "    +angle: quickly, " in said.out
    assert "~ playbook pricing (version 2: its templates changed)" in said.out
    assert "Nothing was written" in said.out
    assert versions(conn) == 11


def test_a_folder_with_an_error_publishes_nothing(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    spoil(acme / "playbooks/pricing.yaml", "template: ack", "template: akc")
    said = run("apply", acme)
    assert said.code == 1
    assert "akc" in said.err
    assert "Nothing was published." in said.out
    assert versions(conn) == 0
    assert conn.execute("select count(*) from workspaces").fetchone() == (0,)


def test_a_database_that_is_not_there_is_said_plainly(run: Run, acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    said = run("apply", acme)
    assert said.code == 1
    assert said.err.startswith("error: The database does not answer: ")
    assert "Traceback" not in said.err


def test_a_database_without_tables_says_to_migrate(
    run: Run, acme: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", server)
    said = run("apply", acme)
    assert said.code == 1
    assert "Run: warmline migrate" in said.err


def test_a_workspace_without_a_database_says_how_to_start_one(
    run: Run, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    said = run("apply", acme)
    assert said.code == 1
    assert "warmline up" in said.err
    assert not (acme / ".warmline").exists()
