"""What our own people write and call: a copy of what a rep answers a lead comes to the mailbox, too, and is no word of the
lead's.

One of us who tries things out as a lead is a lead, by every channel.
"""

from __future__ import annotations

import os
from dataclasses import replace
from email.utils import parseaddr

import psycopg

from warmline.channels.contract import Signal
from warmline.channels.secrets import MissingSecretError, resolve
from warmline.core.mail_address import read_email
from warmline.core.settings import Person
from warmline.store import address_owners
from warmline.store.workspaces import Workspace


def is_ours(workspace: Workspace, sender: str) -> bool:
    """Whether it is the address that the workspace writes from, or one of its people's."""
    address = read_email(sender) if "@" in sender else None
    return address is not None and address in {read_email(one) for one in _addresses(workspace)}


def caller_of_ours(conn: psycopg.Connection, workspace: Workspace, phone: str | None) -> Person | None:
    """Who of our people calls or texts from this phone. None where it is a lead's."""
    own = workspace.config.whose_phone(phone)
    return own if own is not None and address_owners.owner_of(conn, workspace.id, phone) is None else None


def as_written(conn: psycopg.Connection, workspace: Workspace, signal: Signal) -> Signal:
    """A group address of ours that passes a lead's mail on writes itself into From, and the lead into X-Original-From or
    Reply-To. Our people have mails answered to other addresses too, so there it has to be a lead's."""
    if not is_ours(workspace, signal.sender):
        return signal
    writer, answer_to = signal.data.get("original_from", ""), signal.data.get("answer_to", "")
    if not writer and address_owners.owner_of(conn, workspace.id, read_email(answer_to)):
        writer = answer_to
    return replace(signal, sender=writer) if writer and not is_ours(workspace, writer) else signal


def _addresses(workspace: Workspace) -> list[str]:
    people = [one.email for one in workspace.config.people.values()]
    email = workspace.config.channels.get("email")
    try:
        sender = resolve(str(email.options.get("from") or ""), os.environ) if email else ""
    except MissingSecretError:
        sender = ""
    return [parseaddr("".join(sender))[1], *people]
