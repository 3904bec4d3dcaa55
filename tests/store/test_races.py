"""Who loses a race for locks: run again, whole, and not for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from tests.waiting import PATIENCE
from warmline.store import address_owners
from warmline.store.connect import connect
from warmline.store.ids import new_id
from warmline.store.races import ROUNDS, LostRaceError, in_rounds

ONE, OTHER = "+12125550123", "+12125550124"


def lost(conn: psycopg.Connection, error: Exception, *also: type[Exception]) -> int:
    """How often a function that always loses in this way is run."""
    runs = 0

    @in_rounds(*also)
    def work(conn: psycopg.Connection) -> None:
        nonlocal runs
        runs += 1
        raise error

    with pytest.raises(type(error)):
        work(conn)
    return runs


def test_a_transaction_that_was_ended_in_a_ring_is_run_again_and_gets_through(
    conn: psycopg.Connection, dsn: str
) -> None:
    """Two that take the same in another order: each has its first before either asks for its second. Who was ended may be
    back at its first before the other has woken up, and then there is another ring: three runs, or a few more."""
    lead, runs, both = new_id(), [], Barrier(2)
    address_owners.claim(conn, 1, {ONE: lead, OTHER: lead})()

    @in_rounds()
    def work(own: psycopg.Connection, first: str, second: str) -> None:
        with own.transaction():
            address_owners.hold(own, 1, [first])
            runs.append(first)
            if runs.count(first) == 1:
                both.wait(timeout=PATIENCE)
            address_owners.hold(own, 1, [second])

    with connect(dsn) as one, connect(dsn) as other, ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(work, one, ONE, OTHER), threads.submit(work, other, OTHER, ONE)]:
            done.result(timeout=PATIENCE)
    assert len(runs) > 2


def test_rounds_have_an_end_and_the_last_one_says_what_it_was(conn: psycopg.Connection) -> None:
    for error in (psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure(), LostRaceError()):
        assert lost(conn, error) == ROUNDS


def test_what_no_race_brings_about_is_run_once(conn: psycopg.Connection) -> None:
    assert lost(conn, psycopg.OperationalError("gone")) == 1
    assert lost(conn, psycopg.errors.UniqueViolation()) == 1
    assert lost(conn, psycopg.errors.UniqueViolation(), psycopg.errors.UniqueViolation) == ROUNDS


def test_in_a_transaction_of_the_callers_a_ring_is_the_callers(conn: psycopg.Connection) -> None:
    """Its locks were part of the ring, and are kept whatever is run again within."""
    with conn.transaction():
        assert lost(conn, psycopg.errors.DeadlockDetected()) == 1
        assert lost(conn, LostRaceError()) == ROUNDS
