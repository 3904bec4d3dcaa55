"""Who is in which playbook."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
import psycopg

from ..rows import read
from . import CALLED, NOT_OVER

MOST = 50


class Inside(msgspec.Struct):
    lead_id: UUID
    lead: str
    status: str
    version: int
    started_at: datetime
    next_at: datetime | None


class Crowd(msgspec.Struct, array_like=True):
    playbook: str
    status: str
    count: int


def crowds(conn: psycopg.Connection, workspace_id: int) -> dict[str, dict[str, int]]:
    """How many leads are in each playbook now, by status of their run: {playbook: {status: count}}."""
    rows = read(
        conn,
        f"""
        select json_agg(json_build_array(playbook, status, n))::text from (
          select playbook, status, count(*) as n from enrollments where workspace_id = %s and {NOT_OVER} group by 1, 2
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        (workspace_id,),
        Crowd,
    )
    inside: dict[str, dict[str, int]] = {}
    for row in rows:
        inside.setdefault(row.playbook, {})[row.status] = row.count
    return inside


def inside(conn: psycopg.Connection, workspace_id: int, key: str) -> list[Inside]:
    """The leads that are in the playbook `key` now and will be looked at next, at most MOST."""
    return read(
        conn,
        f"""
        with wanted as (
          select lane, lead_id, version_id, status, started_at, due_at from enrollments
          where workspace_id = %s and playbook = %s and {NOT_OVER} order by due_at nulls first limit %s
        )
        select json_agg(x order by x.next_at nulls first)::text from (
          select e.lead_id, e.status, v.version, e.started_at, e.due_at as next_at,
            {CALLED} as lead
          from wanted e join leads l on l.lane = e.lane and l.id = e.lead_id
          join playbook_versions v on v.id = e.version_id
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        (workspace_id, key, MOST),
        Inside,
    )
