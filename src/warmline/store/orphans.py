"""Leads left behind: open, and with nothing in the book for them. The invariant says that there are none."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
import psycopg

from .rows import read

#: An open lead is looked after by a playbook that runs or is going to, or by a person with an open task. A parked
#: enrollment does nothing by itself, and one that was handed off only watches the clock: both need their open task.
_ORPHANED = """
    from leads l
    where l.workspace_id = %(workspace)s and l.status in ('open', 'handed_off')
      and not exists (select from enrollments e where e.lane = l.lane and e.lead_id = l.id
                      and e.status in ('running', 'scheduled'))
      and not exists (select from tasks t where t.lane = l.lane and t.lead_id = l.id and t.status = 'open')
"""


class Orphan(msgspec.Struct, frozen=True):
    id: UUID
    status: str
    called: str  # the name, or whatever the lead is known by
    updated_at: datetime


def count_orphans(conn: psycopg.Connection, workspace_id: int) -> int:
    row = conn.execute(f"select count(*) {_ORPHANED}".encode(), {"workspace": workspace_id}).fetchone()
    return int(row[0]) if row else 0


def list_orphans(conn: psycopg.Connection, workspace_id: int) -> list[Orphan]:
    """Every one, longest untouched first."""
    return read(
        conn,
        f"""
        select json_agg(json_build_object('id', l.id, 'status', l.status, 'updated_at', l.updated_at, 'called',
          coalesce(nullif(trim(l.first_name || ' ' || l.last_name), ''), l.phone, l.email, ''))
          order by l.updated_at)::text
        {_ORPHANED}
        """,
        {"workspace": workspace_id},
        Orphan,
    )
