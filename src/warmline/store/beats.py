"""Signs of life of engine processes, for `warmline stats` and /metrics. Nothing is decided by them; leases decide."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg


def beat(conn: psycopg.Connection, engine: UUID, host: str, pid: int) -> None:
    conn.execute(
        "insert into engines (id, host, pid, started_at, beat_at) values (%s, %s, %s, now(), now())"
        " on conflict (id) do update set beat_at = now()",
        (engine, host, pid),
    )
    conn.execute("delete from engines where beat_at < now() - interval '1 hour'")


def leave(conn: psycopg.Connection, engine: UUID) -> None:
    conn.execute("delete from engines where id = %s", (engine,))


def alive(conn: psycopg.Connection, within: timedelta = timedelta(seconds=30)) -> int:
    """How many engines have given a sign of life lately."""
    row = conn.execute("select count(*) from engines where beat_at > now() - %s", (within,)).fetchone()
    return int(row[0]) if row else 0
