from __future__ import annotations

import json
from pathlib import Path

import psycopg

from tests.builders import a_lead
from tests.cli.conftest import Run
from warmline.store import beats, workspaces
from warmline.store.ids import new_id


def test_stats_of_an_empty_workspace_are_zeros(run: Run, acme: Path) -> None:
    run("apply", acme)
    said = run("stats", "--dir", acme)
    assert said.code == 0
    assert said.out.startswith("0 leads\n")
    assert "Orphans      0\n" in said.out


def test_stats_count_the_engines_that_live(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    run("apply", acme)
    assert f"Engines      0  start one: warmline engine --dir {acme}\n" in run("stats", "--dir", acme).out
    beats.beat(conn, new_id(), "host-a", 7)
    beats.beat(conn, new_id(), "host-b", 7)
    conn.execute("update engines set beat_at = now() - interval '1 minute' where host = 'host-b'")
    assert "Engines      1\n" in run("stats", "--dir", acme).out


def test_stats_as_json_have_the_stable_names(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    run("apply", acme)
    a_lead(conn, workspaces.load(conn, "acme-roofing"))
    told = json.loads(run("stats", "--dir", acme, "--json").out)
    assert told["leads"] == {"open": 1}
    assert told["orphans"] == 1, "a lead that nobody enrolled and nobody was asked about"


def test_no_orphans_is_a_zero_and_a_clean_end(run: Run, acme: Path) -> None:
    run("apply", acme)
    said = run("orphans", "--dir", acme)
    assert (said.code, said.out) == (0, "0\n")


def test_an_orphan_is_listed_and_ends_with_one(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    run("apply", acme)
    lead_id = a_lead(conn, workspaces.load(conn, "acme-roofing"))
    said = run("orphans", "--dir", acme)
    assert said.code == 1
    assert said.out.splitlines()[0] == "1"
    assert f"{lead_id}  open        Ann Lee" in said.out
    listed = run("orphans", "--dir", acme, "--json")
    assert listed.code == 1
    assert [one["id"] for one in json.loads(listed.out)] == [str(lead_id)]


def test_a_workspace_that_was_not_published_says_how(run: Run, acme: Path) -> None:
    said = run("stats", "--dir", acme)
    assert said.code == 1
    assert "warmline apply" in said.err
