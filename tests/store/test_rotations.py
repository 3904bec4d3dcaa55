"""Turns of teams: nobody skips anybody, and nobody waits for anybody."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from tests.e2e.support import PATIENCE
from warmline.store import rotations
from warmline.store.connect import connect


@pytest.fixture
def workspace_id(conn: psycopg.Connection) -> int:
    row = conn.execute(
        "insert into workspaces (key, name, applied_at) values ('acme', 'Acme', now()) returning id"
    ).fetchone()
    assert row is not None
    return int(row[0])


def dealers(conn: psycopg.Connection) -> dict[int, int]:
    return dict(conn.execute("select dealer, turn from rotations").fetchall())


def test_turns_of_one_after_the_other_follow_each_other(conn: psycopg.Connection, workspace_id: int) -> None:
    taken = [rotations.take(conn, workspace_id, {"sales": many, "care": 1}) for many in (3, 2, 1)]
    assert taken == [{"sales": 0, "care": 0}, {"sales": 3, "care": 1}, {"sales": 5, "care": 2}]


def test_whoever_comes_while_another_holds_turns_gets_its_own_at_once(
    conn: psycopg.Connection, dsn: str, workspace_id: int
) -> None:
    rotations.take(conn, workspace_id, {"sales": 5})
    with connect(dsn) as first, connect(dsn) as second:
        second.execute("set statement_timeout = '5s'")  # one that waited would wait for ever
        with first.transaction():
            assert rotations.take(first, workspace_id, {"sales": 2}) == {"sales": 5}
            with second.transaction():
                assert rotations.take(second, workspace_id, {"sales": 4, "care": 1}) == {"sales": 0, "care": 0}
                assert rotations.take(second, workspace_id, {"sales": 1}) == {"sales": 4}
            assert rotations.take(first, workspace_id, {"sales": 1}) == {"sales": 7}
    assert rotations.take(conn, workspace_id, {"sales": 1}) == {"sales": 8}


def test_turns_that_were_taken_back_are_the_next_ones(conn: psycopg.Connection, workspace_id: int) -> None:
    with conn.transaction(force_rollback=True):
        rotations.take(conn, workspace_id, {"sales": 2})
    assert rotations.take(conn, workspace_id, {"sales": 1}) == {"sales": 0}


def test_many_at_once_get_each_turn_of_a_dealer_once_and_there_are_no_more_dealers_than_they(
    conn: psycopg.Connection, dsn: str, workspace_id: int
) -> None:
    many, each, begin = 4, 40, Barrier(4)

    def deal() -> None:
        begin.wait(timeout=PATIENCE)
        with connect(dsn) as own:
            for _ in range(each):
                with own.transaction():
                    rotations.take(own, workspace_id, {"sales": 3})

    with ThreadPoolExecutor(many) as threads:
        for done in [threads.submit(deal) for _ in range(many)]:
            done.result(timeout=PATIENCE)
    found = dealers(conn)
    assert sum(found.values()) == many * each * 3
    assert len(found) <= many
    owed = Counter("abc"[turn % 3] for turns in found.values() for turn in range(turns))
    assert max(owed.values()) - min(owed.values()) <= len(found)
