"""The web's own connections for store functions, and the business clock. Django's connections are its own business."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache

import psycopg
from psycopg_pool import ConnectionPool

from ..store import connect
from ..store.clock import read_clock
from . import environment

POOL_SIZE = 12


@cache
def environment_here() -> environment.Environment:
    """Read once: a process does not change its environment."""
    return environment.read()


@cache
def pool() -> ConnectionPool:
    return connect.pool(environment_here().dsn, "warmline web", POOL_SIZE)


@contextmanager
def connection() -> Iterator[psycopg.Connection]:
    """A connection in autocommit, back in the pool afterwards. Raises PoolTimeout when all are busy, or the
    server is away, for 3 s."""
    with pool().connection() as conn:
        yield conn


@contextmanager
def snapshot() -> Iterator[psycopg.Connection]:
    """The same, for a page: all that it reads is of one moment, and it writes nothing."""
    with connection() as conn:
        conn.execute("begin isolation level repeatable read read only")
        yield conn  # the pool ends what is open


def now(conn: psycopg.Connection) -> datetime:
    """The business clock: the one every process of this database shares."""
    return read_clock(conn).now()


def close() -> None:
    """Close what was opened. The pool's threads would hold up the end of the process."""
    if pool.cache_info().currsize:
        pool().close()
    pool.cache_clear()
    environment_here.cache_clear()
