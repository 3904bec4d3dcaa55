"""What is due, and all that is known of the leads it concerns."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Json

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened
from warmline.core.consent import Consent
from warmline.store import due, suppressions
from warmline.store.connect import connect
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def suppress(conn: psycopg.Connection, workspace_id: int, scope: str, value: str) -> UUID:
    row = {
        "id": new_id(), "workspace_id": workspace_id, "scope": scope, "value": value, "channels": [], "reason": "opted_out",
        "evidence": "STOP", "at": TUESDAY,
    }  # fmt: skip
    suppressions.add(conn, [row])
    return row["id"]  # type: ignore[return-value]


def test_lanes_are_told_by_what_is_due_in_them(conn: psycopg.Connection, workspace: Workspace) -> None:
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", lead, due_at=TUESDAY)
    assert due.lanes_due(conn, TUESDAY - timedelta(seconds=1)) == []
    assert due.lanes_due(conn, TUESDAY) == [lane_of(lead)]
    assert due.next_due(conn) == TUESDAY
    conn.execute("update enrollments set status = 'scheduled'")
    assert due.next_due(conn) == TUESDAY
    assert due.lanes_due(conn, TUESDAY) == []
    assert due.lanes_scheduled(conn, TUESDAY) == [lane_of(lead)]
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = now()")
    assert due.next_due(conn) is None


def test_the_longest_due_come_first_and_what_another_holds_is_skipped(
    dsn: str, conn: psycopg.Connection, workspace: Workspace
) -> None:
    lead = a_lead(conn, workspace)
    lane = lane_of(lead)
    rows = []
    for days in (1, 3, 2):
        enrollment = enrolled(conn, workspace, "pricing", lead, due_at=TUESDAY - timedelta(days=days))
        conn.execute("update enrollments set lead_id = %s where id = %s", (new_id(), enrollment))
        rows.append(enrollment)
    with conn.transaction():
        assert [one.id for one in due.claim(conn, lane, TUESDAY, 2)] == [rows[1], rows[2]]
        with connect(dsn) as other, other.transaction():
            assert [one.id for one in due.claim(other, lane, TUESDAY, 5)] == [rows[0]]
    with conn.transaction():
        assert len(due.claim(conn, lane, TUESDAY, 5)) == 3


def test_everything_that_a_decision_and_the_gate_read_is_there(conn: psycopg.Connection, workspace: Workspace) -> None:
    lead = a_lead(conn, workspace, consents={"sms": "express_written"}, region="US-NY", time_zone="America/New_York")
    conn.execute(
        "update leads set fields = %s", ('{"rooms": "4", "note": "a \\"quoted\\" word, back\\\\slash, \\u00e9"}',)
    )
    addresses = {"+12125550123": "ok", "ann@example.com": "bounced"}
    conn.execute("update leads set addresses = %s", (Json(addresses),))
    enrollment = enrolled(conn, workspace, "pricing", lead)
    touch = new_id()
    data = {"reason": 'he said "no"', "last": True, "text": "line one\nline two \\ é ☃"}
    happened(
        conn,
        workspace,
        lead,
        "touch.refused",
        at=TUESDAY,
        enrollment_id=enrollment,
        step="ack",
        channel="sms",
        touch_id=touch,
        data=data,
    )
    known = due.know(conn, lane_of(lead), [lead])[lead]

    assert (known.phone, known.email, known.owner, known.region) == ("+12125550123", "ann@example.com", "sam", "US-NY")
    assert known.fields == {"rooms": "4", "note": 'a "quoted" word, back\\slash, é'}
    assert [event.kind for event in known.events] == ["form.submitted", "enrolled", "touch.refused"]
    last = known.events[-1]
    assert (last.enrollment, last.step, last.channel, last.touch, last.data, last.at) == (
        str(enrollment), "ack", "sms", str(touch), data, TUESDAY,
    )  # fmt: skip
    assert [event.seq for event in known.events] == sorted(event.seq for event in known.events)
    assert known.consents == [Consent("express_written", ("sms",), TUESDAY, None, "v1", "")]
    assert (known.addresses, list(known.addresses)) == (addresses, list(addresses))
    assert known.suppressions == []


def test_a_lead_without_any_story_is_known_too(conn: psycopg.Connection, workspace: Workspace) -> None:
    lead = a_lead(conn, workspace, phone=None, email=None, consents={})
    known = due.know(conn, lane_of(lead), [lead])[lead]
    assert (known.events, known.consents, known.addresses, known.suppressions) == ([], [], {}, [])


@pytest.mark.parametrize(
    ("scope", "value"),
    [("person", None), ("address", "+12125550123"), ("address", "ann@example.com"), ("domain", "example.com")],
)
def test_a_suppression_counts_by_person_address_and_domain(
    conn: psycopg.Connection, workspace: Workspace, scope: str, value: str | None
) -> None:
    lead = a_lead(conn, workspace)
    found = suppress(conn, workspace.id, scope, value or str(lead))
    (known,) = due.know(conn, lane_of(lead), [lead])[lead].suppressions
    assert known.scope == scope
    suppressions.lift(conn, [{"id": found, "why": "new consent"}], TUESDAY)
    assert due.know(conn, lane_of(lead), [lead])[lead].suppressions == []


def test_a_suppression_of_another_workspace_says_nothing_here(conn: psycopg.Connection, workspace: Workspace) -> None:
    lead = a_lead(conn, workspace)
    suppress(conn, a_workspace(conn, name="Another").id, "address", "+12125550123")
    assert due.know(conn, lane_of(lead), [lead])[lead].suppressions == []
