"""The tick on a real database: what a batch of due enrollments comes to."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, story
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.store.ids import lane_of


def test_the_first_look_at_a_pricing_request_plans_the_text_and_asks_for_a_call(conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn)
    lead = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", lead)

    done = tick(conn, lane_of(lead), TUESDAY, Catalog(conn))

    assert (done.looked_at, done.touches, done.parked) == (1, 1, 0)
    touch = conn.execute("select step, channel, status, template from touches").fetchone()
    assert touch == ("ack", "sms", "queued", "ack")
    task = conn.execute("select step, kind, owner, status from tasks").fetchone()
    assert task == ("first-call", "call", "sam", "open")
    assert story(conn, lead)[2:] == ["touch.planned", "task.opened"]
    result = conn.execute("select result, seen > 0, body->0->'findings'->0->>0 from decisions").fetchone()
    assert result == ("plan", True, "opted_out")
