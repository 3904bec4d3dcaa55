"""What people do with leads, tasks and the things that need attention."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from tests.builders import TUESDAY, a_workspace, minutes, starter_files, story, without_sam
from tests.intake.test_inbound import MAIL, PHONE, a_touch
from tests.waiting import PATIENCE, ended_once, held_up
from warmline.channels.contract import Signal
from warmline.core.lead import Draft
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.intake import acts
from warmline.intake.accept import accept
from warmline.intake.acts import ActError, Next
from warmline.intake.batch import Request, let_in
from warmline.intake.inbound import receive
from warmline.intake.sources import parse
from warmline.intake.submission import Accepted, Given, Origin, Submission
from warmline.store import address_owners
from warmline.store.ids import lane_of, new_id, read_touch_ref
from warmline.store.pages.tasks import listed
from warmline.store.pages.today import counts
from warmline.store.workspaces import Workspace

NOW = TUESDAY + minutes(10)
WHO = ("sam", NOW)


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    return a_lead_to_call(conn, workspace)


def a_lead_to_call(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    """In the pricing playbook, its first call open."""
    given = (Given("express_written", ("sms", "voicemail"), "v1", "words"), Given("inquiry", ("email", "call")))
    one = Submission("pricing", Draft(phone=PHONE, email=MAIL, first_name="Ann"), form="pricing", consents=given)
    (result,) = accept(conn, workspace, [one], TUESDAY)
    assert isinstance(result, Accepted)
    look(conn, result.lead, TUESDAY)
    return result.lead


def look(conn: psycopg.Connection, lead: UUID, at: Any = NOW) -> None:
    tick(conn, lane_of(lead), at, Catalog(conn))


def one(conn: psycopg.Connection, query: str) -> Any:
    row = conn.execute(query.encode()).fetchone()
    return row[0] if row and len(row) == 1 else row


def on(lead: UUID) -> tuple[int, UUID, str, Any]:
    return (lane_of(lead), lead, *WHO)


def the_call(conn: psycopg.Connection, lead: UUID) -> tuple[int, UUID, str, Any]:
    return (lane_of(lead), one(conn, "select id from tasks where kind = 'call' and status = 'open'"), *WHO)


def left_behind(conn: psycopg.Connection) -> int:
    """Open leads that nothing and nobody has (invariant 1)."""
    return int(
        one(
            conn,
            "select count(*) from leads l where status in ('open', 'handed_off')"
            " and not exists (select from enrollments e where e.lead_id = l.id"
            "   and e.status in ('running', 'scheduled'))"
            " and not exists (select from tasks t where t.lead_id = l.id and t.status = 'open')",
        )
    )


def test_a_call_that_reached_nobody_leaves_the_playbook_running(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    acts.complete_call(conn, workspace, *the_call(conn, lead), outcome="missed", note="rang out")
    done = one(conn, "select data->>'outcome', data->>'last', channel, step from events where kind = 'task.done'")
    assert done == ("missed", "false", "call", "first-call")
    assert one(conn, "select status, note, done_by from tasks") == ("done", "rang out", "sam")
    assert one(conn, f"select status, due_at <= '{NOW}' from enrollments") == ("running", True)


def test_after_a_talk_the_person_says_what_comes_next(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    with pytest.raises(ActError, match="Say what comes next"):
        acts.complete_call(conn, workspace, *the_call(conn, lead), outcome="connected")
    later = NOW + timedelta(days=2)
    acts.complete_call(conn, workspace, *the_call(conn, lead), outcome="connected", next=Next("next_step", later))
    assert one(conn, "select status from leads") == "handed_off"
    assert one(conn, "select kind, due_at, owner from tasks where status = 'open'") == ("next_step", later, "sam")
    assert one(conn, "select status from enrollments") == "handed_off"
    assert one(conn, "select count(*) from touches where status = 'queued'") == 0
    look(conn, lead)
    assert one(conn, "select count(*) from tasks where status = 'open'") == 1  # and no second clock of the machine's


@pytest.mark.parametrize("status", ["won", "lost"])
def test_a_lead_closed_after_a_talk_has_nothing_left_open(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, status: Any
) -> None:
    acts.complete_call(conn, workspace, *the_call(conn, lead), outcome="connected", next=Next(status))
    assert one(conn, "select status from leads") == status
    assert one(conn, "select status, end_reason from enrollments") == ("ended", status)
    assert one(conn, "select count(*) from tasks where status = 'open'") == 0
    acts.reopen(conn, workspace, *on(lead))
    assert one(conn, "select kind, status from tasks where status = 'open'") == ("review", "open")


def test_a_lead_goes_into_another_playbook_when_a_person_says_so(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    following = Next.read("enroll:slow-nurture")
    acts.complete_call(conn, workspace, *the_call(conn, lead), outcome="connected", next=following)
    runs = conn.execute("select playbook, status from enrollments order by started_at").fetchall()
    assert runs == [("pricing", "ended"), ("slow-nurture", "running")]
    with pytest.raises(ActError, match="There are: after-hours"):
        acts.enroll(conn, workspace, *on(lead), playbook="nothing")


def test_whoever_puts_a_lead_into_the_playbook_that_it_is_in_by_now_hears_so_and_begins_nothing(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    acts.enroll(conn, workspace, *on(lead), playbook="slow-nurture")
    before = story(conn, lead)
    with pytest.raises(ActError, match=r"Ann is in the playbook Slow nurture already.*somebody was faster"):
        acts.enroll(conn, workspace, *on(lead), playbook="slow-nurture")
    assert story(conn, lead) == before
    assert one(conn, "select count(*) from enrollments where playbook = 'slow-nurture'") == 1


def test_of_two_who_put_a_lead_into_the_same_playbook_at_once_one_is_refused(
    conn: psycopg.Connection, dsn: str, workspace: Workspace, lead: UUID
) -> None:
    def enter(own: psycopg.Connection) -> None:
        acts.enroll(own, workspace, *on(lead), playbook="slow-nurture")

    conn.execute("begin")
    enter(conn)
    with held_up(conn, dsn, enter) as done:
        conn.execute("commit")
        with pytest.raises(ActError, match="already"):
            done.result(timeout=PATIENCE)
    assert one(conn, "select count(*) from enrollments where playbook = 'slow-nurture'") == 1


def test_a_person_who_has_the_lead_may_begin_its_playbook_anew(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    following = Next("next_step", NOW + timedelta(days=2))
    acts.complete_call(conn, workspace, *the_call(conn, lead), outcome="connected", next=following)
    acts.enroll(conn, workspace, *on(lead), playbook="pricing")
    runs = conn.execute("select playbook, status from enrollments order by id").fetchall()
    assert runs == [("pricing", "ended"), ("pricing", "running")]


def test_a_wrong_number_is_called_by_nobody_again(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    acts.complete_call(conn, workspace, *the_call(conn, lead), outcome="wrong-number")
    assert one(conn, f"select addresses->>'{PHONE}' from leads where addresses->>'{PHONE}' <> ''") == "invalid"
    assert one(conn, "select scope, value, reason from suppressions") == ("address", PHONE, "wrong_number")
    assert one(conn, "select status from leads") == "open"


def test_a_task_is_done_once(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    call = the_call(conn, lead)
    acts.complete_call(conn, workspace, *call, outcome="missed")
    with pytest.raises(ActError, match="somebody was faster"):
        acts.complete_call(conn, workspace, *call, outcome="missed")
    with pytest.raises(ActError, match="no such task"):
        acts.complete_task(conn, workspace, 1, new_id(), *WHO)


def test_taking_over_stops_the_machine_and_handing_back_starts_it(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    acts.take_over(conn, workspace, lane_of(lead), lead, "jo", NOW)
    assert one(conn, "select owner from leads") == "jo"
    assert one(conn, "select count(*) from touches where status = 'queued'") == 0
    look(conn, lead)
    assert one(conn, "select status from leads") == "handed_off"
    assert one(conn, "select kind from tasks where status = 'open'") == "hand_off"
    acts.release(conn, workspace, *on(lead))
    assert one(conn, "select status from leads") == "open"
    assert one(conn, "select status from enrollments") == "running"
    assert one(conn, "select count(*) from tasks where status = 'open'") == 0
    look(conn, lead)
    assert one(conn, "select status from enrollments") == "running"


def test_finishing_a_hand_off_without_saying_what_comes_next_is_refused_and_undone(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    receive(conn, workspace, [Signal("inbound", NOW, sender=PHONE, text="Yes", key="k")], NOW)
    look(conn, lead)
    task = (lane_of(lead), one(conn, "select id from tasks where kind = 'hand_off'"), *WHO)
    with pytest.raises(ActError, match="Say what comes next"):
        acts.complete_task(conn, workspace, *task)
    assert one(conn, "select status from tasks where kind = 'hand_off'") == "open"
    acts.complete_task(conn, workspace, *task, next=Next("resume"))
    assert one(conn, "select status from leads") == "open"
    assert left_behind(conn) == 0


def test_a_doubtful_reply_read_as_harmless_lets_the_playbook_go_on(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    receive(conn, workspace, [Signal("inbound", NOW, sender=PHONE, text="who is this?", key="k")], NOW)
    task = one(conn, "select id from tasks where kind = 'read_reply'")
    acts.complete_task(conn, workspace, lane_of(lead), task, *WHO, note="just curious", next=Next("resume"))
    assert story(conn, lead)[-1] != "doubtful"
    assert "released" in story(conn, lead)
    assert one(conn, "select status from enrollments") == "running"


def test_an_opt_out_told_to_a_person_covers_every_address(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    acts.opt_out(conn, workspace, *on(lead), evidence="said so on the phone")
    assert one(conn, "select count(*) from suppressions where reason = 'opted_out'") == 3
    assert one(conn, "select status from leads") == "opted_out"
    assert one(conn, "select status from enrollments") == "ended"
    for again in (
        lambda: acts.opt_out(conn, workspace, *on(lead), evidence=""),
        lambda: acts.release(conn, workspace, *on(lead)),
        lambda: acts.enroll(conn, workspace, *on(lead), playbook="pricing"),
    ):
        with pytest.raises(ActError, match="opted out"):
            again()


def test_a_zone_is_set_only_if_it_is_one(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    with pytest.raises(ActError):
        acts.set_zone(conn, workspace, *on(lead), time_zone="America/New_Yrok")
    with pytest.raises(ActError, match="US-NY"):
        acts.set_zone(conn, workspace, *on(lead), region="ZZ")
    acts.set_zone(conn, workspace, *on(lead), region="us-ca", time_zone="America/Los_Angeles")
    assert one(conn, "select region, time_zone from leads") == ("US-CA", "America/Los_Angeles")


def test_an_address_is_corrected_and_another_leads_is_not_taken(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    acts.correct_address(conn, workspace, *on(lead), address="(212) 555-0144")
    assert one(conn, "select phone from leads") == "+12125550144"
    accept(conn, workspace, [Submission("x", Draft(email="bob@example.com"))], NOW)
    with pytest.raises(ActError, match="belongs to another lead"):
        acts.correct_address(conn, workspace, *on(lead), address="Bob@example.com")
    with pytest.raises(ActError, match="is no phone number"):
        acts.correct_address(conn, workspace, *on(lead), address="12")
    with pytest.raises(ActError, match="is no phone number or mail address"):
        acts.correct_address(conn, workspace, *on(lead), address="example.com")


@pytest.mark.parametrize("typed", ["020 7183 8750", "2071838750", "+44 20 7183 8750"])
def test_a_number_is_corrected_as_one_of_the_country_that_the_sources_name(
    conn: psycopg.Connection, lead: UUID, typed: str
) -> None:
    toml = starter_files()["warmline.toml"].replace("[sources.pricing]", '[sources.pricing]\ncountry = "GB"', 1)
    british = a_workspace(conn, {"warmline.toml": toml})
    acts.correct_address(conn, british, *on(lead), address=typed)
    assert one(conn, "select phone from leads") == "+442071838750"


def test_an_address_that_the_lead_has_had_already_is_put_back_in_its_place_and_well_again(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    before = one(conn, "select phone from leads")
    acts.correct_address(conn, workspace, *on(lead), address="(212) 555-0144")
    conn.execute("update leads set addresses = replace(addresses::text, %s, 'invalid')::json", ("ok",))
    acts.correct_address(conn, workspace, *on(lead), address=before)
    assert one(conn, "select phone from leads") == before
    assert one(conn, f"select addresses->>'{before}' from leads") == "ok"


def test_another_owner_gets_the_open_tasks_too(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    acts.reassign(conn, workspace, *on(lead), owner="jo")
    assert one(conn, "select distinct owner from tasks where status = 'open'") == "jo"
    with pytest.raises(ActError, match="sam, jo, kim"):
        acts.reassign(conn, workspace, *on(lead), owner="nobody")


def sam_leaves(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn, {"warmline.toml": without_sam(starter_files()["warmline.toml"])})


def test_what_a_lead_of_somebody_who_left_wants_falls_to_whose_turn_it_is(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    assert one(conn, "select owner from leads") == "sam"
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, kind, title, due_at, opened_at, owner)"
        " select lane, gen_random_uuid(), lead_id, workspace_id, 'promise', 'Look', due_at, opened_at, 'kim' from tasks"
    )
    receive(conn, sam_leaves(conn), [Signal("inbound", NOW, sender=PHONE, text="Yes please", key="k")], NOW)
    assert one(conn, "select owner from leads") == "jo"
    assert one(conn, "select array_agg(distinct owner) from tasks where status = 'open' and kind <> 'promise'") == [
        "jo"
    ]
    assert one(conn, "select owner from tasks where kind = 'promise'") == "kim", (
        "what the manager has stays with the manager"
    )


def test_a_form_of_a_lead_of_somebody_who_left_gives_it_another_owner(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    conn.execute("update tasks set status = 'cancelled', done_at = opened_at")
    conn.execute("update leads set status = 'handed_off'")
    again = Submission("pricing", Draft(phone=PHONE, first_name="Ann"), form="pricing")
    accept(conn, sam_leaves(conn), [again], NOW)
    assert one(conn, "select owner from leads") == "jo"
    assert one(conn, "select owner from tasks where status = 'open'") == "jo"


def test_what_the_playbook_asks_for_a_lead_of_somebody_who_left_is_for_whoever_is_there(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    left = sam_leaves(conn)
    assert [task.kind for task in listed(conn, left.id, "free", "jo")[0]] == ["call"], "Sam's open call is nobody's now"
    assert counts(conn, left.id, "jo", NOW).tasks == 1
    receive(conn, left, [Signal("inbound", NOW, sender=PHONE, text="Yes please", key="k")], NOW)
    look(conn, lead, NOW)
    assert one(conn, "select owner from tasks where kind = 'hand_off'") is None
    assert one(conn, "select data->>'to' from events where kind = 'handed.off'") is None


def test_a_note_is_in_the_story(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    acts.add_note(conn, workspace, *on(lead), note=" likes slate ")
    assert one(conn, "select data->>'note' from events where kind = 'changed'") == "likes slate"


def test_a_parked_run_goes_on_where_it_stopped(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    conn.execute("update enrollments set status = 'parked', due_at = null, error = 'TemplateError'")
    run = one(conn, "select id from enrollments")
    acts.replay_parked(conn, workspace, lane_of(lead), run, *WHO)
    assert one(conn, "select status, due_at, error from enrollments") == ("running", NOW, "")
    with pytest.raises(ActError, match="not parked"):
        acts.replay_parked(conn, workspace, lane_of(lead), run, *WHO)


@pytest.mark.parametrize("status", ["sent", "failed"])
def test_an_unknown_touch_is_settled_once_and_never_sent_again(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, status: Any
) -> None:
    lane, touch = read_touch_ref(a_touch(conn, lead, "unknown", "email", step="context"))
    acts.settle_unknown(conn, workspace, lane, touch, *WHO, status=status)
    assert one(conn, f"select status from touches where id = '{touch}'") == status
    assert story(conn, lead)[-1] == f"touch.{status}"
    with pytest.raises(ActError, match="is known by now"):
        acts.settle_unknown(conn, workspace, lane, touch, *WHO, status=status)


def test_what_was_quarantined_is_corrected_and_comes_in(conn: psycopg.Connection, workspace: Workspace) -> None:
    origin = Origin(ip="203.0.113.9", body='{"email": "ann(at)example.com"}', content_type="application/json")
    parsed = parse(workspace.config.sources["pricing"], workspace.config, origin, origin.body.encode())
    (answer,) = let_in(conn, [Request(workspace, "pricing", origin, parsed)], lambda: TUESDAY)
    assert answer.status == 422
    kept = one(conn, "select id from quarantine")
    with pytest.raises(ActError, match="no mail address"):
        acts.replay_quarantine(conn, workspace, kept, '{"email": "still bad"}', *WHO)
    assert "still bad" in one(conn, "select reason from quarantine")
    acts.replay_quarantine(conn, workspace, kept, '{"email": "ann@example.com"}', *WHO)
    assert one(conn, "select email from leads") == "ann@example.com"
    assert one(conn, "select distinct ip from consents") == "203.0.113.9"
    assert one(conn, "select status, settled_by from quarantine") == ("replayed", "sam")
    with pytest.raises(ActError, match="settled already"):
        acts.dismiss_quarantine(conn, workspace, kept, *WHO)


def test_a_form_that_is_corrected_after_an_opt_out_lifts_it_no_more_than_it_would_have_when_it_came(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    typed = {"email": "ann(at)example.com", "phone_number": "nothing", "agree": "on"}
    origin = Origin(body=msgspec.json.encode(typed).decode(), content_type="application/json")
    parsed = parse(workspace.config.sources["pricing"], workspace.config, origin, origin.body.encode())
    let_in(conn, [Request(workspace, "pricing", origin, parsed)], lambda: TUESDAY)
    kept = one(conn, "select id from quarantine")
    receive(conn, workspace, [Signal("inbound", TUESDAY + minutes(5), sender=PHONE, text="STOP", key="s")], NOW)
    assert one(conn, "select status from leads") == "opted_out"
    corrected = msgspec.json.encode({**typed, "phone_number": PHONE}).decode()
    acts.replay_quarantine(conn, workspace, kept, corrected, "sam", NOW + minutes(60))
    assert one(conn, "select status from leads") == "opted_out"
    assert one(conn, "select count(*) from suppressions where lifted_at is not null") == 0
    assert one(conn, "select max(at) from consents where level = 'express_written' and source = 'pricing'") == TUESDAY


def test_a_message_from_a_stranger_is_placed_by_hand(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    stray = Signal("inbound", NOW, sender="+12125550188", text="I am Ann, my other phone. Ring me here please", key="k")
    receive(conn, workspace, [stray], NOW)
    kept, body = one(conn, "select id, body from quarantine")
    with pytest.raises(ActError, match="No lead has the address"):
        acts.replay_quarantine(conn, workspace, kept, body, *WHO)
    told = msgspec.json.decode(body)
    told["sender"] = PHONE
    acts.replay_quarantine(conn, workspace, kept, msgspec.json.encode(told).decode(), *WHO)
    assert "replied" in story(conn, lead)
    with pytest.raises(ActError):
        acts.replay_quarantine(conn, workspace, kept, "nonsense", *WHO)


def test_nothing_of_another_workspace_can_be_touched(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID
) -> None:
    other = a_workspace(conn, name="Other Roofing")
    with pytest.raises(ActError, match="no lead"):
        acts.take_over(conn, other, *on(lead))
    with pytest.raises(ActError, match="no such task"):
        acts.complete_call(conn, other, *the_call(conn, lead), outcome="missed")


# --- at the same time as others ------------------------------------------------------------------------------------------

Act = Callable[[psycopg.Connection, Workspace, UUID], None]


def open_call(conn: psycopg.Connection) -> tuple[UUID]:
    return (UUID(str(one(conn, "select id from tasks where kind = 'call' and status = 'open'"))),)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda own, place, lead: acts.take_over(own, place, lane_of(lead), lead, *WHO), "taken.over"),
        (lambda own, place, lead: acts.opt_out(own, place, lane_of(lead), lead, *WHO, evidence="stop"), "opted.out"),
        (lambda own, place, lead: acts.correct_address(own, place, lane_of(lead), lead, *WHO, address=MAIL), "changed"),
        (lambda own, place, lead: acts.close(own, place, lane_of(lead), lead, *WHO, status="won"), "closed"),
        (lambda own, place, lead: acts.enroll(own, place, lane_of(lead), lead, *WHO, playbook="demo"), "enrolled"),
        (
            lambda own, place, lead: acts.complete_call(
                own, place, lane_of(lead), *open_call(own), *WHO, outcome="missed"
            ),
            "task.done",
        ),
    ],
)
def test_an_act_that_is_ended_in_a_ring_of_locks_is_done_all_the_same(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, monkeypatch: pytest.MonkeyPatch, act: Act, told: str
) -> None:
    before = story(conn, lead).count(told)
    held = ended_once(monkeypatch)
    act(conn, workspace, lead)
    assert len(held) == 2
    assert story(conn, lead).count(told) == before + 1


def test_a_correction_that_waits_for_an_address_does_not_hold_the_lead(
    conn: psycopg.Connection, dsn: str, workspace: Workspace, lead: UUID
) -> None:
    """Addresses before leads, as intake takes them: else the two wait for each other."""
    conn.execute("begin")
    address_owners.hold(conn, workspace.id, [MAIL])
    with held_up(
        conn, dsn, lambda own: acts.correct_address(own, workspace, lane_of(lead), lead, *WHO, address=MAIL)
    ) as done:
        conn.execute("select from leads where id = %s for update nowait", (lead,))
        conn.execute("commit")
        done.result(timeout=PATIENCE)
    assert "changed" in story(conn, lead)
