"""Connections to PostgreSQL, all alike: UTC, autocommit outside explicit transactions, a name that operators see."""

from __future__ import annotations

import psycopg
from psycopg_pool import ConnectionPool

_OPTIONS = "-c timezone=UTC -c jit=off -c idle_in_transaction_session_timeout=120000"

#: Where a server or role is set to confirm commits before they are on its disk, ours are not: a 202 and an intent to send
#: rest on them. A setting that waits for more, such as remote_apply, stays.
_DURABLE = b"select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'"

#: Seconds until the pool gives up a connection that can't be made. Its next user begins anew, and at once; without this,
#: pauses that double would keep a web away for minutes after the database has come back.
_GIVE_UP = 2.0


def connect(dsn: str, name: str = "warmline") -> psycopg.Connection:
    """Raises psycopg.OperationalError when the server is not there."""
    conn = psycopg.connect(dsn, autocommit=True, options=_OPTIONS, application_name=name)
    make_durable(conn)
    return conn


def pool(dsn: str, name: str, size: int, patience: float = 3) -> ConnectionPool:
    """A pool of such connections, opened lazily; close it before the process ends.

    A connection that has died while nobody used it is replaced before somebody gets it. Whoever waits longer than
    `patience` seconds for one gets PoolTimeout, an OperationalError.
    """
    return ConnectionPool(
        dsn, min_size=1, max_size=size, open=True, name=name, timeout=patience, reconnect_timeout=_GIVE_UP,
        kwargs={"autocommit": True, "options": _OPTIONS, "application_name": name}, configure=make_durable,
        check=ConnectionPool.check_connection,
    )  # fmt: skip


def make_durable(conn: psycopg.Connection) -> None:
    conn.execute(_DURABLE)
