"""Whom nobody looks after: every way to be looked after, and every way not to be."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled
from warmline.store.ids import lane_of, new_id
from warmline.store.orphans import count_orphans, list_orphans
from warmline.store.workspaces import Workspace
from warmline.store.writes import open_tasks


def task(
    conn: psycopg.Connection, place: Workspace, lead_id: UUID, kind: str, enrollment_id: UUID | None = None
) -> None:
    row = {
        "lane": lane_of(lead_id),
        "id": new_id(),
        "lead_id": lead_id,
        "workspace_id": place.id,
        "enrollment_id": enrollment_id,
        "kind": kind,
        "title": "x",
        "due_at": TUESDAY,
        "opened_at": TUESDAY,
    }
    open_tasks(conn, [row])


def move(conn: psycopg.Connection, enrollment_id: UUID, status: str) -> None:
    conn.execute(
        "update enrollments set status = %(to)s,"
        " due_at = case when %(to)s in ('parked', 'ended') then null else due_at end,"
        " error = case when %(to)s = 'parked' then 'x' else '' end,"
        " ended_at = case when %(to)s = 'ended' then due_at end where id = %(id)s",
        {"to": status, "id": enrollment_id},
    )


@pytest.mark.parametrize("status", ["running", "scheduled"])
def test_a_playbook_that_runs_or_is_going_to_looks_after_a_lead(conn: psycopg.Connection, status: str) -> None:
    place = a_workspace(conn)
    move(conn, enrolled(conn, place, "pricing", a_lead(conn, place)), status)
    assert count_orphans(conn, place.id) == 0


def test_an_open_task_looks_after_a_lead(conn: psycopg.Connection) -> None:
    place = a_workspace(conn)
    lead_id = a_lead(conn, place)
    task(conn, place, lead_id, "review")
    assert count_orphans(conn, place.id) == 0


@pytest.mark.parametrize("status", ["parked", "handed_off", "ended"])
def test_a_playbook_that_does_nothing_by_itself_does_not(conn: psycopg.Connection, status: str) -> None:
    place = a_workspace(conn)
    lead_id = a_lead(conn, place)
    enrollment_id = enrolled(conn, place, "pricing", lead_id)
    move(conn, enrollment_id, status)
    assert [one.id for one in list_orphans(conn, place.id)] == [lead_id]
    task(conn, place, lead_id, "parked" if status == "parked" else "hand_off", enrollment_id)
    assert list_orphans(conn, place.id) == []


def test_a_task_that_is_over_does_not(conn: psycopg.Connection) -> None:
    place = a_workspace(conn)
    lead_id = a_lead(conn, place)
    task(conn, place, lead_id, "review")
    conn.execute("update tasks set status = 'done', done_at = %s", (TUESDAY,))
    assert count_orphans(conn, place.id) == 1


@pytest.mark.parametrize("status", ["won", "lost", "opted_out", "closed"])
def test_a_lead_that_is_not_open_needs_nobody(conn: psycopg.Connection, status: str) -> None:
    place = a_workspace(conn)
    a_lead(conn, place, status=status)
    assert count_orphans(conn, place.id) == 0


def test_the_longest_untouched_comes_first_and_only_this_workspace_counts(conn: psycopg.Connection) -> None:
    place, other = a_workspace(conn), a_workspace(conn, name="Other")
    late = a_lead(conn, place, at=TUESDAY)
    early = a_lead(conn, place, at=TUESDAY - timedelta(days=1), first_name="", last_name="", phone=None)
    a_lead(conn, other)
    found = list_orphans(conn, place.id)
    assert [one.id for one in found] == [early, late]
    assert [one.called for one in found] == ["ann@example.com", "Ann Lee"]
