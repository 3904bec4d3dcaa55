"""What the pages on compliance show: consents, the do-not-contact list, and replies that wait to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import psycopg

from ..ids import lane_of
from ..proofs import Proof, Withdrawal
from ..rows import encode, read
from . import CALLED
from .cursors import read_cursor, write_cursor

MOST = 100

#: Consents are looked for so far back, and further when a page is not full: rows lie in the order of time.
_WINDOWS = (timedelta(days=1), timedelta(days=7), timedelta(days=31), timedelta(days=366))


class Given(Proof, frozen=True, kw_only=True):
    """A consent, whole, and whose it is."""

    lead: str
    lead_phone: str | None
    region: str
    country: str
    lane: int


class Listed(Withdrawal, frozen=True, kw_only=True):
    """A line of the do-not-contact list, without its entry in the ledger. `lead` is whose wish it is, where that is known."""

    lead_id: UUID | None = None
    lead: str | None = None


class Doubtful(msgspec.Struct):
    """A message that may be an opt-out, and the task of reading it."""

    lane: int
    id: UUID
    lead_id: UUID
    lead: str
    owner: str | None
    note: str
    opened_at: datetime
    due_at: datetime


_GIVEN = f"""
  c.id, c.lead_id, {CALLED} as lead, c.level, c.channels, c.purpose, c.seller, c.at, c.expires_at, c.wording,
  c.wording_text, c.source, c.url, c.ip, c.user_agent, c.phone, c.email,
  l.region, l.country, l.phone lead_phone, c.lane, coalesce(g.number, 0) entry,
  coalesce(encode(g.hash, 'hex'), '') hash
"""
_JOINS = """
  join leads l on l.lane = c.lane and l.id = c.lead_id
  left join ledger g on g.lane = c.lane and g.record_id = c.id and g.kind = 'consent'
"""


def lately(conn: psycopg.Connection, workspace_id: int, now: datetime) -> list[Given]:
    """The newest consents, up to MOST, of the last year."""
    found: list[Given] = []
    for window in _WINDOWS:
        found = read(
            conn,
            f"""
            with newest as materialized (
              select lane, id from consents where workspace_id = %(w)s and at > %(since)s order by at desc, id limit %(most)s
            )
            select json_agg(x order by x.at desc, x.id)::text from (
              select {_GIVEN} from newest n join consents c on c.lane = n.lane and c.id = n.id {_JOINS}
            ) x
            """,  # noqa: S608 - only fixed text is joined in
            {"w": workspace_id, "since": now - window, "most": MOST},
            Given,
        )
        if len(found) == MOST:
            break
    return found


def of_leads(conn: psycopg.Connection, workspace_id: int, leads: Sequence[UUID]) -> list[Given]:
    """Every consent of these leads, the newest first."""
    return read(
        conn,
        f"""
        select json_agg(x order by x.at desc, x.id)::text from (
          select {_GIVEN} from json_to_recordset(%(leads)s::json) as w (lane smallint, id uuid)
          join consents c on c.lane = w.lane and c.lead_id = w.id {_JOINS}
          where c.workspace_id = %(w)s
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "leads": encode({"lane": lane_of(one), "id": one} for one in leads)},
        Given,
    )


def listed(conn: psycopg.Connection, workspace_id: int, values: Sequence[str] = ()) -> list[Listed]:
    """What is in force, the newest first, up to MOST; with `values` what concerns these lead ids, addresses and domains,
    lifted rows too."""
    rows = read(
        conn,
        """
        select json_agg(row_to_json(s) order by s.at desc, s.id)::text from (
          select id, scope, value, channels, reason, evidence, at, who, lifted_at, lifted_why, lifted_by
          from suppressions
          where workspace_id = %(w)s and case when %(some)s then value = any(%(values)s) else lifted_at is null end
          order by at desc, id limit %(most)s
        ) s
        """,
        {"w": workspace_id, "some": bool(values), "values": list(values), "most": MOST},
        Listed,
    )
    called = _called(conn, workspace_id, [UUID(one.value) for one in rows if one.scope == "person"])
    return [_with_lead(one, called) if one.scope == "person" else one for one in rows]


def _with_lead(one: Listed, called: Mapping[UUID, str]) -> Listed:
    lead_id = UUID(one.value)
    return msgspec.structs.replace(one, lead_id=lead_id, lead=called.get(lead_id))


def _called(conn: psycopg.Connection, workspace_id: int, leads: Sequence[UUID]) -> dict[UUID, str]:
    rows = conn.execute(
        f"select l.id, {CALLED} from json_to_recordset(%s::json) as w (lane smallint, id uuid)"  # noqa: S608 - fixed text
        " join leads l on l.lane = w.lane and l.id = w.id where l.workspace_id = %s",
        (encode({"lane": lane_of(one), "id": one} for one in leads), workspace_id),
    ).fetchall()
    return dict(rows)


def counted(conn: psycopg.Connection, workspace_id: int) -> int:
    """How many lines are in force."""
    row = conn.execute(
        "select count(*) from suppressions where workspace_id = %s and lifted_at is null", (workspace_id,)
    ).fetchone()
    return int(row[0]) if row else 0


def doubtful(conn: psycopg.Connection, workspace_id: int, after: str = "") -> tuple[list[Doubtful], str]:
    """Replies that wait for a person, the longest waiting first, at most MOST. With the cursor of what follows, "" at the
    end. Raises ValueError for a cursor of somebody else's making."""
    at, last = read_cursor(after) if after else (None, None)
    beyond = "and (t.opened_at, t.id) > (%(at)s, %(id)s)" if after else ""
    found = read(
        conn,
        f"""
        select json_agg(x order by x.opened_at, x.id)::text from (
          select t.lane, t.id, t.lead_id, {CALLED} as lead, t.owner, t.note, t.opened_at, t.due_at
          from tasks t join leads l on l.lane = t.lane and l.id = t.lead_id
          where t.workspace_id = %(w)s and t.status = 'open' and t.kind = 'read_reply' {beyond}
          order by t.opened_at, t.id limit {MOST + 1}
        ) x
        """,  # noqa: S608 - only fixed text is joined in
        {"w": workspace_id, "at": at, "id": last},
        Doubtful,
    )
    ends = found[MOST - 1] if len(found) > MOST else None
    return found[:MOST], write_cursor(ends.opened_at, ends.id) if ends else ""
