"""Two leads that are one person: whatever says who it is and what it may be sent is the one's."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, story
from tests.intake.test_accept import INQUIRY, a_submission, take
from warmline.core.standing import history_of
from warmline.engine.catalog import Catalog
from warmline.engine.seal import seal_all
from warmline.engine.tick import tick
from warmline.intake import acts
from warmline.intake.acts import ActError, merge
from warmline.store import calls, ledger
from warmline.store.due import know
from warmline.store.ids import lane_of, new_id
from warmline.store.orphans import count_orphans
from warmline.store.workspaces import Workspace

LATER = TUESDAY + timedelta(hours=2)


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def keep(conn: psycopg.Connection, place: Workspace) -> UUID:
    return a_lead(conn, place, phone=None, email="ann@work.example", consents={"email": "inquiry"})


@pytest.fixture
def gone(conn: psycopg.Connection, place: Workspace) -> UUID:
    return a_lead(conn, place, phone="+12125550123", email="ann@home.example")


def status(conn: psycopg.Connection, lead: UUID) -> str:
    row = conn.execute("select status from leads where id = %s", (lead,)).fetchone()
    assert row is not None
    return str(row[0])


def test_calls_that_rang_one_lead_count_for_both(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    row = {
        "lane": lane_of(gone), "id": new_id(), "lead_id": gone, "workspace_id": place.id, "task_id": new_id(), "step": "call",
        "attempt": 1, "rep": "sam", "rep_phone": "+15550104477", "lead_phone": "+12125550123", "provider": "sandbox",
        "detects": True, "placed_at": TUESDAY,
    }  # fmt: skip
    assert calls.insert(conn, row, timedelta(minutes=1))
    conn.execute("update calls set connected = true, status = 'dialling'")
    with pytest.raises(ActError, match="on the phone"):
        merge(conn, place, keep, gone, "kim", LATER)
    conn.execute("update calls set status = 'ended', lost_at = null")
    merge(conn, place, keep, gone, "kim", LATER)
    known = know(conn, lane_of(keep), [keep])[keep]
    history = history_of("", 0, LATER, "America/New_York", {}, {}, known.events)
    assert (list(history.attempts.values()), history.on_call) == ([(TUESDAY, "call")], {})


def test_addresses_proofs_and_attempts_go_over_and_the_ledger_stays_whole(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    enrolled(conn, place, "pricing", gone)
    tick(conn, lane_of(gone), TUESDAY, Catalog(conn))
    conn.execute("update touches set status = 'sent', sent_at = %s where lead_id = %s", (TUESDAY, gone))
    seal_all(conn, lambda: TUESDAY)
    merge(conn, place, keep, gone, "kim", LATER)
    known = know(conn, lane_of(keep), [keep])[keep]
    assert (known.phone, known.email) == ("+12125550123", "ann@work.example")
    assert set(known.addresses) == {"+12125550123", "ann@home.example", "ann@work.example"}
    assert {(one.level, one.channels) for one in known.consents} >= {
        ("express_written", ("sms",)),
        ("inquiry", ("call",)),
    }
    history = history_of("", 0, LATER, "America/New_York", {}, {}, known.events)
    assert [channel for _, channel in history.attempts.values()] == ["sms"]
    assert take(conn, place, a_submission(phone="+12125550123"), at=LATER)[0].lead == keep
    assert status(conn, gone) == "closed"
    assert know(conn, lane_of(gone), [gone])[gone].addresses == {}
    seal_all(conn, lambda: LATER)
    assert ledger.verify(conn).is_whole


def test_what_ran_for_the_other_ends_and_somebody_looks_after_the_one(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    enrolled(conn, place, "pricing", gone)
    tick(conn, lane_of(gone), TUESDAY, Catalog(conn))
    merge(conn, place, keep, gone, "kim", LATER)
    assert conn.execute("select count(*) from enrollments where status <> 'ended'").fetchone() == (0,)
    assert conn.execute("select status, reason from touches").fetchall() == [("refused", "merged")]
    assert conn.execute("select kind from tasks where status = 'open' and lead_id = %s", (keep,)).fetchall() == [
        ("review",)
    ]
    assert count_orphans(conn, place.id) == 0
    assert story(conn, gone)[-1] == "merged"


@pytest.mark.parametrize("which", ["keep", "gone"])
def test_an_opt_out_of_either_outlives_it(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, which: str
) -> None:
    enrolled(conn, place, "pricing", keep)
    one = {"keep": keep, "gone": gone}[which]
    acts.opt_out(conn, place, lane_of(one), one, "sam", TUESDAY, evidence="stop, says Ann")
    merge(conn, place, keep, gone, "kim", LATER)
    assert status(conn, keep) == "opted_out"
    without_consent = replace(a_submission(phone="+12125550123"), consents=(INQUIRY,))
    assert take(conn, place, without_consent, at=LATER)[0].reason == "opted_out"
    values = {value for (value,) in conn.execute("select value from suppressions where lifted_at is null").fetchall()}
    assert {str(keep), str(gone)} <= values
    assert conn.execute("select count(*) from enrollments where status <> 'ended'").fetchone() == (0,)


def test_a_lead_is_not_merged_with_itself_nor_with_one_of_another_workspace(
    conn: psycopg.Connection, place: Workspace, keep: UUID
) -> None:
    stranger = a_lead(conn, a_workspace(conn, name="Other"), phone="+13035550111", email="bo@example.com")
    with pytest.raises(ActError, match="with itself"):
        merge(conn, place, keep, keep, "kim", LATER)
    with pytest.raises(ActError):
        merge(conn, place, keep, stranger, "kim", LATER)
    assert status(conn, stranger) == "open"
    assert "merged" not in story(conn, keep)
