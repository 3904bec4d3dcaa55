"""Watches the mailbox of each workspace that has one: reads what is new, waits for more, comes back when it was cut off.

One engine of many reads a mailbox: the one whose connection holds its lock. What a mail meant is written in the same
transaction as its UID, on that connection, so a crash or a lost lock leaves it either read or not read, never half.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import psycopg
import structlog

from warmline.channels import ChannelSettingsError
from warmline.channels.email.imap import Folder, Inbox, InboxError, WithheldError, read_inbox
from warmline.channels.secrets import resolve
from warmline.channels.settings import Settings
from warmline.intake.mail import keep_mail, take_mail
from warmline.store import mailboxes, workspaces
from warmline.store.connect import connect
from warmline.store.races import in_rounds
from warmline.store.workspaces import Workspace

log = structlog.get_logger()

BATCH = 50  # mails between two rounds of marking them as seen
#: Seconds until IDLE is issued anew; RFC 2177 says before 29 minutes, firewalls forget sooner. Each round also looks.
REISSUE = 120.0
#: Seconds between two tries to become the one that reads.
CLAIM = 5.0
#: The pause after a failure doubles up to this many seconds.
LONGEST_PAUSE = 300.0
#: After the server has given its mails new UIDs, mails of so much time before the last reading are looked at again.
AGAIN = timedelta(days=2)
#: A mail that the server does not hand out is asked for so often before it is set aside.
TRIES = 3
#: Mails behind it that show whether it is this one mail: a server that throttles hands out none of them.
OTHERS = 5
#: Seconds for which threads that are to end are waited for, all of them together.
LEFT_BEHIND = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """What a watcher works with. `now` is the business clock."""

    dsn: str
    secret: bytes
    environ: Mapping[str, str]
    now: Callable[[], datetime]


class Watchers:
    """One thread for each mailbox, made anew when the settings change. `look` is called now and then, after `close` too."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._seen: dict[int, int] = {}  # workspace -> version of its settings that was looked at
        self._running: dict[int, tuple[threading.Event, threading.Thread]] = {}

    def look(self, conn: psycopg.Connection) -> None:
        published = workspaces.published(conn)
        for workspace_id, version in published.items():
            if self._seen.get(workspace_id) != version:
                self._end(workspace_id, monotonic() + LEFT_BEHIND)
                self._begin(conn, workspaces.load(conn, workspace_id))
                self._seen[workspace_id] = version  # at once: what fails for the next one begins none of these anew

    def close(self) -> None:
        """Blocks until every thread is done; each looks for this twice a second."""
        self._seen = {}
        for stopping, _ in self._running.values():
            stopping.set()
        until = monotonic() + LEFT_BEHIND
        for workspace_id in list(self._running):
            self._end(workspace_id, until)

    def _begin(self, conn: psycopg.Connection, workspace: Workspace) -> None:
        mailboxes.well(conn, workspace.id)  # what was wrong with other settings
        try:
            inbox = self._inbox(workspace)
        except ChannelSettingsError as error:
            log.error("mailbox.unusable", workspace=workspace.key, error=str(error))
            mailboxes.trouble(conn, workspace.id, "", str(error), self._place.now())
            return
        if inbox is None:
            return
        stopping = threading.Event()
        work = partial(watch, self._place, workspace, inbox, stopping)
        thread = threading.Thread(target=work, name=f"mailbox {workspace.key}", daemon=True)
        self._running[workspace.id] = (stopping, thread)
        thread.start()

    def _end(self, workspace_id: int, until: float) -> None:
        if workspace_id not in self._running:
            return
        stopping, thread = self._running.pop(workspace_id)
        stopping.set()
        # A server that hangs in the middle of a command is left behind: the process ends without it.
        thread.join(max(0.0, until - monotonic()))

    def _inbox(self, workspace: Workspace) -> Inbox | None:
        """Raises ChannelSettingsError."""
        email = workspace.config.channels.get("email")
        if email is None or email.provider == "sandbox":  # leads of a sandbox answer by themselves
            return None
        return read_inbox(Settings("email", email.options, partial(resolve, environ=self._place.environ)))


def watch(place: Place, workspace: Workspace, inbox: Inbox, stopping: threading.Event) -> None:
    """Read the mailbox until `stopping`, with growing pauses while the server or the database is away."""
    pause = 1.0
    withheld: Counter[int] = Counter()
    while not stopping.is_set():
        try:
            with connect(place.dsn, "warmline mailbox") as conn:
                while not mailboxes.claim(conn, workspace.id):
                    if stopping.wait(CLAIM):
                        return
                try:
                    with closing(Folder(inbox)) as folder:
                        log.info("mailbox.open", workspace=workspace.key, mailbox=inbox.name)
                        reader = Reader(conn, workspace, inbox, folder, place, withheld)
                        reader.find_mark()
                        while not stopping.is_set():
                            reader.read_new(stopping)
                            reader.tell()
                            pause = 1.0
                            folder.wait(REISSUE, stopping)
                except InboxError as error:
                    mailboxes.trouble(conn, workspace.id, inbox.name, str(error).strip(), place.now())
                    raise
        except (InboxError, psycopg.OperationalError) as error:
            log.warning("mailbox.away", workspace=workspace.key, error=str(error).strip(), again_in=pause)
        except Exception:
            # A bug outside any one mail. Nothing is lost: mails stay where they are. Say it loudly and go on.
            log.exception("mailbox.failed", workspace=workspace.key)
        stopping.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


@dataclass(slots=True)
class Reader:
    """Reads one open folder from the mark that the database keeps."""

    conn: psycopg.Connection
    workspace: Workspace
    inbox: Inbox
    folder: Folder
    place: Place
    withheld: Counter[int]  # UID -> how often the server did not hand it out; outlives the connection
    refused: str = ""  # what the server would not do with the mails that were read last

    def find_mark(self) -> None:
        """Where to go on. A mailbox that is new here is read from its first mail that nobody has seen; after the server
        gave all mails new UIDs, the mails of the last days are looked at again, and their keys tell what is known."""
        mark = mailboxes.mark(self.conn, self.workspace.id, self.inbox.name)
        if mark is not None and mark.uid_validity == self.folder.uid_validity:
            return
        wanted = self.folder.unseen() if mark is None else self.folder.since((mark.read_at - AGAIN).date())
        last = min(wanted, default=self.folder.uid_next) - 1
        mailboxes.begin(self.conn, self.workspace.id, self.inbox.name, self.folder.uid_validity, last, self.place.now())

    def read_new(self, stopping: threading.Event) -> int:
        """Read all that has come, each mail once. Returns how many that were."""
        count = 0
        while not stopping.is_set():
            mark = mailboxes.mark(self.conn, self.workspace.id, self.inbox.name)
            assert mark is not None  # noqa: S101 - find_mark made it
            # What a crash left between the commit and the server is told to the server first.
            known = [uid for uid in self.folder.after(mark.cleared_uid) if uid <= mark.last_uid]
            self._clear(known)
            fresh = self.folder.after(mark.last_uid)[:BATCH]
            if not fresh:
                return count
            for number, uid in enumerate(fresh):
                if stopping.is_set():
                    return count
                self._take(uid, fresh[number + 1 :][:OTHERS])
                count += 1
            self._clear(fresh)
        return count

    def tell(self) -> None:
        """All is read; what the server did not do with it is shown until it does."""
        if self.refused:
            mailboxes.trouble(self.conn, self.workspace.id, self.inbox.name, self.refused, self.place.now())
        else:
            mailboxes.well(self.conn, self.workspace.id)

    def _clear(self, uids: list[int]) -> None:
        """A mail that was never handed out stays as it is, for a person to look at."""
        if uids:
            given = [uid for uid in uids if uid not in self.withheld]
            if given:
                self.refused = self.folder.clear(given)
            if self.refused:
                log.warning("mailbox.refused", workspace=self.workspace.key, error=self.refused)
            mailboxes.clear(self.conn, self.workspace.id, self.inbox.name, uids[-1])

    def _take(self, uid: int, others: list[int]) -> None:
        """One mail, one transaction. A mail that breaks something is set aside, and the next one has its turn."""
        now = self.place.now()
        try:
            raw = self.folder.fetch(uid)
        except WithheldError as error:
            self.withheld[uid] += 1
            if self.withheld[uid] < TRIES or not any(map(self._is_given, others)):
                raise
            reason = f"{error}. It was asked for {TRIES} times. Read it in the mailbox."
            self._set_aside(uid, b"", reason, now, f"{self.inbox.name} {self.folder.uid_validity} {uid}")
            return
        self.withheld.pop(uid, None)
        try:
            _take_in(self.conn, self, uid, raw, now)
        except psycopg.OperationalError:
            raise
        except Exception as error:
            log.exception("mailbox.mail_failed", workspace=self.workspace.key, uid=uid)
            reason = f"It could not be taken in ({type(error).__name__}). The log of the engine says more."
            self._set_aside(uid, raw or b"", reason, now)

    def _is_given(self, uid: int) -> bool:
        try:
            self.folder.fetch(uid)
        except WithheldError:
            return False
        return True

    def _set_aside(self, uid: int, raw: bytes, reason: str, now: datetime, key: str = "") -> None:
        with self.conn.transaction():
            keep_mail(self.conn, self.workspace, raw, reason, now, key)
            mailboxes.advance(self.conn, self.workspace.id, self.inbox.name, uid, now)


@in_rounds()
def _take_in(conn: psycopg.Connection, reader: Reader, uid: int, raw: bytes | None, now: datetime) -> None:
    with conn.transaction():
        if raw is not None:
            take_mail(conn, reader.workspace, raw, reader.place.secret, now)
        mailboxes.advance(conn, reader.workspace.id, reader.inbox.name, uid, now)
