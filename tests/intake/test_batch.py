"""The door: many callers, few transactions, no answer before the commit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.builders import TUESDAY, a_workspace
from tests.waiting import PATIENCE, ended_once
from warmline.intake import batch
from warmline.intake.batch import Answer, Door, DoorClosedError
from warmline.intake.submission import Origin
from warmline.store import races
from warmline.store.answers import KEPT, drop_old
from warmline.store.connect import connect
from warmline.store.workspaces import Workspace


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def door(dsn: str) -> Iterator[Door]:
    door = Door(dsn, lambda: TUESDAY)
    yield door
    door.close()


def post(door: Door, workspace: Workspace, told: Any, key: str = "") -> Answer:
    body = json.dumps(told).encode()
    origin = Origin(body=body.decode(), content_type="application/json")
    return door.post(workspace, "pricing", origin, body, key).result(timeout=PATIENCE)


def count(conn: psycopg.Connection, table: str) -> int:
    row = conn.execute(f"select count(*) from {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_an_answer_means_stored(door: Door, conn: psycopg.Connection, workspace: Workspace) -> None:
    answer = post(door, workspace, {"email": "ann@example.com"})
    assert answer.status == 202
    assert conn.execute("select id::text from leads").fetchone() == (answer.body["lead"],)


def test_what_is_wrong_is_named_and_kept(door: Door, conn: psycopg.Connection, workspace: Workspace) -> None:
    answer = post(door, workspace, {"email": "nobody"})
    assert answer.status == 422
    assert answer.body["fields"] == {"email": "'nobody' is no mail address. Write: ann@example.com"}
    assert conn.execute("select body, door from quarantine").fetchone() == ('{"email":"nobody"}', "source:pricing")


def test_a_list_is_answered_in_its_order(door: Door, conn: psycopg.Connection, workspace: Workspace) -> None:
    answer = post(door, workspace, [{"email": "a@example.com"}, {"email": "no"}, {"email": "b@example.com"}])
    assert answer.status == 202
    assert [lead is None for lead in answer.body["leads"]] == [False, True, False]
    assert [one["index"] for one in answer.body["problems"]] == [1]
    assert post(door, workspace, [{"email": "no"}]).status == 422


def test_a_repeated_key_gets_the_same_answer_and_does_nothing_again(
    door: Door, conn: psycopg.Connection, workspace: Workspace
) -> None:
    first = post(door, workspace, {"email": "ann@example.com"}, "k1")
    before = count(conn, "events")
    assert post(door, workspace, {"email": "ann@example.com"}, "k1") == first
    assert count(conn, "events") == before
    assert post(door, workspace, {"email": "other@example.com"}, "k1").status == 409
    assert count(conn, "leads") == 1


def test_an_answer_is_kept_for_thirty_days_and_then_the_key_is_as_new(
    door: Door, conn: psycopg.Connection, workspace: Workspace
) -> None:
    post(door, workspace, {"email": "ann@example.com"}, "k1")
    assert drop_old(conn, TUESDAY + KEPT) == 0
    assert post(door, workspace, {"email": "other@example.com"}, "k1").status == 409
    assert drop_old(conn, TUESDAY + KEPT + timedelta(seconds=1)) == 1
    assert post(door, workspace, {"email": "other@example.com"}, "k1").status == 202


def test_an_answer_that_somebody_waits_for_is_not_dropped_and_holds_up_nobody(
    door: Door, dsn: str, conn: psycopg.Connection, workspace: Workspace
) -> None:
    post(door, workspace, {"email": "ann@example.com"}, "k1")
    post(door, workspace, {"email": "bob@example.com"}, "k2")
    with connect(dsn) as other, other.transaction():
        other.execute("select 1 from answers where key = 'k1' for update")
        assert drop_old(conn, TUESDAY + 2 * KEPT) == 1
    assert drop_old(conn, TUESDAY + 2 * KEPT) == 1


def test_the_same_key_from_many_threads_at_once_is_done_once(
    door: Door, dsn: str, conn: psycopg.Connection, workspace: Workspace
) -> None:
    other = Door(dsn, lambda: TUESDAY)
    doors = [door, other] * 8
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda one: post(one, workspace, {"email": "ann@example.com"}, "k1"), doors))
    other.close()
    assert len({answer.body["lead"] for answer in answers}) == 1
    assert conn.execute("select count(*) from events where kind = 'form.submitted'").fetchone() == (1,)


def test_hundreds_of_callers_are_all_answered(door: Door, conn: psycopg.Connection, workspace: Workspace) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda n: post(door, workspace, {"email": f"p{n}@example.com"}), range(300)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["lead"] for answer in answers}) == count(conn, "leads") == count(conn, "enrollments") == 300


def test_eight_doors_and_one_new_person_make_one_lead(dsn: str, conn: psycopg.Connection, workspace: Workspace) -> None:
    doors = [Door(dsn, lambda: TUESDAY) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda one: post(one, workspace, {"email": "ann@example.com"}), doors))
    for one in doors:
        one.close()
    assert len({answer.body["lead"] for answer in answers}) == 1
    assert (count(conn, "leads"), count(conn, "enrollments")) == (1, 1)


def test_a_database_that_went_away_is_told_and_found_again(
    door: Door, conn: psycopg.Connection, workspace: Workspace
) -> None:
    post(door, workspace, {"email": "a@example.com"})
    conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'warmline intake'")
    assert post(door, workspace, {"email": "b@example.com"}).status == 202
    nowhere = Door("host=/nonexistent-socket dbname=none", lambda: TUESDAY)
    with pytest.raises(DoorClosedError, match="Nothing was stored"):
        post(nowhere, workspace, {"email": "c@example.com"})
    nowhere.close()
    with pytest.raises(DoorClosedError):
        post(nowhere, workspace, {"email": "c@example.com"})


def test_a_server_that_takes_no_writes_for_a_while_is_away_and_found_again(
    door: Door, conn: psycopg.Connection, workspace: Workspace
) -> None:
    post(door, workspace, {"email": "ann@example.com"})
    conn.execute(f"alter database {conn.info.dbname} set default_transaction_read_only = on".encode())
    conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'warmline intake'")
    with pytest.raises(DoorClosedError, match="Nothing was stored"):
        post(door, workspace, {"email": "bob@example.com"})
    conn.execute(f"alter database {conn.info.dbname} set default_transaction_read_only = off".encode())
    assert post(door, workspace, {"email": "bob@example.com"}).status == 202


def test_a_group_that_is_ended_in_a_ring_of_locks_is_let_in_whole_with_its_keys(
    door: Door, conn: psycopg.Connection, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(door, workspace, {"email": "ann@example.com"})
    held = ended_once(monkeypatch)
    answer = post(door, workspace, {"email": "ann@example.com"}, "k1")
    assert (answer.status, len(held)) == (202, 2)
    assert post(door, workspace, {"email": "ann@example.com"}, "k1") == answer


def test_a_race_that_was_lost_in_every_round_is_not_told_as_a_server_that_is_away(
    door: Door, conn: psycopg.Connection, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(door, workspace, {"email": "ann@example.com"})
    monkeypatch.setattr(races, "ROUNDS", 1)
    ended_once(monkeypatch)
    with pytest.raises(psycopg.errors.DeadlockDetected):
        post(door, workspace, {"email": "ann@example.com"})
    assert post(door, workspace, {"email": "ann@example.com"}).status == 202


def test_closing_lets_in_what_waits(dsn: str, conn: psycopg.Connection, workspace: Workspace) -> None:
    door = Door(dsn, lambda: TUESDAY)
    body = b'{"email": "ann@example.com"}'
    waiting = [door.post(workspace, "pricing", Origin(content_type="application/json"), body) for _ in range(20)]
    door.close()
    assert all(one.result(timeout=PATIENCE).status == 202 for one in waiting)


def test_a_caller_who_no_longer_waits_is_let_in_and_stops_nobody_behind_it(
    door: Door, conn: psycopg.Connection, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "GATHER", 3600)
    monkeypatch.setattr(batch, "ENOUGH", 2)
    ask(door, workspace, 0).result(timeout=PATIENCE)
    gone = ask(door, workspace, 1)
    assert gone.cancel()
    assert ask(door, workspace, 2).result(timeout=PATIENCE).status == 202
    assert [one.result(timeout=PATIENCE).status for one in (ask(door, workspace, 3), ask(door, workspace, 4))] == [
        202
    ] * 2
    assert count(conn, "leads") == 5


def ask(door: Door, workspace: Workspace, number: int) -> Future[Answer]:
    body = json.dumps({"email": f"p{number}@example.com"}).encode()
    return door.post(workspace, "pricing", Origin(body=body.decode(), content_type="application/json"), body)


def test_the_first_after_a_quiet_moment_goes_in_at_once_and_those_close_behind_it_go_in_together(
    door: Door, conn: psycopg.Connection, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "GATHER", 3600)
    monkeypatch.setattr(batch, "ENOUGH", 5)
    assert ask(door, workspace, 0).result(timeout=PATIENCE).status == 202
    waiting = [ask(door, workspace, number) for number in range(1, 6)]
    assert [one.result(timeout=PATIENCE).status for one in waiting] == [202] * 5
    sizes = conn.execute("select count(*) from leads group by xmin::text order by 1").fetchall()
    assert sizes == [(1,), (5,)], "transactions, and how many leads each took"


def test_leads_that_wait_for_others_are_let_in_when_the_door_closes(
    door: Door, conn: psycopg.Connection, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "GATHER", 3600)
    ask(door, workspace, 0).result(timeout=PATIENCE)
    waiting = ask(door, workspace, 1)
    door.close()
    assert waiting.result(timeout=0).status == 202
    assert count(conn, "leads") == 2
