"""The tick on a real database: what a batch of due enrollments comes to."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, story
from tests.engine.hands import Hands, a_lead_in_lane
from warmline.core.history import FOLD
from warmline.engine import tick as ticking
from warmline.engine.catalog import Catalog
from warmline.engine.look import Look
from warmline.engine.tick import start_scheduled, tick
from warmline.insight.replay import replay
from warmline.intake import acts
from warmline.store.connect import connect
from warmline.store.due import Due, Known
from warmline.store.ids import lane_of
from warmline.store.orphans import count_orphans
from warmline.store.workspaces import Workspace

PICKY = """
name: Picky
enroll: {when: 'event.kind == "form.submitted" && event.form == "picky"', rank: 80}
owner: {team: sales, by: round-robin}
steps:
  text: {send: sms, template: nudge, at: now, if: 'lead.fields.rooms.matches("^[0-9]+$") && int(lead.fields.rooms) > 3'}
"""

#: Passes every check before publishing, and no integer is large enough for it.
TOO_MANY = "9" * 40


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
    result = conn.execute(
        "select d.result, d.seen > 0, t.findings->0->>0 from decisions d"
        " join traces t on t.lane = d.lane and t.digest = d.body->0->>'trace'"
    ).fetchone()
    assert result == ("plan", True, "opted_out")


def test_what_is_not_due_is_left_alone(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead, due_at=TUESDAY + timedelta(seconds=1))
    assert hands.tick(lead).looked_at == 0
    hands.now += timedelta(seconds=1)
    assert hands.tick(lead).looked_at == 1


def test_a_look_goes_on_from_what_the_last_one_kept_and_reads_only_what_came_after(
    hands: Hands, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    hands.hand_over(lead)
    looked: list[list[str]] = []
    begin = ticking.begin

    def watched(due: Due, known: Known, *rest: Any) -> Look:
        looked.append([event.kind for event in known.events])
        return begin(due, known, *rest)

    monkeypatch.setattr(ticking, "begin", watched)
    hands.now += timedelta(hours=3)  # the call that nobody took has run out
    hands.tick(lead)
    assert looked == [["touch.planned", "task.opened", "touch.sent"]]
    assert "task.expired" in story(hands.conn, lead)
    assert all(one.same for one in replay(hands.conn, lane_of(lead), lead))


def test_what_another_way_of_folding_has_kept_is_folded_anew(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    hands.conn.execute("update enrollments set fold = %s, folded = '[\"of another shape\"]'", (FOLD + 1,))
    hands.hand_over(lead)
    hands.now += timedelta(hours=3)
    assert hands.tick(lead).parked == 0
    assert hands.one("select fold from enrollments") == FOLD
    assert all(one.same for one in replay(hands.conn, lane_of(lead), lead))


def test_a_condition_that_fails_on_a_lead_parks_it_with_the_error_and_the_others_go_on(hands: Hands) -> None:
    workspace = a_workspace(hands.conn, {"playbooks/picky.yaml": PICKY})
    hands.dispatcher = hands.a_dispatcher()
    well, ill = (in_lane(hands, workspace, number, rooms) for number, rooms in enumerate(("5", TOO_MANY)))
    done = hands.tick(well)

    assert (done.looked_at, done.touches, done.parked) == (2, 1, 1)
    assert hands.one("select status from touches where lead_id = %s", well) == "queued"
    status, due_at, error = hands.one("select status, due_at, error from enrollments where lead_id = %s", ill)
    assert (status, due_at) == ("parked", None)
    assert "int(lead.fields.rooms) > 3" in error
    title = hands.one("select title from tasks where lead_id = %s and kind = 'parked' and status = 'open'", ill)
    assert error in title
    assert story(hands.conn, ill)[-1] == "parked"
    assert count_orphans(hands.conn, workspace.id) == 0


def test_a_parked_lead_goes_on_when_its_cause_is_gone_and_a_person_replays_it(hands: Hands) -> None:
    workspace = a_workspace(hands.conn, {"playbooks/picky.yaml": PICKY})
    hands.dispatcher = hands.a_dispatcher()
    ill = in_lane(hands, workspace, 1, TOO_MANY)
    hands.tick(ill)
    enrollment = hands.one("select id from enrollments")
    hands.conn.execute("""update leads set fields = '{"rooms": "5"}'""")
    acts.replay_parked(hands.conn, workspace, lane_of(ill), enrollment, "sam", hands.now)
    hands.tick(ill)
    hands.hand_over(ill)
    assert [message.lead_id for message in hands.sms.took] == [str(ill)]
    assert hands.one("select status, error from enrollments where id = %s", enrollment)[1] == ""


def test_a_row_that_postgresql_refuses_parks_only_the_culprit(
    hands: Hands, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = [a_lead_in_lane(hands, workspace, 7, number) for number in range(5)]
    culprit = leads[2]

    act = ticking.act

    def spoil(at: Look) -> Look:
        act(at)
        if at.due.lead_id == culprit:
            at.writes.touches[-1]["template"] = "a NUL \x00 in it"
        return at

    monkeypatch.setattr(ticking, "act", spoil)
    done = tick(hands.conn, 7, hands.now, Catalog(hands.conn))
    assert (done.looked_at, done.touches, done.parked) == (5, 4, 1)
    assert hands.all("select lead_id from enrollments where status = 'parked'") == [culprit]
    assert sorted(hands.all("select lead_id from touches")) == sorted(set(leads) - {culprit})
    assert tick(hands.conn, 7, hands.now, Catalog(hands.conn)).looked_at == 0


@pytest.mark.parametrize("ends", ["with an error", "never"])
def test_a_look_that_fails_when_it_has_written_already_leaves_no_half_and_the_others_go_on(
    hands: Hands, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    leads = [a_lead_in_lane(hands, workspace, 7, number) for number in range(5)]
    culprit = leads[2]
    act = ticking.act

    def failing(at: Look) -> Look:
        act(at)
        if at.due.lead_id == culprit:
            if ends == "with an error":
                raise ValueError("it went wrong")
            at.over = False
        return at

    monkeypatch.setattr(ticking, "act", failing)
    done = tick(hands.conn, 7, hands.now, Catalog(hands.conn))
    assert (done.looked_at, done.touches, done.parked) == (5, 4, 1)
    assert hands.all("select lead_id from touches where lead_id = %s", culprit) == []
    assert hands.all("select lead_id from decisions where lead_id = %s", culprit) == []
    assert hands.all("select kind from tasks where lead_id = %s", culprit) == ["parked"]
    assert story(hands.conn, culprit)[-1] == "parked"
    assert "touch.planned" not in story(hands.conn, culprit)
    told = {"with an error": "it went wrong", "never": "did not come to rest"}[ends]
    assert told in hands.one("select error from enrollments where lead_id = %s", culprit)


def test_a_batch_that_crashes_leaves_everything_due_and_untouched(
    hands: Hands, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = [a_lead_in_lane(hands, workspace, 7, number) for number in range(3)]
    before = hands.all("select id, due_at from enrollments order by id")

    act = ticking.act

    def away(at: Look) -> Look:
        if at.due.lead_id == leads[1]:
            raise psycopg.OperationalError("the server closed the connection unexpectedly")
        return act(at)

    monkeypatch.setattr(ticking, "act", away)
    try:
        tick(hands.conn, 7, hands.now, Catalog(hands.conn))
    except psycopg.OperationalError:
        pass
    else:
        raise AssertionError("a database that is away is told to the caller")
    assert hands.all("select id, due_at from enrollments order by id") == before
    assert hands.all("select id from touches") == []


def test_two_workers_on_one_lane_share_it_without_overlap(
    hands: Hands, dsn: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = [a_lead_in_lane(hands, workspace, 7, number) for number in range(60)]
    seen: list[UUID] = []
    start = threading.Barrier(3)

    begin = ticking.begin

    def noting(due: Due, *more: Any) -> Look:
        seen.append(due.lead_id)
        return begin(due, *more)

    monkeypatch.setattr(ticking, "begin", noting)

    def work() -> None:
        with connect(dsn) as conn:
            catalog = Catalog(conn)
            start.wait()
            while tick(conn, 7, TUESDAY, catalog, limit=5).looked_at:
                pass

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(seen) == sorted(leads)
    assert hands.one("select count(*), count(distinct lead_id) from touches") == (60, 60)
    assert hands.one("select count(*) from decisions") == 60


def test_a_scheduled_start_begins_at_its_time(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    schedule(hands, enrolled(hands.conn, workspace, "slow-nurture", lead), TUESDAY + timedelta(days=3))
    lane = lane_of(lead)
    assert start_scheduled(hands.conn, lane, TUESDAY + timedelta(days=2)) == 0
    assert start_scheduled(hands.conn, lane, TUESDAY + timedelta(days=3)) == 1
    begun = hands.one("select status, started_at from enrollments")
    assert begun == ("running", TUESDAY + timedelta(days=3))
    assert story(hands.conn, lead)[-1] == "enrolled"


def test_a_scheduled_start_waits_while_another_playbook_runs(hands: Hands, workspace: Workspace) -> None:
    lead = a_lead(hands.conn, workspace)
    waiting = enrolled(hands.conn, workspace, "slow-nurture", lead)
    schedule(hands, waiting, TUESDAY)
    running = enrolled(hands.conn, workspace, "pricing", lead)
    lane = lane_of(lead)

    assert start_scheduled(hands.conn, lane, TUESDAY) == 0
    assert hands.one("select status, due_at from enrollments where id = %s", waiting) == (
        "scheduled",
        TUESDAY + timedelta(days=1),
    )

    hands.conn.execute(
        "update enrollments set status = 'ended', due_at = null, ended_at = %s, end_reason = 'finished' where id = %s",
        (TUESDAY, running),
    )
    assert start_scheduled(hands.conn, lane, TUESDAY + timedelta(days=1)) == 1


def schedule(hands: Hands, enrollment: UUID, at: Any) -> None:
    hands.conn.execute("update enrollments set status = 'scheduled', due_at = %s where id = %s", (at, enrollment))


def in_lane(hands: Hands, workspace: Workspace, number: int, rooms: str) -> UUID:
    """A lead of lane 7 in the picky playbook."""
    lead = a_lead_in_lane(hands, workspace, 7, number)
    hands.conn.execute("update leads set fields = json_build_object('rooms', %s::text) where id = %s", (rooms, lead))
    hands.conn.execute("delete from enrollments where lead_id = %s", (lead,))
    enrolled(hands.conn, workspace, "picky", lead)
    return lead
