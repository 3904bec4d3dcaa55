"""What stopped and waits for a decision: parked runs, touches nobody knows the end of, and what could not be read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from ..rows import read
from . import BY_NO_MACHINE, CALLED

MOST = 100


class Parked(msgspec.Struct):
    lane: int
    id: UUID
    lead_id: UUID
    lead: str
    playbook: str
    version: int
    error: str
    started_at: datetime


class Unknown(msgspec.Struct):
    lane: int
    id: UUID
    lead_id: UUID
    lead: str
    channel: str
    address: str | None
    subject: str
    body: str
    error: str
    provider: str
    at: datetime


class Quarantined(msgspec.Struct):
    id: UUID
    door: str
    reason: str
    body: str
    content_type: str
    context: dict[str, Any]
    received_at: datetime


class Refusal(msgspec.Struct):
    """An error of a provider that is for an admin to see to, and how often it came lately."""

    channel: str
    provider: str
    reason: str
    code: str
    times: int
    last_at: datetime
    lead_id: UUID  # of the last one
    detail: str


class Mailbox(msgspec.Struct):
    """A mailbox that can't be read. `name` is "" where its settings can't be used."""

    name: str
    error: str
    since: datetime


def mailbox(conn: psycopg.Connection, workspace_id: int) -> Mailbox | None:
    """None: it is read, or there is none."""
    row = conn.execute(
        "select name, error, since from mailbox_troubles where workspace_id = %s", (workspace_id,)
    ).fetchone()
    return Mailbox(*row) if row else None


def refusals(conn: psycopg.Connection, workspace_id: int, reasons: Collection[str], since: datetime) -> list[Refusal]:
    """Touches that failed for one of `reasons`, by provider and code, the latest first."""
    return read(
        conn,
        f"""
        select json_agg(x order by x.last_at desc)::text from (
          select e.channel, t.provider, e.data->>'reason' as reason, coalesce(e.data->>'code', '') as code,
            count(*) as times, max(e.at) as last_at, (array_agg(e.lead_id order by e.at desc))[1] as lead_id,
            coalesce((array_agg(e.data->>'detail' order by e.at desc))[1], '') as detail
          from events e join touches t on t.lane = e.lane and t.id = e.touch_id
          where e.workspace_id = %s and e.kind = 'touch.failed' and {BY_NO_MACHINE} and e.at > %s
            and e.data->>'reason' = any(%s)
          group by 1, 2, 3, 4 order by max(e.at) desc limit {MOST}
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        (workspace_id, since, list(reasons)),
        Refusal,
    )


def parked(conn: psycopg.Connection, workspace_id: int, most: int | None = MOST) -> list[Parked]:
    """The oldest first; `most` None: every one."""
    return read(
        conn,
        f"""
        select json_agg(x order by x.started_at)::text from (
          select e.lane, e.id, e.lead_id, {CALLED} as lead, e.playbook, v.version, e.error, e.started_at
          from enrollments e join leads l on l.lane = e.lane and l.id = e.lead_id
          join playbook_versions v on v.id = e.version_id
          where e.workspace_id = %s and e.status = 'parked' order by e.started_at limit %s
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        (workspace_id, most),
        Parked,
    )


def unknown(conn: psycopg.Connection, workspace_id: int) -> list[Unknown]:
    return read(
        conn,
        f"""
        select json_agg(x order by x.at)::text from (
          select t.lane, t.id, t.lead_id, {CALLED} as lead, t.channel, t.address, t.subject, t.body, t.error, t.provider,
            coalesce(t.sent_at, t.created_at) as at
          from touches t join leads l on l.lane = t.lane and l.id = t.lead_id
          where t.workspace_id = %s and t.status = 'unknown' order by t.created_at limit {MOST}
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        (workspace_id,),
        Unknown,
    )


def quarantined(conn: psycopg.Connection, workspace_id: int) -> list[Quarantined]:
    return read(
        conn,
        f"""
        select json_agg(x order by x.received_at)::text from (
          select id, door, reason, body, content_type, context, received_at from quarantine
          where workspace_id = %s and status = 'open' order by received_at limit {MOST}
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        (workspace_id,),
        Quarantined,
    )
