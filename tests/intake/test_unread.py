"""A reply that may be an opt-out: frozen until somebody reads it, and taken for one after nine days."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, story
from tests.intake.test_accept import a_submission, take
from warmline.channels.contract import Signal
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.intake import acts
from warmline.intake.acts import Next
from warmline.intake.messages import hear
from warmline.intake.unread import UNREAD, withdraw_unread
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace

MINUTE = timedelta(minutes=1)


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def doubtful(conn: psycopg.Connection, place: Workspace) -> None:
    signal = Signal("reply", TUESDAY, sender="+12125550123", text="not interested", key="m1")
    assert hear(conn, place, signal, TUESDAY, None) == ""


def test_nothing_happens_before_the_ninth_day_is_over_and_then_it_is_an_opt_out(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead = a_lead(conn, place)
    doubtful(conn, place)
    assert withdraw_unread(conn, TUESDAY + UNREAD - MINUTE) == 0
    assert story(conn, lead)[-1] != "opted.out"
    assert withdraw_unread(conn, TUESDAY + UNREAD) == 1
    assert "opted.out" in story(conn, lead)
    rows = conn.execute("select scope, evidence from suppressions order by scope, value").fetchall()
    assert rows == [("address", "not interested"), ("address", "not interested"), ("person", "not interested")]
    assert withdraw_unread(conn, TUESDAY + 2 * UNREAD) == 0


def test_what_somebody_has_read_is_as_they_said(conn: psycopg.Connection, place: Workspace) -> None:
    lead = a_lead(conn, place)
    doubtful(conn, place)
    row = conn.execute("select id from tasks where kind = 'read_reply'").fetchone()
    assert row is not None
    acts.complete_task(conn, place, lane_of(lead), row[0], "sam", TUESDAY + MINUTE, next=Next("lost"))
    assert withdraw_unread(conn, TUESDAY + 2 * UNREAD) == 0
    assert "opted.out" not in story(conn, lead)


def test_an_opt_out_that_comes_first_is_not_told_twice(conn: psycopg.Connection, place: Workspace) -> None:
    lead = a_lead(conn, place)
    doubtful(conn, place)
    hear(conn, place, Signal("reply", TUESDAY, sender="+12125550123", text="STOP", key="m2"), TUESDAY + MINUTE, None)
    assert withdraw_unread(conn, TUESDAY + 2 * UNREAD) == 0
    assert story(conn, lead).count("opted.out") == 1


@pytest.mark.parametrize("settled", ["closed by who read it", "taken for an opt-out"])
def test_a_doubt_that_is_over_freezes_no_later_playbook(
    conn: psycopg.Connection, place: Workspace, settled: str
) -> None:
    lead = a_lead(conn, place)
    doubtful(conn, place)
    if settled == "closed by who read it":
        task = conn.execute("select id from tasks where kind = 'read_reply'").fetchone()
        assert task is not None
        acts.complete_task(conn, place, lane_of(lead), task[0], "sam", TUESDAY + MINUTE, next=Next("lost"))
    else:
        withdraw_unread(conn, TUESDAY + UNREAD)
    later = TUESDAY + timedelta(days=28)
    assert take(conn, place, a_submission(), at=later)[0].playbook == "pricing"
    tick(conn, lane_of(lead), later, Catalog(conn))
    assert conn.execute("select distinct status from touches").fetchall() == [("queued",)]
