"""Appending to the story of leads. Whoever appends holds the lead's enrollment, so a decision's `seen` is exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from warmline.core.events import Event

from .doubts import NOT_IN_DOUBT
from .ids import lane_of
from .rows import encode, read


class NewEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A row of `events` to be. `key` makes the same thing told twice one event.

    What is as the table has it by itself is left out of the JSON: reading a row costs PostgreSQL as much as inserting it.
    """

    lane: int
    lead_id: UUID
    workspace_id: int
    kind: str
    at: datetime
    enrollment_id: UUID | None = None
    step: str = ""
    channel: str = ""
    touch_id: UUID | None = None
    key: str | None = None
    data: dict[str, Any] = {}


class Appended(msgspec.Struct, array_like=True):
    """Which of the given events were news: index into the list given to `append`."""

    lead_id: UUID
    kind: str
    key: str | None


def append(conn: psycopg.Connection, events: Sequence[NewEvent], now: datetime) -> list[Appended]:
    """Wake the leads' enrollments and append, in the caller's transaction. Doubled keys change nothing.

    1. Lock and wake what runs for these leads, in a fixed order, so that two writers never wait for each other in a ring.
    2. Insert. Sequence numbers are drawn under that lock, so a lead's order is the order of commits.
    Returns what was really appended.
    """
    if not events:
        return []
    wake(conn, {(event.lane, event.lead_id) for event in events}, now)
    return read(
        conn,
        f"with added as ({inserting(once=True)} returning lead_id, kind, key)"
        " select json_agg(json_build_array(lead_id, kind, key))::text from added",
        (encode(events),),
        Appended,
    )


def wake(
    conn: psycopg.Connection,
    leads: set[tuple[int, UUID]],
    now: datetime,
    quiet: set[tuple[int, UUID]] = frozenset(),  # type: ignore[assignment] # never changed
) -> None:
    """Look at these leads now. An event is only a reason to look: it sets the due time and nothing else.

    `quiet` leads are held too, so that events may be appended, and keep their due time: nothing hangs on those events,
    unless an event is all that the lead waits for. What is parked or scheduled is held as well: it may run a moment later,
    and its next look reads only events numbered above those it has seen.
    """
    for lane in sorted({lane for lane, _ in leads | quiet}):
        conn.execute(
            _WAKE,
            {
                "lane": lane,
                "loud": [lead_id for of_lane, lead_id in leads if of_lane == lane],
                "ids": sorted(lead_id for of_lane, lead_id in leads | quiet if of_lane == lane),
                "now": now,
            },
        )


_WAKE = f"""
update enrollments
set due_at = case when waits or lead_id = any(%(loud)s) then least(due_at, {NOT_IN_DOUBT}) else due_at end
where lane = %(lane)s and status in ('running', 'handed_off') and id in (
  select id from enrollments
  where lane = %(lane)s and lead_id = any(%(ids)s) and status <> 'ended'
  order by id for update
)
""".encode()


def has_key(conn: psycopg.Connection, lead_id: UUID, key: str) -> bool:
    """Whether a lead's story has been told this."""
    row = conn.execute(
        "select 1 from events where lane = %s and lead_id = %s and key = %s", (lane_of(lead_id), lead_id, key)
    ).fetchone()
    return row is not None


def insert(conn: psycopg.Connection, events: Sequence[NewEvent]) -> None:
    """Insert without waking: for writers that hold the enrollments already."""
    conn.execute(_INSERT[have_keys(events)], (encode(events),))


def begin(conn: psycopg.Connection, events: Sequence[NewEvent]) -> None:
    """Insert the first events of leads that this transaction makes: nobody has told their stories anything yet."""
    conn.execute(_INSERT[False], (encode(events),))


def of_kinds(conn: psycopg.Connection, lane: int, lead_id: UUID, kinds: Sequence[str]) -> list[Event]:
    """The lead's events of these kinds, in order."""
    query = """
        select json_agg(json_build_array(kind, at, seq, enrollment_id, step, channel, touch_id, data) order by seq)::text
        from events where lane = %s and lead_id = %s and kind = any(%s)
    """
    return read(conn, query, (lane, lead_id, list(kinds)), Event)


def have_keys(events: Iterable[NewEvent]) -> bool:
    """Whether any of them may have been told before."""
    return any(event.key is not None for event in events)


def inserting(*, once: bool) -> str:
    """The statement that inserts a document of events. `once`: passing over those whose key the lead's story has.

    Who has no keys goes without: PostgreSQL would insert each row in two steps, in case somebody else has it.
    """
    return _EVENTS + (" on conflict (lane, lead_id, key) where key is not null do nothing" if once else "")


_EVENTS = """
insert into events (lane, lead_id, workspace_id, kind, at, enrollment_id, step, channel, touch_id, key, data)
select lane, lead_id, workspace_id, kind, at, enrollment_id, coalesce(step, ''), coalesce(channel, ''), touch_id, key,
  coalesce(data, '{}')
from json_to_recordset(%s::json) as e (lane smallint, lead_id uuid, workspace_id integer, kind text, at timestamptz,
  enrollment_id uuid, step text, channel text, touch_id uuid, key text, data json)
"""
_INSERT = {once: inserting(once=once).encode() for once in (False, True)}
