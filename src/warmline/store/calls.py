"""Calls placed for people: the intent before the request, and what is told of each afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import msgspec
import psycopg

from warmline.core.calls import AnsweredBy, Facts, Leg, Status

from .rows import encode, of_every_lane, read


class Call(msgspec.Struct):
    """`lost`: it counts as live and nothing has been heard of it for longer than any call stays silent."""

    lane: int
    id: UUID
    lead_id: UUID
    task_id: UUID
    enrollment_id: UUID | None
    step: str
    attempt: int
    rep: str
    rep_phone: str
    lead_phone: str
    status: Status
    provider: str
    provider_id: str
    detects: bool
    rep_leg: Leg
    connected: bool
    lead_leg: Leg
    answered_by: AnsweredBy
    seconds: int
    code: str
    outcome: str
    settled: bool
    reason: str
    detail: str
    placed_at: datetime
    ended_at: datetime | None
    lost: bool

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def facts(self) -> Facts:
        return Facts(
            self.detects, self.rep_leg, self.connected, self.lead_leg, self.answered_by, self.seconds, self.code
        )


class Lost(msgspec.Struct):
    """A call of which something is missing. Somebody asks what became of it, and `until` then nobody else does.

    `lost`: nothing was heard of it for longer than any stays silent. Until then it counts as live for everybody else."""

    lane: int
    id: UUID
    lead_id: UUID
    workspace_id: int
    provider: str
    provider_id: str
    until: datetime
    lost: bool


LIVE: tuple[Status, ...] = ("placing", "ringing", "answered", "dialling", "talking")
assert set(LIVE) < set(get_args(Status))  # noqa: S101 - a constant, looked at once

_CALL = """
select json_agg(x order by x.id desc)::text from (
  select lane, id, lead_id, task_id, enrollment_id, step, attempt, rep, rep_phone, lead_phone, status, provider,
    provider_id, detects, rep_leg, connected, lead_leg, answered_by, seconds, code, outcome, settled, reason, detail,
    placed_at, ended_at, coalesce(lost_at < now(), false) as lost
  from calls where lane = %(lane)s and workspace_id = %(workspace)s and {where}
) x
"""


def insert(conn: psycopg.Connection, row: Mapping[str, Any], within: timedelta) -> bool:
    """The intent to call, status `placing`. False when a call of the same task is under way."""
    done = conn.execute(
        b"""
        insert into calls (lane, id, lead_id, workspace_id, task_id, enrollment_id, step, attempt, rep, rep_phone,
          lead_phone, status, provider, detects, placed_at, lost_at, ask_at)
        select lane, id, lead_id, workspace_id, task_id, enrollment_id, step, attempt, rep, rep_phone, lead_phone,
          'placing', provider, detects, placed_at, now() + %(within)s, now() + %(within)s
        from json_to_recordset(%(rows)s::json) as w (lane smallint, id uuid, lead_id uuid, workspace_id integer, task_id uuid,
          enrollment_id uuid, step text, attempt smallint, rep text, rep_phone text, lead_phone text, provider text,
          detects boolean, placed_at timestamptz)
        on conflict do nothing
        """,
        {"within": within, "rows": encode([row])},
    )
    return done.rowcount == 1


def find(conn: psycopg.Connection, workspace_id: int, lane: int, call_id: UUID) -> Call | None:
    """None: this workspace has no such call."""
    return _one(conn, "id = %(id)s", workspace_id, lane, call_id)


def of_task(conn: psycopg.Connection, workspace_id: int, lane: int, task_id: UUID) -> list[Call]:
    """The calls that were placed for a task, the last one first."""
    return read(
        conn, _CALL.format(where="task_id = %(id)s"), {"lane": lane, "workspace": workspace_id, "id": task_id}, Call
    )


def live_of_lead(conn: psycopg.Connection, workspace_id: int, lane: int, lead_id: UUID) -> Call | None:
    return _one(conn, "lead_id = %(id)s and lost_at > now()", workspace_id, lane, lead_id)


def another_lives(conn: psycopg.Connection, call: Call) -> bool:
    """Whether another call of the same task is under way: a task has one at a time."""
    row = conn.execute(
        f"select from calls where lane = %s and task_id = %s and id <> %s and {_LIVE}".encode(),
        (call.lane, call.task_id, call.id),
    ).fetchone()
    return row is not None


def lost_of_lead(conn: psycopg.Connection, workspace_id: int, lane: int, lead_id: UUID) -> list[Call]:
    """Those that count as live and of which nothing has been heard for longer than any call stays silent."""
    query = _CALL.format(where="lead_id = %(id)s and lost_at < now()")
    return read(conn, query, {"lane": lane, "workspace": workspace_id, "id": lead_id}, Call)


def take_lost(conn: psycopg.Connection, limit: int, lease: timedelta) -> list[Lost]:
    """Up to `limit` calls whose provider is to be asked what became of them; nobody else is given them within `lease`."""
    found: list[Lost] = []
    for (lane,) in conn.execute(_LANES_LOST).fetchall():
        if len(found) == limit:
            break
        found += read(conn, _TAKE, {"lane": lane, "lease": lease, "limit": limit - len(found)}, Lost)
    return found


def still_unheard(conn: psycopg.Connection, lost: Lost) -> Call | None:
    """The call, under the lock of its lead; None when it was heard of since it was taken, or is gone."""
    query = _CALL.format(where="id = %(id)s and ask_at = %(until)s")
    where = {"lane": lost.lane, "workspace": lost.workspace_id, "id": lost.id, "until": lost.until}
    return next(iter(read(conn, query, where, Call)), None)


_LIVE = "status in ('placing', 'ringing', 'answered', 'dialling', 'talking')"  # as the index of live calls says it
_LANES_LOST = of_every_lane("select lane from calls where lane = {lane} and ask_at < now() limit 1")
_TAKE = """
with lost as (
  select lane, id, coalesce(lost_at < now(), false) as lost from calls where lane = %(lane)s and ask_at < now()
  order by ask_at limit %(limit)s for update skip locked
), taken as (
  update calls c set ask_at = now() + %(lease)s,
    lost_at = case when lost_at is not null then greatest(lost_at, now() + %(lease)s) end
  from lost where c.lane = %(lane)s and c.id = lost.id
  returning c.lane, c.id, c.lead_id, c.workspace_id, c.provider, c.provider_id, c.ask_at as until, lost.lost
)
select json_agg(taken)::text from taken
"""


def ask_again(conn: psycopg.Connection, asked: Lost, after: timedelta) -> None:
    """Whoever was asked has said all there was to say for now: of a call that lives it is asked again once `after` has passed,
    of one that is over not any more."""
    conn.execute(
        "update calls set ask_at = case when lost_at is not null then now() + %s end where lane = %s and id = %s",
        (after, asked.lane, asked.id),
    )


def write(conn: psycopg.Connection, call: Call, now: datetime, within: timedelta, ask: timedelta | None = None) -> None:
    """The call as it stands now, under the lock of its lead; while it lives, news of it are expected `within`. `ask`: when
    its provider is asked about it without any, None for never."""
    conn.execute(
        """
        update calls set status = %(status)s, provider_id = %(provider_id)s, rep_leg = %(rep_leg)s,
          connected = %(connected)s, lead_leg = %(lead_leg)s, answered_by = %(answered_by)s, seconds = %(seconds)s,
          code = %(code)s, outcome = %(outcome)s, settled = %(settled)s, reason = %(reason)s, detail = %(detail)s,
          ended_at = case when %(over)s then coalesce(ended_at, %(now)s) end,
          lost_at = case when %(live)s then now() + %(within)s end, ask_at = now() + %(ask)s::interval
        where lane = %(lane)s and id = %(id)s
        """,
        {
            **msgspec.structs.asdict(call), "over": call.status in ("ended", "not_placed"), "live": call.live, "now": now,
            "within": within, "ask": ask,
        },
    )  # fmt: skip


def _one(conn: psycopg.Connection, where: str, workspace_id: int, lane: int, which: UUID) -> Call | None:
    query = _CALL.format(where=where)
    found = read(conn, query, {"lane": lane, "workspace": workspace_id, "id": which}, Call)
    return found[0] if found else None
