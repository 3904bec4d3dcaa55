"""Connections to PostgreSQL, all alike: UTC, autocommit outside explicit transactions, a name that operators see."""

from __future__ import annotations

import psycopg
from psycopg_pool import ConnectionPool

_OPTIONS = "-c timezone=UTC -c jit=off -c idle_in_transaction_session_timeout=120000"


def connect(dsn: str, name: str = "warmline") -> psycopg.Connection:
    """Raises psycopg.OperationalError when the server is not there."""
    return psycopg.connect(dsn, autocommit=True, options=_OPTIONS, application_name=name)


def pool(dsn: str, name: str, size: int) -> ConnectionPool:
    """A pool of such connections, opened lazily; close it before the process ends."""
    kwargs = {"autocommit": True, "options": _OPTIONS, "application_name": name}
    return ConnectionPool(dsn, min_size=1, max_size=size, open=True, kwargs=kwargs, name=name, timeout=10)
