"""Clicks that wait to be judged, and what else is known of visits to the same mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from .rows import decode, of_every_lane, read


class Doubt(msgspec.Struct):
    """A click in doubt; `signal` is a channels.contract.Signal as JSON."""

    lane: int
    lead_id: UUID
    key: str
    workspace_id: int
    touch_id: UUID
    counts_at: datetime
    signal: dict[str, Any]


#: The earliest time at which an enrollment of this lane may be woken: not while a click of its lead is in doubt, which
#: takes seconds. One that waits for longer could not be told, and keeps nobody.
NOT_IN_DOUBT = """greatest(%(now)s, (
  select max(d.counts_at) from doubtful_clicks d
  where d.lane = %(lane)s and d.lead_id = enrollments.lead_id and d.counts_at <= %(now)s + interval '1 minute'))"""


class Seen(msgspec.Struct):
    """An event of one touch."""

    kind: str
    at: datetime
    key: str | None
    data: dict[str, Any]


def keep(conn: psycopg.Connection, doubt: Doubt) -> None:
    """The same visitor at the same link again, while the first is in doubt, changes nothing."""
    conn.execute(
        "insert into doubtful_clicks (lane, lead_id, key, workspace_id, touch_id, counts_at, signal)"
        " values (%s, %s, %s, %s, %s, %s, %s::json) on conflict do nothing",
        (
            doubt.lane, doubt.lead_id, doubt.key, doubt.workspace_id, doubt.touch_id, doubt.counts_at,
            msgspec.json.encode(doubt.signal).decode(),
        ),
    )  # fmt: skip


def of_touch(conn: psycopg.Connection, lane: int, lead_id: UUID, touch_id: UUID) -> list[Doubt]:
    return read(
        conn,
        "select json_agg(row_to_json(d) order by d.counts_at)::text from doubtful_clicks d"
        " where lane = %s and lead_id = %s and touch_id = %s",
        (lane, lead_id, touch_id),
        Doubt,
    )


def seen(conn: psycopg.Connection, lane: int, lead_id: UUID, touch_id: UUID) -> list[Seen]:
    """Visits to the mail that the story has already, and its delivery."""
    return read(
        conn,
        "select json_agg(json_build_object('kind', kind, 'at', at, 'key', key, 'data', data))::text from events"
        " where lane = %s and lead_id = %s and touch_id = %s and kind in ('opened', 'clicked', 'touch.delivered')",
        (lane, lead_id, touch_id),
        Seen,
    )


def forget(conn: psycopg.Connection, doubt: Doubt) -> bool:
    """False: somebody else has told of it meanwhile."""
    done = conn.execute(
        "delete from doubtful_clicks where lane = %s and lead_id = %s and key = %s",
        (doubt.lane, doubt.lead_id, doubt.key),
    )
    return done.rowcount > 0


def put_off(conn: psycopg.Connection, doubt: Doubt, until: datetime) -> None:
    conn.execute(
        "update doubtful_clicks set counts_at = %s where lane = %s and lead_id = %s and key = %s",
        (until, doubt.lane, doubt.lead_id, doubt.key),
    )


def due(conn: psycopg.Connection, now: datetime, limit: int) -> list[Doubt]:
    """Those whose time has come, up to `limit` of each lane: one index probe a lane, whatever is waiting."""
    return [
        doubt for (row,) in conn.execute(_DUE, {"now": now, "limit": limit}).fetchall() for doubt in decode(row, Doubt)
    ]


_DUE = of_every_lane(
    "select json_build_array(row_to_json(c))::text from doubtful_clicks c"
    " where lane = {lane} and counts_at <= %(now)s order by counts_at limit %(limit)s"
)
