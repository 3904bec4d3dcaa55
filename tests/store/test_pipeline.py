"""Blocks of statements that go out together, one within another, while more waits to be sent than a socket takes."""

from __future__ import annotations

import threading

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from tests.waiting import PATIENCE
from warmline.store.connect import connect
from warmline.store.pipeline import together, transaction

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
    assert done.wait(PATIENCE), "client and server wait for each other"
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


def test_a_transaction_that_goes_out_as_one_is_kept_whole_or_not_at_all(conn: psycopg.Connection) -> None:
    conn.execute("create table kept (n integer primary key, check (n < 9))")

    def insert(*numbers: int, and_then: str = "select 1") -> None:
        with transaction(conn):
            for number in numbers:
                conn.execute("insert into kept values (%s)", (number,))
            conn.execute(and_then.encode())

    insert(1, 2)
    for numbers, and_then, error in (
        ((3, 9), "select 1", psycopg.errors.CheckViolation),
        ((3, 1), "select 1", psycopg.errors.UniqueViolation),
        ((3,), "select 1 / (count(*) - count(*)) from kept, pg_sleep(0.05)", psycopg.errors.DivisionByZero),
    ):
        with pytest.raises(error):
            insert(*numbers, and_then=and_then)
        assert conn.execute("select array_agg(n order by n) from kept").fetchone() == ([1, 2],)
    assert conn.info.transaction_status == TransactionStatus.IDLE


def test_what_python_raises_within_takes_the_statements_back(conn: psycopg.Connection) -> None:
    conn.execute("create table kept (n integer)")

    def work() -> None:
        with transaction(conn):
            conn.execute("insert into kept values (1)")
            raise LookupError

    with pytest.raises(LookupError):
        work()
    assert conn.execute("select count(*) from kept").fetchone() == (0,)


def test_a_commit_that_fails_is_told(conn: psycopg.Connection) -> None:
    conn.execute("create table kept (n integer unique deferrable initially deferred)")

    def work() -> None:
        with transaction(conn):
            conn.execute("insert into kept values (1), (1)")

    with pytest.raises(psycopg.errors.UniqueViolation):
        work()
    assert conn.execute("select count(*) from kept").fetchone() == (0,)


def test_a_savepoint_within_takes_back_only_what_is_in_it(conn: psycopg.Connection) -> None:
    conn.execute("create table kept (n integer)")

    def fail() -> None:
        with conn.transaction():
            conn.execute("insert into kept values (2)")
            conn.execute("select 1 / 0").fetchone()

    with transaction(conn):
        conn.execute("insert into kept values (1)")
        with pytest.raises(psycopg.errors.DivisionByZero):
            fail()
        with conn.transaction():
            conn.execute("insert into kept values (3)")
    assert conn.execute("select array_agg(n order by n) from kept").fetchone() == ([1, 3],)


def test_a_savepoint_after_an_answer_that_was_read_ends_nothing_but_itself(conn: psycopg.Connection, dsn: str) -> None:
    conn.execute("create table kept (n integer)")

    def work(own: psycopg.Connection) -> None:
        with transaction(own):
            assert own.execute("insert into kept values (1) returning n").fetchall() == [(1,)]
            with own.transaction():
                own.execute("insert into kept values (2)")
                raise psycopg.Rollback
            with own.transaction():
                own.execute("insert into kept values (3)")
            assert own.execute("select array_agg(n order by n) from kept").fetchone() == ([1, 3],)
            assert conn.execute("select count(*) from kept").fetchone() == (0,)
            raise LookupError

    with connect(dsn) as own, pytest.raises(LookupError):
        work(own)
    assert conn.execute("select count(*) from kept").fetchone() == (0,)


def test_a_closed_connection_takes_no_block(dsn: str) -> None:
    conn = connect(dsn, "test")
    conn.close()
    with pytest.raises(psycopg.OperationalError), together(conn):
        raise AssertionError("it can't be entered")
    with pytest.raises(psycopg.OperationalError):
        conn.execute("select 1")
