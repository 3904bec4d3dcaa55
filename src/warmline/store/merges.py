"""What one of two leads hands to the other when they become one, and which have become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg

from .ids import lane_of, new_id
from .rows import read


def became(conn: psycopg.Connection, lead_id: UUID) -> UUID | None:
    """The lead that this one has become a part of. None where it stands for itself, as one does that has addresses."""
    row = conn.execute(
        """
        select (e.data->>'into')::uuid from events e
        where e.lane = %(lane)s and e.lead_id = %(lead)s and e.kind = 'merged' and e.data->>'into' is not null
          and exists (select from leads l where l.lane = %(lane)s and l.id = %(lead)s and l.addresses::text = '{}')
        order by e.seq desc limit 1
        """,
        {"lane": lane_of(lead_id), "lead": lead_id},
    ).fetchone()
    return row[0] if row else None


def stands_for(conn: psycopg.Connection, lead_id: UUID) -> UUID:
    """The lead that it has become a part of in the end; itself where it was never merged into another."""
    return _way(conn, lead_id)[-1]


def one_person(conn: psycopg.Connection, lead_id: UUID) -> set[UUID]:
    """The lead, what it has become a part of, and all that has become a part of these."""
    found: set[UUID] = set()
    left = _way(conn, lead_id)
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += _parts(conn, one)
    return found


def _way(conn: psycopg.Connection, lead_id: UUID) -> list[UUID]:
    way = [lead_id]
    while (into := became(conn, way[-1])) is not None and into not in way:
        way.append(into)
    return way


def _parts(conn: psycopg.Connection, lead_id: UUID) -> list[UUID]:
    rows = conn.execute(
        "select (data->>'other')::uuid from events where lane = %s and lead_id = %s and kind = 'merged'"
        " and data->>'other' is not null",
        (lane_of(lead_id), lead_id),
    ).fetchall()
    return [part for (part,) in rows]


def tasks_for(conn: psycopg.Connection, lead_id: UUID, to: UUID, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """A lead's open tasks of these kinds as rows of another's, waiting since they did. None of them belongs to a step."""
    rows = read(
        conn,
        """
        select json_agg(json_build_object('workspace_id', workspace_id, 'kind', kind, 'title', title, 'note', note,
          'owner', owner, 'due_at', due_at, 'opened_at', opened_at) order by id)::text
        from tasks where lane = %s and lead_id = %s and status = 'open' and step = '' and kind = any(%s)
        """,
        (lane_of(lead_id), lead_id, list(kinds)),
        dict[str, Any],
    )
    return [{**row, "lane": lane_of(to), "id": new_id(), "lead_id": to} for row in rows]


def proofs_for(conn: psycopg.Connection, lead_id: UUID, to: UUID) -> list[dict[str, Any]]:
    """A lead's proofs as rows of another's. The first lead keeps its own: what was sealed stays as it is."""
    rows = read(
        conn,
        """
        select json_agg(json_build_object('workspace_id', workspace_id, 'level', level, 'channels', channels,
          'purpose', purpose, 'seller', seller, 'at', at, 'expires_at', expires_at, 'wording', wording,
          'wording_text', wording_text, 'source', source, 'url', url, 'ip', ip, 'user_agent', user_agent,
          'phone', phone, 'email', email) order by at, id)::text
        from consents where lane = %s and lead_id = %s
        """,
        (lane_of(lead_id), lead_id),
        dict[str, Any],
    )
    return [{**row, "lane": lane_of(to), "id": new_id(), "lead_id": to} for row in rows]
