"""What people get wrong at a terminal, and what machines refuse, is told in a sentence with what to do."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.builders import a_workspace
from tests.cli.conftest import Run
from tests.conftest import of
from warmline.cli.place import ended_by_signals
from warmline.store.ids import new_id


@pytest.mark.parametrize(
    "given", ["postgres//me:s3cret@db/x", "mysql://me:s3cret@db/x", "postgresql://me:s3cret@db/x?no=1"]
)
def test_an_address_that_is_none_is_told_without_its_password(
    run: Run, acme: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", given)
    for command in (("stats", "--dir", acme), ("migrate", "--dir", acme), ("up", acme)):
        said = run(*command)
        assert said.code == 1
        assert "DATABASE_URL is no address of a PostgreSQL. Write it as postgresql://" in said.err
        assert "s3cret" not in said.err + said.out


def test_a_user_who_may_not_make_tables_is_told_who_may(
    run: Run, acme: Path, dsn: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"weak_{new_id().hex}"
    conn.execute(sql.SQL("create role {}").format(sql.Identifier(name)))
    conn.execute("drop table if exists schema_steps cascade")
    monkeypatch.setenv("DATABASE_URL", make_conninfo(dsn, options=f"-c role={name}"))
    try:
        said = run("migrate", "--dir", acme)
    finally:
        conn.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
    assert said.code == 1
    assert "permission denied for schema public. Make that user the owner of the database" in said.err


def test_a_folder_that_is_named_is_meant_also_where_the_database_has_one_workspace(
    run: Run, conn: psycopg.Connection, tmp_path: Path
) -> None:
    a_workspace(conn)
    assert run("orphans").code == 0
    said = run("orphans", "--dir", tmp_path / "acmee")
    assert (said.code, f"There is no warmline.toml in {tmp_path}/acmee" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("number", "what", "advice"),
    [
        (errno.EACCES, "Permission denied", "Run this as the account that owns it"),
        (errno.ENOSPC, "No space left on device", "Make room"),
        (errno.EROFS, "Read-only file system", "Name a place that can be written to"),
    ],
)
def test_a_disk_that_refuses_is_quoted_with_the_file_and_what_helps(
    run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, number: int, what: str, advice: str
) -> None:
    a_workspace(conn)

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/srv/acme/x")

    monkeypatch.setattr(sys.modules["warmline.cli.stats"], "measure", refuse)
    said = run("stats")
    assert said.code == 1
    assert f"error: /srv/acme/x: {what}. {advice}" in said.err


def test_a_disk_that_is_full_in_the_middle_of_writing_is_told_without_a_name(
    run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_workspace(conn)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sys.modules["warmline.cli.stats"], "measure", refuse)
    assert run("stats").err == "error: No space left on device. Make room, and run it again.\n"


def test_what_is_no_text_is_told_as_it_was_typed(run: Run, conn: psycopg.Connection) -> None:
    a_workspace(conn)
    said = run("suppress", "add", "a@b.test", "--evidence", "m\udcfcller")
    assert said.code == 1
    assert "What was typed is no text in UTF-8: 'm\\udcfcller'." in said.err


def test_a_fault_of_ours_still_shows_its_traceback(
    run: Run, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_workspace(conn)
    monkeypatch.setattr(sys.modules["warmline.cli.stats"], "measure", lambda *_: os.close(10**6))
    with pytest.raises(OSError, match="Bad file descriptor"):
        run("stats")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_stopped_puts_away_what_it_began(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)  # whoever started the tests may have set it aside, as nohup does
    try:
        with pytest.raises(SystemExit) as ended, ended_by_signals():
            os.kill(os.getpid(), number)
        assert ended.value.code == 128 + number
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_a_command_under_nohup_outlives_its_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_database_that_has_no_room_for_every_name_is_refused(
    run: Run, acme: Path, server: str, monkeypatch: pytest.MonkeyPatch, conn: psycopg.Connection
) -> None:
    name = f"latin_{new_id().hex}"
    conn.execute(
        sql.SQL("create database {} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0").format(
            sql.Identifier(name)
        )
    )
    monkeypatch.setenv("DATABASE_URL", of(server, name))
    try:
        said = run("migrate", "--dir", acme)
    finally:
        conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    assert said.code == 1
    assert "This database keeps text as LATIN1" in said.err
    assert "encoding 'UTF8'" in said.err
