"""A backup is one whole file that goes back as it was, and what comes out of it sends nothing by itself."""

from __future__ import annotations

import io
import json
import shutil
import stat
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from tests.benchmarks.server import a_database
from tests.builders import TUESDAY, a_lead, a_workspace, enrolled
from tests.conftest import of
from tests.engine.hands import Hands
from warmline.cli import app
from warmline.cli.init import make_starter
from warmline.cli.secret import read_secret
from warmline.machine.clients import Clients
from warmline.machine.installations import wheel_bin_folder
from warmline.store import snapshots
from warmline.store.clock import read_clock
from warmline.store.connect import connect
from warmline.store.ids import new_id
from warmline.store.migrate import is_current

from .conftest import Run


@pytest.fixture
def empty(server: str) -> Any:
    """Another database, with nothing in it."""
    name = f"empty_{new_id().hex}"
    with connect(server) as conn:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield of(server, name)
    with connect(server) as conn:
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(autouse=True)
def _no_key_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WARMLINE_SECRET", raising=False)


@dataclass
class Kept:
    """A backup of a workspace with one lead in the middle of its playbook, and every row of it."""

    original: Path
    rows: dict[str, list[str]]
    file: Path


@pytest.fixture(scope="module")
def kept_once(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept") / "acme"
    make_starter(folder)
    with a_database(server) as dsn, pytest.MonkeyPatch.context() as patch, connect(dsn) as conn:
        patch.setenv("DATABASE_URL", dsn)
        workspace = a_workspace(conn)
        enrolled(conn, workspace, "pricing", a_lead(conn, workspace))
        file = folder.parent / "acme.warmline"
        made = CliRunner().invoke(app, ["backup", str(folder), "--to", str(file)])
        assert made.exit_code == 0, made.output
        yield Kept(folder, rows_of(conn), file)


@pytest.fixture
def kept(kept_once: Kept, tmp_path: Path) -> Path:
    """A copy of the file, for this test alone."""
    return Path(shutil.copy2(kept_once.file, tmp_path / "acme.warmline"))


def rows_of(conn: psycopg.Connection) -> dict[str, list[str]]:
    """Every row of every table, as text, in one order."""
    return {
        table: [row for (row,) in conn.execute(
            sql.SQL("select t::text from {} t order by 1").format(sql.Identifier(table))
        ).fetchall()]
        for table in snapshots.tables(conn)
    }  # fmt: skip


def test_a_backup_goes_back_row_by_row_into_an_empty_database(
    run: Run, kept_once: Kept, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty)
    there = tmp_path / "elsewhere"
    said = run("restore", kept_once.file, there)
    assert said.code == 0, said.err
    with connect(empty) as conn:
        after, before = rows_of(conn), dict(kept_once.rows)
        assert is_current(conn)
    assert len(after.pop("restores")) == 1
    assert before.pop("restores") == []
    django = {table for table in after if table.startswith(("django_", "auth_"))}
    assert django, "migrating brought the tables of the pages"
    assert {table: rows for table, rows in after.items() if table not in django} == before
    for path in ("warmline.toml", "playbooks/pricing.yaml", "templates/ack.txt"):
        assert (there / path).read_bytes() == (kept_once.original / path).read_bytes()


def test_the_file_is_private_whole_and_says_what_is_in_it(kept: Path) -> None:
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path for path in kept.parent.iterdir() if path.name.endswith(".part")] == []
    with tarfile.open(kept) as tar:
        names = tar.getnames()
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert {"database.dump", "folder/warmline.toml", "folder/playbooks/pricing.yaml"} <= set(names)
    assert manifest["rows"]["leads"] == 1
    assert manifest["workspaces"] == ["acme-roofing"]
    assert set(manifest["parts"]) == set(names) - {"manifest.json"}


def test_the_key_that_signs_links_is_in_it_unless_it_is_left_out(run: Run, acme: Path, tmp_path: Path) -> None:
    run("apply", acme)
    read_secret(acme)  # makes the key
    key = (acme / ".warmline" / "secret").read_bytes()
    for options, wanted in (((), True), (("--without-key",), False)):
        file = tmp_path / f"with-{wanted}"
        assert run("backup", acme, "--to", file, *options).code == 0
        with tarfile.open(file) as tar:
            held = [tar.extractfile(name).read() for name in tar.getnames() if name.endswith("/secret")]  # type: ignore[union-attr]
        assert held == ([key] if wanted else [])


def test_leads_that_are_there_are_overwritten_only_on_demand(run: Run, conn: psycopg.Connection, kept: Path,
                                                             acme: Path) -> None:  # fmt: skip
    mine = a_lead(conn, a_workspace(conn))
    said = run("restore", kept, acme)
    assert said.code == 1
    assert "--replace" in said.err
    assert conn.execute("select id from leads").fetchall() == [(mine,)]
    assert run("restore", kept, acme, "--replace").code == 0
    assert conn.execute("select count(*) from leads where id <> %s", (mine,)).fetchone() == (1,)
    assert snapshots.held(conn) is not None


def test_a_database_of_something_else_is_left_alone(run: Run, kept: Path, empty: str, tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    with connect(empty) as conn:
        conn.execute("create table invoices (id integer)")
    monkeypatch.setenv("DATABASE_URL", empty)
    said = run("restore", kept, tmp_path / "elsewhere", "--replace")
    assert said.code == 1
    assert "something else" in said.err


def test_while_an_engine_works_nothing_is_put_back(run: Run, conn: psycopg.Connection, kept: Path, acme: Path) -> None:
    conn.execute("insert into engines values (gen_random_uuid(), 'here', 1, now(), now())")
    said = run("restore", kept, acme, "--replace")
    assert said.code == 1
    assert "Stop every engine" in said.err


def test_a_backup_of_a_newer_version_is_refused(run: Run, conn: psycopg.Connection, acme: Path, tmp_path: Path) -> None:
    run("apply", acme)
    conn.execute("insert into schema_steps (name) values ('9999_tomorrow.sql')")
    assert run("backup", acme, "--to", tmp_path / "new").code == 0
    conn.execute("delete from schema_steps where name = '9999_tomorrow.sql'")
    said = run("restore", tmp_path / "new", acme, "--replace")
    assert said.code == 1
    assert "9999_tomorrow.sql" in said.err


@pytest.mark.parametrize("where", [b"PGDMP", b"[workspace]"])
def test_a_damaged_backup_is_told_from_a_whole_one_and_changes_nothing(
    run: Run, conn: psycopg.Connection, kept: Path, acme: Path, where: bytes
) -> None:
    content = bytearray(kept.read_bytes())
    content[content.index(where) + 20] ^= 0xFF
    kept.write_bytes(bytes(content))
    said = run("restore", kept, acme, "--replace")
    assert said.code == 1
    assert "damaged" in said.err
    assert snapshots.held(conn) is None


def test_half_a_file_and_any_other_file_are_no_backups(run: Run, kept: Path, acme: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])
    other = tmp_path / "other"
    other.write_text("Dear diary")
    for file in (half, other):
        said = run("restore", file, acme, "--replace")
        assert said.code == 1
        assert "no backup" in said.err


@pytest.mark.parametrize(
    ("what", "said_instead"),
    [("rows", []), ("rows", {}), ("parts", {})],
    ids=["rows that are a list", "no count of leads", "no digest of the dump"],
)
def test_a_manifest_that_says_too_little_is_no_backups(
    run: Run, conn: psycopg.Connection, kept: Path, acme: Path, tmp_path: Path, what: str, said_instead: object
) -> None:
    other = tmp_path / "changed"
    with tarfile.open(kept) as old, tarfile.open(other, "w:") as new:
        for entry in old.getmembers():
            content = old.extractfile(entry).read()  # type: ignore[union-attr]
            if entry.name == "manifest.json":
                content = json.dumps(json.loads(content) | {what: said_instead}).encode()
                entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
    said = run("restore", other, acme, "--replace")
    assert said.code == 1
    assert "no backup" in said.err
    assert snapshots.held(conn) is None


def test_rows_that_do_not_come_back_stop_the_whole_restore(
    run: Run, conn: psycopg.Connection, acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("apply", acme)
    real = snapshots.Snapshot.count_rows
    monkeypatch.setattr(snapshots.Snapshot, "count_rows", lambda self: {**real(self), "leads": 7})
    assert run("backup", acme, "--to", tmp_path / "wrong").code == 0
    before = rows_of(conn)
    with pytest.raises(Exception, match="table leads has 0 rows, and the backup says 7"):
        _raise(run("restore", tmp_path / "wrong", acme, "--replace"))
    assert rows_of(conn) == before


def test_programs_may_be_newer_than_the_server(
    run: Run, acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = wheel_bin_folder()
    assert folder is not None
    newest = Clients(folder, 18)
    for user in ("backup", "restore"):  # by their names as modules: the package has commands of the same name
        monkeypatch.setattr(sys.modules[f"warmline.cli.{user}"], "find_clients", lambda _: newest)
    run("apply", acme)
    assert run("backup", acme, "--to", tmp_path / "file").code == 0
    said = run("restore", tmp_path / "file", acme, "--replace")
    assert said.code == 0, said.err


def test_a_file_that_is_there_is_not_overwritten(run: Run, kept: Path, acme: Path) -> None:
    before = kept.read_bytes()
    assert run("backup", acme, "--to", kept).code == 1
    assert kept.read_bytes() == before
    assert run("backup", acme, "--to", kept, "--replace").code == 0


# --- after a restore --------------------------------------------------------------------------------------------------


def test_what_waited_when_the_backup_was_taken_is_not_sent_after_it_is_put_back(
    run: Run, conn: psycopg.Connection, dsn: str, acme: Path, tmp_path: Path
) -> None:
    run("apply", acme)
    workspace = a_workspace(conn)
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", lead)
    hands = Hands(conn, dsn)
    hands.tick(lead)
    waiting = hands.all("select id from touches where status = 'queued'")
    assert waiting
    file = tmp_path / "file"
    assert run("backup", acme, "--to", file).code == 0
    hands.hand_over(lead)  # the original goes on
    assert hands.sms.took
    assert run("restore", file, acme, "--replace").code == 0

    with connect(dsn) as again:
        copy = Hands(again, dsn)
        assert copy.all("select id from touches where status = 'queued'") == waiting
        assert copy.prepare(lead) == []  # held: nothing is claimed
        assert run("resume", "--yes", "--dir", acme).code == 0
        copy.hand_over(lead)
        assert copy.sms.took == []
        assert set(copy.all("select status || ' ' || reason from touches")) == {"refused restored"}
        assert copy.one("select count(*) from restores where resumed_at is null") == 0


def test_steps_that_came_due_since_the_backup_count_as_sent_and_later_ones_are_sent(
    run: Run, conn: psycopg.Connection, dsn: str, acme: Path, tmp_path: Path
) -> None:
    """The clock is put forward by two days between backup and going on: day 2's text is the original's."""
    run("apply", acme)
    workspace = a_workspace(conn)
    lead = a_lead(conn, workspace)
    now = TUESDAY
    set_clock(conn, now)
    enrolled(conn, workspace, "pricing", lead, at=now)
    hands = Hands(conn, dsn)
    hands.tick(lead)
    hands.hand_over(lead)
    sent = hands.all("select step from touches where status = 'sent'")
    file = tmp_path / "file"
    assert run("backup", acme, "--to", file).code == 0
    assert run("restore", file, acme, "--replace").code == 0

    with connect(dsn) as again:
        set_clock(again, now + timedelta(days=2))
        assert run("resume", "--yes", "--dir", acme).code == 0
        copy = Hands(again, dsn, now=now + timedelta(days=2))
        copy.hand_over(lead)
        assert copy.sms.took == []
        withheld = copy.all("select step from touches where reason = 'restored'")
        assert "nudge" in withheld
        assert not set(withheld) & set(sent)
        assert copy.one("select count(*) from enrollments where status in ('running', 'handed_off')") == 1
        assert copy.one("select min(due_at) > %s from enrollments where due_at is not null", now + timedelta(days=2))
        for day in range(3, 16):
            copy.now = now + timedelta(days=day)
            copy.tick(lead)
            copy.hand_over(lead)
        later = copy.all("select step from touches where status = 'sent'")
        assert set(later) > set(sent), "the playbook goes on"
        assert not set(later) & set(withheld)


def test_a_lead_that_came_in_after_the_restore_is_answered(
    run: Run, conn: psycopg.Connection, dsn: str, acme: Path, tmp_path: Path
) -> None:
    run("apply", acme)
    set_clock(conn, TUESDAY)
    file = tmp_path / "file"
    assert run("backup", acme, "--to", file).code == 0
    assert run("restore", file, acme, "--replace").code == 0
    with connect(dsn) as again:
        workspace = a_workspace(again)
        lead = a_lead(again, workspace)
        enrolled(again, workspace, "pricing", lead, at=read_clock(again).now())
        assert run("resume", "--yes", "--dir", acme).code == 0
        copy = Hands(again, dsn, now=TUESDAY + timedelta(minutes=3))
        copy.tick(lead)
        copy.hand_over(lead)
        assert copy.sms.took


def test_a_planned_move_sends_everything_that_waits(
    run: Run, conn: psycopg.Connection, dsn: str, acme: Path, tmp_path: Path
) -> None:
    run("apply", acme)
    workspace = a_workspace(conn)
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", lead)
    Hands(conn, dsn).tick(lead)
    file = tmp_path / "file"
    assert run("backup", acme, "--to", file).code == 0
    assert run("restore", file, acme, "--replace").code == 0
    with connect(dsn) as again:
        assert run("resume", "--yes", "--nothing-was-sent", "--dir", acme).code == 0
        copy = Hands(again, dsn)
        copy.hand_over(lead)
        assert copy.sms.took


def test_going_on_asks_first_and_is_not_needed_twice(run: Run, kept: Path, acme: Path) -> None:
    assert run("restore", kept, acme, "--replace").code == 0
    assert run("resume", "--dir", acme).code == 1  # nobody said yes
    assert run("resume", "--yes", "--dir", acme).code == 0
    assert "Nothing to do" in run("resume", "--dir", acme).out


def set_clock(conn: psycopg.Connection, now: Any) -> None:
    conn.execute(
        "insert into clocks (id, base, real_base, speed) values (1, %s, now(), 1)"
        " on conflict (id) do update set base = excluded.base, real_base = excluded.real_base",
        (now,),
    )


def _raise(said: Any) -> None:
    if said.code:
        raise RuntimeError(said.err)


def test_a_folder_in_the_files_place_is_told_before_anything_is_written(run: Run, kept: Path, acme: Path) -> None:
    said = run("backup", acme, "--to", kept.parent, "--replace")
    assert (said.code, f"{kept.parent} is a folder" in said.err) == (1, True)


def test_a_file_where_the_folder_should_be_is_named(
    run: Run, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    (tmp_path / "notes").write_text("mine")
    for folder in (tmp_path / "notes", tmp_path / "notes" / "acme"):
        said = run("restore", kept, folder)
        assert said.code == 1
        assert f"error: {folder}: " in said.err
        assert "Name another place." in said.err


def test_what_is_to_be_said_after_a_restore_works_from_where_it_was_typed(
    run: Run, kept: Path, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty)
    said = run("restore", kept, tmp_path / "else where")
    assert said.out.rstrip().endswith(f"warmline resume --dir '{tmp_path}/else where'")
    assert (tmp_path / "else where" / ".warmline" / ".gitignore").read_text() == "*\n"
