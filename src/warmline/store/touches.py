"""Touches on their way out: claimed with the intent committed, then a receipt. At most once, whatever crashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from .erasure import KEPT
from .events import NewEvent, wake
from .pipeline import together
from .rows import by_lane, encode, of_every_lane, read, result

Row = dict[str, Any]


class Ready(msgspec.Struct, array_like=True):
    """A queued touch, locked until the transaction ends."""

    id: UUID
    lead_id: UUID
    workspace_id: int
    enrollment_id: UUID
    version_id: int
    step: str
    channel: str
    purpose: str
    template: str
    last: bool
    wakes: bool
    tries: int  # how often it was handed over so far
    created_at: datetime
    started_at: datetime  # of its enrollment, as is `event`
    event: dict[str, Any]
    address: str | None = None
    subject: str = ""
    body: str = ""
    handed_at: datetime | None = None  # of the wall clock
    excused: int = 0  # of its tries, those that do not count
    provider: str = ""  # that it was handed to last; "" for none
    account: str = ""  # of that provider; "" also where an earlier version handed it over


class Room(msgspec.Struct, frozen=True):
    """An account that takes no more than so many touches now; one that is not named takes any number."""

    workspace_id: int
    channel: str
    room: int


_COLUMNS = """t.id, t.lead_id, t.workspace_id, t.enrollment_id, t.version_id, t.step, t.channel, t.purpose, t.template,
  t.last, t.wakes, t.tries, t.created_at,
  (select e.started_at from enrollments e where e.lane = %(lane)s and e.id = t.enrollment_id),
  (select e.event from enrollments e where e.lane = %(lane)s and e.id = t.enrollment_id), t.address, t.subject, t.body,
  t.handed_at, t.excused, t.provider, t.account"""


def lanes_ready(conn: psycopg.Connection, now: datetime) -> list[int]:
    """Lanes with a touch to hand over."""
    return [lane for (lane,) in conn.execute(_LANES_READY, {"now": now}).fetchall()]


_LANES_READY = of_every_lane(
    "select lane from touches where lane = {lane} and status = 'queued' and ready_at <= %(now)s order by ready_at limit 1"
)


def ready(conn: psycopg.Connection, lane: int, now: datetime, limit: int, rooms: Sequence[Room] = ()) -> list[Ready]:
    """Lock up to `limit` touches of a lane that may be handed over, longest ready first; of an account no more than it has
    room for."""
    return told_ready(ask_ready(conn, (lane,), now, limit, rooms))[lane]


def ask_ready(
    conn: psycopg.Connection, lanes: Sequence[int], now: datetime, limit: int, rooms: Sequence[Room] = ()
) -> dict[int, psycopg.Cursor[Any]]:
    """The same for several lanes, up to `limit` and the room of each: one statement a lane, whose answers `told_ready`
    reads; in a pipeline other questions may follow before."""
    given = {"now": now, "limit": limit, "rooms": encode(rooms)}
    return {lane: conn.execute(_READY, {"lane": lane, **given}) for lane in lanes}


def told_ready(asked: Mapping[int, psycopg.Cursor[Any]]) -> dict[int, list[Ready]]:
    return {lane: result(cursor, Ready) for lane, cursor in asked.items()}


# Each account of the lane has a place of its own in the index, so that a full one is passed over, however much waits there.
# Which accounts those are is asked of the index too, from one to the next.
_READY = f"""
with recursive account as (
  (select workspace_id, channel from touches where lane = %(lane)s and status = 'queued'
   order by workspace_id, channel limit 1)
  union all
  select next.workspace_id, next.channel from account a cross join lateral (
    select workspace_id, channel from touches
    where lane = %(lane)s and status = 'queued' and (workspace_id, channel) > (a.workspace_id, a.channel)
    order by workspace_id, channel limit 1) next
), ready as (
  select t.* from account a
  left join json_to_recordset(%(rooms)s::json) r (workspace_id integer, channel text, room integer)
    on r.workspace_id = a.workspace_id and r.channel = a.channel
  cross join lateral (
    select * from touches
    where lane = %(lane)s and status = 'queued' and workspace_id = a.workspace_id and channel = a.channel
      and ready_at <= %(now)s
    order by ready_at limit least(%(limit)s, r.room) for update skip locked) t
  order by t.ready_at limit %(limit)s
)
select json_agg(json_build_array({_COLUMNS}))::text from ready t
""".encode()


def intend(conn: psycopg.Connection, lane: int, rows: Sequence[Row], engine: UUID, lease: timedelta) -> None:
    """Write down what is about to be handed over: {id, address, subject, body, provider, account}. Commit before the network.

    The lease runs on the database's wall clock: only when it is over may somebody else ask what became of the touch.
    """
    conn.execute(
        """
        update touches t set status = 'sending', claimed_by = %(engine)s, leased_until = now() + %(lease)s,
          handed_at = now(), tries = tries + 1, address = u.address, subject = u.subject, body = u.body, provider = u.provider,
          account = u.account
        from json_to_recordset(%(rows)s::json) as u (id uuid, address text, subject text, body text, provider text,
          account text)
        where t.lane = %(lane)s and t.id = u.id
        """,
        {"lane": lane, "rows": encode(rows), "engine": engine, "lease": lease},
    )


def postpone(conn: psycopg.Connection, lane: int, rows: Sequence[Row]) -> None:
    """Queued touches that wait for their turn at the provider: {id, ready_at}."""
    conn.execute(
        """
        update touches t set ready_at = u.ready_at
        from json_to_recordset(%s::json) as u (id uuid, ready_at timestamptz)
        where t.lane = %s and t.id = u.id and t.status = 'queued'
        """,
        (encode(rows), lane),
    )


class Outcome(msgspec.Struct, kw_only=True):
    """What became of a touch that was being handed over. `status`: sent, failed, held, refused, unknown or queued (again).

    `tries` is which try it tells of: of an earlier one, it comes too late to say anything of this one. `until` is when a
    queued one is ready again, and `excused` whether this try does not count. `event` "" records nothing: a second try is no
    news to the story. `was_unknown` is told by `settle`.
    """

    lane: int
    id: UUID
    lead_id: UUID
    workspace_id: int
    enrollment_id: UUID
    step: str
    channel: str
    last: bool
    tries: int
    status: str
    at: datetime
    wakes: bool = True
    until: datetime | None = None
    excused: bool = False
    was_unknown: bool = False
    provider_id: str = ""
    reason: str = ""
    error: str = ""
    event: str = ""
    park: str = ""  # the error that stops this lead's playbook, if there is one
    data: dict[str, Any] = {}


def settle(conn: psycopg.Connection, outcomes: Sequence[Outcome], now: datetime) -> list[Outcome]:
    """Write receipts, in the caller's transaction, and wake the leads. Returns those that changed anything.

    Only a touch that is still being handed over, or whose fate was unknown, takes a receipt, and only of its latest try:
    one that comes twice or late changes nothing, and a `sent` never goes back. Of a lead that was erased meanwhile, whose
    touches have no address any more, nothing is kept that a provider says in its own words: the number is often among them.
    Two statements a lane, one round trip.
    """
    lanes: dict[int, dict[UUID, Outcome]] = {}
    for one in outcomes:
        lanes.setdefault(one.lane, {})[one.id] = one
    loud = {(one.lane, one.lead_id) for one in outcomes if one.wakes}
    with together(conn):
        wake(conn, loud, now, quiet={(one.lane, one.lead_id) for one in outcomes} - loud)
        asked = {
            lane: conn.execute(
                _SETTLE, {"lane": lane, "rows": encode(mine.values()), "told": encode(_told(mine)), "kept": list(KEPT)}
            )
            for lane, mine in sorted(lanes.items())
        }
        settled = []
        for lane, cursor in asked.items():
            for touch_id, was_unknown in cursor.fetchall():
                lanes[lane][touch_id].was_unknown = was_unknown
                settled.append(lanes[lane][touch_id])
        return settled


def _told(outcomes: Mapping[UUID, Outcome]) -> list[NewEvent]:
    """What the stories get of receipts: those that change nothing are left out by the statement."""
    return [
        NewEvent(
            lane=one.lane, lead_id=one.lead_id, workspace_id=one.workspace_id, kind=one.event, at=one.at,
            enrollment_id=one.enrollment_id, step=one.step, channel=one.channel, touch_id=one.id,
            data={**one.data, **({"reason": one.reason} if one.reason else {}), "last": one.last},
        )
        for one in outcomes.values()
        if one.event
    ]  # fmt: skip


_SETTLE = b"""
with told_of as (
  select * from json_to_recordset(%(rows)s::json) as u (id uuid, status text, reason text, error text, provider_id text,
    until timestamptz, at timestamptz, tries smallint, excused boolean)
), was as (
  select id, status from touches where lane = %(lane)s and id in (select id from told_of) order by id for update
), settled as (
  update touches t
  set status = u.status, leased_until = null, claimed_by = null, reason = u.reason,
      error = case when t.address is null then '' else u.error end,
      provider_id = case when u.provider_id = '' then t.provider_id else u.provider_id end,
      ready_at = coalesce(u.until, t.ready_at),
      sent_at = case when u.status = 'sent' then u.at else t.sent_at end,
      excused = t.excused + u.excused::int
  from told_of u join was on was.id = u.id
  where t.lane = %(lane)s and t.id = u.id and t.tries = u.tries
    and (t.status = 'sending' or (t.status = 'unknown' and u.status in ('sent', 'failed')))
  returning t.id, t.address is null as erased, was.status = 'unknown' as was_unknown
), told as (
  insert into events (lane, lead_id, workspace_id, kind, at, enrollment_id, step, channel, touch_id, data)
  select %(lane)s, lead_id, workspace_id, kind, at, enrollment_id, coalesce(step, ''), coalesce(channel, ''), touch_id,
    case when not erased then data else coalesce(
      (select json_object_agg(k, v) from json_each(data) d (k, v) where k = any(%(kept)s)), '{}') end
  from json_to_recordset(%(told)s::json) as e (lead_id uuid, workspace_id integer, kind text, at timestamptz,
    enrollment_id uuid, step text, channel text, touch_id uuid, data json)
  join settled on settled.id = touch_id
)
select id, was_unknown from settled
"""


def withdraw(conn: psycopg.Connection, lane: int, reason: str, now: datetime, limit: int) -> int:
    """Refuse up to `limit` queued touches of a lane, in the caller's transaction, and wake their leads. Returns how many."""
    rows = conn.execute(
        "select id, lead_id from touches where lane = %s and status = 'queued' order by ready_at limit %s",
        (lane, limit),
    ).fetchall()
    wake(conn, {(lane, lead_id) for _, lead_id in rows}, now)
    conn.execute(
        """
        with withdrawn as (
          update touches set status = 'refused', reason = %(reason)s
          where lane = %(lane)s and id = any(%(ids)s) and status = 'queued'
          returning lead_id, workspace_id, enrollment_id, step, channel, id
        )
        insert into events (lane, lead_id, workspace_id, kind, at, enrollment_id, step, channel, touch_id, data)
        select %(lane)s, lead_id, workspace_id, 'touch.refused', %(now)s, enrollment_id, step, channel, id,
          json_build_object('reason', %(reason)s::text, 'last', true) from withdrawn
        """,
        {"lane": lane, "ids": [touch_id for touch_id, _ in rows], "reason": reason, "now": now},
    )
    return len(rows)


def still_run(conn: psycopg.Connection, lane: int, enrollment_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these enrollments run, locked: one that was preempted, ended or handed off meanwhile is left as it is."""
    rows = conn.execute(
        "select id from enrollments where lane = %s and id = any(%s) and status = 'running' order by id for update",
        (lane, list(enrollment_ids)),
    ).fetchall()
    return {enrollment_id for (enrollment_id,) in rows}


def ask_later(conn: psycopg.Connection, which: Sequence[tuple[int, UUID, int]], after: timedelta) -> None:
    """No answer came to these tries (lane, touch, tries): keep the touches as they are, and let the provider be asked once
    `after` has passed. Another try of one of them keeps its lease."""
    for lane, rows in by_lane({"lane": lane, "id": touch_id, "tries": tries} for lane, touch_id, tries in which):
        conn.execute(
            """
            update touches t set leased_until = now() + %s from json_to_recordset(%s::json) as u (id uuid, tries smallint)
            where t.lane = %s and t.id = u.id and t.tries = u.tries and t.status = 'sending'
            """,
            (after, rows, lane),
        )


def take_stale(conn: psycopg.Connection, lane: int, engine: UUID, lease: timedelta, limit: int) -> list[Ready]:
    """Touches of a lane that were being handed over when their lease ran out: take the lease over, so that one asks."""
    return read(
        conn,
        f"""
        with stale as (
          select lane, id from touches where lane = %(lane)s and status = 'sending' and leased_until < now()
          order by leased_until limit %(limit)s for update skip locked
        ), taken as (
          update touches t set claimed_by = %(engine)s, leased_until = now() + %(lease)s
          from stale where t.lane = %(lane)s and t.id = stale.id
          returning t.*
        )
        select json_agg(json_build_array({_COLUMNS}))::text from taken t
        """,
        {"lane": lane, "engine": engine, "lease": lease, "limit": limit},
        Ready,
    )


def lanes_stale(conn: psycopg.Connection) -> list[int]:
    """Lanes with a touch whose lease ran out."""
    return [lane for (lane,) in conn.execute(_LANES_STALE).fetchall()]


_LANES_STALE = of_every_lane(
    "select lane from touches where lane = {lane} and status = 'sending' and leased_until < now()"
    " order by leased_until limit 1"
)
