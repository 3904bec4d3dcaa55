"""Counts for `warmline stats`, the dashboard and /metrics. Reads only; what is counted over time goes by `since`."""

from __future__ import annotations

from datetime import datetime

import msgspec
import psycopg

from .ids import LANES
from .pages import BY_NO_MACHINE, UNKNOWN
from .rows import read


class Count(msgspec.Struct, array_like=True):
    """How often `name` happened; `part` tells apart within it ("" when nothing does)."""

    name: str
    part: str
    count: int


class KeptBack(msgspec.Struct, array_like=True):
    """How many touches and calls the gate held or refused (`did`: hold or refuse) for `reason` in the hour `hour`."""

    did: str
    reason: str
    hour: int  # 0 to 23, counted from where the day begins
    count: int


class Speed(msgspec.Struct, array_like=True):
    """Seconds from a lead's first arrival to the first touch, by `machine` and by `human`. None: not one yet."""

    who: str
    count: int
    median: float | None
    p95: float | None


class Waiting(msgspec.Struct):
    """What is due and not done yet, and since when the longest waits."""

    looks: int
    looks_since: datetime | None
    touches: int
    touches_since: datetime | None
    sending: int


def leads_by_status(conn: psycopg.Connection, workspace_id: int) -> list[Count]:
    """Whoever has become a part of another lead, or was erased, has no address left and is no lead any more."""
    return read(
        conn,
        "select json_agg(json_build_array(status, '', n) order by status)::text from (select status, count(*) n"
        " from leads where workspace_id = %s and addresses::text <> '{}' group by status) c",
        (workspace_id,),
        Count,
    )


def events_by_channel(conn: psycopg.Connection, workspace_id: int, kinds: list[str], since: datetime) -> list[Count]:
    """How often each of `kinds` happened since then, by channel, and by no machine of a lead's. Append-only, so a BRIN index
    on time serves. What a merge tells again, of the attempts that caps count, has happened to the other lead."""
    return read(
        conn,
        f"""
        select json_agg(json_build_array(kind, channel, n) order by kind, channel)::text from (
          select kind, channel, count(*) n from events
          where workspace_id = %s and at >= %s and kind = any(%s) and {BY_NO_MACHINE}
            and data->>'merged' is null group by kind, channel
        ) c
        """,  # noqa: S608 - only fixed text is joined in
        (workspace_id, since, kinds),
        Count,
    )


#: A touch or call for each reason that kept it back, and when first. Its parts are taken out of the JSON at one reading.
_KEPT_BACK = """
  select done."do" did, done.reason, min(d.at) as at
  from decisions d cross join json_to_recordset(d.body) done("do" text, reason text, step text, channel text)
  where d.workspace_id = %(w)s and d.at >= %(since)s and done."do" in ('hold', 'refuse')
  group by done."do", done.reason, d.enrollment_id, done.step, done.channel
"""


def gate_reasons(conn: psycopg.Connection, workspace_id: int, since: datetime) -> list[Count]:
    """What the gate held and refused since then: (hold or refuse, rule, how many touches), each counted once."""
    return read(
        conn,
        f"""
        select json_agg(json_build_array(did, reason, n) order by did, n desc, reason)::text from (
          select did, reason, count(*) n from ({_KEPT_BACK}) k group by 1, 2
        ) c
        """,  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "since": since},
        Count,
    )


def kept_back(conn: psycopg.Connection, workspace_id: int, since: datetime) -> list[KeptBack]:
    """The same by the hour in which each was kept back first; `since` is a day ago."""
    return read(
        conn,
        f"""
        select json_agg(json_build_array(did, reason, hour, n) order by did, reason, hour)::text from (
          select did, reason, least(floor(extract(epoch from at - %(since)s) / 3600)::int, 23) as hour, count(*) n
          from ({_KEPT_BACK}) k group by 1, 2, 3
        ) c
        """,  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "since": since},
        KeptBack,
    )


def first_touches(conn: psycopg.Connection, workspace_id: int, since: datetime) -> list[Speed]:
    """For the leads that first came in since then. A human touch is a call made or a hand-off taken."""
    return read(
        conn,
        """
        with firsts as (
          select extract(epoch from e.machine - l.created_at) machine, extract(epoch from e.human - l.created_at) human
          from leads l cross join lateral (
            select min(at) filter (where kind = 'touch.sent') machine,
                   min(at) filter (where kind = 'call.dialled' or kind = 'task.done'
                                   and (channel = 'call' or data ->> 'task' = 'hand_off')) human
            from events e where e.lane = l.lane and e.lead_id = l.id and e.kind in ('touch.sent', 'call.dialled', 'task.done')
          ) e
          where l.workspace_id = %s and l.created_at >= %s
        )
        select json_build_array(
          (select json_build_array('machine', count(machine), percentile_cont(0.5) within group (order by machine),
                                   percentile_cont(0.95) within group (order by machine)) from firsts),
          (select json_build_array('human', count(human), percentile_cont(0.5) within group (order by human),
                                   percentile_cont(0.95) within group (order by human)) from firsts))::text
        """,
        (workspace_id, since),
        Speed,
    )


def waiting(conn: psycopg.Connection, now: datetime) -> Waiting:
    """The queue of the whole database, lane by lane as the workers walk it: the same index serves."""
    return read(
        conn,
        """
        select json_build_array(json_build_object(
          'looks', coalesce(sum(e.n), 0), 'looks_since', min(e.since),
          'touches', coalesce(sum(t.n), 0), 'touches_since', min(t.since), 'sending', coalesce(sum(s.n), 0)))::text
        from generate_series(0, %(last)s) lane
        cross join lateral (select count(*) n, min(due_at) since from enrollments e
                            where e.lane = lane.lane and e.due_at <= %(now)s) e
        cross join lateral (select count(*) n, min(ready_at) since from touches t
                            where t.lane = lane.lane and t.status = 'queued' and t.ready_at <= %(now)s) t
        cross join lateral (select count(*) n from touches s where s.lane = lane.lane and s.status = 'sending') s
        """,
        {"last": LANES - 1, "now": now},
        Waiting,
    )[0]


def set_aside(conn: psycopg.Connection, workspace_id: int) -> dict[str, int]:
    """What waits for a person because the machine can't go on: parked, unknown, quarantined."""
    row = conn.execute(
        f"""
        select (select count(*) from enrollments where workspace_id = %(workspace)s and status = 'parked'),
               (select count(*) from touches t where workspace_id = %(workspace)s and {UNKNOWN}),
               (select count(*) from quarantine where workspace_id = %(workspace)s and status = 'open')
        """.encode(),  # noqa: S608 - only fixed text is joined in
        {"workspace": workspace_id},
    ).fetchone()
    assert row is not None  # noqa: S101 - three counts are always one row
    return dict(zip(("parked", "unknown", "quarantined"), row, strict=True))


def open_tasks(conn: psycopg.Connection, workspace_id: int, now: datetime) -> list[Count]:
    """Open tasks by kind: (kind, "late" or "", how many)."""
    return read(
        conn,
        """
        select json_agg(json_build_array(kind, late, n) order by kind, late)::text from (
          select kind, case when due_at < %(now)s then 'late' else '' end late, count(*) n
          from tasks where workspace_id = %(workspace)s and status = 'open' group by 1, 2
        ) c
        """,
        {"workspace": workspace_id, "now": now},
        Count,
    )
