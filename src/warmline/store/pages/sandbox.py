"""What the sandbox channels handed over, as the lead would see it: one thread for each lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import psycopg

from ..ids import lane_of
from ..rows import read
from . import CALLED

MOST = 40
#: How far back is looked for the latest, one after the other until there are enough: the last hour costs little to sort.
LATELY = (timedelta(hours=1), timedelta(days=1), timedelta(days=30))


class Thread(msgspec.Struct):
    """A lead that has received something lately, newest first."""

    lead_id: UUID
    name: str
    status: str
    last_at: datetime
    last: str  # its beginning


class Threads(msgspec.Struct):
    """`more`: there are others that were touched before these, or may be. `looked`: at how many touches."""

    lines: list[Thread]
    looked: int
    more: bool = False


class Item(msgspec.Struct):
    """One thing in a thread. `from_lead` tells the side; a touch carries its id, an answer its event's words."""

    at: datetime
    from_lead: bool
    channel: str
    kind: str  # touch, or the kind of the event
    text: str
    lane: int
    subject: str = ""
    status: str = ""
    touch_id: UUID | None = None
    links: list[str] = []


def threads(conn: psycopg.Connection, workspace_id: int, now: datetime, most: int = MOST) -> Threads:
    """The leads touched last, at most `most` of them, and none that has heard nothing for the longest of LATELY."""
    found = Threads([], 0)
    for span in LATELY:
        found = _threads(conn, workspace_id, now - span, most)
        if found.more:
            break
    return found


def _threads(conn: psycopg.Connection, workspace_id: int, since: datetime, most: int) -> Threads:
    look = most * 10
    found = read(
        conn,
        f"""
        with latest as materialized (
          select lane, lead_id, sent_at, coalesce(nullif(subject, ''), body) as said from touches
          where workspace_id = %(w)s and created_at > %(since)s and sent_at is not null
          order by sent_at desc limit %(look)s
        ), leads_seen as (
          select distinct on (lane, lead_id) lane, lead_id, sent_at, said from latest
          order by lane, lead_id, sent_at desc
        ), lines as (
          select s.lead_id, l.status, s.sent_at as last_at, left(s.said, 300) as last,
            {CALLED} as name
          from leads_seen s join leads l on l.lane = s.lane and l.id = s.lead_id
          order by s.sent_at desc limit %(one_more)s
        )
        select json_build_array(json_build_object(
          'lines', coalesce((select json_agg(x order by x.last_at desc) from lines x), '[]'),
          'looked', (select count(*) from latest)))::text
        """,  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "since": since, "look": look, "one_more": most + 1},
        Threads,
    )[0]
    return Threads(found.lines[:most], found.looked, more=len(found.lines) > most or found.looked == look)


def thread(conn: psycopg.Connection, workspace_id: int, lead_id: UUID) -> list[Item]:
    """Everything that went to the lead and came back, oldest first. A touch has no index by lead: the lead's events
    name each of its touches."""
    return read(
        conn,
        """
        select json_agg(x order by x.at, x.from_lead)::text from (
          select coalesce(sent_at, created_at) as at, false as from_lead, channel, 'touch' as kind, body as text, lane,
            subject, status, id as touch_id from touches
          where lane = %(lane)s and id = any(array(
              select touch_id from events where lane = %(lane)s and lead_id = %(lead)s and touch_id is not null))
            and workspace_id = %(w)s and status in ('sending', 'sent', 'delivered', 'failed', 'unknown')
          union all
          select at, false, channel, kind, coalesce(data->>'text', ''), lane, '', 'sent', touch_id from events
          where lane = %(lane)s and lead_id = %(lead)s and workspace_id = %(w)s and kind = 'keyword.answered'
          union all
          select at, true, channel, kind, coalesce(data->>'text', ''), lane, '', '', touch_id from events
          where lane = %(lane)s and lead_id = %(lead)s and workspace_id = %(w)s
            and kind in ('replied', 'doubtful', 'opted.out', 'opted.in', 'help.asked', 'clicked', 'opened', 'bounced',
              'called.back', 'call.missed', 'keyword.received', 'form.submitted')
        ) x
        """,
        {"lane": lane_of(lead_id), "lead": lead_id, "w": workspace_id},
        Item,
    )
