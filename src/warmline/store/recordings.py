"""Recordings of people for ringless voicemail. A change moves the workspace's `config_version`, so that engines read anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

#: A recording that was replaced or removed can still be fetched this long: a provider may be about to. Then it is gone.
LINGERS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Recording:
    """One that counts now, without its sound."""

    id: UUID
    person: str
    template: str
    words: str
    seconds: float
    made_at: datetime
    made_by: str


def add(conn: psycopg.Connection, workspace_id: int, one: Recording, audio: bytes, sha256: str, now: datetime) -> None:
    """Put it in the place of the one there was. One transaction."""
    with conn.transaction():
        _lock(conn, workspace_id)
        conn.execute(
            "update recordings set removed_at = %s"
            " where workspace_id = %s and person = %s and template = %s and removed_at is null",
            (now, workspace_id, one.person, one.template),
        )
        conn.execute(
            "insert into recordings (workspace_id, id, person, template, words, audio, seconds, sha256, made_at, made_by)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                workspace_id, one.id, one.person, one.template, one.words, audio, one.seconds, sha256, one.made_at,
                one.made_by,
            ),
        )  # fmt: skip
        _forget(conn, workspace_id, now)


def remove(conn: psycopg.Connection, workspace_id: int, recording: UUID, now: datetime) -> bool:
    """False when there is none of that id, or none any more. One transaction."""
    with conn.transaction():
        _lock(conn, workspace_id)
        found = conn.execute(
            "update recordings set removed_at = %s where workspace_id = %s and id = %s and removed_at is null",
            (now, workspace_id, recording),
        )
        _forget(conn, workspace_id, now)
    return found.rowcount == 1


def listed(conn: psycopg.Connection, workspace_id: int) -> list[Recording]:
    """Those that count now, by template and person."""
    rows = conn.execute(
        "select id, person, template, words, seconds, made_at, made_by from recordings"
        " where workspace_id = %s and removed_at is null order by template, person",
        (workspace_id,),
    ).fetchall()
    return [Recording(*row) for row in rows]


def made(conn: psycopg.Connection, workspace_id: int) -> dict[tuple[str, str], UUID]:
    """(person, template) -> the recording that counts now."""
    rows = conn.execute(
        "select person, template, id from recordings where workspace_id = %s and removed_at is null", (workspace_id,)
    ).fetchall()
    return {(person, template): recording for person, template, recording in rows}


def audio(conn: psycopg.Connection, workspace_id: int, recording: UUID, now: datetime) -> bytes | None:
    """The sound; None when there is none of that id, or it was removed longer ago than LINGERS."""
    row = conn.execute(
        "select audio from recordings where workspace_id = %s and id = %s and coalesce(removed_at > %s, true)",
        (workspace_id, recording, now - LINGERS),
    ).fetchone()
    return bytes(row[0]) if row else None


def _lock(conn: psycopg.Connection, workspace_id: int) -> None:
    """One change after the other, and everybody who keeps something of the workspace learns of it."""
    conn.execute("update workspaces set config_version = config_version + 1 where id = %s", (workspace_id,))


def _forget(conn: psycopg.Connection, workspace_id: int, now: datetime) -> None:
    conn.execute("delete from recordings where workspace_id = %s and removed_at <= %s", (workspace_id, now - LINGERS))
