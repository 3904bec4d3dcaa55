"""Blocks of statements that go out together, one within another, while more waits to be sent than a socket takes."""

from __future__ import annotations

import threading

import psycopg
import pytest

from warmline.store.connect import connect
from warmline.store.pipeline import together

MUCH = "x" * 1_000_000  # a Unix socket takes about a fifth of it


@pytest.mark.parametrize("place", ["enters", "leaves"])
def test_a_block_within_a_block_does_not_wait_for_answers_to_what_was_not_sent(dsn: str, place: str) -> None:
    conn = connect(dsn, "test")
    done = threading.Event()

    def work() -> None:
        with together(conn), conn.transaction():
            for _ in range(5 if place == "enters" else 0):
                conn.execute("select pg_sleep(0.02), length(%s)", (MUCH,))
            with together(conn):
                for _ in range(5):
                    conn.execute("select pg_sleep(0.02), length(%s)", (MUCH,))
        done.set()

    threading.Thread(target=work, daemon=True).start()
    assert done.wait(20), "client and server wait for each other"
    conn.close()


def test_what_fails_in_a_block_within_a_block_is_raised_and_rolls_back(conn: psycopg.Connection) -> None:
    conn.execute("create table kept (n integer)")

    def work() -> None:
        with together(conn), conn.transaction():
            conn.execute("insert into kept values (1)")
            with together(conn):
                conn.execute("select 1 / 0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        work()
    assert conn.execute("select count(*) from kept").fetchone() == (0,)


def test_a_closed_connection_takes_no_block(dsn: str) -> None:
    conn = connect(dsn, "test")
    conn.close()
    with pytest.raises(psycopg.OperationalError), together(conn):
        raise AssertionError("it can't be entered")
    with pytest.raises(psycopg.OperationalError):
        conn.execute("select 1")
