"""Statements that go out together: one round trip, however many they are.

A function that asks something in such a block, and whose answer is for after it, returns how to hear it: a `Later`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus

T = TypeVar("T")

#: Call it after the block. Called within, it waits for everything that went out before it: a round trip more.
Later = Callable[[], T]


@contextmanager
def together(conn: psycopg.Connection) -> Iterator[None]:
    """Send statements without waiting for one another's answers; what they raise comes when the outermost block ends.

    Within another such block nothing happens here. psycopg can nest pipelines, but entering an inner one only reads until
    all before it is answered (3.3.9: `_sync_gen` fetches without a flush), also where the socket took no more than a part
    of what is to be sent: the server waits for the rest, and both wait for ever. A batch of a thousand leads is enough.
    """
    if conn.info.pipeline_status == PipelineStatus.ON:
        yield
    else:
        with conn.pipeline():
            yield


@contextmanager
def transaction(conn: psycopg.Connection) -> Iterator[None]:
    """A transaction whose statements go out together, with its begin before the first and its commit behind the last.

    psycopg's own, within a pipeline, waits for answers after the begin and before and after the commit (3.3.9: it nests a
    pipeline): two round trips more. For a connection that is in no transaction; `conn.transaction()` within is a savepoint.
    """
    try:
        with together(conn):
            conn.execute("begin", prepare=False)
            _mark(conn)
            yield
            conn.execute("commit", prepare=False)
    except BaseException:
        if conn.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            conn.rollback()
        raise


def _mark(conn: psycopg.Connection) -> None:
    """Have PostgreSQL say, with whatever is answered next, that a transaction is open. It says so at such a mark alone, and
    psycopg goes by it: a `conn.transaction()` after an answer that was read would be taken for the outermost, whose end is the
    end of everything before it. psycopg's own call for a mark waits for the answer."""
    assert conn._pipeline is not None  # noqa: S101 - the caller is in a pipeline
    conn._pipeline._enqueue_sync()
