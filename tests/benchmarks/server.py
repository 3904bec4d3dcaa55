"""A PostgreSQL and databases for benchmarks: the machine's own supervisor, durable settings as shipped.

Always the wheel's PostgreSQL, whatever else is installed: figures of two machines are of the same program.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from warmline.machine.installations import wheel_bin_folder
from warmline.machine.postgres import Postgres
from warmline.store.connect import connect
from warmline.store.ids import new_id
from warmline.store.migrate import migrate


@contextmanager
def a_server() -> Iterator[str]:
    """The address of a fresh server; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wl-bench-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with Postgres(folder / "db", bin_folder=wheel_bin_folder()) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """A migrated database of its own."""
    with an_empty_database(server) as dsn:
        with connect(dsn) as conn:
            migrate(conn)
        yield dsn


@contextmanager
def an_empty_database(server: str) -> Iterator[str]:
    name = f"bench_{new_id().hex}"
    with connect(server) as conn:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        yield psycopg.conninfo.make_conninfo(server, dbname=name)
    finally:
        with connect(server) as conn:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def postmaster(server: str) -> int:
    """The process id of the server, whose children are its backends."""
    with connect(server) as conn:
        return psutil.Process(conn.info.backend_pid).ppid()
