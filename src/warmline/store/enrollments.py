"""Enrollments as intake and people move them. The tick's own writes are in writes.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from .ids import lane_of
from .rows import encode


def wake(conn: psycopg.Connection, lead_ids: Collection[UUID], now: datetime) -> None:
    """Look at these leads now: for callers that hold the leads' enrollments (leads.hold) and so need no order."""
    rows = encode([{"lane": lane_of(one), "id": one} for one in lead_ids])
    conn.execute(
        b"""
        update enrollments e set due_at = least(e.due_at, %s)
        from json_to_recordset(%s::json) as w (lane smallint, id uuid)
        where e.lane = w.lane and e.lead_id = w.id and e.status in ('running', 'handed_off')
        """,
        (now, rows),
    )


def end(conn: psycopg.Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """{lane, id, reason}"""
    conn.execute(
        b"""
        update enrollments e set status = 'ended', due_at = null, ended_at = %s, end_reason = w.reason, error = ''
        from json_to_recordset(%s::json) as w (lane smallint, id uuid, reason text)
        where e.lane = w.lane and e.id = w.id and e.status <> 'ended'
        """,
        (now, encode(rows)),
    )
