"""What a look changes, written at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, story
from tests.store.test_events import an_event
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace
from warmline.store.writes import Writes, enter, open_tasks, save, stop


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", lead)
    return lead


def one(conn: psycopg.Connection, query: str) -> Any:
    row = conn.execute(query.encode()).fetchone()
    return row[0] if row and len(row) == 1 else row


def a_task(workspace: Workspace, lead: UUID, kind: str = "fix", **more: Any) -> dict[str, Any]:
    return {
        "lane": lane_of(lead), "id": new_id(), "lead_id": lead, "workspace_id": workspace.id, "kind": kind, "title": "Look",
        "due_at": TUESDAY, "opened_at": TUESDAY, **more,
    }  # fmt: skip


def test_nothing_to_write_writes_nothing(conn: psycopg.Connection, lead: UUID) -> None:
    before = one(conn, "select xmin::text, due_at from enrollments")
    save(conn, Writes(lane_of(lead)), TUESDAY)
    assert one(conn, "select xmin::text, due_at from enrollments") == before


def test_one_open_task_of_a_kind_is_enough(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    for _ in range(2):
        open_tasks(conn, [a_task(workspace, lead)])
    open_tasks(conn, [a_task(workspace, lead, "review")])
    assert one(conn, "select count(*) from tasks") == 2
    conn.execute("update tasks set status = 'done', done_at = now()")
    open_tasks(conn, [a_task(workspace, lead)])
    assert one(conn, "select count(*) from tasks where status = 'open'") == 1


def test_stopping_takes_back_what_is_queued_and_tells_the_story(conn: psycopg.Connection, lead: UUID) -> None:
    tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    enrollment = one(conn, "select id from enrollments")
    stop(conn, lane_of(lead), [{"id": enrollment, "reason": "human_live"}], TUESDAY)
    assert one(conn, "select status, reason from touches") == ("refused", "human_live")
    assert one(conn, "select status, note from tasks where kind = 'call'") == ("cancelled", "human_live")
    assert sorted(story(conn, lead)[-2:]) == ["task.cancelled", "touch.refused"]


@pytest.mark.parametrize("status", ["sending", "sent", "delivered", "unknown", "failed"])
def test_stopping_leaves_alone_what_has_left_or_is_leaving(conn: psycopg.Connection, lead: UUID, status: str) -> None:
    tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    conn.execute(
        "update touches set status = %(s)s, leased_until = case when %(s)s = 'sending' then now() end", {"s": status}
    )
    stop(conn, lane_of(lead), [{"id": one(conn, "select id from enrollments"), "reason": "human_live"}], TUESDAY)
    assert one(conn, "select status from touches") == status


def test_what_is_over_stays_over_whoever_still_writes(conn: psycopg.Connection, lead: UUID) -> None:
    enrollment = one(conn, "select id from enrollments")
    conn.execute(
        "update enrollments set status = 'ended', due_at = null, ended_at = %s, end_reason = 'opted_out'", (TUESDAY,)
    )
    writes = Writes(lane_of(lead), enrollments=[{"id": enrollment, "status": "running", "due_at": TUESDAY}])
    save(conn, writes, TUESDAY)
    assert one(conn, "select status, end_reason from enrollments") == ("ended", "opted_out")


def test_a_lead_waits_for_one_playbook_at_most(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    row = conn.execute("select version_id from enrollments").fetchone()
    assert row is not None
    later = {
        "lane": lane_of(lead), "lead_id": lead, "workspace_id": workspace.id, "version_id": row[0], "playbook": "pricing",
        "rank": 1, "status": "scheduled", "due_at": TUESDAY + timedelta(days=9), "seed": 1, "event": {}, "started_at": TUESDAY,
    }  # fmt: skip
    enter(conn, [{**later, "id": new_id()}])
    enter(conn, [{**later, "id": new_id()}])
    assert one(conn, "select count(*) from enrollments where status = 'scheduled'") == 1


def test_a_lead_that_waits_already_keeps_nobody_else_of_the_batch_from_entering(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    row = conn.execute("select version_id from enrollments").fetchone()
    assert row is not None
    other = a_lead(conn, workspace, phone="+12125550177", email="other@example.com")

    def a_run(of: UUID, status: str) -> dict[str, Any]:
        return {
            "lane": lane_of(of), "id": new_id(), "lead_id": of, "workspace_id": workspace.id, "version_id": row[0],
            "playbook": "pricing", "rank": 1, "status": status, "due_at": TUESDAY, "seed": 1, "event": {},
            "started_at": TUESDAY,
        }  # fmt: skip

    enter(conn, [a_run(lead, "scheduled")])
    enter(conn, [a_run(lead, "scheduled"), a_run(other, "running")])
    found = conn.execute("select lead_id, status from enrollments where started_at = %s order by 2", (TUESDAY,))
    assert (other, "running") in found.fetchall()
    assert one(conn, "select count(*) from enrollments where status = 'scheduled'") == 1


def test_what_is_told_once_is_no_news_the_second_time_whatever_else_the_look_writes(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    traces = {"d1": [["opted_out", "pass", "no opt-out", "", None, ""]]}
    for number in (1, 2):
        plain = an_event(workspace, lead, "clicked")
        told = [an_event(workspace, lead, key="SM1:read"), plain]
        save(conn, Writes(lane_of(lead), events=told, traces=traces), TUESDAY)
        assert story(conn, lead).count("clicked") == number
    assert story(conn, lead).count("opened") == 1
    assert one(conn, "select count(*) from traces") == 1


def test_a_second_voice_is_refused_by_the_database(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation, match="one_voice"):
        enrolled(conn, workspace, "demo", lead)


def test_a_batch_is_written_whole_or_not_at_all(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    bad = a_task(workspace, lead, "no such kind")
    writes = Writes(
        lane_of(lead), tasks=[bad], events=[an_event(workspace, lead)], leads=[{"id": lead, "status": "won"}]
    )
    with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
        save(conn, writes, TUESDAY)
    assert one(conn, "select status from leads") == "open"
    assert "opened" not in story(conn, lead)


def what_a_look_came_to(workspace: Workspace, run: UUID, lead: UUID) -> dict[str, list[Any]]:
    """A row of every kind, named as looks name theirs."""
    return {
        "enrollments": [{"id": run}], "touches": [{"enrollment_id": run}], "tasks": [{"enrollment_id": run}],
        "expired": [{"enrollment_id": run}], "leads": [{"id": lead}], "stopped": [{"id": run}],
        "entered": [{"id": new_id(), "lead_id": lead}], "decisions": [{"enrollment_id": run}],
        "wondered": [{"lead_id": lead}], "events": [an_event(workspace, lead)],
    }  # fmt: skip


def test_what_a_failed_look_came_to_is_taken_out_whole_and_nothing_of_the_others(
    workspace: Workspace, lead: UUID
) -> None:
    ill, well = what_a_look_came_to(workspace, new_id(), new_id()), what_a_look_came_to(workspace, new_id(), lead)
    assert {*ill, "lane", "traces"} == {field.name for field in msgspec.structs.fields(Writes)}
    batch = Writes(lane_of(lead), **{name: [*ill[name], *well[name]] for name in ill})
    batch.drop({ill["enrollments"][0]["id"]}, {ill["leads"][0]["id"]})
    assert batch == Writes(lane_of(lead), **well)
