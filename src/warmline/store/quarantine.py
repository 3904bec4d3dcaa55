"""What could not be read, kept whole with the reason until a person settles it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
import psycopg

from .ids import new_id

#: The namespace of ids that are made of a key.
_TOLD = UUID("6f1b5e0c-7c1e-4c34-9d55-3f7f5a1c2b90")


@dataclass(frozen=True, slots=True)
class Kept:
    id: UUID
    door: str
    reason: str
    body: str
    content_type: str
    context: dict[str, Any]
    status: str
    received_at: datetime


def keep(
    conn: psycopg.Connection,
    workspace_id: int,
    door: str,
    reason: str,
    body: str,
    content_type: str,
    context: dict[str, Any],
    now: datetime,
    key: str = "",
) -> UUID:
    """NUL can't be stored as text; it is shown as U+2400, so that the rest is not lost.

    `key`: what is told again under it at the same door is kept once, also when a person has settled it since.
    """
    kept = uuid5(_TOLD, f"{workspace_id} {door} {_storable(key)}") if key else new_id()
    conn.execute(
        b"""
        insert into quarantine (id, workspace_id, door, reason, body, content_type, context, received_at)
        values (%s, %s, %s, %s, %s, %s, %s::json, %s)
        on conflict (id) do nothing
        """,
        (
            kept,
            workspace_id,
            door,
            _storable(reason),
            _storable(body),
            _storable(content_type),
            _storable(msgspec.json.encode(context).decode()),
            now,
        ),
    )
    return kept


def hold(conn: psycopg.Connection, workspace_id: int, kept_id: UUID) -> Kept | None:
    """One item, locked, whatever its status. None: there is no such item in this workspace."""
    row = conn.execute(
        "select id, door, reason, body, content_type, context, status, received_at from quarantine"
        " where workspace_id = %s and id = %s for update",
        (workspace_id, kept_id),
    ).fetchone()
    return Kept(*row) if row else None


def settle(conn: psycopg.Connection, kept_id: UUID, status: str, who: str, now: datetime) -> None:
    """`status`: replayed or dismissed."""
    conn.execute(
        "update quarantine set status = %s, settled_by = %s, settled_at = %s where id = %s", (status, who, now, kept_id)
    )


def dismiss_alike(
    conn: psycopg.Connection, workspace_id: int, reason: str, up_to: datetime, who: str, now: datetime
) -> int:
    """Whatever is open for that reason and came in up to then: it stays on record as dismissed. Returns how many."""
    return conn.execute(
        "update quarantine set status = 'dismissed', settled_by = %s, settled_at = %s"
        " where workspace_id = %s and status = 'open' and reason = %s and received_at <= %s",
        (who, now, workspace_id, reason, up_to),
    ).rowcount


def explain(conn: psycopg.Connection, kept_id: UUID, reason: str, body: str) -> None:
    """A replay that failed again: the corrected body stays, with what is wrong with it now."""
    conn.execute(
        "update quarantine set reason = %s, body = %s where id = %s", (_storable(reason), _storable(body), kept_id)
    )


def erase(conn: psycopg.Connection, workspace_id: int, patterns: Sequence[str], now: datetime) -> None:
    """Empty whatever matches one of these (PostgreSQL's regular expressions, in any case): it stays on record, put aside."""
    conn.execute(
        """
        update quarantine set reason = 'erased', body = '', context = '{}',
          status = case when status = 'open' then 'dismissed' else status end, settled_at = coalesce(settled_at, %(now)s)
        where workspace_id = %(workspace)s
          and (body ~* any(%(patterns)s) or reason ~* any(%(patterns)s) or context::text ~* any(%(patterns)s))
        """,
        {"workspace": workspace_id, "patterns": list(patterns), "now": now},
    )


def erase_one(conn: psycopg.Connection, kept_id: UUID, who: str, now: datetime) -> None:
    conn.execute(
        "update quarantine set reason = 'erased', body = '', context = '{}', settled_by = %s, settled_at = %s,"
        " status = case when status = 'open' then 'dismissed' else status end where id = %s",
        (who, now, kept_id),
    )


def _storable(text: str) -> str:
    return text.replace("\x00", "\u2400").encode("utf-8", "replace").decode()
