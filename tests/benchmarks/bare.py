"""The bare loop: the same tables and the same writes as the tick, with nothing decided and nothing looked up.

It is what PostgreSQL and the driver allow. The tick is measured against it, side by side in the same run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import psycopg

from warmline.store import due as dues
from warmline.store.due import Due
from warmline.store.events import NewEvent
from warmline.store.ids import new_id
from warmline.store.writes import Writes, save


def bare_tick(conn: psycopg.Connection, lane: int, now: datetime, limit: int = 500) -> int:
    """Claim, plan one touch for each, move the due time on, commit. Returns how many touches."""
    with conn.transaction():
        claimed = dues.claim(conn, lane, now, limit)
        save(conn, plain_writes(lane, claimed, now, "nudge", timedelta(days=1)), now)
    return len(claimed)


def plain_writes(lane: int, claimed: Sequence[Due], now: datetime, step: str, later: timedelta) -> Writes:
    """What a look comes to that plans one text for each and looks again `later` than it was due."""
    writes = Writes(lane)
    for due in claimed:
        touch = new_id()
        of = {"lane": lane, "lead_id": due.lead_id, "workspace_id": due.workspace_id, "enrollment_id": due.id}
        writes.touches.append(
            {
                **of, "id": touch, "version_id": due.version_id, "step": step, "channel": "sms", "purpose": "marketing",
                "template": "nudge", "last": True, "ready_at": now,
            }
        )  # fmt: skip
        writes.events.append(NewEvent(**of, kind="touch.planned", at=now, step=step, channel="sms", touch_id=touch))
        writes.enrollments.append({"id": due.id, "status": "running", "due_at": max(due.due_at, now - later) + later})
        writes.decisions.append(
            {
                **of, "version_id": due.version_id, "rules": "bare", "seen": 0, "at": now, "result": "plan", "reason": "",
                "until": None, "body": [],
            }
        )  # fmt: skip
    return writes
