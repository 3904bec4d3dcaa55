"""What needs a person now, and the last 24 hours as numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from ...core.media import told
from ..rows import read as read_rows
from . import BY_NO_MACHINE, CALLED, UNKNOWN, free

#: More than anybody does in a day: beyond it the page says how many there are and shows the first.
MOST = 50

#: Kinds of events by the picture of the day that counts them.
TOUCHES = ("touch.sent",)
ANSWERS = ("replied", "clicked", "called.back", "meeting.booked")


def _is_of(*kinds: str) -> str:
    """Words, not a parameter: PostgreSQL takes the index of rare events only where it reads in the statement what is asked."""
    return "kind in ('" + "', '".join(kinds) + "')"


_DAY = "workspace_id = %(w)s and at > %(since)s and at <= %(now)s"

#: Touches are common: they are found in the blocks that hold a day. Answers are rare, and counted in their index alone.
_EVENTS = f"""
    select kind, date_bin('1 hour', at, %(since)s), count(*) from events
    where {_DAY} and {_is_of(*TOUCHES)} group by 1, 2
    union all
    select kind, date_bin('1 hour', at, %(since)s), count(*) from events
    where {_DAY} and {_is_of(*ANSWERS)} and {BY_NO_MACHINE} group by 1, 2
"""  # noqa: S608 - only fixed text is joined in

_LEADS = """
    select date_bin('1 hour', created_at, %(since)s), count(*) from leads
    where workspace_id = %(w)s and created_at > %(since)s and created_at <= %(now)s group by 1
"""


#: Counted so far for the navigation; beyond it there are "more than".
COUNTED = 100


class Counts(msgspec.Struct):
    """What waits behind each entry of the navigation: more than COUNTED is not counted on."""

    tasks: int  # due, of this person or of nobody
    attention: int


class Waiting(msgspec.Struct):
    """A task that is due today or late, with the lead it is about."""

    lane: int
    id: UUID
    lead_id: UUID
    kind: str
    title: str
    owner: str | None
    due_at: datetime
    lead: str
    lead_status: str
    heard: dict[str, Any] | None  # what the lead last said, for hand-offs and replies: its text and media
    by_voicemail: bool | None  # that was a voicemail; its words come later than it, written down by machine, or never

    @property
    def said(self) -> str:
        return told(self.heard) if self.heard else ""


class Numbers(msgspec.Struct):
    """Of the last 24 hours; each list has one count an hour, oldest first."""

    leads: list[int]
    touches: list[int]
    replies: list[int]


def counts(conn: psycopg.Connection, workspace_id: int, person: str, now: datetime) -> Counts:
    row = conn.execute(
        f"""
        select
          (select count(*) from (select 1 from tasks t
              where workspace_id = %(w)s and status = 'open' and due_at <= %(now)s
              and (owner = %(person)s or {free("t")}) limit %(most)s) t),
          (select count(*) from (select 1 from enrollments
              where workspace_id = %(w)s and status = 'parked' limit %(most)s) e)
            + (select count(*) from (select 1 from touches t
              where workspace_id = %(w)s and {UNKNOWN} limit %(most)s) u)
            + (select count(*) from (select 1 from quarantine
              where workspace_id = %(w)s and status = 'open' limit %(most)s) q)
            + (select count(*) from mailbox_troubles where workspace_id = %(w)s)
        """.encode(),  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "person": person, "now": now, "most": COUNTED + 1},
    ).fetchone()
    assert row is not None  # noqa: S101 - a select of two counts always has a row
    return Counts(*row)


def waiting(conn: psycopg.Connection, workspace_id: int, now: datetime) -> list[Waiting]:
    """Open tasks due within 12 hours or late, and leads who answered however long there is; at most MOST of each."""
    return read_rows(
        conn,
        f"""
        with wanted as (
          (select lane, id from tasks where workspace_id = %(w)s and status = 'open' and due_at < %(until)s
           order by due_at limit %(most)s)
          union
          (select lane, id from tasks where workspace_id = %(w)s and status = 'open'
             and kind in ('hand_off', 'read_reply') order by due_at limit %(most)s)
        )
        select json_agg(w order by w.due_at)::text from (
          select t.lane, t.id, t.lead_id, t.kind, t.title, t.owner, t.due_at,
            {CALLED} as lead, l.status as lead_status, h.heard, h.by_voicemail
          from wanted join tasks t using (lane, id) join leads l on l.lane = t.lane and l.id = t.lead_id
          left join lateral (
            select json_build_object('text', e.data->'text', 'media', e.data->'media') as heard,
              e.kind in ('voicemail.left', 'voicemail.transcribed') as by_voicemail
            from events e where e.lane = t.lane and e.lead_id = t.lead_id
              and e.kind in ('replied', 'doubtful', 'voicemail.left', 'voicemail.transcribed')
            order by e.seq desc limit 1
          ) h on t.kind in ('hand_off', 'read_reply', 'escalation')
        ) w
        """,  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "until": now + timedelta(hours=12), "most": MOST},
        Waiting,
    )


def numbers(conn: psycopg.Connection, workspace_id: int, now: datetime) -> Numbers:
    """Three pictures of the day, right to the moment that `conn` sees."""
    since = now - timedelta(hours=24)
    asked = {"w": workspace_id, "since": since, "now": now}
    leads = conn.execute(_LEADS, asked).fetchall()
    events = conn.execute(_EVENTS.encode(), asked).fetchall()

    def of(kinds: tuple[str, ...]) -> list[int]:
        return _hours([(begins, count) for kind, begins, count in events if kind in kinds], since)

    return Numbers(leads=_hours(leads, since), touches=of(TOUCHES), replies=of(ANSWERS))


def _hours(rows: Iterable[tuple[datetime, int]], since: datetime) -> list[int]:
    """`rows`: when an hour begins, and a count. What happened at the very end of the day is of its last hour."""
    hours = [0] * 24
    for begins, count in rows:
        hours[min((begins - since) // timedelta(hours=1), 23)] += count
    return hours
