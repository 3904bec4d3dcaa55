"""A real PostgreSQL for the whole run, and a database of its own for every test that asks for one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from warmline.machine.postgres import Postgres
from warmline.store.connect import connect
from warmline.store.ids import new_id
from warmline.store.migrate import migrate

TEMPLATE = "warmline_template"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server with a migrated template database in it. WARMLINE_TEST_DSN names one that runs already."""
    given = os.environ.get("WARMLINE_TEST_DSN")
    if given:
        with Template(given):
            yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with Postgres(folder / "db") as address:
            with connect(address) as conn:  # nothing here outlives the run, so nothing waits for the disk
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    conn.execute(f"alter system set {setting} = off".encode())
                conn.execute("select pg_reload_conf()")
            with Template(address):
                yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Template:
    """A migrated database to copy, under a name of this run's own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.name = f"{TEMPLATE}_{os.getpid()}"

    def __enter__(self) -> None:
        with connect(self.address) as conn:
            conn.execute(sql.SQL("create database {}").format(sql.Identifier(self.name)))
        with connect(of(self.address, self.name)) as conn:
            migrate(conn)

    def __exit__(self, *_: object) -> None:
        with connect(self.address) as conn:
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(self.name)))


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    name = f"test_{new_id().hex}"
    with connect(server) as conn:
        conn.execute(
            sql.SQL("create database {} template {} strategy wal_log").format(
                sql.Identifier(name), sql.Identifier(f"{TEMPLATE}_{os.getpid()}")
            )
        )
    yield of(server, name)
    with connect(server) as conn:
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def conn(dsn: str) -> Iterator[psycopg.Connection]:
    with connect(dsn, "test") as conn:
        yield conn


def of(address: str, database: str) -> str:
    """The same server, another database."""
    return psycopg.conninfo.make_conninfo(address, dbname=database)
