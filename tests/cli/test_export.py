"""warmline export and warmline ledger, as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg

from tests.builders import TUESDAY, a_lead, a_workspace
from tests.cli.conftest import Run
from warmline.engine.seal import seal_all


def test_a_case_file_is_written_as_json_and_as_a_page(run: Run, conn: psycopg.Connection, tmp_path: Path) -> None:
    lead = a_lead(conn, a_workspace(conn))
    said = run("export", "ann@example.com", "--to", tmp_path / "cases")
    assert "4 consents, 0 withdrawals" in said.out
    told = json.loads((tmp_path / "cases" / f"case-{lead}.json").read_text())
    assert told["lead"]["email"] == "ann@example.com"
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "cases").iterdir()} == {0o600}
    assert "Case file of" in (tmp_path / "cases" / f"case-{lead}.html").read_text()
    assert json.loads(run("export", lead, "--json").out)["lead"]["id"] == str(lead)


def test_a_lead_nobody_knows_and_a_folder_that_can_not_be_written_are_told_apart(
    run: Run, conn: psycopg.Connection, tmp_path: Path
) -> None:
    a_lead(conn, a_workspace(conn))
    assert run("export", "nobody@example.com").code == 1
    (tmp_path / "file").write_text("")
    refused = run("export", "ann@example.com", "--to", tmp_path / "file" / "in")
    assert (refused.code, "Name a folder with --to" in refused.err) == (1, True)


def test_the_ledger_says_whole_and_then_what_was_changed(run: Run, conn: psycopg.Connection, tmp_path: Path) -> None:
    a_lead(conn, a_workspace(conn))
    assert "4 not sealed yet" in run("ledger", "verify").out
    seal_all(conn, lambda: TUESDAY)
    heads = tmp_path / "heads.json"
    heads.write_text(run("ledger", "verify", "--json").out)
    assert "1 head kept elsewhere still on them" in run("ledger", "verify", "--against", heads).out
    conn.execute("update consents set level = 'express_written'")
    found = run("ledger", "verify")
    assert found.code == 1
    assert "changed" in found.out


def test_heads_that_are_none_are_refused_with_what_to_do(run: Run, conn: psycopg.Connection, tmp_path: Path) -> None:
    a_workspace(conn)
    (tmp_path / "no.json").write_text("[1, 2]")
    said = run("ledger", "verify", "--against", tmp_path / "no.json")
    assert (said.code, "ledger verify --json > heads.json" in said.err) == (1, True)
