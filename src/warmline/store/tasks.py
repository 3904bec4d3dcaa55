"""Tasks as intake and people open, tell and settle them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from .pipeline import together
from .rows import by_lane, encode, of_every_lane


@dataclass(frozen=True, slots=True)
class Task:
    id: UUID
    lead_id: UUID
    enrollment_id: UUID | None
    step: str
    attempt: int
    kind: str
    title: str
    owner: str | None
    status: str


def open_many(conn: psycopg.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Open tasks that belong to no step. A second open one of a kind for the same lead adds its note to the first, which
    waits for as long as the older of them. Where there is no room for both, the end is kept: nobody has read that yet."""
    conn.execute(
        b"""
        insert into tasks as t (lane, id, lead_id, workspace_id, enrollment_id, kind, title, note, owner, due_at,
          opened_at)
        select lane, id, lead_id, workspace_id, enrollment_id, kind, title, coalesce(note, ''), owner, due_at, opened_at
        from json_to_recordset(%s::json) as w (lane smallint, id uuid, lead_id uuid, workspace_id integer,
          enrollment_id uuid, kind text, title text, note text, owner text, due_at timestamptz, opened_at timestamptz)
        on conflict (lane, lead_id, kind) where status = 'open' and step = ''
        do update set note = right(concat_ws(E'\\n', nullif(t.note, ''), nullif(excluded.note, '')), 8000),
          opened_at = least(t.opened_at, excluded.opened_at)
        """,
        (encode(rows),),
    )


def tell(conn: psycopg.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add a line to the notes of open tasks: {lane, id, line}. Several lines for one task come in their order."""
    with together(conn):
        for lane, mine in by_lane(rows):
            conn.execute(_TELL, (mine, lane))


_TELL = b"""
with lines as (
  select id, string_agg(line, E'\\n' order by place) as line
  from (select *, row_number() over () as place from json_to_recordset(%s::json) as w (id uuid, line text)) placed
  group by id
)
update tasks t set note = right(concat_ws(E'\\n', nullif(t.note, ''), lines.line), 8000)
from lines where t.lane = %s and t.id = lines.id and t.status = 'open'
"""


def hold(conn: psycopg.Connection, workspace_id: int, lane: int, task_id: UUID) -> Task | None:
    """One task, locked. None: there is no such task in this workspace."""
    row = conn.execute(
        "select id, lead_id, enrollment_id, step, attempt, kind, title, owner, status from tasks"
        " where lane = %s and id = %s and workspace_id = %s for update",
        (lane, task_id, workspace_id),
    ).fetchone()
    return Task(*row) if row else None


def find_lead(conn: psycopg.Connection, workspace_id: int, lane: int, task_id: UUID) -> UUID | None:
    """Whose task it is, without locking it."""
    row = conn.execute(
        "select lead_id from tasks where lane = %s and id = %s and workspace_id = %s", (lane, task_id, workspace_id)
    ).fetchone()
    return row[0] if row else None


def finish(
    conn: psycopg.Connection, lane: int, task_id: UUID, status: str, outcome: str, note: str, who: str, now: datetime
) -> None:
    """`status`: done or cancelled. A note is added to what the task says already."""
    conn.execute(
        "update tasks set status = %s, outcome = %s, done_at = %s, done_by = %s,"
        " note = right(concat_ws(E'\\n', nullif(note, ''), nullif(%s, '')), 8000)"
        " where lane = %s and id = %s and status = 'open'",
        (status, outcome, now, who, note, lane, task_id),
    )


def correct(conn: psycopg.Connection, lane: int, task_id: UUID, outcome: str, note: str, who: str) -> datetime:
    """Another outcome for a task that is done, or one for a task that ran out. Returns when that was: it stays."""
    row = conn.execute(
        "update tasks set status = 'done', outcome = %s, done_by = %s,"
        " note = right(concat_ws(E'\\n', nullif(note, ''), nullif(%s, '')), 8000)"
        " where lane = %s and id = %s and status in ('done', 'expired') returning done_at",
        (outcome, who, note, lane, task_id),
    ).fetchone()
    assert row is not None  # noqa: S101 - the caller holds the task and has looked at it
    done_at: datetime = row[0]
    return done_at


def open_of_lead(conn: psycopg.Connection, lane: int, lead_id: UUID) -> list[Task]:
    """Locked, in a fixed order."""
    rows = conn.execute(
        "select id, lead_id, enrollment_id, step, attempt, kind, title, owner, status from tasks"
        " where lane = %s and lead_id = %s and status = 'open' order by id for update",
        (lane, lead_id),
    ).fetchall()
    return [Task(*row) for row in rows]


def give(conn: psycopg.Connection, lane: int, lead_id: UUID, owner: str | None, of: str | None = None) -> None:
    """All open tasks of a lead, or those that one person has, go to its new owner."""
    conn.execute(
        "update tasks set owner = %(owner)s where lane = %(lane)s and lead_id = %(lead)s and status = 'open'"
        " and (%(of)s::text is null or owner = %(of)s)",
        {"owner": owner, "lane": lane, "lead": lead_id, "of": of},
    )


class Unread(msgspec.Struct):
    """A message that waits for a person to say whether it is an opt-out; `note` is the message."""

    lane: int
    id: UUID
    lead_id: UUID
    workspace_id: int
    note: str


def unread(conn: psycopg.Connection, before: datetime, limit: int) -> list[Unread]:
    """Those that have waited since `before` or longer, up to `limit` of each lane: one index probe a lane."""
    rows = conn.execute(_UNREAD, {"before": before, "limit": limit}).fetchall()
    return [Unread(*row) for row in rows]


_UNREAD = of_every_lane(
    "select lane, id, lead_id, workspace_id, note from tasks where lane = {lane} and status = 'open'"
    " and kind = 'read_reply' and opened_at <= %(before)s order by opened_at limit %(limit)s"
)


def still_open(conn: psycopg.Connection, lane: int, task_id: UUID) -> bool:
    """Under the lead's lock: whether nobody has finished it meanwhile."""
    return (
        conn.execute("select from tasks where lane = %s and id = %s and status = 'open'", (lane, task_id)).fetchone()
        is not None
    )
