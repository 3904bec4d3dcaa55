"""How fast an account may be used, shared by all workers through one row (the generic cell rate algorithm, GCRA)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg

#: Longer than this nothing rests. An account that is free later than that was asked under a clock that has been set back.
LONGEST_REST = timedelta(minutes=5)


def take(conn: psycopg.Connection, workspace_id: int, channel: str, wanted: int, rate: float) -> tuple[int, timedelta]:
    """Ask to hand over `wanted` touches now at `rate` a second: how many may go, and how long the others wait.

    Up to one second's worth may go at once. In the caller's transaction: a rollback gives the turn back. The clock is
    the database's, so that workers on several hosts agree.
    """
    return grant(conn, ask(conn, workspace_id, channel), workspace_id, channel, wanted, rate)


def ask(conn: psycopg.Connection, workspace_id: int, channel: str) -> psycopg.Cursor[Any]:
    """The first half of `take`, for `grant`: in a pipeline other questions may follow before the answer is read. Locks the
    account until the transaction ends, so whoever asks for several does so in one order."""
    return conn.execute(
        """
        insert into paces (workspace_id, channel, free_at) values (%(w)s, %(c)s, now())
        on conflict (workspace_id, channel) do update set free_at = paces.free_at
        returning free_at, now()
        """,
        {"w": workspace_id, "c": channel},
    )


def grant(
    conn: psycopg.Connection, asked: psycopg.Cursor[Any], workspace_id: int, channel: str, wanted: int, rate: float
) -> tuple[int, timedelta]:
    """The second half of `take`."""
    row = asked.fetchone()
    assert row is not None  # noqa: S101 - an upsert always returns its row
    free_at: datetime
    now: datetime
    free_at, now = row
    gap = timedelta(seconds=1 / rate)
    start = min(max(free_at, now), now + max(LONGEST_REST, gap))
    room = int((now + _span(gap) - start) / gap)
    granted = max(0, min(wanted, room))
    after = start + gap * granted
    conn.execute(
        "update paces set free_at = %s where workspace_id = %s and channel = %s", (after, workspace_id, channel)
    )
    return granted, max(timedelta(milliseconds=20), after - now - timedelta(seconds=1) + gap)


def rest(conn: psycopg.Connection, workspace_id: int, channel: str, pause: timedelta) -> None:
    """Nothing of this channel is handed over for so long, or for LONGEST_REST."""
    conn.execute(
        """
        insert into paces (workspace_id, channel, free_at) values (%(w)s, %(c)s, now() + %(pause)s)
        on conflict (workspace_id, channel) do update set free_at = greatest(paces.free_at, excluded.free_at)
        """,
        {"w": workspace_id, "c": channel, "pause": min(pause, LONGEST_REST)},
    )


def most(rate: float) -> int:
    """What `take` gives at most, whoever asks."""
    gap = timedelta(seconds=1 / rate)
    return int(_span(gap) / gap)


def _span(gap: timedelta) -> timedelta:
    return max(timedelta(seconds=1), gap)
