from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Json

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.insight.measures import Measures, measure
from warmline.intake.acts import merge
from warmline.intake.forget import forget
from warmline.store.ids import lane_of, new_id
from warmline.store.measures import KeptBack, gate_reasons, kept_back
from warmline.store.workspaces import Workspace

DAY = timedelta(days=1)
NOW = TUESDAY + timedelta(hours=1)


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def measured(conn: psycopg.Connection, place: Workspace, now: datetime = NOW) -> Measures:
    return measure(conn, place.id, place.key, now, DAY)


def on(conn: psycopg.Connection, place: Workspace, lead_id: UUID, kind: str, seconds: float, **columns: Any) -> None:
    happened(conn, place, lead_id, kind, at=TUESDAY + timedelta(seconds=seconds), **columns)


def test_leads_are_counted_by_status_in_their_own_workspace(conn: psycopg.Connection, place: Workspace) -> None:
    for status in ("open", "open", "won"):
        a_lead(conn, place, status=status)
    a_lead(conn, a_workspace(conn, name="Other"))
    assert measured(conn, place).leads == {"open": 2, "won": 1}


def test_two_leads_that_became_one_are_one_lead_and_its_touches_are_not_planned_twice(
    conn: psycopg.Connection, place: Workspace
) -> None:
    keep, gone = a_lead(conn, place, phone=None), a_lead(conn, place, email=None, status="won")
    planned = {"channel": "sms", "touch_id": new_id()}
    on(conn, place, gone, "touch.planned", 0, **planned)
    on(conn, place, gone, "touch.sent", 1, **planned)
    merge(conn, place, keep, gone, "sam", NOW)
    found = measured(conn, place, NOW)
    assert found.leads == {"open": 1}
    assert found.touches == {"sms": {"planned": 1, "sent": 1}}


def test_who_was_erased_is_no_lead_and_what_a_machine_did_there_stays_no_answer(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead_id = a_lead(conn, place)
    on(conn, place, lead_id, "clicked", 1, channel="email", data={"automated": "agent"})
    on(conn, place, lead_id, "replied", 2, channel="email", data={"text": "Hello"})
    forget(conn, place, lead_id, "sam", NOW)
    found = measured(conn, place, NOW)
    assert found.leads == {}
    assert found.answers == {"replied": {"email": 1}}


def test_touches_and_answers_are_counted_by_channel_within_the_time_asked_for(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead_id = a_lead(conn, place)
    on(conn, place, lead_id, "touch.sent", 0, channel="sms")
    on(conn, place, lead_id, "touch.sent", 1, channel="sms")
    on(conn, place, lead_id, "touch.failed", 2, channel="email")
    on(conn, place, lead_id, "replied", 3, channel="sms")
    on(conn, place, lead_id, "touch.sent", -2 * 86400, channel="email")
    found = measured(conn, place)
    assert found.touches == {"sms": {"sent": 2}, "email": {"failed": 1}}
    assert found.answers == {"replied": {"sms": 1}}


def test_what_a_machine_did_is_no_answer(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    on(conn, place, lead_id, "replied", 1, channel="email", data={"automated": "auto_reply"})
    on(conn, place, lead_id, "clicked", 2, channel="email", data={"automated": "agent"})
    on(conn, place, lead_id, "clicked", 3, channel="email")
    assert measured(conn, place).answers == {"clicked": {"email": 1}}


def test_the_time_to_the_first_touch_is_told_apart_for_machine_and_human(
    conn: psycopg.Connection, place: Workspace
) -> None:
    for seconds in (1, 2, 9):
        lead_id = a_lead(conn, place, phone=None, email=None)
        on(conn, place, lead_id, "touch.sent", seconds, channel="sms")
        on(conn, place, lead_id, "touch.sent", seconds + 100, channel="sms")
    on(conn, place, lead_id, "task.done", 300, channel="call", data={"outcome": "connected"})
    a_lead(conn, place, phone=None, email=None)
    speed = measured(conn, place).first_touch
    assert (speed["machine"].count, speed["machine"].median) == (3, 2)
    assert speed["machine"].p95 == pytest.approx(8.3)
    assert (speed["human"].count, speed["human"].median) == (1, 300)


def test_without_touches_there_is_no_speed_to_tell(conn: psycopg.Connection, place: Workspace) -> None:
    speed = measured(conn, place).first_touch["machine"]
    assert (speed.count, speed.median, speed.p95) == (0, None, None)


def test_what_the_gate_held_and_refused_is_counted_by_rule(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place, consents={"email": "inquiry"})
    enrolled(conn, place, "pricing", lead_id)
    tick(conn, lane_of(lead_id), TUESDAY, Catalog(conn))
    found = measured(conn, place)
    assert found.refusals == {"no_consent": 2}, "the text and the call; the mail went"
    assert found.holds == {}
    assert found.touches["email"] == {"planned": 1}


def test_what_was_held_look_after_look_counts_once_in_the_hour_in_which_it_began(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead_id = a_lead(conn, place)
    run = enrolled(conn, place, "pricing", lead_id)
    held = {"do": "hold", "reason": "quiet_hours", "step": "ack", "channel": "sms"}
    call = {"do": "refuse", "reason": "no_consent", "step": "first-call", "channel": "call"}
    for hours, did in ((-1, [held]), (2.5, [held]), (3.5, [{"do": "plan"}, held, call]), (24, [call | {"step": "b"}])):
        conn.execute(
            "insert into decisions (lane, lead_id, workspace_id, enrollment_id, version_id, rules, seen, at, result, body)"
            " values (%s, %s, %s, %s, 1, '', 0, %s, 'hold', %s)",
            (lane_of(lead_id), lead_id, place.id, run, TUESDAY + timedelta(hours=hours), Json(did)),
        )
    found = kept_back(conn, place.id, TUESDAY)
    assert found == [
        KeptBack("hold", "quiet_hours", 2, 1),
        KeptBack("refuse", "no_consent", 3, 1),
        KeptBack("refuse", "no_consent", 23, 1),
    ]
    assert [(one.part, one.count) for one in gate_reasons(conn, place.id, TUESDAY)] == [
        ("quiet_hours", 1),
        ("no_consent", 2),
    ]


def test_the_queue_is_what_is_due_and_what_is_ready(conn: psycopg.Connection, place: Workspace) -> None:
    early, late = a_lead(conn, place), a_lead(conn, place, phone=None, email=None)
    enrolled(conn, place, "pricing", early)
    enrolled(conn, place, "pricing", late, due_at=NOW + DAY)
    queue = measured(conn, place).queue
    assert (queue.looks, queue.looks_since, queue.touches) == (1, TUESDAY, 0)
    tick(conn, lane_of(early), TUESDAY, Catalog(conn))
    assert measured(conn, place, TUESDAY).queue.touches == 1


def test_what_waits_for_a_person_is_counted(conn: psycopg.Connection, place: Workspace) -> None:
    lead_id = a_lead(conn, place)
    enrolled(conn, place, "pricing", lead_id)
    tick(conn, lane_of(lead_id), TUESDAY, Catalog(conn))
    conn.execute("update touches set status = 'unknown', address = '+12125550123'")
    conn.execute("update enrollments set status = 'parked', due_at = null, error = 'x'")
    found = measured(conn, place)
    assert (found.parked, found.unknown, found.quarantined, found.orphans) == (1, 1, 0, 0)
    assert found.tasks == {"call": 1}
    assert found.tasks_late == {"call": 1}
