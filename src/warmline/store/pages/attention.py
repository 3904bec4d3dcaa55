"""What stopped and waits for a decision: parked runs, touches nobody knows the end of, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from ..rows import read
from . import BY_NO_MACHINE, CALLED, UNKNOWN
from .cursors import Place, read_cursor, write_cursor

MOST = 100
PAGE = 50
MOST_REASONS = 10


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
    """`at`: when it was handed over, as far as is known."""

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
    created_at: datetime


class Quarantined(msgspec.Struct):
    id: UUID
    door: str
    reason: str
    body: str
    content_type: str
    context: dict[str, Any]
    received_at: datetime


class Reason(msgspec.Struct):
    """Why so many things can't be read; the last of them came in at `last_at`."""

    reason: str
    count: int
    last_at: datetime


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


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a list, the newest first. `next` is the cursor of what is older, "" at the end."""

    lines: Sequence[Any]
    next: str = ""


def page(kind: str, conn: psycopg.Connection, workspace_id: int, after: str = "", most: int = PAGE) -> Page:
    """The newest of a kind of LISTS, or those after a cursor. Raises ValueError for a cursor of somebody else's making."""
    listed, at = LISTS[kind]
    found = listed(conn, workspace_id, most + 1, newest=True, after=read_cursor(after) if after else None)
    if len(found) <= most:
        return Page(found)
    last = found[most - 1]
    return Page(found[:most], write_cursor(getattr(last, at), last.id))


def parked(
    conn: psycopg.Connection,
    workspace_id: int,
    most: int | None = MOST,
    *,
    newest: bool = False,
    after: Place | None = None,
) -> list[Parked]:
    """The oldest first, unless the `newest` are wanted; `most` None: every one."""
    return read(
        conn,
        f"""
        select json_agg(x order by {_order("x.started_at", newest)})::text from (
          select e.lane, e.id, e.lead_id, {CALLED} as lead, e.playbook, v.version, e.error, e.started_at
          from enrollments e join leads l on l.lane = e.lane and l.id = e.lead_id
          join playbook_versions v on v.id = e.version_id
          where e.workspace_id = %(w)s and e.status = 'parked' {_beyond("e.started_at", "e.id", newest, after)}
          order by {_order("e.started_at", newest, "e.id")} limit %(most)s
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        _asked(workspace_id, most, after),
        Parked,
    )


def unknown(
    conn: psycopg.Connection, workspace_id: int, most: int = MOST, *, newest: bool = False, after: Place | None = None
) -> list[Unknown]:
    """The oldest first, unless the `newest` are wanted."""
    return read(
        conn,
        f"""
        select json_agg(x order by {_order("x.created_at", newest)})::text from (
          select t.lane, t.id, t.lead_id, {CALLED} as lead, t.channel, t.address, t.subject, t.body, t.error, t.provider,
            coalesce(t.sent_at, t.created_at) as at, t.created_at
          from touches t join leads l on l.lane = t.lane and l.id = t.lead_id
          where t.workspace_id = %(w)s and {UNKNOWN} {_beyond("t.created_at", "t.id", newest, after)}
          order by {_order("t.created_at", newest, "t.id")} limit %(most)s
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        _asked(workspace_id, most, after),
        Unknown,
    )


def quarantined(
    conn: psycopg.Connection, workspace_id: int, most: int = MOST, *, newest: bool = False, after: Place | None = None
) -> list[Quarantined]:
    """The oldest first, unless the `newest` are wanted."""
    return read(
        conn,
        f"""
        select json_agg(x order by {_order("x.received_at", newest)})::text from (
          select id, door, reason, body, content_type, context, received_at from quarantine
          where workspace_id = %(w)s and status = 'open' {_beyond("received_at", "id", newest, after)}
          order by {_order("received_at", newest, "id")} limit %(most)s
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        _asked(workspace_id, most, after),
        Quarantined,
    )


def naming(conn: psycopg.Connection, workspace_id: int, pattern: str, most: int = MOST) -> list[Quarantined]:
    """What of quarantine, settled or not, matches a regular expression of PostgreSQL's in any case; the oldest first."""
    return read(
        conn,
        """
        select json_agg(x order by x.received_at, x.id)::text from (
          select id, door, reason, body, content_type, context, received_at from quarantine
          where workspace_id = %(w)s and (body ~* %(named)s or reason ~* %(named)s or context::text ~* %(named)s)
          order by received_at, id limit %(most)s
        ) x
        """,
        {"w": workspace_id, "named": pattern, "most": most},
        Quarantined,
    )


def reasons(conn: psycopg.Connection, workspace_id: int) -> list[Reason]:
    """Why several things could not be read alike, the most frequent first."""
    return read(
        conn,
        f"""
        select json_agg(x order by x.count desc, x.reason)::text from (
          select reason, count(*) as count, max(received_at) as last_at from quarantine
          where workspace_id = %s and status = 'open' group by reason having count(*) > 1
          order by count(*) desc, reason limit {MOST_REASONS}
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        (workspace_id,),
        Reason,
    )


#: Kind of list -> how it is read, and the time that orders it.
LISTS: Mapping[str, tuple[Callable[..., Sequence[Any]], str]] = {
    "parked": (parked, "started_at"),
    "unknown": (unknown, "created_at"),
    "quarantined": (quarantined, "received_at"),
}


def _order(at: str, newest: bool, key: str = "x.id") -> str:
    return f"{at} desc, {key} desc" if newest else f"{at}, {key}"


def _beyond(at: str, key: str, newest: bool, after: Place | None) -> str:
    """What of a list comes after a place in it."""
    return f"and ({at}, {key}) {'<' if newest else '>'} (%(at)s, %(id)s)" if after else ""


def _asked(workspace_id: int, most: int | None, after: Place | None) -> dict[str, Any]:
    at, one = after or (None, None)
    return {"w": workspace_id, "most": most, "at": at, "id": one}
