"""One mail from a mailbox, taken in: what it says becomes the lead's story, and what can't be placed waits for a person."""

from __future__ import annotations

import hashlib
from datetime import datetime

import psycopg

from warmline import rules
from warmline.channels.contract import BadCallback
from warmline.channels.email.inbound import read_mail
from warmline.store import quarantine
from warmline.store.workspaces import Workspace

from .inbound import keep_signal, receive_one
from .messages import UnplacedError

#: Bytes of a mail that are kept with what could not be placed.
MOST_KEPT = 64 * 1024


def take_mail(conn: psycopg.Connection, workspace: Workspace, raw: bytes, key: bytes, now: datetime) -> None:
    """In the caller's transaction, which also notes that the mail was read. Raises what the database raises."""
    try:
        signals = read_mail(raw, key, rules.provider_errors().classes_by_code().get("smtp", {}), now)
    except BadCallback as error:
        keep_mail(conn, workspace, raw, str(error), now)
        return
    for signal in signals:
        try:
            with conn.transaction():
                receive_one(conn, workspace, signal, now)
        except UnplacedError as error:
            keep_signal(conn, workspace, signal, str(error), {"mail": _text(raw)}, now)


def keep_mail(
    conn: psycopg.Connection, workspace: Workspace, raw: bytes, reason: str, now: datetime, key: str = ""
) -> None:
    """Set a mail aside that nobody could make sense of. `key` stands for a mail that nobody has seen."""
    key = key or hashlib.sha256(raw).hexdigest()
    quarantine.keep(conn, workspace.id, "mail:inbox", reason, _text(raw), "message/rfc822", {}, now, key)


def _text(raw: bytes) -> str:
    return raw[:MOST_KEPT].decode("utf-8", "replace")
