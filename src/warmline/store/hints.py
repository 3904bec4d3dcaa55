"""Hints: lanes in which something has just become due. A lost one costs a moment, never a lead; see engine/hints.py."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

#: What the engines listen to, and everybody who makes work tells it to.
CHANNEL = "warmline"


def notify(conn: psycopg.Connection, lanes: Collection[int]) -> None:
    """Tell whoever listens; sent when the transaction commits. Polling alone would find the work too."""
    if lanes:
        conn.execute("select pg_notify(%s, %s)", (CHANNEL, " ".join(str(lane) for lane in sorted(lanes))))
