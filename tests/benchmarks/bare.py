"""The bare loop: the same tables and the same writes as the tick, with nothing decided and nothing looked up.

It is what PostgreSQL and the driver allow. The tick is measured against it, side by side in the same run.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg

from warmline.store import due as dues
from warmline.store.events import NewEvent
from warmline.store.ids import new_id
from warmline.store.writes import Writes, save


def bare_tick(conn: psycopg.Connection, lane: int, now: datetime, limit: int = 500) -> int:
    """Claim, plan one touch for each, move the due time on, commit. Returns how many touches."""
    with conn.transaction():
        claimed = dues.claim(conn, lane, now, limit)
        writes = Writes(lane)
        for due in claimed:
            touch = new_id()
            writes.touches.append(
                {
                    "lane": lane, "id": touch, "lead_id": due.lead_id, "workspace_id": due.workspace_id,
                    "enrollment_id": due.id,
                    "version_id": due.version_id, "step": "nudge", "channel": "sms", "purpose": "marketing",
                    "template": "nudge", "last": True, "ready_at": now,
                }
            )  # fmt: skip
            writes.events.append(
                NewEvent(
                    lane=lane, lead_id=due.lead_id, workspace_id=due.workspace_id, kind="touch.planned", at=now,
                    enrollment_id=due.id, step="nudge", channel="sms", touch_id=touch,
                )
            )  # fmt: skip
            writes.enrollments.append({"id": due.id, "status": "running", "due_at": now + timedelta(days=1)})
            writes.decisions.append(
                {
                    "lane": lane, "lead_id": due.lead_id, "workspace_id": due.workspace_id, "enrollment_id": due.id,
                    "version_id": due.version_id, "rules": "bare", "seen": 0, "at": now, "result": "plan", "reason": "",
                    "until": None, "body": [],
                }
            )  # fmt: skip
        save(conn, writes, now)
    return len(claimed)
