"""Connections to PostgreSQL, all alike: UTC, autocommit outside explicit transactions, a name that operators see.

The address may name several servers (`host=a,b&target_session_attrs=read-write`): whichever takes writes is used, so that a
standby that was promoted is found by everybody who connects anew.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

#: What a server that is gone, going, starting or no longer the one that takes writes makes of a statement, and one that has
#: ended a session because its client stood still. Nothing of the transaction is kept then; connecting anew, again and again,
#: is all there is to do.
AWAY = (
    psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
)  # fmt: skip

_OPTIONS = "-c timezone=UTC -c jit=off -c idle_in_transaction_session_timeout=120000"

#: A machine that has lost its power says nothing, and a session with it would wait for hours. Seconds, except the last:
#: milliseconds. An address that names one of these wins.
_NOTICE_SILENCE = {
    "connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 12_000,
}  # fmt: skip

#: Where a server or role is set to confirm commits before they are on its disk, ours are not: a 202 and an intent to send
#: rest on them. A setting that waits for more, such as remote_apply, stays.
_DURABLE = b"select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'"

#: Seconds until the pool gives up a connection that can't be made. Its next user begins anew, and at once; without this,
#: pauses that double would keep a web away for minutes after the database has come back.
GIVE_UP = 2.0


def connect(dsn: str, name: str = "warmline") -> psycopg.Connection:
    """Raises psycopg.OperationalError when the server is not there, or takes no writes."""
    conn = psycopg.Connection.connect(dsn, autocommit=True, application_name=name, **patience(dsn))
    if conn.info.parameter_status("in_hot_standby") == "on":
        conn.close()
        raise psycopg.OperationalError(
            "the server is a standby, which takes no writes; name the primary too, and target_session_attrs=read-write"
        )
    make_durable(conn)
    return conn


def another(conn: psycopg.Connection) -> psycopg.Connection:
    """One more connection to where `conn` leads. Raises as `connect` does."""
    said = conn.info
    return connect(make_conninfo(said.dsn, password=said.password or None), said.get_parameters()["application_name"])


def pool(dsn: str, name: str, size: int, wait: float = 3) -> ConnectionPool:
    """A pool of such connections, opened lazily and looked at before each use, because the server may have been away.

    Whoever waits longer than `wait` seconds for one gets PoolTimeout, an OperationalError. Close it before the process ends.
    """
    kwargs: dict[str, Any] = {"autocommit": True, "application_name": name, **patience(dsn)}
    return ConnectionPool(
        dsn, min_size=1, max_size=size, open=True, kwargs=kwargs, name=name, timeout=wait, reconnect_timeout=GIVE_UP,
        configure=make_durable, check=ConnectionPool.check_connection,
    )  # fmt: skip


def patience(dsn: str) -> dict[str, Any]:
    """What every connection is opened with beside its address, where the address does not say otherwise. Its `options` come
    after ours, and so have the last word."""
    said = conninfo_to_dict(dsn)
    options = f"{_OPTIONS} {said.get('options') or ''}".rstrip()
    return {"options": options} | {word: value for word, value in _NOTICE_SILENCE.items() if word not in said}


def make_durable(conn: psycopg.Connection) -> None:
    conn.execute(_DURABLE)
