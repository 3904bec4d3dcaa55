"""Two leads that are one person: whatever says who it is and what it may be sent is the one's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened, story
from tests.intake.test_accept import INQUIRY, a_submission, take
from tests.waiting import PATIENCE, held_up
from warmline.channels.contract import Signal
from warmline.core.standing import history_of
from warmline.engine.catalog import Catalog
from warmline.engine.seal import seal_all
from warmline.engine.tick import tick
from warmline.intake import acts
from warmline.intake.acts import ActError, merge
from warmline.intake.inbound import receive
from warmline.intake.unread import withdraw_unread
from warmline.intake.visits import settle_due
from warmline.store import address_owners, calls, ledger
from warmline.store.due import know
from warmline.store.ids import lane_of, new_id, touch_ref
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


def a_call(conn: psycopg.Connection, place: Workspace, lead: UUID, *, connected: bool) -> UUID:
    """A call of a person to the lead, under way: of a `connected` one the lead's phone was dialled."""
    call, task = new_id(), new_id()
    row = {
        "lane": lane_of(lead), "id": call, "lead_id": lead, "workspace_id": place.id, "task_id": task, "step": "call",
        "attempt": 1, "rep": "sam", "rep_phone": "+15550104477", "lead_phone": "+12125550123", "provider": "sandbox",
        "detects": True, "placed_at": TUESDAY,
    }  # fmt: skip
    assert calls.insert(conn, row, timedelta(minutes=1))
    if connected:
        conn.execute("update calls set connected = true, status = 'dialling' where id = %s", (call,))
        data = {"call": str(call), "task": str(task)}
        happened(conn, place, lead, "call.dialled", at=TUESDAY, channel="call", data=data)
    return call


def attempts(conn: psycopg.Connection, lead: UUID) -> list[tuple[datetime, str]]:
    """What counts for the caps of a lead."""
    known = know(conn, lane_of(lead), [lead])[lead]
    history = history_of("", 0, LATER, "America/New_York", {}, {}, known.events)
    assert history.on_call == {}
    return list(history.attempts.values())


def test_calls_that_rang_one_lead_count_for_both(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    call = a_call(conn, place, gone, connected=True)
    with pytest.raises(ActError, match="on the phone"):
        merge(conn, place, keep, gone, "kim", LATER)
    conn.execute("update calls set status = 'ended', lost_at = null")
    happened(conn, place, gone, "call.ended", at=TUESDAY, channel="call", data={"call": str(call)})
    merge(conn, place, keep, gone, "kim", LATER)
    assert attempts(conn, keep) == [(TUESDAY, "call")]


@pytest.mark.parametrize("which", ["keep", "gone"])
def test_nobody_is_merged_while_on_the_phone_though_somebody_else_has_begun_another_call(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, which: str
) -> None:
    one = {"keep": keep, "gone": gone}[which]
    for connected in (True, False):
        a_call(conn, place, one, connected=connected)
    with pytest.raises(ActError, match="on the phone"):
        merge(conn, place, keep, gone, "kim", LATER)
    assert "merged" not in story(conn, one)


def test_a_call_that_a_person_made_by_hand_counts_for_both(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    told = {"task": "call", "outcome": "missed"}
    happened(conn, place, gone, "task.done", at=TUESDAY, channel="call", step="call", touch_id=new_id(), data=told)
    happened(conn, place, gone, "task.done", at=LATER, channel="call", step="call", data=told)  # as it once was told
    merge(conn, place, keep, gone, "kim", LATER)
    assert attempts(conn, keep) == [(TUESDAY, "call"), (LATER, "call")]


def test_what_reached_a_part_of_one_counts_for_both(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    enrolled(conn, place, "pricing", gone)
    tick(conn, lane_of(gone), TUESDAY, Catalog(conn))
    conn.execute("update touches set status = 'sent', sent_at = %s where lead_id = %s", (TUESDAY, gone))
    last = a_lead(conn, place, phone="+12125550177", email=None)
    merge(conn, place, keep, gone, "kim", LATER)
    merge(conn, place, last, keep, "kim", LATER)
    assert attempts(conn, last) == [(TUESDAY, "sms")]


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


@pytest.mark.parametrize("closed", ["won", "lost", "closed"])
def test_a_closed_lead_is_open_again_when_one_that_waits_for_an_answer_becomes_a_part_of_it(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, closed: str
) -> None:
    conn.execute("update leads set status = %s where id = %s", (closed, keep))
    enrolled(conn, place, "pricing", gone)
    merge(conn, place, keep, gone, "kim", LATER)
    assert status(conn, keep) == "open"
    assert conn.execute("select kind from tasks where status = 'open' and lead_id = %s", (keep,)).fetchall() == [
        ("review",)
    ]


def test_a_closed_lead_stays_closed_when_another_one_becomes_a_part_of_it(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    conn.execute("update leads set status = 'won' where id = %s", (keep,))
    conn.execute("update leads set status = 'lost' where id = %s", (gone,))
    merge(conn, place, keep, gone, "kim", LATER)
    assert status(conn, keep) == "won"


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


def automation_is_stopped(conn: psycopg.Connection, lead: UUID) -> bool:
    """What the engine plans for the lead from now on is nothing."""
    before = len(open_touches(conn, lead))
    for hours in (1, 24, 72):
        tick(conn, lane_of(lead), LATER + timedelta(hours=hours), Catalog(conn))
    return before == len(open_touches(conn, lead)) == 0


def open_touches(conn: psycopg.Connection, lead: UUID) -> list[tuple[str]]:
    return conn.execute("select step from touches where lead_id = %s and status = 'queued'", (lead,)).fetchall()


@pytest.mark.parametrize("runs", [True, False])
def test_one_that_a_person_had_stays_with_a_person(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, runs: bool
) -> None:
    """A human signal stops the machine until a person or the playbook says so, and a merge says nothing of that."""
    reply = Signal("inbound", TUESDAY, sender="+12125550123", text="Yes, please call me", key="k1")
    receive(conn, place, [reply], TUESDAY)
    assert status(conn, gone) == "handed_off"
    if runs:
        enrolled(conn, place, "pricing", keep)
        tick(conn, lane_of(keep), TUESDAY, Catalog(conn))
    merge(conn, place, keep, gone, "kim", LATER)
    assert automation_is_stopped(conn, keep)
    assert status(conn, keep) == "handed_off"
    assert conn.execute("select kind from tasks where status = 'open' and kind = 'hand_off'").fetchall() == [
        ("hand_off",)
    ]
    assert count_orphans(conn, place.id) == 0


def test_a_reply_that_the_engine_has_not_looked_at_yet_stops_the_machine_for_the_one_that_is_left(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    for lead in (keep, gone):
        enrolled(conn, place, "pricing", lead)
        tick(conn, lane_of(lead), TUESDAY, Catalog(conn))
    at = TUESDAY + timedelta(minutes=5)
    receive(conn, place, [Signal("inbound", at, sender="+12125550123", text="Yes, call me", key="k1")], at)
    assert status(conn, gone) == "open", "the engine stands still"
    merge(conn, place, keep, gone, "kim", LATER)
    assert automation_is_stopped(conn, keep)
    assert status(conn, keep) == "handed_off"


def test_what_a_person_has_given_back_to_the_playbook_stays_with_it(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    for lead in (keep, gone):
        enrolled(conn, place, "pricing", lead)
    acts.take_over(conn, place, lane_of(gone), gone, "sam", TUESDAY + timedelta(minutes=5))
    tick(conn, lane_of(gone), TUESDAY + timedelta(minutes=6), Catalog(conn))
    acts.release(conn, place, lane_of(gone), gone, "sam", TUESDAY + timedelta(minutes=10))
    merge(conn, place, keep, gone, "kim", LATER)
    tick(conn, lane_of(keep), LATER, Catalog(conn))
    assert status(conn, keep) == "open"
    assert "taken.over" not in story(conn, keep)


def test_a_doubtful_reply_of_the_other_is_still_to_be_read_and_taken_for_an_opt_out_after_nine_days(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    doubt = Signal("inbound", TUESDAY, sender="+12125550123", text="who is this? please stop by tomorrow", key="k1")
    receive(conn, place, [doubt], TUESDAY)
    assert story(conn, gone)[-2:] == ["doubtful", "task.opened"]
    enrolled(conn, place, "pricing", keep)
    tick(conn, lane_of(keep), TUESDAY, Catalog(conn))
    merge(conn, place, keep, gone, "kim", LATER)
    assert automation_is_stopped(conn, keep)
    ((note,),) = conn.execute("select note from tasks where status = 'open' and kind = 'read_reply'").fetchall()
    assert "please stop by tomorrow" in note
    withdraw_unread(conn, TUESDAY + timedelta(days=9, hours=1))
    assert status(conn, keep) == "opted_out"


def test_what_a_person_has_said_to_do_next_for_the_other_is_done_at_its_time(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    friday = TUESDAY + timedelta(days=3)
    acts.take_over(conn, place, lane_of(gone), gone, "sam", TUESDAY)
    ((task,),) = conn.execute("select id from tasks where status = 'open' and lead_id = %s", (gone,)).fetchall()
    acts.complete_task(conn, place, lane_of(gone), task, "sam", TUESDAY, next=acts.Next("next_step", friday))
    merge(conn, place, keep, gone, "kim", LATER)
    assert conn.execute(
        "select lead_id, due_at, owner from tasks where status = 'open' and kind = 'next_step'"
    ).fetchall() == [(keep, friday, "sam")]
    assert status(conn, keep) == "handed_off"


def away(conn: psycopg.Connection, lead: UUID, now: datetime) -> date | None:
    known = know(conn, lane_of(lead), [lead])[lead]
    return history_of("", 0, now, "America/New_York", {}, {}, known.events).away_on


def test_an_out_of_office_of_the_other_rests_the_cadence_of_the_one_that_is_left(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    told = {"automated": "auto_submitted", "until": "2026-12-03", "text": "I am away until 3 December."}
    happened(conn, place, gone, "replied", at=TUESDAY, channel="email", data=told)
    merge(conn, place, keep, gone, "kim", LATER)
    assert away(conn, keep, LATER) == date(2026, 12, 3)


def test_an_out_of_office_rests_nothing_where_either_of_the_two_has_asked_for_something_since(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    told = {"automated": "auto_submitted", "until": "2026-12-03", "text": "I am away until 3 December."}
    happened(conn, place, gone, "replied", at=TUESDAY, channel="email", data=told)
    take(conn, place, a_submission(email="ann@work.example", phone=""), at=TUESDAY + timedelta(hours=1))
    merge(conn, place, keep, gone, "kim", LATER)
    assert away(conn, keep, LATER) is None
    assert story(conn, keep).count("replied") == 0


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


# --- signals about touches of the one that was merged away ---------------------------------------------------------------


@pytest.fixture
def mail(conn: psycopg.Connection, place: Workspace, gone: UUID) -> str:
    """A mail that went to the other before the merge, by its outside name."""
    enrolled(conn, place, "pricing", gone)
    tick(conn, lane_of(gone), TUESDAY, Catalog(conn))
    row = conn.execute(
        "update touches set channel = 'email', status = 'sent', sent_at = %s, address = 'ann@home.example'"
        " where lead_id = %s returning id", (TUESDAY, gone),
    ).fetchone()  # fmt: skip
    assert row is not None
    return touch_ref(lane_of(gone), row[0])


def tell(conn: psycopg.Connection, place: Workspace, kind: str, mail: str, key: str = "k1", **more: object) -> None:
    receive(conn, place, [Signal(kind, LATER, mail, key=key, **more)], LATER)  # type: ignore[arg-type] # of tests


def told(conn: psycopg.Connection, lead: UUID) -> list[str]:
    """What the story tells since the merge."""
    kinds = story(conn, lead)
    return [kind for kind in kinds[kinds.index("merged") + 1 :] if kind != "task.opened"]


def test_a_reply_to_a_mail_from_before_the_merge_stops_the_machine_for_the_one_that_is_left(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, mail: str
) -> None:
    merge(conn, place, keep, gone, "kim", LATER)
    tell(conn, place, "inbound", mail, sender="ann@home.example", text="Yes, please call me tomorrow")
    assert (status(conn, keep), status(conn, gone)) == ("handed_off", "closed")
    assert told(conn, keep) == ["replied", "handed.off"]
    assert told(conn, gone) == []
    assert conn.execute("select count(*) from tasks where status = 'open' and lead_id = %s", (gone,)).fetchone() == (0,)


@pytest.mark.parametrize(
    ("kind", "more"),
    [("inbound", {"sender": "ann@home.example", "text": "STOP"}), ("unsubscribed", {"data": {"how": "one click"}})],
)
def test_an_opt_out_by_a_mail_from_before_the_merge_is_the_persons(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, mail: str, kind: str, more: dict[str, object]
) -> None:
    merge(conn, place, keep, gone, "kim", LATER)
    enrolled(conn, place, "pricing", keep)
    tell(conn, place, kind, mail, **more)
    assert status(conn, keep) == "opted_out"
    assert told(conn, keep)[-1] == "ended"
    out = conn.execute("select value from suppressions where lifted_at is null order by value").fetchall()
    assert {value for (value,) in out} >= {str(keep), "ann@home.example"}


def test_a_click_in_doubt_from_before_the_merge_counts_for_the_one_that_is_left(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, mail: str
) -> None:
    person = {"user_agent": "Mozilla/5.0 Firefox/145.0", "ip": "203.0.113.7", "url": "https://acme.test", "link": "0"}
    conn.execute("update touches set sent_at = %s", (LATER - timedelta(seconds=70),))
    before = LATER - timedelta(seconds=10)
    receive(conn, place, [Signal("clicked", before, mail, key="click:0", data=person)], before)
    merge(conn, place, keep, gone, "kim", LATER)
    receive(conn, place, [Signal("clicked", LATER, mail, key="click:1", data=person | {"link": "1"})], LATER)
    settle_due(conn, LATER + timedelta(minutes=1))
    assert told(conn, keep) == ["clicked", "handed.off", "clicked"]
    assert told(conn, gone) == []
    assert conn.execute("select count(*) from doubtful_clicks").fetchone() == (0,)


def test_a_bounce_marks_the_address_that_the_other_brought_and_the_touch_stays_where_it_is(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, mail: str
) -> None:
    merge(conn, place, keep, gone, "kim", LATER)
    tell(conn, place, "bounced", mail, reason="invalid_address")
    assert know(conn, lane_of(keep), [keep])[keep].addresses["ann@home.example"] == "bounced"
    assert conn.execute("select lead_id, status from touches").fetchall() == [(gone, "failed")]


def test_what_was_told_before_the_merge_is_not_told_again_after_it(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, mail: str
) -> None:
    tell(conn, place, "inbound", mail, sender="ann@home.example", text="Yes")
    merge(conn, place, keep, gone, "kim", LATER)
    assert told(conn, keep) == ["taken.over", "handed.off"], "a person has what one of the two answered"
    tell(conn, place, "inbound", mail, sender="ann@home.example", text="Yes")
    assert told(conn, keep) == ["taken.over", "handed.off"]


def test_a_chain_of_merges_leads_to_its_end(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, mail: str
) -> None:
    last = a_lead(conn, place, phone="+12125550177", email=None)
    merge(conn, place, keep, gone, "kim", LATER)
    merge(conn, place, last, keep, "kim", LATER)
    tell(conn, place, "inbound", mail, sender="ann@home.example", text="STOP")
    assert (status(conn, last), status(conn, keep), status(conn, gone)) == ("opted_out", "closed", "closed")


def test_an_act_on_the_one_that_was_merged_away_is_done_with_the_one_it_became(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID
) -> None:
    merge(conn, place, keep, gone, "kim", LATER)
    acts.correct_address(conn, place, lane_of(gone), gone, "sam", LATER, address="ann@new.example")
    acts.reassign(conn, place, lane_of(gone), gone, "sam", LATER, owner="kim")
    assert address_owners.find(conn, place.id, ["ann@new.example"]) == {"ann@new.example": keep}
    assert conn.execute("select email, owner from leads where id = %s", (keep,)).fetchone() == (
        "ann@new.example",
        "kim",
    )
    with pytest.raises(ActError, match="one lead already"):
        merge(conn, place, keep, gone, "kim", LATER)
    assert conn.execute("select addresses::text from leads where id = %s", (gone,)).fetchone() == ("{}",)


def test_a_lead_that_has_addresses_of_its_own_again_stands_for_itself(
    conn: psycopg.Connection, place: Workspace, keep: UUID, gone: UUID, mail: str
) -> None:
    merge(conn, place, keep, gone, "kim", LATER)
    conn.execute("""update leads set addresses = '{"bo@example.com": "ok"}' where id = %s""", (gone,))
    tell(conn, place, "inbound", mail, sender="bo@example.com", text="STOP")
    assert (status(conn, gone), status(conn, keep)) == ("opted_out", "open")


def test_a_stop_that_waits_for_a_merge_is_the_persons(
    conn: psycopg.Connection, dsn: str, place: Workspace, keep: UUID, gone: UUID
) -> None:
    stop = Signal("inbound", LATER, sender="+12125550123", text="STOP", key="k1")
    conn.execute("begin")
    merge(conn, place, keep, gone, "kim", LATER)
    with held_up(conn, dsn, lambda own: receive(own, place, [stop], LATER)) as done:
        conn.execute("commit")
        done.result(timeout=PATIENCE)
    assert status(conn, keep) == "opted_out"


def test_a_merge_that_waits_for_an_address_holds_neither_lead(
    conn: psycopg.Connection, dsn: str, place: Workspace, keep: UUID, gone: UUID
) -> None:
    """Addresses before leads, as intake takes them: else the two wait for each other."""
    conn.execute("begin")
    address_owners.hold(conn, place.id, ["+12125550123"])
    with held_up(conn, dsn, lambda own: merge(own, place, keep, gone, "kim", LATER)) as done:
        conn.execute("select from leads where id = any(%s) for update nowait", ([keep, gone],))
        conn.execute("commit")
        done.result(timeout=PATIENCE)
    assert "merged" in story(conn, keep)


def test_an_address_that_comes_to_the_other_while_the_merge_waits_goes_over_too(
    conn: psycopg.Connection, dsn: str, place: Workspace, keep: UUID, gone: UUID
) -> None:
    conn.execute("begin")
    acts.correct_address(conn, place, lane_of(gone), gone, "sam", LATER, address="ann@new.example")
    with held_up(conn, dsn, lambda own: merge(own, place, keep, gone, "kim", LATER)) as done:
        conn.execute("commit")
        done.result(timeout=PATIENCE)
    assert address_owners.find(conn, place.id, ["ann@new.example"]) == {"ann@new.example": keep}
