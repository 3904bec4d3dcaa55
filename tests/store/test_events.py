"""Appending to the story of leads: in order, once, and every lead is looked at for it."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, story
from tests.waiting import PATIENCE, held_up
from warmline.store.connect import connect
from warmline.store.events import NewEvent, append, insert, wake
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace

LATER = TUESDAY + timedelta(days=3)


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", lead, due_at=LATER)
    return lead


def an_event(workspace: Workspace, lead: UUID, kind: str = "opened", key: str | None = None) -> NewEvent:
    return NewEvent(lane=lane_of(lead), lead_id=lead, workspace_id=workspace.id, kind=kind, at=TUESDAY, key=key)


def due_at(conn: psycopg.Connection) -> object:
    row = conn.execute("select due_at from enrollments").fetchone()
    return row[0] if row else None


def test_an_event_brings_the_next_look_forward_and_never_puts_it_off(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    append(conn, [an_event(workspace, lead)], TUESDAY + timedelta(days=1))
    assert due_at(conn) == TUESDAY + timedelta(days=1)
    append(conn, [an_event(workspace, lead)], TUESDAY + timedelta(days=2))
    assert due_at(conn) == TUESDAY + timedelta(days=1)
    append(conn, [an_event(workspace, lead)], TUESDAY)
    assert due_at(conn) == TUESDAY


def test_the_same_thing_told_twice_is_one_event(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    before = story(conn, lead)
    twice = [an_event(workspace, lead, key="SM1:read"), an_event(workspace, lead, key="SM1:read")]
    append(conn, twice, TUESDAY)
    append(conn, twice, TUESDAY)
    assert story(conn, lead) == [*before, "opened"]


def test_events_without_a_key_are_all_news(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    append(conn, [an_event(workspace, lead), an_event(workspace, lead)], TUESDAY)
    assert story(conn, lead).count("opened") == 2


def test_who_holds_the_enrollments_already_tells_the_same_thing_once_too(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    before = story(conn, lead)
    for _ in range(2):
        insert(conn, [an_event(workspace, lead, key="SM1:read"), an_event(workspace, lead, "clicked")])
    assert story(conn, lead) == [*before, "opened", "clicked", "clicked"]


def test_what_an_event_leaves_out_is_as_the_table_has_it(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    insert(conn, [an_event(workspace, lead)])
    columns = "enrollment_id, step, channel, touch_id, key, data::text"
    row = conn.execute(f"select {columns} from events where kind = 'opened'".encode()).fetchone()
    assert row == (None, "", "", None, None, "{}")


def test_a_batch_keeps_its_order(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    kinds = ["opened", "clicked", "replied", "help.asked", "bounced"]
    append(conn, [an_event(workspace, lead, kind) for kind in kinds], TUESDAY)
    assert story(conn, lead)[-5:] == kinds


def test_a_quiet_lead_keeps_its_time_unless_an_event_is_all_that_it_waits_for(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    who = {(lane_of(lead), lead)}
    wake(conn, set(), TUESDAY, quiet=who)
    assert due_at(conn) == LATER
    conn.execute("update enrollments set waits = true")
    wake(conn, set(), TUESDAY, quiet=who)
    assert due_at(conn) == TUESDAY


def test_what_is_over_or_parked_is_not_woken(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    conn.execute("update enrollments set status = 'parked', due_at = null, error = 'x'")
    append(conn, [an_event(workspace, lead)], TUESDAY)
    assert due_at(conn) is None


def test_nobody_appends_while_a_look_is_under_way_so_what_a_decision_saw_is_exact(
    dsn: str, conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    """The appender waits for whoever holds the enrollment, and draws its number afterwards."""

    def work(own: psycopg.Connection) -> None:
        with own.transaction():
            append(own, [an_event(workspace, lead, "replied")], TUESDAY)

    conn.execute("begin")
    conn.execute("select from enrollments for update")
    with held_up(conn, dsn, work) as appended:
        insert(conn, [an_event(workspace, lead, "touch.planned")])
        conn.execute("commit")
        appended.result(timeout=PATIENCE)
    assert story(conn, lead)[-2:] == ["touch.planned", "replied"]


def test_two_writers_of_the_same_leads_in_opposite_order_do_not_wait_for_each_other_in_a_ring(
    dsn: str, conn: psycopg.Connection, workspace: Workspace
) -> None:
    leads = [a_lead(conn, workspace, phone=f"+1212555{n:04d}", email=f"a{n}@example.com") for n in range(30)]
    for lead in leads:
        enrolled(conn, workspace, "pricing", lead)
    errors: list[Exception] = []
    start = threading.Barrier(2)

    def work(order: list[UUID]) -> None:
        try:
            with connect(dsn) as mine:
                start.wait()
                for _ in range(15):
                    with mine.transaction():
                        append(mine, [an_event(workspace, lead) for lead in order], TUESDAY)
        except psycopg.Error as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(order,)) for order in (leads, leads[::-1])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    row = conn.execute("select count(*) from events where kind = 'opened'").fetchone()
    assert row == (900,)
