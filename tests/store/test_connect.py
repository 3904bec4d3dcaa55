"""Connections: what commits on them is on the disk, and those that died are replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg_pool
import pytest
from psycopg import sql

from tests.far_ends.ports import closed_port
from warmline.store.connect import connect, pool


def test_what_commits_is_durable_where_the_database_is_set_to_confirm_before_it_is(dsn: str) -> None:
    set_here(dsn, "synchronous_commit", "off")
    with connect(dsn) as conn:
        assert shown(conn, "synchronous_commit") == "on"
    with one_pool(dsn) as pooled, pooled.connection() as conn:
        assert shown(conn, "synchronous_commit") == "on"


def test_a_database_that_waits_for_more_than_its_own_disk_still_does(dsn: str) -> None:
    set_here(dsn, "synchronous_commit", "remote_apply")
    with connect(dsn) as conn:
        assert shown(conn, "synchronous_commit") == "remote_apply"


def test_a_pool_gives_nobody_a_connection_that_has_died_meanwhile(dsn: str) -> None:
    with one_pool(dsn) as pooled:
        with pooled.connection() as conn:
            dead = conn.info.backend_pid
        with connect(dsn) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", (dead,))
        with pooled.connection() as conn:
            assert conn.execute("select 1").fetchone() == (1,)
            assert conn.info.backend_pid != dead


def test_a_pool_whose_server_is_away_says_so_soon_and_begins_anew_for_the_next_who_asks() -> None:
    with one_pool(f"postgresql://warmline@127.0.0.1:{closed_port()}/warmline", patience=0.1) as pooled:
        with pytest.raises(psycopg.OperationalError), pooled.connection():
            pass
        ends = time.monotonic() + 20
        while pooled.get_stats()["pool_size"]:  # no attempt waits in the background, for minutes in the end
            assert time.monotonic() < ends, pooled.get_stats()
            time.sleep(0.05)


@contextmanager
def one_pool(dsn: str, patience: float = 10) -> Iterator[psycopg_pool.ConnectionPool]:
    made = pool(dsn, "test pool", 1, patience)
    try:
        yield made
    finally:
        made.close()


def set_here(dsn: str, name: str, value: str) -> None:
    with connect(dsn) as conn:
        here = sql.Identifier(conn.info.dbname)
        conn.execute(sql.SQL("alter database {} set {} = {}").format(here, sql.Identifier(name), value))


def shown(conn: psycopg.Connection, name: str) -> str:
    row = conn.execute("select current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])
