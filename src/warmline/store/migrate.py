"""The schema, from numbered SQL files. Many processes may run it at once; a step is applied once, whole or not at all."""

from __future__ import annotations

from importlib.resources import files

import psycopg

#: Key of the advisory lock that lets one process at a time migrate. Any fixed number will do.
_LOCK = 0x7761726D


def migrate(conn: psycopg.Connection) -> list[str]:
    """Apply what is missing, in order, and return the names applied. `conn` must be in no transaction.

    A lock that is not free within 5 seconds fails the step rather than queueing every reader behind it; run it again.
    """
    applied: list[str] = []
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        conn.execute("set local lock_timeout = '5s'")
        conn.execute(
            "create table if not exists schema_steps (name text primary key, applied_at timestamptz not null default now())"
        )
        done = {name for (name,) in conn.execute("select name from schema_steps").fetchall()}
        for name in steps():
            if name in done:
                continue
            conn.execute((files(__package__) / "schema" / name).read_text().encode())
            conn.execute("insert into schema_steps (name) values (%s)", (name,))
            applied.append(name)
    return applied


def steps() -> list[str]:
    return sorted(entry.name for entry in (files(__package__) / "schema").iterdir() if entry.name.endswith(".sql"))


def is_current(conn: psycopg.Connection) -> bool:
    """Whether every step has been applied: what /readyz asks."""
    if conn.execute("select to_regclass('schema_steps')").fetchone() == (None,):
        return False
    done = {name for (name,) in conn.execute("select name from schema_steps").fetchall()}
    return set(steps()) <= done
