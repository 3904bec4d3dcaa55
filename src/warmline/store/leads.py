"""Leads and their addresses: what intake and people read and write of them, a batch at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from .ids import lane_of
from .pipeline import together
from .rows import by_lane, encode, result

Row = dict[str, Any]

NO_KEYS: Mapping[UUID, Sequence[str]] = MappingProxyType({})


class Run(msgspec.Struct, array_like=True):
    """An enrollment, as arbitration sees it."""

    id: UUID
    playbook: str
    rank: int
    status: str
    started_at: datetime
    version_id: int


class OpenTask(msgspec.Struct, array_like=True):
    id: UUID
    kind: str


class Standing(msgspec.Struct, array_like=True):
    """A lead that is known already, and what stands between it and another playbook."""

    id: UUID
    status: str
    owner: str | None
    first_name: str
    last_name: str
    company: str
    email: str | None
    phone: str | None
    country: str
    region: str
    time_zone: str
    fields: dict[str, str]
    source: str
    addresses: dict[str, str]  # value -> state, in the order in which they came
    runs: list[Run]
    tasks: list[OpenTask]
    recent: list[tuple[str, str]]  # (kind, form) of what came in within the last minute
    keys: list[str]  # of the keys asked for: those that the story has already
    workspace_id: int


def hold(
    conn: psycopg.Connection, ids: Collection[UUID], since: datetime, keys: Mapping[UUID, Sequence[str]] = NO_KEYS
) -> dict[UUID, Standing]:
    """Lock these leads and what runs for them, and read how they stand.

    Enrollments first, then leads, by lane and id: the order of the tick. An enrollment that another intake made between
    the two locks is not locked; it can't be, its maker holds the address or the lead and has committed by then. Who wants
    it afterwards may end up in a ring with who has it, and is run again (races.py).

    `keys`: of each lead, which it may have been told already.
    """
    lanes = list(by_lane({"lane": lane_of(one), "id": one, "keys": keys.get(one, ())} for one in ids))
    with together(conn):
        for lane, rows in lanes:
            conn.execute(_HOLD_RUNS, (rows, lane))
        for lane, rows in lanes:
            conn.execute(_HOLD_LEADS, (rows, lane))
        asked = [conn.execute(_STANDING, {"lane": lane, "rows": rows, "since": since}) for lane, rows in lanes]
    return {one.id: one for cursor in asked for one in result(cursor, Standing)}


def read_one(conn: psycopg.Connection, lead_id: UUID, now: datetime) -> Standing | None:
    """How a lead stands, without locking it."""
    ((lane, rows),) = by_lane([{"lane": lane_of(lead_id), "id": lead_id, "keys": ()}])
    known = result(conn.execute(_STANDING, {"lane": lane, "rows": rows, "since": now}), Standing)
    return known[0] if known else None


def insert(conn: psycopg.Connection, rows: Sequence[Row], now: datetime) -> None:
    conn.execute(_INSERT, {"rows": encode(rows), "now": now})


def change(conn: psycopg.Connection, rows: Sequence[Row], now: datetime) -> None:
    """Write the whole of these leads anew, under the lock of `hold`."""
    with together(conn):
        for lane, mine in by_lane(rows):
            conn.execute(_CHANGE, {"lane": lane, "rows": mine, "now": now})


# `any(array(...))` and `limit 1`, and no join: the planner takes the leads that are asked for for a hundred, and would read
# the whole lane for a few.
_HOLD_RUNS = b"""
select id from enrollments
where lead_id = any(array(select id from json_to_recordset(%s::json) as w (id uuid))) and lane = %s and status <> 'ended'
order by id for update
"""

_HOLD_LEADS = b"""
select id from leads where id = any(array(select id from json_to_recordset(%s::json) as w (id uuid))) and lane = %s
order by id for update
"""

_STANDING = b"""
select json_agg(json_build_array(
  l.id, l.status, l.owner, l.first_name, l.last_name, l.company, l.email, l.phone, l.country, l.region, l.time_zone,
  l.fields, l.source, l.addresses,
  coalesce((select json_agg(json_build_array(e.id, e.playbook, e.rank, e.status, e.started_at, e.version_id))
            from enrollments e where e.lane = %(lane)s and e.lead_id = l.id), '[]'),
  coalesce((select json_agg(json_build_array(t.id, t.kind) order by t.due_at)
            from tasks t where t.lane = %(lane)s and t.lead_id = l.id and t.status = 'open'), '[]'),
  coalesce((select json_agg(json_build_array(v.kind, coalesce(v.data->>'form', '')))
            from events v where v.lane = %(lane)s and v.lead_id = l.id and v.at > %(since)s
              and v.data->>'source' <> ''), '[]'),
  coalesce((select json_agg(v.key) from events v
            where v.lane = %(lane)s and v.lead_id = l.id and v.key = any(w.keys)), '[]'),
  l.workspace_id
))::text
from json_to_recordset(%(rows)s::json) as w (id uuid, keys text[])
cross join lateral (select * from leads l where l.lane = %(lane)s and l.id = w.id limit 1) l
"""

_COLUMNS = """(lane smallint, id uuid, workspace_id integer, status text, owner text, first_name text, last_name text,
  company text, email text, phone text, addresses json, country text, region text, time_zone text, fields json,
  source text)"""

_INSERT = f"""
insert into leads (lane, id, workspace_id, status, owner, first_name, last_name, company, email, phone, addresses,
  country, region, time_zone, fields, source, created_at, updated_at)
select lane, id, workspace_id, status, owner, first_name, last_name, company, email, phone, addresses, country,
  region, time_zone, fields, source, %(now)s, %(now)s
from json_to_recordset(%(rows)s::json) as w {_COLUMNS}
""".encode()  # noqa: S608 - a constant of this file

_CHANGE = f"""
with w as materialized (select * from json_to_recordset(%(rows)s::json) as w {_COLUMNS})
update leads l set status = w.status, owner = w.owner, first_name = w.first_name, last_name = w.last_name,
  company = w.company, email = w.email, phone = w.phone, addresses = w.addresses, country = w.country, region = w.region,
  time_zone = w.time_zone, fields = w.fields, updated_at = %(now)s
from w where l.lane = %(lane)s and l.id = w.id and l.id = any(array(select id from w))
""".encode()  # noqa: S608 - a constant of this file
