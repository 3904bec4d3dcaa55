"""How far each mailbox has been read, which process reads it, and what keeps it from doing so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

#: First key of the advisory locks of mailboxes; the second is the workspace. Any fixed number will do.
_LOCK = 0x6D61696C


@dataclass(frozen=True, slots=True)
class Mark:
    """UIDs up to `last_uid` have been read, up to `cleared_uid` also marked so on the server."""

    uid_validity: int
    last_uid: int
    cleared_uid: int
    read_at: datetime


def claim(conn: psycopg.Connection, workspace_id: int) -> bool:
    """Be the one that reads this workspace's mailbox, for as long as the connection lives. False: another one is."""
    row = conn.execute("select pg_try_advisory_lock(%s, %s)", (_LOCK, workspace_id)).fetchone()
    return bool(row and row[0])


def mark(conn: psycopg.Connection, workspace_id: int, name: str) -> Mark | None:
    """None: it has never been read."""
    row = conn.execute(
        "select uid_validity, last_uid, cleared_uid, read_at from mailboxes where workspace_id = %s and name = %s",
        (workspace_id, name),
    ).fetchone()
    return Mark(*row) if row else None


def begin(
    conn: psycopg.Connection, workspace_id: int, name: str, uid_validity: int, last_uid: int, now: datetime
) -> None:
    """Count UIDs from `last_uid` on, for a mailbox that is new or whose UIDs mean other mails now."""
    conn.execute(
        """
        insert into mailboxes (workspace_id, name, uid_validity, last_uid, cleared_uid, read_at)
        values (%(workspace)s, %(name)s, %(validity)s, %(uid)s, %(uid)s, %(now)s)
        on conflict (workspace_id, name) do update
        set uid_validity = %(validity)s, last_uid = %(uid)s, cleared_uid = %(uid)s, read_at = %(now)s
        """,
        {"workspace": workspace_id, "name": name, "validity": uid_validity, "uid": last_uid, "now": now},
    )


def advance(conn: psycopg.Connection, workspace_id: int, name: str, uid: int, now: datetime) -> None:
    """The mail of that UID has been read: in the transaction that writes what it meant."""
    conn.execute(
        "update mailboxes set last_uid = greatest(last_uid, %s), read_at = %s where workspace_id = %s and name = %s",
        (uid, now, workspace_id, name),
    )


def clear(conn: psycopg.Connection, workspace_id: int, name: str, uid: int) -> None:
    """The server knows that everything up to `uid` has been read."""
    conn.execute(
        "update mailboxes set cleared_uid = greatest(cleared_uid, least(last_uid, %s)) where workspace_id = %s and name = %s",
        (uid, workspace_id, name),
    )


def trouble(conn: psycopg.Connection, workspace_id: int, name: str, error: str, now: datetime) -> None:
    """This workspace's mailbox can't be read now. `since` stays while the trouble lasts."""
    conn.execute(
        "insert into mailbox_troubles (workspace_id, name, error, since) values (%s, %s, %s, %s)"
        " on conflict (workspace_id) do update set name = excluded.name, error = excluded.error",
        (workspace_id, name, error, now),
    )


def well(conn: psycopg.Connection, workspace_id: int) -> None:
    """It is read, or there is none any more."""
    conn.execute("delete from mailbox_troubles where workspace_id = %s", (workspace_id,))
