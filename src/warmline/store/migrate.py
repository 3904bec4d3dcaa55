"""The schema, from numbered SQL files. Many processes may run it at once; a step is applied once, whole or not at all.

A step waits for its locks for a moment only, and lets everybody else pass before it tries again: what queues for a lock
that a long transaction holds would make every reader and writer behind it wait too.

A file whose first line is `-- concurrently` runs outside a transaction, statement by statement, for indexes that are
built while everything goes on. Its statements are all `create index concurrently if not exists NAME ...`: cut short, it
is run again, and an index that was left unfinished is dropped first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable

import psycopg
from psycopg import sql

#: Key of the advisory lock that lets one process at a time migrate. Any fixed number will do.
_LOCK = 0x7761726D
_WAIT = "2s"  # for a lock, each time
_PAUSE = 1.0  # seconds in which others pass, between two tries
_OLDEST = 15
_CONCURRENTLY = "-- concurrently"
_INDEX = re.compile(r"create\s+(?:unique\s+)?index\s+concurrently\s+if\s+not\s+exists\s+(\w+)\s", re.IGNORECASE)

Say = Callable[[str], None]


class MigrationError(Exception):
    """A step could not be applied; the tables are as they were before it. The text says why, and what to do."""


def migrate(
    conn: psycopg.Connection, *, patience: float = 120, say: Say = lambda _text: None, schema: Traversable | None = None
) -> list[str]:
    """Apply what is missing, in order, and return the names applied. `conn` must be in no transaction.

    Waits up to `patience` seconds for locks in each step, telling `say` what it waits for. Raises MigrationError: another
    one held a table for too long, or a step is wrong; the steps before it stay applied, and running it again goes on.
    """
    folder = schema if schema is not None else _folder()
    applied: list[str] = []
    _require_fitting(conn)
    with one_at_a_time(conn, say):
        conn.execute(
            "create table if not exists schema_steps (name text primary key, applied_at timestamptz not null default now())"
        )
        for name in steps(folder):
            if name not in _done(conn):
                _apply(conn, name, (folder / name).read_text(), patience, say)
                applied.append(name)
    return applied


def _require_fitting(conn: psycopg.Connection) -> None:
    """Raises MigrationError for a server or database in which some leads could be accepted and others not."""
    encoding = conn.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise MigrationError(
            f"This database keeps text as {encoding}, which has no room for every name and message. Make one that keeps it "
            "as UTF-8 (create database NAME encoding 'UTF8' template template0), and name it in DATABASE_URL."
        )
    if conn.info.server_version < _OLDEST * 10000:
        raise MigrationError(
            f"This is PostgreSQL {conn.info.server_version // 10000}, and Warmline needs {_OLDEST} or newer."
        )


def steps(folder: Traversable | None = None) -> list[str]:
    return sorted(entry.name for entry in (folder or _folder()).iterdir() if entry.name.endswith(".sql"))


def is_current(conn: psycopg.Connection) -> bool:
    """Whether every step has been applied: what /readyz asks."""
    if conn.execute("select to_regclass('schema_steps')").fetchone() == (None,):
        return False
    return set(steps()) <= _done(conn)


@contextmanager
def one_at_a_time(conn: psycopg.Connection, say: Say = lambda _text: None) -> Iterator[None]:
    """Hold the database's one seat for whoever migrates. It belongs to the session, so it ends with the process."""
    told = False
    while conn.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
        if not told:
            say("Another process is migrating this database; waiting for it.")
        told = True
        time.sleep(_PAUSE / 4)
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("select pg_advisory_unlock(%s)", (_LOCK,))


def _apply(conn: psycopg.Connection, name: str, text: str, patience: float, say: Say) -> None:
    ends = time.monotonic() + patience
    while True:
        try:
            if text.startswith(_CONCURRENTLY):
                _build(conn, text)
                _note(conn, name)
            else:
                with conn.transaction():
                    conn.execute(sql.SQL("set local lock_timeout = {}").format(_WAIT))
                    conn.execute(text.encode())
                    _note(conn, name)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            holders = _long_ones(conn)
            if time.monotonic() > ends:
                raise MigrationError(
                    f"Step {name} found a table in use for {patience:.0f} seconds, and changed nothing. {holders}"
                    "Run it again when that has ended, or stop the engines first: they go on where they were."
                ) from error
            say(f"Step {name} waits for a table that is in use; everybody else passes meanwhile. {holders}".strip())
            time.sleep(_PAUSE)
        except psycopg.OperationalError:
            raise  # the database is away, and not the step wrong
        except psycopg.Error as error:
            raise MigrationError(
                f"Step {name} failed, and the tables are as they were before it: {str(error).strip()}"
            ) from error
        else:
            return


def _build(conn: psycopg.Connection, text: str) -> None:
    """Indexes, each outside a transaction. They wait for old transactions without holding up anybody, however long."""
    for statement in _statements(text):
        found = _INDEX.match(statement)
        if found is None:
            raise MigrationError(
                f"A step that begins with `{_CONCURRENTLY}` holds `create index concurrently if not exists` only, and not: "
                f"{statement.splitlines()[0]}"
            )
        if _is_unfinished(conn, found[1]):
            conn.execute(sql.SQL("drop index concurrently {}").format(sql.Identifier(found[1])))
        conn.execute(statement.encode())


def _statements(text: str) -> list[str]:
    plain = "\n".join(line.split("--", 1)[0] for line in text.splitlines())
    return [statement.strip() for statement in plain.split(";") if statement.strip()]


def _is_unfinished(conn: psycopg.Connection, index: str) -> bool:
    return bool(
        conn.execute("select from pg_index where indexrelid = to_regclass(%s) and not indisvalid", (index,)).rowcount
    )


def _note(conn: psycopg.Connection, name: str) -> None:
    conn.execute("insert into schema_steps (name) values (%s)", (name,))


def _done(conn: psycopg.Connection) -> set[str]:
    return {name for (name,) in conn.execute("select name from schema_steps").fetchall()}


def _long_ones(conn: psycopg.Connection) -> str:
    """Who has been in a transaction for long, for the person who waits: the name, and since when."""
    rows = conn.execute(
        """
        select coalesce(nullif(application_name, ''), backend_type) || ' (process ' || pid || ', '
               || extract(epoch from now() - xact_start)::int || ' s)'
        from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and xact_start < now() - interval '1 second'
        order by xact_start limit 3
        """
    ).fetchall()
    return f"In a transaction: {', '.join(one for (one,) in rows)}. " if rows else ""


def _folder() -> Traversable:
    return files(__package__) / "schema"
