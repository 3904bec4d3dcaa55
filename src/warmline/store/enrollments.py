"""Enrollments as intake and people move them. The tick's own writes are in writes.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from .doubts import NOT_IN_DOUBT
from .ids import lane_of
from .pipeline import together
from .rows import by_lane


def wake(conn: psycopg.Connection, lead_ids: Collection[UUID], now: datetime) -> None:
    """Look at these leads now: for callers that hold the leads' enrollments (leads.hold) and so need no order."""
    with together(conn):
        for lane, rows in by_lane({"lane": lane_of(one), "id": one} for one in lead_ids):
            conn.execute(_WAKE, {"now": now, "rows": rows, "lane": lane})


def end(conn: psycopg.Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """{lane, id, reason}"""
    with together(conn):
        for lane, mine in by_lane(rows):
            conn.execute(_END, (mine, now, lane))


_WAKE = f"""
update enrollments set due_at = least(due_at, {NOT_IN_DOUBT})
where lead_id = any(array(select id from json_to_recordset(%(rows)s::json) as w (id uuid))) and lane = %(lane)s
  and status in ('running', 'handed_off')
""".encode()  # noqa: S608 - a constant

_END = b"""
with w as materialized (select * from json_to_recordset(%s::json) as w (id uuid, reason text))
update enrollments e set status = 'ended', due_at = null, ended_at = %s, end_reason = w.reason, error = '' from w
where e.lane = %s and e.id = w.id and e.id = any(array(select id from w)) and e.status <> 'ended'
"""


def resume(conn: psycopg.Connection, lane: int, enrollment_id: UUID, now: datetime, to: str = "running") -> None:
    """Go on, at once: what was handed off or parked. `to`: running, or handed_off when a person still has the lead."""
    conn.execute(
        "update enrollments set status = %s, due_at = %s, error = '' where lane = %s and id = %s"
        " and status in ('handed_off', 'parked')",
        (to, now, lane, enrollment_id),
    )


def hand_off(conn: psycopg.Connection, lane: int, enrollment_id: UUID, now: datetime) -> None:
    """A person has the lead: what runs only watches its clock."""
    conn.execute(
        "update enrollments set status = 'handed_off', due_at = %s where lane = %s and id = %s and status = 'running'",
        (now, lane, enrollment_id),
    )


def lead_of(conn: psycopg.Connection, workspace_id: int, lane: int, enrollment_id: UUID) -> UUID | None:
    """Whose it is; None when the workspace has no such enrollment."""
    row = conn.execute(
        "select lead_id from enrollments where lane = %s and id = %s and workspace_id = %s",
        (lane, enrollment_id, workspace_id),
    ).fetchone()
    return row[0] if row else None
