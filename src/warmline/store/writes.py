"""All that a look at a batch of enrollments changes, gathered while deciding and written at once."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from . import numbers
from .events import NewEvent, have_keys, inserting
from .pipeline import together
from .rows import encode

Row = dict[str, Any]


class Writes(msgspec.Struct):
    """Rows of one lane. Dicts whose keys are column names; UUIDs and aware datetimes as they are."""

    lane: int
    enrollments: list[Row] = []  # id, status, due_at, ended_at, end_reason, error, fold, folded
    touches: list[Row] = []
    tasks: list[Row] = []
    expired: list[Row] = []  # open tasks that ran out: enrollment_id, step
    leads: list[Row] = []  # id, status
    stopped: list[Row] = []  # enrollments whose queued touches and open tasks fall: id, reason
    entered: list[Row] = []  # enrollments that come after
    events: list[NewEvent] = []
    decisions: list[Row] = []
    wondered: list[Row] = []  # numbers to ask about: lane, lead_id, workspace_id, value
    traces: dict[str, Any] = {}  # digest -> findings, of what the gate allowed

    def drop(self, enrollments: Set[UUID], leads: Set[UUID]) -> None:
        """Take out again what looks at these came to: they failed, and leave no half. A lead has one look."""
        theirs = enrollments | leads
        for name in _ROWS:
            rows: list[Row] = getattr(self, name)
            setattr(self, name, [row for row in rows if theirs.isdisjoint(row.get(key) for key in _NAMES)])
        self.events = [event for event in self.events if event.lead_id not in leads]


_ROWS = ("enrollments", "touches", "tasks", "expired", "leads", "stopped", "entered", "decisions", "wondered")
_NAMES = ("id", "enrollment_id", "lead_id")  # every row names its enrollment or its lead by one of these


def save(conn: psycopg.Connection, writes: Writes, now: datetime) -> None:
    """Write everything, in the caller's transaction: at most nine statements, sent off together in one round trip."""
    save_lanes(conn, (writes,), now)


def save_lanes(conn: psycopg.Connection, writes: Sequence[Writes], now: datetime) -> None:
    """The same for several lanes. What moves rows concerns one lane a statement; new rows carry theirs, and go together."""
    with together(conn):
        for one in writes:
            _move(conn, one, now)
        _add(conn, writes)
        if wondered := [row for one in writes for row in one.wondered]:
            numbers.wonder(conn, wondered, now)


def _move(conn: psycopg.Connection, writes: Writes, now: datetime) -> None:
    lane = writes.lane
    if writes.stopped:
        stop(conn, lane, writes.stopped, now)
    if writes.expired:
        conn.execute(_EXPIRE, {"lane": lane, "rows": encode(writes.expired), "now": now})
    if writes.enrollments:
        conn.execute(_MOVE, (encode(writes.enrollments), lane))
    if writes.leads:
        conn.execute(_LEADS, (now, encode(writes.leads), lane))


def _add(conn: psycopg.Connection, writes: Sequence[Writes]) -> None:
    if entered := [row for one in writes for row in one.entered]:
        enter(conn, entered)
    if tasks := [row for one in writes for row in one.tasks]:
        open_tasks(conn, tasks)
    touches = [row for one in writes for row in one.touches]
    told = [event for one in writes for event in one.events]
    # Sorted, so that two workers that meet the same findings at once do not wait for each other in a ring.
    traces = sorted((one.lane, digest, findings) for one in writes for digest, findings in one.traces.items())
    named = [{"lane": lane, "digest": digest, "findings": findings} for lane, digest, findings in traces]
    decisions = [row for one in writes for row in one.decisions]
    if touches or told or named or decisions:
        kinds = (touches, told, named, decisions)
        conn.execute(_LOOKED[have_keys(told)], tuple(encode(rows) for rows in kinds))


def stop(conn: psycopg.Connection, lane: int, rows: list[Row], now: datetime) -> None:
    """Take back what these enrollments have queued and asked for: {"id": enrollment, "reason": key}.

    A touch that is being handed over at this moment can't be taken back; its own last look decides.
    """
    conn.execute(_STOP_TOUCHES, {"lane": lane, "rows": encode(rows), "now": now})
    conn.execute(_STOP_TASKS, {"lane": lane, "rows": encode(rows), "now": now})


def enter(conn: psycopg.Connection, rows: list[Row]) -> None:
    """Insert enrollments. A second one that waits for its turn changes nothing."""
    conn.execute(_ENTER_ONCE if any(row["status"] == "scheduled" for row in rows) else _ENTER, (encode(rows),))


def open_tasks(conn: psycopg.Connection, rows: list[Row]) -> None:
    """Open tasks; one of a kind is enough, so a second open one of the same kind for the same lead changes nothing."""
    conn.execute(_TASKS, (encode(rows),))


_MOVE = b"""
update enrollments e
set status = u.status, due_at = u.due_at, ended_at = u.ended_at, end_reason = coalesce(u.end_reason, ''),
    error = coalesce(u.error, ''), waits = coalesce(u.waits, false),
    fold = coalesce(u.fold, e.fold), folded = case when u.status = 'ended' then null else coalesce(u.folded, e.folded) end
from json_to_recordset(%s::json) as u (id uuid, status text, due_at timestamptz, ended_at timestamptz, end_reason text,
  error text, waits boolean, fold smallint, folded json)
where e.lane = %s and e.id = u.id and e.status in ('running', 'handed_off')
"""

_ENTER = b"""
insert into enrollments (lane, id, lead_id, workspace_id, version_id, playbook, rank, status, due_at, seed, event, started_at)
select lane, id, lead_id, workspace_id, version_id, playbook, rank, status, due_at, seed, event, started_at
from json_to_recordset(%s::json) as u (lane smallint, id uuid, lead_id uuid, workspace_id integer, version_id integer,
  playbook text, rank integer, status text, due_at timestamptz, seed bigint, event json, started_at timestamptz)
"""
_ENTER_ONCE = _ENTER + b"on conflict (lane, lead_id) where status = 'scheduled' do nothing"

_LEADS = b"""
update leads l set status = u.status, updated_at = %s
from json_to_recordset(%s::json) as u (id uuid, status text)
where l.lane = %s and l.id = u.id
"""

_TOUCHES = """
insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template, last,
  wakes, status, ready_at, created_at)
select lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template, last,
  coalesce(wakes, true), 'queued', ready_at, ready_at
from json_to_recordset(%s::json) as u (lane smallint, id uuid, lead_id uuid, workspace_id integer, enrollment_id uuid,
  version_id integer, step text, channel text, purpose text, template text, last boolean, wakes boolean,
  ready_at timestamptz)
"""

_TASKS = b"""
insert into tasks (lane, id, lead_id, workspace_id, enrollment_id, step, attempt, kind, title, script, owner, due_at,
  expires_at, opened_at)
select lane, id, lead_id, workspace_id, enrollment_id, coalesce(step, ''), coalesce(attempt, 1), kind, title,
  coalesce(script, ''), owner, due_at, expires_at, opened_at
from json_to_recordset(%s::json) as u (lane smallint, id uuid, lead_id uuid, workspace_id integer, enrollment_id uuid,
  step text, attempt smallint, kind text, title text, script text, owner text, due_at timestamptz,
  expires_at timestamptz, opened_at timestamptz)
on conflict (lane, lead_id, kind) where status = 'open' and step = '' do nothing
"""

_EXPIRE = b"""
update tasks t set status = 'expired', done_at = %(now)s
from json_to_recordset(%(rows)s::json) as u (enrollment_id uuid, step text)
where t.lane = %(lane)s and t.enrollment_id = u.enrollment_id and t.step = u.step and t.status = 'open'
"""

_STOP_TOUCHES = b"""
with stopped as (
  update touches t set status = 'refused', reason = u.reason
  from json_to_recordset(%(rows)s::json) as u (id uuid, reason text)
  where t.lane = %(lane)s and t.enrollment_id = u.id and t.status = 'queued'
  returning t.lead_id, t.workspace_id, t.enrollment_id, t.step, t.channel, t.id, t.reason
)
insert into events (lane, lead_id, workspace_id, kind, at, enrollment_id, step, channel, touch_id, data)
select %(lane)s, lead_id, workspace_id, 'touch.refused', %(now)s, enrollment_id, step, channel, id,
  json_build_object('reason', reason, 'last', true) from stopped
"""

_STOP_TASKS = b"""
with stopped as (
  update tasks t set status = 'cancelled', done_at = %(now)s, note = u.reason
  from json_to_recordset(%(rows)s::json) as u (id uuid, reason text)
  where t.lane = %(lane)s and t.enrollment_id = u.id and t.status = 'open' and t.step <> ''
  returning t.lead_id, t.workspace_id, t.enrollment_id, t.step, t.kind, u.reason
)
insert into events (lane, lead_id, workspace_id, kind, at, enrollment_id, step, channel, data)
select %(lane)s, lead_id, workspace_id, 'task.cancelled', %(now)s, enrollment_id, step,
  case when kind = 'call' then 'call' else '' end, json_build_object('reason', reason) from stopped
"""

_TRACES = """
insert into traces (lane, digest, findings)
select lane, digest, findings from json_to_recordset(%s::json) as u (lane smallint, digest text, findings json)
on conflict (lane, digest) do nothing
"""

_DECISIONS = """
insert into decisions (lane, lead_id, workspace_id, enrollment_id, version_id, rules, seen, at, result, reason, until,
  lead, body)
select lane, lead_id, workspace_id, enrollment_id, version_id, rules, seen, at, result, reason, until,
  coalesce(lead, '{}'), body
from json_to_recordset(%s::json) as u (lane smallint, lead_id uuid, workspace_id integer, enrollment_id uuid,
  version_id integer, rules text, seen bigint, at timestamptz, result text, reason text, until timestamptz,
  lead json, body json)
"""

# Nearly every look writes these, and a statement costs a small batch more than the few rows in it.
_LOOKED = {
    once: f"with planned as ({_TOUCHES}), told as ({inserting(once=once)}), traced as ({_TRACES}) {_DECISIONS}".encode()
    for once in (False, True)
}
