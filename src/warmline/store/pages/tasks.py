"""Tasks of people: the list, and one task with all that its page shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import psycopg

from ..rows import read
from . import CALLED, free
from .cursors import read_cursor, write_cursor

PAGE = 100
COUNTED = 1000
Whose = Literal["mine", "free", "all"]


class Line(msgspec.Struct):
    lane: int
    id: UUID
    lead_id: UUID
    kind: str
    title: str
    owner: str | None
    due_at: datetime
    expires_at: datetime | None
    attempt: int
    lead: str
    lead_status: str
    company: str
    phone: str | None
    playbook: str | None


class Task(msgspec.Struct):
    """One task. `status` other than open: it is over, and `outcome`, `done_by` say how. `event` is what began the
    enrollment it belongs to, as its script reads it."""

    lane: int
    id: UUID
    lead_id: UUID
    enrollment_id: UUID | None
    version_id: int | None
    event: dict[str, Any] | None
    kind: str
    title: str
    step: str
    script: str
    owner: str | None
    due_at: datetime
    expires_at: datetime | None
    attempt: int
    status: str
    outcome: str
    note: str
    done_by: str
    done_at: datetime | None


_OWNED = {"mine": "and t.owner = %(person)s", "free": f"and {free('t')}", "all": ""}


def listed(
    conn: psycopg.Connection, workspace_id: int, whose: Whose, person: str, after: str = ""
) -> tuple[list[Line], str]:
    """Open tasks, the most urgent first, at most PAGE; `free` are those that nobody owns who is there. With the
    cursor of what follows, "" at the end. Raises ValueError for a cursor of somebody else's making."""
    at, last = read_cursor(after) if after else (None, None)
    beyond = "and (t.due_at, t.id) > (%(at)s, %(id)s)" if after else ""
    found = read(
        conn,
        f"""
        select json_agg(x order by x.due_at, x.id)::text from (
          select t.lane, t.id, t.lead_id, t.kind, t.title, t.owner, t.due_at, t.expires_at, t.attempt,
            {CALLED} as lead, l.status as lead_status,
            l.company, l.phone, e.playbook
          from tasks t join leads l on l.lane = t.lane and l.id = t.lead_id
          left join enrollments e on e.lane = t.lane and e.id = t.enrollment_id
          where t.workspace_id = %(w)s and t.status = 'open' {_OWNED[whose]} {beyond}
          order by t.due_at, t.id limit {PAGE + 1}
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "person": person, "at": at, "id": last},
        Line,
    )
    ends = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], write_cursor(ends.due_at, ends.id) if ends else ""


def counted(conn: psycopg.Connection, workspace_id: int, whose: Whose, person: str) -> int:
    """How many of them there are; not counted on beyond COUNTED."""
    row = conn.execute(
        f"""
        select count(*) from (
          select 1 from tasks t where t.workspace_id = %(w)s and t.status = 'open' {_OWNED[whose]} limit %(most)s
        ) x
        """.encode(),  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "person": person, "most": COUNTED + 1},
    ).fetchone()
    return row[0] if row else 0


def one(conn: psycopg.Connection, workspace_id: int, lane: int, task_id: UUID) -> Task | None:
    """None when the workspace has no such task."""
    found = read(
        conn,
        """
        select json_agg(x)::text from (
          select t.lane, t.id, t.lead_id, t.enrollment_id, e.version_id, e.event, t.kind, t.title, t.step, t.script, t.owner,
            t.due_at, t.expires_at, t.attempt, t.status, t.outcome, t.note, t.done_by, t.done_at
          from tasks t left join enrollments e on e.lane = t.lane and e.id = t.enrollment_id
          where t.lane = %s and t.id = %s and t.workspace_id = %s
        ) x
        """,
        (lane, task_id, workspace_id),
        Task,
    )
    return found[0] if found else None
