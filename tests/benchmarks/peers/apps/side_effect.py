"""What every peer's job does: one touch written, one enrollment moved on, in one statement that commits by itself."""

from __future__ import annotations

import csv
import os
import uuid
from typing import Any

DSN = os.environ["BENCH_DSN"]

_VALUES = "{lane}, {touch}, {lead}, {workspace}, {enrollment}, {version}"
_STATEMENT = f"""
with touch as (
  insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template,
    status, ready_at, created_at)
  values ({_VALUES}, 'nudge', 'sms', 'marketing', 'nudge', 'queued', now(), clock_timestamp())
)
update enrollments set due_at = due_at + interval '1 day' where lane = {{lane}} and id = {{enrollment}}
"""

#: The same for the two ways in which drivers name parameters.
FOR_ASYNCPG = _STATEMENT.format(
    lane="$1::smallint", touch="$2", lead="$3", workspace="$4", enrollment="$5", version="$6"
)
FOR_PSYCOPG = _STATEMENT.format(
    lane="%(lane)s", touch="%(touch)s", lead="%(lead)s", workspace="%(workspace)s", enrollment="%(enrollment)s",
    version="%(version)s",
)  # fmt: skip


def jobs(count: int) -> list[dict[str, Any]]:
    with open(os.environ["BENCH_JOBS"], newline="") as file:
        rows = [row for row, _ in zip(csv.reader(file), range(count), strict=False)]
    return [
        {
            "lane": int(lane),
            "enrollment": enrollment,
            "lead": lead,
            "workspace": int(workspace),
            "version": int(version),
        }
        for lane, enrollment, lead, workspace, version in rows
    ]


def arguments(job: dict[str, Any]) -> dict[str, Any]:
    return {**job, "touch": str(uuid.uuid4())}
