"""What every connection is opened with."""

from __future__ import annotations

import psycopg
import pytest

from warmline.store.connect import connect, patience, pool
from warmline.web.environment import for_django


def test_a_silent_server_is_noticed_within_seconds_unless_the_address_says_otherwise() -> None:
    mine = patience("postgresql://db/warmline?connect_timeout=60&keepalives_idle=300")
    assert "connect_timeout" not in mine
    assert "keepalives_idle" not in mine
    assert mine["tcp_user_timeout"] == 12_000
    assert set(patience("postgresql://db/warmline")) > set(mine)


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


def test_a_pool_hands_out_no_connection_that_was_cut(dsn: str) -> None:
    opened = pool(dsn, "cut", 1)
    try:
        with opened.connection() as conn:
            pid = conn.info.backend_pid
        with connect(dsn) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        with opened.connection() as conn:
            assert conn.execute("select 1").fetchone() == (1,)
            assert conn.info.backend_pid != pid
    finally:
        opened.close()


def test_a_server_that_is_not_there_is_an_error_of_the_moment(tmp_path: object) -> None:
    with pytest.raises(psycopg.OperationalError):
        connect(f"host={tmp_path} dbname=warmline")
