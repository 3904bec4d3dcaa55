"""Who is in which playbook: every run that is not over, and of one playbook those that are looked at next."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, minutes
from warmline.store.pages import playbooks
from warmline.store.workspaces import Workspace


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def put(conn: psycopg.Connection, place: Workspace, status: str, number: int, playbook: str = "pricing") -> UUID:
    """A lead whose run has come to `status`, `number` minutes after Tuesday; who is parked is not looked at."""
    lead = a_lead(conn, place, phone=None, email=f"lead{number}@example.com")
    enrollment = enrolled(conn, place, playbook, lead, due_at=TUESDAY + minutes(number))
    conn.execute(
        "update enrollments set status = %(to)s,"
        " due_at = case when %(to)s in ('parked', 'ended') then null else due_at end,"
        " error = case when %(to)s = 'parked' then 'x' else '' end,"
        " ended_at = case when %(to)s = 'ended' then due_at end where id = %(id)s",
        {"to": status, "id": enrollment},
    )
    return lead


def test_whoever_is_not_over_is_counted_in_their_playbook(conn: psycopg.Connection, place: Workspace) -> None:
    for number, status in enumerate(("running", "running", "handed_off", "scheduled", "parked", "ended")):
        put(conn, place, status, number)
    put(conn, place, "running", 10, "referral")
    assert playbooks.crowds(conn, place.id) == {
        "pricing": {"running": 2, "handed_off": 1, "scheduled": 1, "parked": 1},
        "referral": {"running": 1},
    }
    assert playbooks.crowds(conn, a_workspace(conn, name="Other").id) == {}


def test_a_playbook_shows_who_stopped_and_then_whoever_is_looked_at_next(
    conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playbooks, "MOST", 4)
    next_one = put(conn, place, "handed_off", 1)
    waits = put(conn, place, "scheduled", 5)
    later = put(conn, place, "running", 9)
    put(conn, place, "ended", 0)
    put(conn, place, "running", 0, "referral")
    put(conn, place, "running", 20)
    stopped = put(conn, place, "parked", 30)
    found = playbooks.inside(conn, place.id, "pricing")
    assert [one.lead_id for one in found] == [stopped, next_one, waits, later]
    assert [one.status for one in found] == ["parked", "handed_off", "scheduled", "running"]
    assert found[1].next_at == TUESDAY + minutes(1)
    assert found[0].next_at is None
    assert found[0].lead == "Ann Lee"
