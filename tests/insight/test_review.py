"""Which step works, read from real stories."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened
from warmline.core.review import StepReview
from warmline.insight import review as insight
from warmline.insight.review import Reviewed, reviewed
from warmline.store import playbooks
from warmline.store.workspaces import Workspace

MONTH = timedelta(days=30)
NOW = TUESDAY + timedelta(days=3)


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def of_pricing(conn: psycopg.Connection, place: Workspace, now: datetime = NOW) -> Reviewed:
    version = next(one for one in playbooks.current(conn, place.id) if one.key == "pricing")
    return reviewed(conn, place.id, version, now, MONTH)


def a_run(conn: psycopg.Connection, place: Workspace, number: int = 0, at: datetime = TUESDAY) -> tuple[UUID, UUID]:
    lead = a_lead(conn, place, phone=f"+1212555{number:04d}", email=f"ann{number}@example.com")
    return lead, enrolled(conn, place, "pricing", lead, at=at)


def on(
    conn: psycopg.Connection, place: Workspace, run: tuple[UUID, UUID], kind: str, hours: float, **columns: Any
) -> None:
    columns.setdefault("enrollment_id", run[1])
    happened(conn, place, run[0], kind, at=TUESDAY + timedelta(hours=hours), **columns)


def step_of(found: Reviewed, name: str) -> StepReview:
    return next(step for step in found.review.steps if step.name == name)


def test_a_step_has_who_it_reached_who_answered_it_and_who_opted_out(
    conn: psycopg.Connection, place: Workspace
) -> None:
    runs = [a_run(conn, place, number) for number in range(3)]
    for run in runs:
        on(conn, place, run, "touch.sent", 0, step="ack", channel="sms")
    on(conn, place, runs[0], "replied", 1, channel="sms", enrollment_id=None)
    on(conn, place, runs[1], "touch.sent", 24, step="nudge", channel="sms")
    on(conn, place, runs[1], "opted.out", 25)
    found = of_pricing(conn, place)
    assert (found.review.runs, found.review.answered.count, found.review.opted_out) == (3, 1, 1)
    ack, nudge = step_of(found, "ack"), step_of(found, "nudge")
    assert (ack.reached, ack.channels, ack.answers, ack.opted_out) == (3, {"sms": 3}, {"replied": 1}, 0)
    assert (nudge.reached, nudge.opted_out) == (1, 1)
    assert found.review.steps[0].name == "ack"


def test_what_a_machine_did_and_what_a_merge_tells_again_is_no_answer(
    conn: psycopg.Connection, place: Workspace
) -> None:
    run = a_run(conn, place)
    on(conn, place, run, "touch.sent", 0, step="ack", channel="email")
    on(conn, place, run, "clicked", 1, step="ack", channel="email", data={"automated": "agent"})
    on(conn, place, run, "replied", 2, channel="email", data={"merged": True})
    assert of_pricing(conn, place).review.answered.count == 0


def test_runs_before_the_time_asked_for_and_of_other_workspaces_do_not_count(
    conn: psycopg.Connection, place: Workspace
) -> None:
    a_run(conn, place, 1, at=NOW - MONTH - timedelta(hours=1))
    a_run(conn, a_workspace(conn, name="Other"), 2)
    a_run(conn, place, 3, at=NOW - MONTH)
    assert of_pricing(conn, place).review.runs == 1


def test_of_very_many_the_newest_are_read_and_it_says_so(
    conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight, "MOST", 2)
    for number in range(3):
        run = a_run(conn, place, number, at=TUESDAY + timedelta(hours=number))
        on(conn, place, run, "touch.sent", 10 + number, step="ack", channel="sms")
    found = of_pricing(conn, place)
    assert (found.cut, found.review.runs, found.review.first_touch) == (True, 2, 10 * 3600.0)
