"""What is due, and all that is known of the leads it concerns: two statements for a whole batch, lane by lane.

An enrollment carries the fold of its lead's story as of the last look. So the second statement reads only what happened
since; it reads the whole story where nothing was kept, or where another version of Warmline kept it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from warmline.core.consent import Consent, Suppression
from warmline.core.events import Event
from warmline.core.history import FOLD, History
from warmline.core.numbers import NumberFact

from .rows import encode, of_every_lane, result


class Due(msgspec.Struct, array_like=True):
    """A claimed enrollment, locked until the transaction ends."""

    id: UUID
    lead_id: UUID
    workspace_id: int
    version_id: int
    playbook: str
    rank: int
    status: str
    seed: int
    started_at: datetime
    event: dict[str, Any]
    due_at: datetime
    folded: History | None = None

    @property
    def seen(self) -> int:
        """The highest event of the lead that has been folded in already."""
        return self.folded.seen if self.folded is not None else 0


class Known(msgspec.Struct, array_like=True):
    """A lead and its story, or what of it came after the events that the caller had seen."""

    id: UUID
    workspace_id: int
    status: str
    owner: str | None
    first_name: str
    last_name: str
    company: str
    email: str | None
    phone: str | None
    country: str
    region: str
    time_zone: str
    fields: dict[str, Any]
    source: str
    events: list[Event]
    consents: list[Consent]
    addresses: dict[str, str]  # value -> state, in the order in which they came
    suppressions: list[Suppression]
    numbers: list[NumberFact]


def lanes_due(conn: psycopg.Connection, now: datetime) -> list[int]:
    """Lanes with an enrollment that is due: one index probe a lane, whatever is waiting."""
    return [lane for (lane,) in conn.execute(_LANES_DUE, {"now": now}).fetchall()]


def lanes_scheduled(conn: psycopg.Connection, now: datetime) -> list[int]:
    """Lanes with a scheduled enrollment whose time has come."""
    return [lane for (lane,) in conn.execute(_LANES_SCHEDULED, {"now": now}).fetchall()]


def next_due(conn: psycopg.Connection) -> datetime | None:
    """The earliest instant at which an enrollment, a scheduled one included, is or was due."""
    return min((at for (at,) in conn.execute(_NEXT).fetchall()), default=None)


_RUNS = "from enrollments where lane = {lane} and status in ('running', 'handed_off')"
_SCHEDULED = "from enrollments where lane = {lane} and status = 'scheduled'"
_LANES_DUE = of_every_lane(f"select lane {_RUNS} and due_at <= %(now)s order by due_at limit 1")
_LANES_SCHEDULED = of_every_lane(f"select lane {_SCHEDULED} and due_at <= %(now)s order by due_at limit 1")
_NEXT = b" union all ".join(
    of_every_lane(f"select due_at {one} order by due_at limit 1") for one in (_RUNS, _SCHEDULED)
)


def claim(conn: psycopg.Connection, lane: int, now: datetime, limit: int) -> list[Due]:
    """Lock up to `limit` due enrollments of one lane, longest due first, skipping what another worker holds."""
    return claim_lanes(conn, (lane,), now, limit)[lane]


def claim_lanes(conn: psycopg.Connection, lanes: Sequence[int], now: datetime, limit: int) -> dict[int, list[Due]]:
    """The same for several lanes, up to `limit` of each: one statement a lane, and in a pipeline one round trip."""
    asked = {lane: conn.execute(_CLAIM, {"lane": lane, "now": now, "limit": limit, "fold": FOLD}) for lane in lanes}
    return {lane: result(cursor, Due) for lane, cursor in asked.items()}


_CLAIM = b"""
with due as (
  select id, lead_id, workspace_id, version_id, playbook, rank, status, seed, started_at, event, due_at,
    case when fold = %(fold)s then folded end folded
  from enrollments
  where lane = %(lane)s and status in ('running', 'handed_off') and due_at <= %(now)s
  order by due_at limit %(limit)s
  for update skip locked
)
select json_agg(json_build_array(id, lead_id, workspace_id, version_id, playbook, rank, status, seed, started_at,
                                 event, due_at, folded))::text from due
"""


def know(conn: psycopg.Connection, lane: int, lead_ids: Sequence[UUID]) -> dict[UUID, Known]:
    """Everything `decide` and the gate read of these leads, as of now. Suppressions are looked up by person, address
    and domain, so that one that came with another lead's address counts here too."""
    return know_lanes(conn, {lane: [(lead_id, 0) for lead_id in lead_ids]})


def know_lanes(conn: psycopg.Connection, leads: Mapping[int, Sequence[tuple[UUID, int]]]) -> dict[UUID, Known]:
    """The same for leads of several lanes: one statement a lane, and in a pipeline one round trip. Each lead comes with
    the highest event that the caller has seen; only later ones are read."""
    asked = [
        conn.execute(_KNOW, {"lane": lane, "leads": encode({"id": lead, "seen": seen} for lead, seen in wanted)})
        for lane, wanted in leads.items()
        if wanted
    ]
    return {lead.id: lead for cursor in asked for lead in result(cursor, Known)}


# JSON put together by hand takes PostgreSQL half the time of json_agg and json_build_array; a column quoted so can hold no
# quote (constraint events_are_quotable, the closed lists of kinds, levels and states). `limit 1` says nothing new and keeps
# the planner from joining: it takes a batch for a handful of leads, and would go through all of them for each.
_KNOW = b"""
select '[' || string_agg(
  '["' || l.id || '",' || l.workspace_id || ',"' || l.status || '",' || coalesce(to_json(l.owner)::text, 'null')
  || ',' || to_json(l.first_name) || ',' || to_json(l.last_name) || ',' || to_json(l.company)
  || ',' || coalesce(to_json(l.email)::text, 'null') || ',' || coalesce(to_json(l.phone)::text, 'null')
  || ',' || to_json(l.country) || ',' || to_json(l.region) || ',' || to_json(l.time_zone) || ',' || l.fields
  || ',' || to_json(l.source)
  || ',[' || array_to_string(array(
    select '["' || e.kind || '",' || to_json(e.at) || ',' || e.seq || ','
           || coalesce('"' || e.enrollment_id || '"', 'null') || ',"' || e.step || '","' || e.channel || '",'
           || coalesce('"' || e.touch_id || '"', 'null') || ',' || e.data || ']'
    from events e where e.lane = %(lane)s and e.lead_id = l.id and e.seq > u.seen order by e.seq), ',')
  || '],[' || array_to_string(array(
    select json_build_array(c.level, c.channels, c.at, c.expires_at, c.wording, c.source, c.phone, c.email, c.purpose)::text
    from consents c where c.lane = %(lane)s and c.lead_id = l.id), ',')
  || '],' || l.addresses || ',[' || array_to_string(array(
    select json_build_array(s.scope, s.value, s.reason, s.at, s.channels)::text
    from suppressions s
    where s.workspace_id = l.workspace_id and s.lifted_at is null
      and s.value in (l.id::text, l.email, l.phone, split_part(l.email, '@', 2))), ',')
  || '],[' || array_to_string(array(
    select '["' || n.kind || '","' || n.answer || '",' || to_json(n.at) || ']'
    from number_facts n where n.workspace_id = l.workspace_id and n.value = l.phone), ',')
  || ']]', ',') || ']'
from json_to_recordset(%(leads)s::json) u (id uuid, seen bigint)
cross join lateral (select * from leads l where l.lane = %(lane)s and l.id = u.id limit 1) l
"""


def start_scheduled(conn: psycopg.Connection, lane: int, now: datetime, limit: int) -> list[tuple[UUID, UUID, int]]:
    """Let scheduled enrollments whose time has come begin: (id, lead, workspace) of each.

    A lead that is in another playbook, with a person, or closed meanwhile is looked at again the next day.
    """
    started = conn.execute(
        """
        with due as (
          select id, lead_id from enrollments
          where lane = %(lane)s and status = 'scheduled' and due_at <= %(now)s
          order by due_at limit %(limit)s for update skip locked
        ), free as (
          select due.id from due join leads l on l.lane = %(lane)s and l.id = due.lead_id
          where l.status = 'open' and not exists (
            select from enrollments o where o.lane = %(lane)s and o.lead_id = due.lead_id
              and o.status in ('running', 'handed_off', 'parked'))
        )
        update enrollments e
        set status = case when free.id is null then 'scheduled' else 'running' end,
            due_at = case when free.id is null then %(now)s + interval '1 day' else %(now)s end,
            started_at = case when free.id is null then e.started_at else %(now)s end
        from due left join free on free.id = due.id
        where e.lane = %(lane)s and e.id = due.id
        returning e.id, e.lead_id, e.workspace_id, free.id is not null
        """,
        {"lane": lane, "now": now, "limit": limit},
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in started if row[3]]


def put_off(conn: psycopg.Connection, lane: int, entered: datetime, until: datetime) -> None:
    """Enrollments of a lane that began at `entered` or later are due after `until`, when they were due before."""
    conn.execute(
        """
        update enrollments set due_at = %(until)s + interval '1 millisecond'
        where lane = %(lane)s and status in ('running', 'handed_off') and due_at <= %(until)s and started_at >= %(entered)s
        """,
        {"lane": lane, "entered": entered, "until": until},
    )
