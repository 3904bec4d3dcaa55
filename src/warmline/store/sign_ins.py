"""One-time sign-in links and who they stand for. A link is kept as a hash; it lives 30 minutes of the wall clock."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

LIVES = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a session, as they stand in the workspace today."""

    workspace_id: int
    workspace_key: str
    workspace_name: str
    key: str
    name: str
    role: str


def create(conn: psycopg.Connection, workspace_id: int, person: str, real_now: datetime) -> str:
    """Make a link for `person` and return its token, which nothing keeps. The path of the link is /sign-in/<token>.

    Links that have had their time go: nobody can tell them from ones that never were.
    """
    token = secrets.token_urlsafe(24)
    conn.execute("delete from sign_ins where expires_at <= %s", (real_now,))
    conn.execute(
        "insert into sign_ins (hash, workspace_id, person, expires_at) values (%s, %s, %s, %s)",
        (_hash(token), workspace_id, person, real_now + LIVES),
    )
    return token


def look(conn: psycopg.Connection, token: str, real_now: datetime) -> SignedIn | None:
    """Who the link is for, without using it up. None when it is unknown, used, too old, or its person has left."""
    row = conn.execute(
        "select workspace_id, person from sign_ins where hash = %s and used_at is null and expires_at > %s",
        (_hash(token), real_now),
    ).fetchone()
    return person(conn, *row) if row else None


def use(conn: psycopg.Connection, token: str, real_now: datetime) -> SignedIn | None:
    """Use the link up. Of two requests at once, one gets in."""
    row = conn.execute(
        "update sign_ins set used_at = %(now)s where hash = %(hash)s and used_at is null and expires_at > %(now)s"
        " returning workspace_id, person",
        {"hash": _hash(token), "now": real_now},
    ).fetchone()
    return person(conn, *row) if row else None


def person(conn: psycopg.Connection, workspace_id: int, key: str) -> SignedIn | None:
    """None when the workspace has no such person, or the person is no longer active."""
    row = conn.execute(
        "select w.id, w.key, w.name, p.key, p.name, p.role from people p join workspaces w on w.id = p.workspace_id"
        " where p.workspace_id = %s and p.key = %s and p.active",
        (workspace_id, key),
    ).fetchone()
    return SignedIn(*row) if row else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
