"""Do-not-contact, by person, address or domain. Rows are never deleted: lifting one says when and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import psycopg

from .pipeline import Later
from .rows import encode, result


class InForce(msgspec.Struct, array_like=True):
    id: UUID
    scope: Literal["person", "address", "domain"]
    value: str
    channels: list[str]  # empty: every channel
    reason: str
    at: datetime


def in_force(conn: psycopg.Connection, workspace_id: int, values: Collection[str]) -> dict[str, list[InForce]]:
    """What is in force for these lead ids, addresses and domains, by value."""
    return ask_in_force(conn, workspace_id, values)()


def ask_in_force(
    conn: psycopg.Connection, workspace_id: int, values: Collection[str]
) -> Later[dict[str, list[InForce]]]:
    asked = conn.execute(
        b"""
        select json_agg(json_build_array(id, scope, value, channels, reason, at))::text from suppressions
        where workspace_id = %s and lifted_at is null and value = any(array(select json_array_elements_text(%s::json)))
        """,
        (workspace_id, encode(values)),
    )

    def told() -> dict[str, list[InForce]]:
        found: dict[str, list[InForce]] = {}
        for one in result(asked, InForce):
            found.setdefault(one.value, []).append(one)
        return found

    return told


def hold(conn: psycopg.Connection, workspace_id: int, address: str) -> None:
    """Until the transaction ends nobody else holds this address. No row stands for one that is no lead's, so that two who
    tell the same of it could both find nothing in force; what is in force is to be asked after this."""
    conn.execute(b"select pg_advisory_xact_lock(hashtextextended(%s, %s))", (address, workspace_id))


def add(conn: psycopg.Connection, rows: Sequence[dict[str, Any]]) -> int:
    """{id, workspace_id, scope, value, channels, reason, evidence, at, who}. One in force already for the same reason is not
    repeated; what lifts one of another reason says nothing of it.

    Returns how many were news.
    """
    return conn.execute(
        b"""
        insert into suppressions (id, workspace_id, scope, value, channels, reason, evidence, at, who)
        select id, workspace_id, scope, value, channels, reason, evidence, at, coalesce(who, '')
        from json_to_recordset(%s::json) as w (id uuid, workspace_id integer, scope text, value text, channels text[],
          reason text, evidence text, at timestamptz, who text)
        where not exists (
          select from suppressions s where s.workspace_id = w.workspace_id and s.value = w.value and s.scope = w.scope
            and s.reason = w.reason
            and s.lifted_at is null and (s.channels = '{}' or (w.channels <> '{}' and s.channels @> w.channels))
        )
        """,
        (encode(rows),),
    ).rowcount


def lift(conn: psycopg.Connection, rows: Sequence[dict[str, Any]], now: datetime, who: str = "") -> None:
    """{id, why}: the proof of new consent."""
    conn.execute(
        b"""
        update suppressions s set lifted_at = %s, lifted_why = w.why, lifted_by = %s
        from json_to_recordset(%s::json) as w (id uuid, why text) where s.id = w.id and s.lifted_at is null
        """,
        (now, who, encode(rows)),
    )


class Stored(msgspec.Struct):
    """A row as it is kept, lifted or not."""

    id: UUID
    scope: str
    value: str
    channels: list[str]
    reason: str
    evidence: str
    at: datetime
    who: str
    lifted_at: datetime | None


_STORED = "id, scope, value, channels, reason, evidence, at, who, lifted_at"


def find(conn: psycopg.Connection, workspace_id: int, suppression: UUID) -> Stored | None:
    """Locked until the transaction ends, where there is one."""
    row = conn.execute(
        f"select {_STORED} from suppressions where workspace_id = %s and id = %s for update",  # noqa: S608 - a constant
        (workspace_id, suppression),
    ).fetchone()
    return Stored(*row) if row else None


def stored(conn: psycopg.Connection, workspace_id: int, values: Collection[str]) -> list[Stored]:
    """What is in force for these lead ids and addresses."""
    rows = conn.execute(
        f"select {_STORED} from suppressions"  # noqa: S608 - a constant
        " where workspace_id = %s and value = any(%s) and lifted_at is null order by at, id for update",
        (workspace_id, list(values)),
    ).fetchall()
    return [Stored(*row) for row in rows]
