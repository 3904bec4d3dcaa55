"""The pictures of the day and what providers refused: what is counted, of when, and that rare things are found by index."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, happened
from warmline.store.pages import attention, today
from warmline.store.workspaces import Workspace

NOW = TUESDAY
HOUR = timedelta(hours=1)


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, place: Workspace) -> UUID:
    return a_lead(conn, place, at=NOW - timedelta(days=3))


def at_hours(**counts: int) -> list[int]:
    """24 hours, all 0 but those named: `h23` is the one that ends now."""
    return [counts.get(f"h{hour}", 0) for hour in range(24)]


def test_each_kind_is_counted_in_its_picture(conn: psycopg.Connection, place: Workspace, lead: UUID) -> None:
    for kind in (*today.TOUCHES, *today.ANSWERS, "touch.planned", "opened", "touch.failed"):
        happened(conn, place, lead, kind, at=NOW - timedelta(minutes=90))
    found = today.numbers(conn, place.id, NOW)
    assert found == today.Numbers(leads=at_hours(), touches=at_hours(h22=1), replies=at_hours(h22=4))


def test_the_day_ends_now_and_begins_after_the_same_moment_of_yesterday(
    conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    blink = timedelta(microseconds=1)
    for ago in (-blink, timedelta(0), blink, HOUR, HOUR + blink, 24 * HOUR - blink, 24 * HOUR):
        happened(conn, place, lead, "replied", at=NOW - ago)
    a_lead(conn, place, phone="+12125550199", email="new@example.com", at=NOW)
    a_lead(conn, place, phone="+12125550198", email="newer@example.com", at=NOW + blink)
    found = today.numbers(conn, place.id, NOW)
    assert found.replies == at_hours(h23=3, h22=1, h0=1)
    assert found.leads == at_hours(h23=1)


def test_an_answer_counts_from_the_moment_it_is_written(conn: psycopg.Connection, place: Workspace, lead: UUID) -> None:
    assert sum(today.numbers(conn, place.id, NOW).replies) == 0
    happened(conn, place, lead, "replied", at=NOW)
    assert today.numbers(conn, place.id, NOW).replies == at_hours(h23=1)


def test_what_a_machine_answered_is_no_answer(conn: psycopg.Connection, place: Workspace, lead: UUID) -> None:
    happened(conn, place, lead, "replied", at=NOW, data={"automated": "auto_submitted"})
    happened(conn, place, lead, "clicked", at=NOW, data={"automated": "scanner"})
    happened(conn, place, lead, "clicked", at=NOW, data={"automated": ""})
    assert sum(today.numbers(conn, place.id, NOW).replies) == 1


def test_another_workspace_counts_nothing_of_this_one(conn: psycopg.Connection, place: Workspace, lead: UUID) -> None:
    other = a_workspace(conn, name="Other")
    for kind in ("replied", "touch.sent"):
        happened(conn, place, lead, kind, at=NOW)
    found = today.numbers(conn, other.id, NOW)
    assert sum(found.leads + found.touches + found.replies) == 0


def test_answers_and_failures_are_found_by_their_index_however_much_happened(
    conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    """Sixty days of a busy place. Ten times: plans of the first times know the parameters, later ones may be general."""
    conn.execute(
        "insert into events (lane, lead_id, workspace_id, kind, at, touch_id) select n % 16, %s, %s,"
        " case when n % 50 = 0 then 'replied' when n % 51 = 0 then 'touch.failed' else 'touch.planned' end,"
        " %s - (30000 - n) * interval '3 minutes', md5(n::text)::uuid from generate_series(1, 30000) n".replace(
            "n %", "n %%"
        ).encode(),
        (lead, place.id, NOW),
    )
    conn.execute(
        "insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template,"
        " status, ready_at, created_at) select lane, touch_id, lead_id, workspace_id, touch_id, 1, 'ack', 'sms', 'marketing',"
        " 'ack', case kind when 'touch.failed' then 'failed' else 'sent' end, at, at from events where touch_id is not null"
    )
    conn.execute("vacuum analyze events, touches")
    before = scans(conn)
    for _ in range(10):
        assert sum(today.numbers(conn, place.id, NOW).replies) == 10
        assert attention.refusals(conn, place.id, ["account"], NOW - timedelta(days=7)) == []
    after = scans(conn)
    assert after["events_rare"] - before["events_rare"] >= 20
    assert after["events_by_time"] - before["events_by_time"] == 10
    assert after["events"] == before["events"], "the table is never read whole"


def scans(conn: psycopg.Connection) -> dict[str, int]:
    """How often each index of `events` was looked into, and under "events" how often the table was read whole."""
    conn.execute("select pg_stat_force_next_flush()")
    rows = conn.execute(
        "select indexrelname, idx_scan from pg_stat_user_indexes where relname = 'events'"
        " union all select relname, seq_scan from pg_stat_user_tables where relname = 'events'"
    ).fetchall()
    return dict(rows)
