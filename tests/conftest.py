"""A real PostgreSQL for the whole run, and for every test that asks for one a database that holds nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from warmline.machine.postgres import Postgres
from warmline.store.connect import connect
from warmline.store.ids import new_id
from warmline.store.migrate import migrate

TEMPLATE = "warmline_template"

# A slow machine is no mistake.
settings.register_profile("warmline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("warmline")

# Whoever runs the tests in the background of a script has Ctrl-C ignored, and so would every program that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for the server, by whatever way, is marked: the rest takes a minute or so."""
    for item in items:
        if isinstance(item, pytest.Function) and "server" in item.fixturenames:
            item.add_marker(pytest.mark.database)


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


@pytest.fixture(scope="session")
def databases(server: str) -> Iterator[Databases]:
    databases = Databases(server)
    yield databases
    databases.drop()


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A migrated database that nobody else uses, with nothing in it."""
    yield databases.take()
    databases.give_back()


@pytest.fixture
def conn(dsn: str) -> Iterator[psycopg.Connection]:
    with connect(dsn, "test") as conn:
        yield conn


class Databases:
    """One database after the other: a copy of the template, emptied for the next test rather than made anew, which takes
    twenty times as long. One whose schema or settings a test has changed is dropped."""

    MOST = 200  # tests on one copy: what is deleted stays in the tables until a vacuum

    def __init__(self, server: str) -> None:
        self.server = server
        self.name = ""
        self.made: object = None  # what a fresh copy looks like
        self.used = 0
        self.conn: psycopg.Connection | None = None  # a new session takes longer to find the tables than to empty them

    def take(self) -> str:
        if not self.name:
            self.name, self.used = f"test_{new_id().hex}", 0
            self._run(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(self.name), sql.Identifier(f"{TEMPLATE}_{os.getpid()}")
                )
            )
            self.made = _looks(self._own())
        self.used += 1
        return of(self.server, self.name)

    def give_back(self) -> None:
        if self.used >= self.MOST or not self._empty():
            self.drop()

    def drop(self) -> None:
        if self.conn is not None:
            self.conn.close()
        if self.name:
            self._run(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(self.name)))
            self.name = ""

    def _empty(self) -> bool:
        """Whether it is as it was made; not where a test has broken it."""
        try:
            conn = self._own()
            conn.execute(_EMPTY)
            return _looks(conn) == self.made
        except psycopg.Error:
            return False

    def _own(self) -> psycopg.Connection:
        """In the database of the tests; made anew when a test has cut it."""
        if self.conn is not None:
            with suppress(psycopg.Error):
                self.conn.execute("select")
        if self.conn is None or self.conn.closed:
            self.conn = connect(of(self.server, self.name), "between tests")
        return self.conn

    def _run(self, statement: sql.Composed) -> None:
        with connect(self.server) as conn:
            conn.execute(statement)


# Whoever is connected still is cut off. In any order, whatever refers to what, and not waiting for anybody. What the migration
# wrote stays.
_EMPTY = b"""
do $$
declare one record;
begin
  perform pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();
  perform set_config('session_replication_role', 'replica', true), set_config('lock_timeout', '5s', true);
  for one in select oid::regclass as name, relkind from pg_class
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'S') and relname <> 'schema_steps' loop
    if one.relkind = 'r' then execute 'delete from ' || one.name;
    else perform setval(one.name, (select seqstart from pg_sequence where seqrelid = one.name), false);
    end if;
  end loop;
end $$
"""

_LOOKS = b"""
select
  (select array_agg((oid, relname, relkind, relnatts, reloptions)::text order by oid) from pg_class
   where relnamespace = 'public'::regnamespace),
  (select array_agg((attrelid, attname, atttypid, attnotnull)::text order by attrelid, attnum) from pg_attribute
   where attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)),
  (select array_agg((oid, conname, convalidated)::text order by oid) from pg_constraint),
  (select array_agg((oid, tgname)::text order by oid) from pg_trigger),
  (select array_agg((oid, proname)::text order by oid) from pg_proc where pronamespace = 'public'::regnamespace),
  (select array_agg(nspname order by nspname) from pg_namespace where nspname !~ '^pg_'),
  (select array_agg(s::text) from pg_db_role_setting s),
  (select array_agg(s::text order by name) from schema_steps s)
"""


def _looks(conn: psycopg.Connection) -> object:
    """Schema and settings, and what the migration wrote."""
    return conn.execute(_LOOKS).fetchone()


def of(address: str, database: str) -> str:
    """The same server, another database."""
    return psycopg.conninfo.make_conninfo(address, dbname=database)
