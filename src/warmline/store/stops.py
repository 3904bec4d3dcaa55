"""Taking back what is planned for a lead at once, without waiting for the tick. The caller holds it (leads.hold)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg

from .ids import lane_of


def refuse_queued(conn: psycopg.Connection, lead_id: UUID, reason: str, now: datetime) -> int:
    """Queued touches are refused, and the story says so. One that is being handed over has its own last look."""
    done = conn.execute(
        """
        with stopped as (
          update touches set status = 'refused', reason = %(reason)s
          where lane = %(lane)s and lead_id = %(lead)s and status = 'queued'
          returning workspace_id, enrollment_id, step, channel, id
        )
        insert into events (lane, lead_id, workspace_id, kind, at, enrollment_id, step, channel, touch_id, data)
        select %(lane)s, %(lead)s, workspace_id, 'touch.refused', %(now)s, enrollment_id, step, channel, id,
          json_build_object('reason', %(reason)s::text, 'last', true) from stopped
        """,
        {"lane": lane_of(lead_id), "lead": lead_id, "reason": reason, "now": now},
    )
    return done.rowcount


def postpone(conn: psycopg.Connection, lead_id: UUID, until: datetime) -> None:
    """Nothing that is planned goes out before then: something may have happened that would stop it altogether."""
    conn.execute(
        "update touches set ready_at = %s where lane = %s and lead_id = %s and status = 'queued' and ready_at < %s",
        (until, lane_of(lead_id), lead_id, until),
    )
    conn.execute(
        "update enrollments set due_at = %s where lane = %s and lead_id = %s and status = 'running' and due_at < %s",
        (until, lane_of(lead_id), lead_id, until),
    )


def cancel_tasks(
    conn: psycopg.Connection, lead_id: UUID, reason: str, who: str, now: datetime, kinds: Sequence[str] = ()
) -> int:
    """Open tasks of a lead, of these kinds or of every kind, are cancelled, and its story says so."""
    done = conn.execute(
        """
        with stopped as (
          update tasks set status = 'cancelled', done_at = %(now)s, done_by = %(who)s, outcome = %(reason)s
          where lane = %(lane)s and lead_id = %(lead)s and status = 'open' and (%(all)s or kind = any(%(kinds)s))
          returning workspace_id, enrollment_id, step, kind
        )
        insert into events (lane, lead_id, workspace_id, kind, at, enrollment_id, step, channel, data)
        select %(lane)s, %(lead)s, workspace_id, 'task.cancelled', %(now)s, enrollment_id, step,
          case when kind = 'call' then 'call' else '' end,
          json_build_object('reason', %(reason)s::text, 'task', kind, 'who', %(who)s::text) from stopped
        """,
        {
            "lane": lane_of(lead_id), "lead": lead_id, "reason": reason, "who": who, "now": now, "all": not kinds,
            "kinds": list(kinds),
        },
    )  # fmt: skip
    return done.rowcount
