"""Answers given to an Idempotency-Key: a repeated request gets the same one, and does nothing again, for thirty days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg

from .rows import encode

#: How long a request may be repeated. Senders that repeat by themselves give up within days.
KEPT = timedelta(days=30)

#: So many old ones go in one statement.
_AT_A_TIME = 1_000


class Answer(msgspec.Struct):
    """`body` None: being worked out by the transaction that claimed the key."""

    digest: str
    body: Any


def claim(
    conn: psycopg.Connection, workspace_id: int, source: str, key: str, digest: str, now: datetime
) -> Answer | None:
    """None: the key is yours, in this transaction. Otherwise what was answered; waits for one who is at it now."""
    claimed = conn.execute(
        "insert into answers (workspace_id, source, key, digest, answer, at) values (%s, %s, %s, %s, 'null', %s)"
        " on conflict do nothing",
        (workspace_id, source, key, digest, now),
    )
    if claimed.rowcount == 1:
        return None
    row = conn.execute(
        "select digest, answer from answers where workspace_id = %s and source = %s and key = %s",
        (workspace_id, source, key),
    ).fetchone()
    if row is None:  # deleted between the two statements by whoever cleans up: then it is ours after all
        return claim(conn, workspace_id, source, key, digest, now)
    return Answer(*row)


def give(conn: psycopg.Connection, workspace_id: int, source: str, key: str, body: Any) -> None:
    conn.execute(
        "update answers set answer = (%s::json)->0 where workspace_id = %s and source = %s and key = %s",
        (encode([body]), workspace_id, source, key),
    )


def drop_old(conn: psycopg.Connection, now: datetime) -> int:
    """Drop the oldest of those that are kept no longer; how many. Skips what others are at, and is soon called again."""
    return conn.execute(
        "delete from answers where (workspace_id, source, key) in ("
        "  select workspace_id, source, key from answers where at < %s order by at limit %s for update skip locked)",
        (now - KEPT, _AT_A_TIME),
    ).rowcount
