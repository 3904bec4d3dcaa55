"""Which lead and workspace a touch belongs to, and when it went out: what a tracked or an unsubscribe link asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg


@dataclass(frozen=True, slots=True)
class Sent:
    workspace_id: int
    lead_id: UUID
    sent_at: datetime | None


def sent(conn: psycopg.Connection, lane: int, touch_id: UUID) -> Sent | None:
    row = conn.execute(
        "select workspace_id, lead_id, sent_at from touches where lane = %s and id = %s", (lane, touch_id)
    ).fetchone()
    return Sent(*row) if row else None
