"""What comes about in an event loop, work that waits for a lock which the test holds, and work that PostgreSQL ends as one of a
ring. What processes bring about: `until` of tests/e2e/support.py, which has the patience of all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

import psycopg
import pytest

from tests.e2e.support import PATIENCE, until
from warmline.store import leads
from warmline.store.connect import connect

T = TypeVar("T")


async def comes_about(what: Callable[[], object], told: str = "it", every: float = 0.02) -> None:
    """Wait on a condition while the loop runs. What asks PostgreSQL holds the loop up for as long."""
    ends = monotonic() + PATIENCE
    while not what():
        assert monotonic() < ends, f"{told} did not come about within {PATIENCE:g} s"
        await asyncio.sleep(every)


@contextmanager
def held_up(conn: psycopg.Connection, dsn: str, work: Callable[[psycopg.Connection], T]) -> Iterator[Future[T]]:
    """`work`, on a connection of its own, waits by now for something that the transaction on `conn` holds. The block ends
    that transaction."""
    with connect(dsn, "held up") as own, ThreadPoolExecutor(1) as thread:
        done = thread.submit(work, own)
        try:
            _until_one_waits(conn, done)
            yield done
        finally:
            if conn.info.transaction_status:
                conn.rollback()


def _until_one_waits(conn: psycopg.Connection, done: Future[T]) -> None:
    def waits() -> bool:
        if done.done():
            raise AssertionError(f"It did not wait: {done.exception() or done.result()!r}")
        conn.execute("select pg_stat_clear_snapshot()")  # within a transaction, one look would serve for all
        return conn.execute(_WAITS).fetchone() is not None

    until(waits, PATIENCE, "somebody waits", every=0.01)


_WAITS = b"select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' limit 1"


def ended_once(patch: pytest.MonkeyPatch) -> list[None]:
    """The next transaction that takes a lead in hand is ended by PostgreSQL as one of a ring: where a ring closes, and by
    the error of one, without the second that it takes to find a real one. Returns an entry for each hold."""
    real, held = leads.hold, []

    def hold(conn: psycopg.Connection, *given: Any) -> Any:
        found = real(conn, *given)
        held.append(None)
        if len(held) == 1:
            conn.execute("do $$ begin raise exception 'a ring' using errcode = 'deadlock_detected'; end $$")
        return found

    patch.setattr(leads, "hold", hold)
    return held
