"""Touches on their way out: what the table itself keeps, whatever its callers do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, story
from warmline.engine.catalog import Catalog
from warmline.engine.outcomes import outcome_of
from warmline.engine.tick import tick
from warmline.store import erasure, touches
from warmline.store.ids import lane_of, new_id
from warmline.store.touches import Ready, Room

MINUTE = timedelta(minutes=1)


@pytest.fixture
def lead(conn: psycopg.Connection) -> UUID:
    workspace = a_workspace(conn)
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", lead)
    tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    return lead


def begin(conn: psycopg.Connection, lead: UUID, lease: timedelta = MINUTE) -> Ready:
    """Claim the one queued touch and commit its intent."""
    (touch,) = touches.ready(conn, lane_of(lead), TUESDAY, 10)
    row = {
        "id": touch.id,
        "address": "+12125550123",
        "subject": "",
        "body": "Hi",
        "provider": "fake",
        "account": "ours",
    }
    touches.intend(conn, lane_of(lead), [row], new_id(), lease)
    touch.tries += 1
    return touch


def one(conn: psycopg.Connection, query: str) -> Any:
    row = conn.execute(query.encode()).fetchone()
    return row[0] if row and len(row) == 1 else row


def settle(conn: psycopg.Connection, lead: UUID, touch: Ready, status: str, **more: Any) -> int:
    with conn.transaction():
        return len(touches.settle(conn, [outcome_of(lane_of(lead), touch, status, TUESDAY, **more)], TUESDAY))


def test_what_is_being_handed_over_is_not_ready_any_more(conn: psycopg.Connection, lead: UUID) -> None:
    begin(conn, lead)
    assert touches.ready(conn, lane_of(lead), TUESDAY, 10) == []
    assert touches.lanes_ready(conn, TUESDAY) == []


def test_what_is_postponed_is_ready_at_its_time(conn: psycopg.Connection, lead: UUID) -> None:
    (touch,) = touches.ready(conn, lane_of(lead), TUESDAY, 10)
    touches.postpone(conn, lane_of(lead), [{"id": touch.id, "ready_at": TUESDAY + MINUTE}])
    assert touches.lanes_ready(conn, TUESDAY) == []
    assert touches.lanes_ready(conn, TUESDAY + MINUTE) == [lane_of(lead)]


@pytest.mark.parametrize("first", ["sent", "failed", "held", "refused"])
@pytest.mark.parametrize("then", ["sent", "failed", "queued", "unknown", "held"])
def test_what_is_settled_takes_no_further_receipt(conn: psycopg.Connection, lead: UUID, first: str, then: str) -> None:
    touch = begin(conn, lead)
    assert settle(conn, lead, touch, first) == 1
    before = story(conn, lead)
    assert settle(conn, lead, touch, then) == 0
    assert one(conn, "select status from touches") == first
    assert story(conn, lead) == before


@pytest.mark.parametrize(("then", "changes"), [("sent", 1), ("failed", 1), ("queued", 0), ("unknown", 0), ("held", 0)])
def test_an_unknown_touch_may_only_turn_out_sent_or_failed(
    conn: psycopg.Connection, lead: UUID, then: str, changes: int
) -> None:
    touch = begin(conn, lead)
    settle(conn, lead, touch, "unknown")
    assert settle(conn, lead, touch, then) == changes


def test_a_receipt_of_an_earlier_try_says_nothing_of_this_one(conn: psycopg.Connection, lead: UUID) -> None:
    first = begin(conn, lead)
    settle(conn, lead, first, "queued", event="", until=TUESDAY)
    second = begin(conn, lead)
    assert (first.tries, second.tries) == (1, 2)
    assert settle(conn, lead, first, "queued", event="", until=TUESDAY) == 0
    assert one(conn, "select status from touches") == "sending"
    assert settle(conn, lead, second, "sent") == 1


@pytest.mark.parametrize("status", ["failed", "queued", "refused"])
def test_a_receipt_of_a_lead_that_was_erased_keeps_no_words_of_others(
    conn: psycopg.Connection, lead: UUID, status: str
) -> None:
    touch = begin(conn, lead)
    erasure.empty(conn, lead, ["+12125550123"], TUESDAY)
    said = outcome_of(lane_of(lead), touch, status, TUESDAY, reason="invalid_number")
    said.error = "The 'To' number +12125550123 is not valid."
    said.data = {"code": "21211", "detail": said.error, "saw": said.error}
    with conn.transaction():
        assert len(touches.settle(conn, [said], TUESDAY)) == 1
    assert one(conn, "select status, reason, error from touches") == (status, "invalid_number", "")
    assert one(conn, f"select data from events where kind = 'touch.{status}'") == {
        "reason": "invalid_number", "last": touch.last,
    }  # fmt: skip


def test_a_lease_that_ran_out_is_taken_over_by_one(conn: psycopg.Connection, lead: UUID) -> None:
    lane = lane_of(lead)
    begin(conn, lead, lease=timedelta(0))
    assert touches.lanes_stale(conn) == [lane]
    mine = new_id()
    (stale,) = touches.take_stale(conn, lane, mine, MINUTE, 10)
    assert (stale.address, stale.body, stale.tries) == ("+12125550123", "Hi", 1)
    assert stale.handed_at is not None
    assert touches.take_stale(conn, lane, new_id(), MINUTE, 10) == []
    assert one(conn, "select claimed_by from touches") == mine


def test_asking_later_moves_only_what_is_still_under_way(conn: psycopg.Connection, lead: UUID) -> None:
    touch = begin(conn, lead, lease=timedelta(0))
    touches.ask_later(conn, [(lane_of(lead), touch.id, touch.tries)], MINUTE)
    assert touches.lanes_stale(conn) == []
    settle(conn, lead, touch, "sent")
    touches.ask_later(conn, [(lane_of(lead), touch.id, touch.tries)], MINUTE)
    assert one(conn, "select leased_until from touches") is None


def test_asking_later_about_an_earlier_try_leaves_the_lease_of_this_one_alone(
    conn: psycopg.Connection, lead: UUID
) -> None:
    first = begin(conn, lead)
    settle(conn, lead, first, "queued", event="", until=TUESDAY)
    begin(conn, lead, lease=60 * MINUTE)
    touches.ask_later(conn, [(lane_of(lead), first.id, 1)], MINUTE)
    assert one(conn, "select leased_until > now() + interval '59 minutes' from touches")
    touches.ask_later(conn, [(lane_of(lead), first.id, 2)], MINUTE)
    assert one(conn, "select leased_until < now() + interval '59 minutes' from touches")


def test_a_claim_takes_the_oldest_and_of_each_account_no_more_than_it_has_room_for(
    conn: psycopg.Connection, lead: UUID
) -> None:
    lane, workspace = lane_of(lead), one(conn, "select workspace_id from touches")
    waiting(conn, "email", 5, TUESDAY - MINUTE)
    waiting(conn, "voicemail", 2, TUESDAY - 2 * MINUTE)

    def claim(limit: int, **rooms: int) -> list[str]:
        full = [Room(workspace, channel, room) for channel, room in rooms.items()]
        return [touch.channel for touch in touches.ready(conn, lane, TUESDAY, limit, full)]

    assert claim(4) == ["voicemail", "voicemail", "email", "email"]
    assert claim(4, voicemail=0, email=2) == ["email", "email", "sms"]
    assert claim(4, voicemail=1, email=0) == ["voicemail", "sms"]
    assert claim(4, sms=0, email=0, voicemail=0) == []
    somebody_elses = [Room(workspace + 1, channel, 0) for channel in ("sms", "email", "voicemail")]
    assert len(touches.ready(conn, lane, TUESDAY, 100, somebody_elses)) == 8


def test_what_waits_for_a_full_account_is_not_read_to_get_at_the_others(conn: psycopg.Connection, lead: UUID) -> None:
    lane, workspace = lane_of(lead), one(conn, "select workspace_id from touches")
    waiting(conn, "email", 3000, TUESDAY - MINUTE)
    conn.execute("analyze touches")
    rooms = [Room(workspace, "email", 0)]
    with conn.transaction():
        conn.execute("set local enable_seqscan = off")
        (touch,) = touches.ready(conn, lane, TUESDAY, 100, rooms)
        before = read_of_touches(conn)
        assert touches.ready(conn, lane, TUESDAY, 100, rooms)[0].id == touch.id
        assert read_of_touches(conn) - before < 20


def read_of_touches(conn: psycopg.Connection) -> int:
    """Rows of touches, or entries of its indexes, that this transaction has read."""
    return int(
        one(
            conn,
            "select sum(pg_stat_get_xact_tuples_returned(oid))::int from pg_class"
            " where relname in ('touches', 'touches_ready', 'touches_by_account', 'one_touch_a_step', 'touches_pkey')",
        )
    )


def waiting(conn: psycopg.Connection, channel: str, count: int, ready_at: datetime) -> None:
    """Touches like the first text, on another channel."""
    conn.execute(
        """
        insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template,
          status, ready_at, created_at)
        select lane, gen_random_uuid(), lead_id, workspace_id, enrollment_id, version_id, %s || n, %s, purpose, template,
          'queued', %s, created_at
        from (select * from touches where channel = 'sms') t, generate_series(1, %s) n
        """,
        (channel, channel, ready_at, count),
    )


def test_a_step_cannot_have_two_touches_that_went_out_or_may_have(conn: psycopg.Connection, lead: UUID) -> None:
    copy = """insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template,
      status, ready_at, created_at) select lane, %s, lead_id, workspace_id, enrollment_id, version_id, step, 'email', purpose,
      template, 'queued', ready_at, created_at from touches limit 1"""
    with pytest.raises(psycopg.errors.UniqueViolation, match="one_touch_a_step"):
        conn.execute(copy, (new_id(),))
    conn.execute("update touches set status = 'refused'")
    conn.execute(copy, (new_id(),))
