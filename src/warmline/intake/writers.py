"""The batches of a list on their way into the database: two at once, each on a connection of its own.

While PostgreSQL writes one, Python judges the next and reads the one after it. A batch begins once the one before it holds
all its leads: whoever is in both is judged in the order of the list, as if they had come one after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from threading import Event
from typing import Protocol, TypeVar

import psycopg

from warmline.store.connect import another
from warmline.store.workspaces import Workspace

from .accept import accept
from .submission import Result, Submission

WRITERS = 2

#: Seconds that taking back what a connection is at may take.
_PATIENCE = 5.0


class Batch(Protocol):
    @property
    def submissions(self) -> list[Submission]: ...


B = TypeVar("B", bound=Batch)


def written(
    conn: psycopg.Connection, workspace: Workspace, batches: Iterable[B], now: Callable[[], datetime]
) -> Generator[tuple[B, list[Result]], None, None]:
    """Every batch with what came of its submissions, in the order of the batches. Each is one transaction.

    `conn` shows where the database is, and is not used otherwise. Raises what `accept` raises. Close it: whoever leaves
    early, by an error or Ctrl-C, takes back what is under way, or finds that the two batches after the last one told are
    stored as well.
    """
    lines = [another(conn) for _ in range(WRITERS)]
    pool = ThreadPoolExecutor(WRITERS, "import")
    under_way: deque[tuple[B, Future[list[Result]]]] = deque()
    held = Event()
    held.set()
    try:
        for number, batch in enumerate(batches):
            ended = [_end(under_way)] if len(under_way) == WRITERS else []
            before, held = held, Event()
            line = lines[number % WRITERS]  # free: the one before the last has ended
            under_way.append((batch, pool.submit(_write, line, workspace, batch.submissions, now(), before, held)))
            yield from ended
        while under_way:
            yield _end(under_way)
    finally:
        for line in lines if under_way else ():
            with suppress(psycopg.Error):
                line.cancel_safe(timeout=_PATIENCE)
        pool.shutdown()
        for line in lines:
            line.close()


def _end(under_way: deque[tuple[B, Future[list[Result]]]]) -> tuple[B, list[Result]]:
    """Wait for the first of them."""
    batch, future = under_way[0]
    results = future.result()
    under_way.popleft()
    return batch, results


def _write(
    line: psycopg.Connection,
    workspace: Workspace,
    submissions: list[Submission],
    at: datetime,
    before: Event,
    held: Event,
) -> list[Result]:
    """`before` tells that the batch before this one holds its leads, `held` that this one does."""
    before.wait()
    try:
        return accept(line, workspace, submissions, at, held.set)
    finally:
        held.set()
