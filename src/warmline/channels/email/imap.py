"""The mailbox that answers and bounces come to, over IMAP. Every call blocks; one thread uses one connection.

imap-tools rather than aioimaplib: the latter is GPL, and a thread that waits in IDLE costs an engine nothing.
Sources: RFC 3501 (UIDs), RFC 2177 (IDLE), RFC 4315 (UIDPLUS), RFC 6851 (MOVE).
"""

from __future__ import annotations

import imaplib
import select
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError
from imap_tools.utils import encode_folder

from warmline.channels.email.reading.letter import MOST_BYTES
from warmline.channels.secrets import Secret
from warmline.channels.settings import Settings, is_local

PORTS = {"tls": 993, "starttls": 143, "none": 143}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Seconds between two looks at a stop while waiting.
SLICE = 0.5
#: A server that has no IDLE is asked this often.
POLL = 15.0
_FAILURES = (OSError, imaplib.IMAP4.error, ImapToolsError, ssl.SSLError)


class InboxError(Exception):
    """The mail server is away, or does not do what was asked. The text holds no secret."""


class WithheldError(InboxError):
    """The server is there, and does not hand out this one mail."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """`[channels.email.inbox]` of warmline.toml. `processed` "" leaves mails where they are, marked as seen."""

    host: str
    port: int
    user: str
    password: Secret
    tls: str
    folder: str
    processed: str
    timeout: float
    context: ssl.SSLContext

    @property
    def name(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


def read_inbox(settings: Settings) -> Inbox | None:
    """None where the table is not there. Raises ChannelSettingsError."""
    table = settings.within("inbox")
    if table is None:
        return None
    host = table.text("host")
    tls = table.choice("tls", tuple(PORTS), "tls")
    if tls == "none" and not is_local(host):
        raise table.error("tls", "would send the password in the clear", 'Write tls = "tls" or tls = "starttls"')
    ca_file = table.text("ca_file", "")
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as wrong:
        raise table.error(
            "ca_file", f"cannot be read ({wrong.strerror})", "Name a PEM file with certificates"
        ) from wrong
    folder = table.text("folder", "INBOX")
    processed = table.text("processed", "")
    if processed == folder:
        raise table.error("processed", "is the folder that is read", 'Write processed = "Warmline", or leave it out')
    inbox = Inbox(
        host=host, port=int(table.number("port", PORTS[tls], 1, 65535)), user=table.text("user"),
        password=table.secret("password"), tls=tls, folder=folder, processed=processed,
        timeout=table.number("timeout", 30, 1, 300), context=context,
    )  # fmt: skip
    table.finish()
    return inbox


class Folder:
    """The inbox's folder, open. Every method raises InboxError."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        try:
            self._box = _connect(inbox)
        except _FAILURES as error:
            raise _away(inbox, error) from None
        try:
            password = inbox.password.reveal()
            plain = inbox.user.isascii() and password.isascii()
            (self._box.login if plain else self._box.login_utf8)(inbox.user, password, None)
        except _FAILURES:
            self.close()
            # The server's words may quote what was sent.
            raise InboxError(f"{inbox.host} did not take user and password of [channels.email.inbox].") from None
        try:
            self._can = self._capabilities()
            self._box.folder.set(inbox.folder)
            status = self._box.folder.status(inbox.folder, ("UIDVALIDITY", "UIDNEXT"))
            self.uid_validity, self.uid_next = status["UIDVALIDITY"], status["UIDNEXT"]
            if inbox.processed and not self._box.folder.exists(inbox.processed):
                self._box.folder.create(inbox.processed)
        except _FAILURES as error:
            self.close()
            raise _away(inbox, error) from None

    def after(self, uid: int) -> list[int]:
        """UIDs above `uid`, in order. (`n:*` always names the last mail, so it is filtered.)"""
        return [one for one in self._search(f"UID {uid + 1}:*") if one > uid]

    def unseen(self) -> list[int]:
        return self._search("UNSEEN")

    def since(self, day: date) -> list[int]:
        """UIDs of mails that came in on `day` or later."""
        return self._search(f"SINCE {day.day:02d}-{MONTHS[day.month - 1]}-{day.year}")

    def fetch(self, uid: int) -> bytes | None:
        """The mail, up to MOST_BYTES of it, not marked as seen. None: it is gone. Raises WithheldError, too."""
        refused, answer = self._ask("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        if refused:
            raise WithheldError(f"{self._inbox.host} does not hand out mail {uid} of {self._inbox.folder}: {refused}")
        return next((bytes(one[1]) for one in answer if isinstance(one, tuple)), None)

    def clear(self, uids: Sequence[int]) -> str:
        """Mark as seen and, where a folder for that is set, move. Mails that are gone are passed over.

        Returns what the server would not do, "" where it did all. What can't be moved stays where it is, seen.
        """
        if not uids:
            return ""
        named = ",".join(map(str, uids))
        refused, _ = self._ask("STORE", named, "+FLAGS.SILENT", r"(\Seen)")
        if refused:
            return f"{self._inbox.host} does not mark mails in {self._inbox.folder} as seen: {refused}"
        refused = self._move(named) if self._inbox.processed else ""
        if refused:
            return (
                f"{self._inbox.host} does not move mails to {self._inbox.processed}: {refused}. They are read, "
                f"and stay in {self._inbox.folder}, marked as seen."
            )
        return ""

    def _capabilities(self) -> frozenset[str]:
        """What the server can do for somebody who is logged in. Many say less before that, and imaplib asks then only."""
        told = self._box.client.capability()[1]
        return frozenset(b" ".join(one for one in told if one).decode("ascii", "replace").upper().split())

    def _move(self, named: str) -> str:
        there = encode_folder(self._inbox.processed).decode()
        if "MOVE" in self._can:
            return self._ask("MOVE", named, there)[0]
        refused, _ = self._ask("COPY", named, there)
        if not refused:  # else there is no copy, and what is deleted here is lost
            refused, _ = self._ask("STORE", named, "+FLAGS.SILENT", r"(\Deleted)")
        # Without UIDPLUS there is only an EXPUNGE that takes what other people have marked, too: the mark must do.
        if not refused and "UIDPLUS" in self._can:
            refused, _ = self._ask("EXPUNGE", named)
        return refused

    def _ask(self, command: str, *words: str) -> tuple[str, list[Any]]:
        """One command on UIDs. Returns why the server refuses it, "" where it does not, and its answer."""
        # What is left of an answer that was broken off is none to this.
        self._box.client.untagged_responses.pop("FETCH", None)
        try:
            kind, answer = self._box.client.uid(command, *words)
        except imaplib.IMAP4.abort as error:  # the connection is gone
            raise _away(self._inbox, error) from None
        except imaplib.IMAP4.error as error:  # BAD
            return _said(error), []
        except _FAILURES as error:
            raise _away(self._inbox, error) from None
        return ("" if kind == "OK" else f"{kind} {_said(answer[0])}".strip(), answer)

    def wait(self, seconds: float, stopping: threading.Event) -> None:
        """Until something moves in the folder, `seconds` are over, or we are to stop."""
        try:
            if "IDLE" not in self._can:
                stopping.wait(min(seconds, POLL))
                self._box.client.noop()
                return
            self._idle(time.monotonic() + seconds, stopping)
        except _FAILURES as error:
            raise _away(self._inbox, error) from None

    def _idle(self, until: float, stopping: threading.Event) -> None:
        with self._box.idle as idle:
            while not stopping.is_set() and time.monotonic() < until:
                told = idle.poll(timeout=SLICE)
                if any(b"EXISTS" in one or b"BYE" in one for one in told):
                    return
                # A peer that closed is readable for ever and says nothing.
                if not told and select.select([self._box.client.sock], [], [], 0)[0]:
                    raise OSError("the connection was closed")

    def close(self) -> None:
        with suppress(*_FAILURES):
            self._box.client.shutdown()

    def _search(self, criteria: str) -> list[int]:
        try:
            return sorted(int(one) for one in self._box.uids(criteria, charset=None))
        except _FAILURES as error:
            raise _away(self._inbox, error) from None


def _connect(inbox: Inbox) -> BaseMailBox:
    match inbox.tls:
        case "tls":
            return MailBox(inbox.host, inbox.port, inbox.timeout, ssl_context=inbox.context)
        case "starttls":
            return MailBoxStartTls(inbox.host, inbox.port, inbox.timeout, ssl_context=inbox.context)
        case _:
            return MailBoxUnencrypted(inbox.host, inbox.port, inbox.timeout)


def _away(inbox: Inbox, error: Exception) -> InboxError:
    said = _said(error) or type(error).__name__
    return InboxError(f"The mailbox at {inbox.host}:{inbox.port} can't be read now: {said}")


def _said(words: object) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words or "")
    return " ".join(text.split())[:200]
