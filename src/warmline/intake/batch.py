"""The door that leads come in by: many callers, one transaction for all that wait (group commit).

A caller hands in one request and gets a future. A worker thread takes whatever waits, runs it in one transaction on
its own connection and resolves the futures after the commit: an answer of 202 is durable. An idle door adds no delay; while
leads keep coming it waits a moment for the next ones. When much waits, two more workers judge while PostgreSQL writes what
the first has judged.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from math import inf
from time import monotonic
from typing import Any

import psycopg
import structlog

from warmline.store import answers, quarantine
from warmline.store.clock import Now
from warmline.store.connect import AWAY, connect
from warmline.store.races import LOST, in_rounds
from warmline.store.workspaces import Workspace

from .accept import accept
from .sources import Parsed, Unread, parse
from .submission import Accepted, Origin, Rejected, Result

#: Leads in one transaction, at most; a single larger request is still taken whole.
MOST = 200

#: Seconds from the beginning of one transaction to that of the next, while fewer than ENOUGH leads wait. What comes in
#: meanwhile goes in together, and together through all that follows: a commit for each would cost more than everything
#: else. After a quiet moment the first goes in at once.
GATHER = 0.03
ENOUGH = 20

#: From this many waiting leads on each worker takes some. Fewer are better gathered by the first: each commit costs as much.
WORKERS = (1, 100, 100)

log = structlog.get_logger()


class DoorClosedError(Exception):
    """Nothing was stored: the door is closing or the database is not there. The caller may send the same again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell the sender: an HTTP status and a JSON body."""

    status: int
    body: dict[str, Any]


@dataclass(slots=True)
class Request:
    workspace: Workspace
    source: str
    origin: Origin
    parsed: Parsed
    key: str = ""  # Idempotency-Key
    digest: str = ""
    future: Future[Answer] = field(default_factory=Future)

    @property
    def leads(self) -> int:
        return max(1, len(self.parsed.entries))

    @property
    def is_awaited(self) -> bool:
        """Whoever has hung up before its turn came gets no answer; the lead has pressed the button all the same."""
        return not self.future.cancelled()


class Door:
    """Safe to use from any number of threads. Close it before the process ends; what waits is still let in."""

    def __init__(self, dsn: str, now: Now) -> None:
        self._dsn = dsn
        self._now = now
        self._waiting: deque[Request] = deque()
        self._bell = threading.Condition()
        self._leads = 0
        self._closing = False
        self._workers = [
            threading.Thread(target=self._work, args=(enough,), name=f"intake-door from {enough}", daemon=True)
            for enough in WORKERS
        ]
        for worker in self._workers:
            worker.start()

    def post(
        self, workspace: Workspace, source: str, origin: Origin, body: bytes, idempotency_key: str = ""
    ) -> Future[Answer]:
        """One request to POST /in/{source}. The future raises DoorClosedError when nothing was stored.

        Raises KeyError for a source that the workspace has not got.
        """
        parsed = parse(workspace.config.sources[source], workspace.config, origin, body)
        digest = sha256(origin.content_type.encode() + b"\0" + body).hexdigest() if idempotency_key else ""
        return self.submit(Request(workspace, source, origin, parsed, idempotency_key, digest))

    def submit(self, request: Request) -> Future[Answer]:
        with self._bell:
            if self._closing:
                raise DoorClosedError("Intake is closing. Send the same again in a moment.")
            self._waiting.append(request)
            self._leads += request.leads
            self._bell.notify_all()
        return request.future

    def close(self) -> None:
        """Let in what waits, then close the connections."""
        with self._bell:
            self._closing = True
            self._bell.notify_all()
        for worker in self._workers:
            worker.join()

    # --- a worker ---------------------------------------------------------------------------------------------------

    def _work(self, enough: int) -> None:
        """Take groups while at least `enough` leads wait; when the door closes, whatever is left."""
        line, began = _Line(self._dsn), -inf
        while True:
            with self._bell:
                while not self._closing and self._leads < enough:
                    self._bell.wait()
                while not self._closing and self._leads < ENOUGH and (rest := began + GATHER - monotonic()) > 0:
                    self._bell.wait(rest)
                if not self._waiting:
                    if self._closing:
                        break
                    continue  # another worker has taken them meanwhile
                began = monotonic()
                group = _take_group(self._waiting)
                self._leads -= sum(request.leads for request in group)
            for request in group:
                request.future.set_running_or_notify_cancel()  # from now on nobody can cancel it
            self._let_in(line, group)
        line.close()

    def _let_in(self, line: _Line, group: list[Request]) -> None:
        """Run the group; if that fails, each request on its own, so that one can't hurt its neighbours."""
        try:
            found = line.run(group, self._now)
        except Exception as error:
            if len(group) > 1 and not isinstance(error, DoorClosedError):
                for request in group:
                    self._let_in(line, [request])
                return
            if isinstance(error, DoorClosedError):  # the database is away, which is no fault of ours
                log.warning("intake.database_away", requests=len(group), error=str(error))
            elif isinstance(error, LOST):
                log.warning("intake.lost_every_race", requests=len(group), error=str(error))
            else:
                log.error("intake.failed", requests=len(group), error=str(error), exc_info=error)
            for request in group:
                if request.is_awaited:
                    request.future.set_exception(error)
            return
        for request, answer in zip(group, found, strict=True):
            if request.is_awaited:
                request.future.set_result(answer)


class _Line:
    """A worker's connection."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._conn: psycopg.Connection | None = None

    def close(self) -> None:
        if self._conn is not None:
            self._conn.close()

    def run(self, group: list[Request], now: Now) -> list[Answer]:
        """A connection that has died is made anew once. Should the lost commit have happened after all, the same leads
        come a second time within a minute, and that is what `repeated` is for."""
        for last in (False, True):
            try:
                if self._conn is None or self._conn.closed:
                    self._conn = connect(self._dsn, "warmline intake")
                return _together(self._conn, group, now)
            except LOST:
                raise  # the server is there
            except AWAY as error:
                self.close()
                if last:
                    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                    raise DoorClosedError(f"The database can't be reached ({said}). Nothing was stored.") from error
        raise AssertionError("the second round returns or raises")


@in_rounds()
def _together(conn: psycopg.Connection, group: Sequence[Request], now: Now) -> list[Answer]:
    with conn.transaction():
        return let_in(conn, group, now)


def let_in(conn: psycopg.Connection, group: Sequence[Request], now: Now) -> list[Answer]:
    """Requests of one workspace, in the caller's transaction. No two may carry the same Idempotency-Key."""
    at = now()
    workspace = group[0].workspace
    given: dict[int, Answer] = {}
    keyed = sorted((r.source, r.key, index) for index, r in enumerate(group) if r.key)
    for source, key, index in keyed:  # in one order for everybody, before any lead is locked
        before = answers.claim(conn, workspace.id, source, key, group[index].digest, at)
        if before is not None:
            given[index] = _again(before, group[index])
    fresh = [index for index in range(len(group)) if index not in given]
    results = iter(accept(conn, workspace, [one for i in fresh for one in group[i].parsed.submissions], at))
    for index in fresh:
        request = group[index]
        came: list[Result] = [
            _keep(conn, request, entry, at) if isinstance(entry, Unread) else next(results)
            for entry in request.parsed.entries
        ]
        answer = given[index] = answer_of(came, many=request.parsed.many)
        if request.key:
            answers.give(
                conn, workspace.id, request.source, request.key, {"status": answer.status, "body": answer.body}
            )
    return [given[index] for index in range(len(group))]


def answer_of(results: Sequence[Result], *, many: bool) -> Answer:
    """202 when at least one lead was taken, with the problems of the others beside it; else 422."""
    problems = [
        {"index": index, "error": one.reason, "fields": dict(one.fields)}
        for index, one in enumerate(results)
        if isinstance(one, Rejected)
    ]
    if not many:
        one = results[0]
        if isinstance(one, Accepted):
            return Answer(202, {"lead": str(one.lead)})
        return Answer(422, {"error": one.reason, "fields": dict(one.fields)})
    leads = [str(one.lead) if isinstance(one, Accepted) else None for one in results]
    if len(problems) == len(results):
        return Answer(422, {"error": "None of the leads could be read.", "problems": problems})
    return Answer(202, {"leads": leads, "problems": problems} if problems else {"leads": leads})


def _again(before: answers.Answer, request: Request) -> Answer:
    if before.digest != request.digest:
        said = "This Idempotency-Key was used for another request. Use a new key for every new request."
        return Answer(409, {"error": said})
    return Answer(before.body["status"], before.body["body"])


def _keep(conn: psycopg.Connection, request: Request, unread: Unread, now: datetime) -> Rejected:
    kept = quarantine.keep(
        conn, request.workspace.id, f"source:{request.source}", unread.reason, unread.raw or request.origin.body,
        "application/json" if unread.raw else request.origin.content_type, request.origin.context(), now,
    )  # fmt: skip
    return Rejected(unread.reason, unread.fields, kept)


def _take_group(waiting: deque[Request]) -> list[Request]:
    """From the front: of one workspace, at most MOST leads, no Idempotency-Key twice: the second waits."""
    group = [waiting.popleft()]
    keys = {(group[0].source, group[0].key)} if group[0].key else set()
    leads = group[0].leads
    while waiting:
        request = waiting[0]
        leads += request.leads
        if request.workspace.id != group[0].workspace.id or leads > MOST:
            break
        if request.key:
            if (request.source, request.key) in keys:
                break
            keys.add((request.source, request.key))
        group.append(waiting.popleft())
    return group
