"""How fast an account is used: one row shared by every worker, on the database's clock."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import a_workspace
from warmline.store import paces
from warmline.store.connect import connect


@pytest.fixture
def workspace(conn: psycopg.Connection) -> int:
    return a_workspace(conn).id


def test_a_seconds_worth_may_go_at_once_and_the_rest_waits(conn: psycopg.Connection, workspace: int) -> None:
    with conn.transaction():  # one instant for all of it: the clock of a transaction stands still
        granted, wait = paces.take(conn, workspace, "sms", 25, 10)
        again, _ = paces.take(conn, workspace, "sms", 25, 10)
    assert granted == 10
    assert timedelta(0) < wait <= timedelta(milliseconds=200)
    assert again == 0, "the second is used up"


def test_a_turn_that_is_rolled_back_was_never_taken(conn: psycopg.Connection, workspace: int) -> None:
    with conn.transaction(force_rollback=True):
        paces.take(conn, workspace, "sms", 10, 10)
    with conn.transaction():
        assert paces.take(conn, workspace, "sms", 10, 10)[0] == 10


def test_channels_and_workspaces_do_not_slow_each_other(conn: psycopg.Connection, workspace: int) -> None:
    other = a_workspace(conn, name="Another").id
    assert other != workspace
    for where, channel in ((workspace, "sms"), (workspace, "email"), (other, "sms")):
        assert paces.take(conn, where, channel, 5, 5)[0] == 5


def test_a_rate_below_one_a_second_lets_one_go_and_then_waits_its_gap(conn: psycopg.Connection, workspace: int) -> None:
    with conn.transaction():
        granted, wait = paces.take(conn, workspace, "sms", 3, 0.5)
        again, _ = paces.take(conn, workspace, "sms", 3, 0.5)
    assert (granted, again) == (1, 0)
    assert timedelta(seconds=1) < wait <= timedelta(seconds=4)


def test_what_was_not_used_is_not_saved_up(conn: psycopg.Connection, workspace: int) -> None:
    paces.take(conn, workspace, "sms", 10, 10)
    conn.execute("update paces set free_at = now() - interval '1 hour'")
    assert paces.take(conn, workspace, "sms", 1000, 10)[0] == 10


def test_a_channel_that_rests_grants_nothing_and_says_for_how_long(conn: psycopg.Connection, workspace: int) -> None:
    paces.rest(conn, workspace, "sms", timedelta(minutes=5))
    paces.rest(conn, workspace, "sms", timedelta(minutes=1))  # a shorter rest ends no longer one
    granted, wait = paces.take(conn, workspace, "sms", 3, 10)
    assert granted == 0
    assert timedelta(minutes=4) < wait <= timedelta(minutes=5)


def test_a_clock_that_was_set_back_by_an_hour_stops_a_channel_no_longer_than_a_rest(
    conn: psycopg.Connection, workspace: int
) -> None:
    paces.take(conn, workspace, "sms", 10, 10)
    conn.execute("update paces set free_at = free_at + interval '1 hour'")  # it was an hour later just now
    granted, wait = paces.take(conn, workspace, "sms", 3, 10)
    assert granted == 0
    assert wait <= paces.LONGEST_REST
    conn.execute("update paces set free_at = free_at - %s", (paces.LONGEST_REST,))  # and that time has passed
    assert paces.take(conn, workspace, "sms", 3, 10)[0] == 3


def test_nothing_rests_for_longer_than_a_clock_that_was_set_back_is_told_by(
    conn: psycopg.Connection, workspace: int
) -> None:
    paces.rest(conn, workspace, "sms", timedelta(hours=1))
    assert paces.take(conn, workspace, "sms", 3, 10)[1] <= paces.LONGEST_REST


def test_workers_at_the_same_moment_share_one_allowance(dsn: str, conn: psycopg.Connection, workspace: int) -> None:
    granted: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        with connect(dsn) as mine:
            start.wait()
            with mine.transaction():
                granted.append(paces.take(mine, workspace, "sms", 50, 100)[0])

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    free_at, now = conn.execute("select free_at, now() from paces").fetchone() or (None, None)
    # Each grant moves the account's time on by its gap, so what was granted can be read off it, to the last one.
    assert sum(granted) >= 99  # a part of a touch that has room is room for none
    assert free_at <= now + timedelta(seconds=1)
    assert sum(granted) <= 200


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=st.floats(0.2, 500), wishes=st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_never_more_than_a_second_ahead_whatever_is_asked(
    conn: psycopg.Connection, workspace: int, rate: float, wishes: list[int]
) -> None:
    conn.execute("delete from paces")
    with conn.transaction():
        granted = sum(paces.take(conn, workspace, "sms", wish, rate)[0] for wish in wishes)
    # A gap is a whole number of microseconds, which moves the rate by less than one touch in a second.
    assert granted <= max(1, rate + 1)
    assert granted >= min(sum(wishes), int(rate) - 1)
    assert granted <= paces.most(rate)
