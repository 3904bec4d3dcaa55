"""Connections: what they are opened with, what commits on them is on the disk, and those that died are replaced."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg_pool
import pytest
from psycopg import sql

from tests.e2e.support import until
from tests.far_ends.ports import closed_port
from warmline.store.connect import AWAY, connect, patience, pool
from warmline.web.environment import for_django


def test_a_silent_server_is_noticed_within_seconds_unless_the_address_says_otherwise() -> None:
    mine = patience("postgresql://db/warmline?connect_timeout=60&keepalives_idle=300")
    assert "connect_timeout" not in mine
    assert "keepalives_idle" not in mine
    assert mine["tcp_user_timeout"] == 12_000
    assert set(patience("postgresql://db/warmline")) > set(mine)


def test_options_of_the_address_count_beside_ours_and_have_the_last_word(dsn: str) -> None:
    with connect(f"{dsn} options='-c work_mem=7MB -c jit=on'") as conn:
        names = ("work_mem", "jit", "timezone")
        said = [conn.execute("select current_setting(%s)", (name,)).fetchone() for name in names]
    assert said == [("7MB",), ("on",), ("UTC",)]


def test_a_session_that_was_ended_because_this_machine_stood_still_in_a_transaction_is_away(dsn: str) -> None:
    with connect(f"{dsn} options='-c idle_in_transaction_session_timeout=1'") as conn:
        conn.execute("begin")
        for _ in range(500):
            if select.select([conn.fileno()], [], [], 0.02)[0]:  # the server has said something, or hung up
                break
        with pytest.raises(AWAY):
            conn.execute("select 1")


def test_the_pages_have_the_same_patience_and_every_host_of_the_address() -> None:
    django = for_django(
        "postgresql://warmline@db1,db2:5433/warmline?target_session_attrs=read-write&connect_timeout=60"
    )
    assert django["HOST"] == "db1,db2"
    assert django["OPTIONS"]["target_session_attrs"] == "read-write"
    assert django["OPTIONS"]["connect_timeout"] == "60"
    assert django["OPTIONS"]["keepalives_idle"] == 5


def test_a_host_that_is_gone_is_passed_over(dsn: str, tmp_path: object) -> None:
    there = psycopg.conninfo.conninfo_to_dict(dsn)
    both = psycopg.conninfo.make_conninfo(
        dsn,
        host=f"{tmp_path},{there['host']}",
        port=f"5432,{there.get('port', 5432)}",
        target_session_attrs="read-write",
    )
    with connect(both) as conn:
        assert conn.execute("select 1").fetchone() == (1,)
    opened = pool(both, "test", 1)
    try:
        with opened.connection() as conn:
            assert conn.execute("select 1").fetchone() == (1,)
    finally:
        opened.close()


def test_a_server_that_is_not_there_is_an_error_of_the_moment(tmp_path: object) -> None:
    with pytest.raises(psycopg.OperationalError):
        connect(f"host={tmp_path} dbname=warmline")


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
    with one_pool(f"postgresql://warmline@127.0.0.1:{closed_port()}/warmline", wait=0.1) as pooled:
        with pytest.raises(psycopg.OperationalError), pooled.connection():
            pass
        # No attempt waits in the background, for minutes in the end.
        until(lambda: not pooled.get_stats()["pool_size"], 60, lambda: str(pooled.get_stats()))


@contextmanager
def one_pool(dsn: str, wait: float = 10) -> Iterator[psycopg_pool.ConnectionPool]:
    made = pool(dsn, "test pool", 1, wait)
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
