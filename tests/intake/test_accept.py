"""Accepting leads on a real database: matching, merging, consent, arbitration, and that nobody is left behind."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from tests.builders import TUESDAY, a_workspace, minutes, story
from warmline import rules
from warmline.core.lead import Draft, normalise
from warmline.core.standing import history_of
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.intake.accept import accept
from warmline.intake.person import MOST_FIELDS
from warmline.intake.submission import Accepted, Given, Origin, Rejected, Submission
from warmline.store import suppressions
from warmline.store.connect import connect
from warmline.store.due import know
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace

WRITTEN = Given("express_written", ("sms", "voicemail"), "sms-2026-11", "By ticking this box ...")
INQUIRY = Given("inquiry", ("email", "call"))


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def a_submission(form: str = "pricing", kind: str = "form.submitted", **fields: str) -> Submission:
    typed = fields or {"name": "Ann Lee", "phone": "(212) 555-0123", "email": "Ann@Example.com"}
    draft = normalise(typed, {}, "US", rules.regions())
    assert isinstance(draft, Draft), draft
    origin = Origin(ip="203.0.113.9", user_agent="Test", url="https://acme.test/pricing")
    return Submission("pricing", draft, kind, form if kind == "form.submitted" else "", "", (WRITTEN, INQUIRY), origin)


def take(conn: psycopg.Connection, workspace: Workspace, *some: Submission, at: Any = TUESDAY) -> list[Accepted]:
    results = accept(conn, workspace, list(some), at)
    assert all(isinstance(one, Accepted) for one in results), results
    return results  # type: ignore[return-value]


def count(conn: psycopg.Connection, table: str, where: str = "true") -> int:
    row = conn.execute(f"select count(*) from {table} where {where}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def data_of(conn: psycopg.Connection, lead: UUID, kind: str) -> dict[str, Any]:
    row = conn.execute(
        "select data from events where lane = %s and lead_id = %s and kind = %s order by seq desc limit 1",
        (lane_of(lead), lead, kind),
    ).fetchone()
    assert row is not None, f"no event {kind}"
    found: dict[str, Any] = row[0]
    return found


def test_a_form_becomes_a_lead_with_consent_and_owner_in_its_playbook(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (result,) = take(conn, workspace, a_submission())
    assert (result.created, result.playbook, result.reason) == (True, "pricing", "")
    lead = conn.execute("select status, owner, first_name, last_name, email, phone, country from leads").fetchone()
    assert lead == ("open", "sam", "Ann", "Lee", "ann@example.com", "+12125550123", "US")
    run = conn.execute(
        "select playbook, status, due_at, rank, event->>'form', event->>'after_hours' from enrollments"
    ).fetchone()
    assert run == ("pricing", "running", TUESDAY, 90, "pricing", "false")
    proof = conn.execute("select level, wording_text, ip, user_agent, url from consents order by level").fetchall()
    assert proof[0] == (
        "express_written",
        "By ticking this box ...",
        "203.0.113.9",
        "Test",
        "https://acme.test/pricing",
    )
    assert [level for level, *_ in proof] == ["express_written", "inquiry"]
    assert story(conn, result.lead) == ["form.submitted", "enrolled", "assigned"]
    assert conn.execute("select addresses from leads").fetchall() == [
        ({"ann@example.com": "ok", "+12125550123": "ok"},)
    ]
    assert count(conn, "address_owners") == 2


def test_the_same_form_twice_within_a_minute_enrols_once(conn: psycopg.Connection, workspace: Workspace) -> None:
    first, second = take(conn, workspace, a_submission(), a_submission())
    (third,) = take(conn, workspace, a_submission(), at=TUESDAY + timedelta(seconds=59))
    assert first.lead == second.lead == third.lead
    assert (second.reason, third.reason, second.created) == ("repeated", "repeated", False)
    assert count(conn, "enrollments") == 1
    assert story(conn, first.lead).count("form.submitted") == 3
    assert data_of(conn, first.lead, "declined")["reason"] == "repeated"


def test_the_same_form_later_finds_its_playbook_running(conn: psycopg.Connection, workspace: Workspace) -> None:
    take(conn, workspace, a_submission())
    (second,) = take(conn, workspace, a_submission(), at=TUESDAY + minutes(5))
    assert second.reason == "already_running"
    assert count(conn, "enrollments") == 1


def test_what_was_entered_recently_may_be_entered_again_only_after_its_pause(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (first,) = take(conn, workspace, a_submission())
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))
    (soon,) = take(conn, workspace, a_submission(), at=TUESDAY + timedelta(days=28))
    assert soon.reason == "too_soon"
    assert count(conn, "tasks", "kind = 'review' and status = 'open'") == 1  # nothing else has the lead
    (later,) = take(conn, workspace, a_submission(), at=TUESDAY + timedelta(days=35))
    assert (later.lead, later.playbook) == (first.lead, "pricing")


def test_a_stronger_playbook_takes_over_and_takes_back_what_the_weaker_one_had_queued(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (first,) = take(conn, workspace, a_submission(kind="content.downloaded"))
    weak = conn.execute("select id, version_id from enrollments").fetchone()
    assert weak is not None
    conn.execute(
        "insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose,"
        " template, status, ready_at, created_at)"
        " values (%s, %s, %s, %s, %s, %s, 'x', 'email', 'marketing', 't', 'queued',"
        " %s, %s)",
        (lane_of(first.lead), new_id(), first.lead, workspace.id, *weak, TUESDAY, TUESDAY),
    )
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, enrollment_id, step, kind, title, due_at, opened_at)"
        " values (%s, %s, %s, %s, %s, 'ring', 'call', 'Call', %s, %s)",
        (lane_of(first.lead), new_id(), first.lead, workspace.id, weak[0], TUESDAY, TUESDAY),
    )
    (second,) = take(conn, workspace, a_submission(), at=TUESDAY + minutes(5))
    assert second.playbook == "pricing"
    assert conn.execute("select status, end_reason from enrollments where id = %s", (weak[0],)).fetchone() == (
        "ended",
        "preempted",
    )
    assert conn.execute("select status, reason from touches").fetchone() == ("refused", "preempted")
    assert conn.execute("select status from tasks").fetchone() == ("cancelled",)
    told = story(conn, first.lead)
    assert {"preempted", "touch.refused", "task.cancelled"} <= set(told)
    assert count(conn, "enrollments", "status = 'running'") == 1


def test_a_stronger_playbook_ends_a_parked_one_and_its_task(conn: psycopg.Connection, workspace: Workspace) -> None:
    (first,) = take(conn, workspace, a_submission(kind="content.downloaded"))
    conn.execute("update enrollments set status = 'parked', due_at = null, error = 'TemplateError'")
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, kind, title, due_at, opened_at)"
        " values (%s, %s, %s, %s, 'parked', 'An error', %s, %s)",
        (lane_of(first.lead), new_id(), first.lead, workspace.id, TUESDAY, TUESDAY),
    )
    take(conn, workspace, a_submission(), at=TUESDAY + minutes(5))
    assert conn.execute("select status, outcome from tasks").fetchone() == ("cancelled", "preempted")
    runs = conn.execute("select playbook, status, error from enrollments order by started_at").fetchall()
    assert runs == [("content-download", "ended", ""), ("pricing", "running", "")]


def test_a_weaker_playbook_does_not_interrupt(conn: psycopg.Connection, workspace: Workspace) -> None:
    take(conn, workspace, a_submission())
    (second,) = take(conn, workspace, a_submission(kind="content.downloaded"), at=TUESDAY + minutes(5))
    assert second.reason == "outranked"


def test_two_playbooks_wanted_in_one_batch_leave_one_voice(conn: psycopg.Connection, workspace: Workspace) -> None:
    take(
        conn,
        workspace,
        a_submission(kind="content.downloaded"),
        a_submission(kind="lead.returned"),
        a_submission(),
        a_submission(kind="content.downloaded", email="other@example.com"),
    )
    runs = Counter(conn.execute("select playbook, status from enrollments").fetchall())
    assert runs == {
        ("content-download", "ended"): 1,
        ("re-entry", "ended"): 1,
        ("pricing", "running"): 1,
        ("content-download", "running"): 1,
    }


def test_an_address_of_another_lead_is_left_there_and_said(conn: psycopg.Connection, workspace: Workspace) -> None:
    (mail,) = take(conn, workspace, a_submission(email="ann@example.com"))
    (phone,) = take(conn, workspace, a_submission(phone="212-555-0199", name="Bob"))
    (both,) = take(
        conn, workspace, a_submission("demo", email="ann@example.com", phone="212-555-0199"), at=TUESDAY + minutes(3)
    )
    assert both.lead == mail.lead != phone.lead
    assert data_of(conn, mail.lead, "form.submitted")["also"] == [
        {"address": "+12125550199", "lead": str(phone.lead)},
    ]
    assert count(conn, "address_owners") == 2
    assert count(conn, "leads", "phone is not null") == 1


def test_a_new_address_beside_a_known_one_is_the_known_leads_in_a_batch_of_new_people(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    known = take(conn, workspace, a_submission(email="ann@example.com"))[0]
    found = take(
        conn,
        workspace,
        a_submission(phone="212 555 0101"),
        a_submission(email="ben@example.com", phone="212 555 0102"),
        a_submission(email="ann@example.com", phone="212 555 0103"),
        a_submission(phone="212 555 0103"),
        a_submission(phone="212 555 0102"),
    )
    first, ben, ann, anns_number, bens_number = found
    assert [one.created for one in found] == [True, True, False, False, False]
    assert ann.lead == anns_number.lead == known.lead
    assert bens_number.lead == ben.lead != first.lead
    owners = dict(conn.execute("select value, lead_id from address_owners").fetchall())
    assert owners == {
        "ann@example.com": known.lead,
        "ben@example.com": ben.lead,
        "+12125550101": first.lead,
        "+12125550102": ben.lead,
        "+12125550103": known.lead,
    }
    typed = dict(conn.execute("select json_object_keys(addresses), id from leads").fetchall())
    assert typed == owners


def test_merging_never_blanks_anything_out(conn: psycopg.Connection, workspace: Workspace) -> None:
    take(conn, workspace, a_submission(name="Ann Lee", email="ann@example.com", company="Old", roof="slate"))
    take(
        conn,
        workspace,
        a_submission("demo", email="ann@example.com", company="New", phone="212 555 0123", slope="steep"),
        at=TUESDAY + minutes(2),
    )
    row = conn.execute("select first_name, last_name, company, phone, fields from leads").fetchone()
    assert row == ("Ann", "Lee", "New", "+12125550123", {"roof": "slate", "slope": "steep"})


def test_a_lead_has_room_for_so_many_fields_and_what_is_more_stands_in_its_story(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    for number in range(MOST_FIELDS // 50 + 2):
        typed = {f"field {number} {index}": "x" for index in range(50)}
        take(
            conn,
            workspace,
            a_submission(email="ann@example.com", hobby=str(number), **typed),
            at=TUESDAY + minutes(2 * number),
        )
    fields = conn.execute("select fields from leads").fetchone()
    assert fields is not None
    assert len(fields[0]) == MOST_FIELDS
    assert fields[0]["hobby"] == str(number), "what is known is told anew"
    told = conn.execute("select data->'fields', data->>'notes' from events where kind = 'form.submitted'").fetchall()
    assert len(told[-1][0]) == 51
    assert f"has {MOST_FIELDS} already" in told[-1][1]


def test_old_consent_does_not_carry_over_to_a_number_typed_without_consent(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    take(conn, workspace, a_submission())
    plain = a_submission("demo", email="ann@example.com", phone="212-555-0177")
    plain.consents = (INQUIRY,)
    take(conn, workspace, plain, at=TUESDAY + minutes(2))
    assert conn.execute("select phone from leads").fetchone() == ("+12125550123",)
    take(conn, workspace, a_submission(email="ann@example.com", phone="212-555-0177"), at=TUESDAY + minutes(4))
    assert conn.execute("select phone from leads").fetchone() == ("+12125550177",)


def test_a_lead_that_nobody_enrols_gets_a_person(conn: psycopg.Connection, workspace: Workspace) -> None:
    (result,) = take(conn, workspace, a_submission("contact"))
    assert result.reason == "no_playbook"
    assert conn.execute("select kind, status, owner from tasks").fetchone() == ("review", "open", "sam")
    assert data_of(conn, result.lead, "declined") == {"reason": "no_playbook"}


def test_an_opt_out_outlives_a_new_form_without_consent(conn: psycopg.Connection, workspace: Workspace) -> None:
    (first,) = take(conn, workspace, a_submission())
    opt_out(conn, workspace, first.lead)
    plain = a_submission("demo")
    plain.consents = (INQUIRY,)
    (second,) = take(conn, workspace, plain, at=TUESDAY + minutes(5))
    assert second.reason == "opted_out"
    assert count(conn, "suppressions", "lifted_at is null") == 2
    assert conn.execute("select status from leads").fetchone() == ("opted_out",)


def test_new_express_consent_lifts_the_opt_out_for_the_channels_it_names_and_no_others(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (first,) = take(conn, workspace, a_submission())
    opt_out(conn, workspace, first.lead)
    (second,) = take(conn, workspace, a_submission("demo"), at=TUESDAY + minutes(5))
    assert second.playbook == "demo"
    assert conn.execute("select status from leads").fetchone() == ("open",)
    left = conn.execute("select scope, channels from suppressions where lifted_at is null order by scope").fetchall()
    assert left == [("address", ["email", "call"]), ("person", ["email", "call"])]
    assert all(why for (why,) in conn.execute("select lifted_why from suppressions where lifted_at is not null"))
    assert data_of(conn, first.lead, "opted.in")["channels"] == ["sms", "voicemail"]


def test_consent_lifts_the_opt_out_also_where_the_same_form_came_without_it_a_moment_ago(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (first,) = take(conn, workspace, a_submission())
    opt_out(conn, workspace, first.lead)
    later, again = TUESDAY + timedelta(days=35), TUESDAY + timedelta(days=35, seconds=20)
    unticked = replace(a_submission(), consents=(INQUIRY,))
    assert take(conn, workspace, unticked, at=later)[0].reason == "opted_out"
    assert take(conn, workspace, unticked, at=again)[0].reason == "repeated"
    assert take(conn, workspace, a_submission(), at=again)[0].playbook == "pricing"
    assert take(conn, workspace, a_submission(), at=again)[0].reason == "repeated"
    assert conn.execute("select status from leads").fetchone() == ("open",)


@pytest.mark.parametrize("day", [None, TUESDAY - timedelta(days=300)])
def test_an_opt_out_outlives_a_list_whose_consent_is_older_or_of_no_day(
    conn: psycopg.Connection, workspace: Workspace, day: datetime | None
) -> None:
    (first,) = take(conn, workspace, a_submission())
    opt_out(conn, workspace, first.lead)
    row = a_submission("website", kind="lead.imported")
    row.consents = (Given("express_written", ("sms", "voicemail"), "v1", "words", at=day),)
    take(conn, workspace, row, at=TUESDAY + minutes(5))
    assert conn.execute("select status from leads").fetchone() == ("opted_out",)
    assert count(conn, "suppressions", "lifted_at is not null") == 0


def test_consent_that_a_list_dates_after_the_opt_out_lifts_it(conn: psycopg.Connection, workspace: Workspace) -> None:
    (first,) = take(conn, workspace, a_submission())
    opt_out(conn, workspace, first.lead)
    row = a_submission("website", kind="lead.imported")
    row.consents = (Given("express_written", ("sms", "voicemail"), "v1", "words", at=TUESDAY + minutes(3)),)
    take(conn, workspace, row, at=TUESDAY + minutes(5))
    assert conn.execute("select status from leads").fetchone() == ("open",)


def test_a_suppressed_address_stays_suppressed_when_it_comes_back_as_a_new_lead(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    row = {"id": new_id(), "workspace_id": workspace.id, "scope": "address", "value": "ann@example.com", "channels": [],
           "reason": "opted_out", "evidence": "", "at": TUESDAY}  # fmt: skip
    suppressions.add(conn, [row])
    plain = a_submission(email="ann@example.com")
    plain.consents = (INQUIRY,)
    (result,) = take(conn, workspace, plain)
    assert result.reason == "opted_out"
    assert conn.execute("select status from leads").fetchone() == ("opted_out",)


def opt_out(conn: psycopg.Connection, workspace: Workspace, lead: UUID) -> None:
    suppressions.add(
        conn,
        [
            {"id": new_id(), "workspace_id": workspace.id, "scope": scope, "value": value, "channels": [],
             "reason": "opted_out", "evidence": "STOP", "at": TUESDAY}
            for scope, value in (("person", str(lead)), ("address", "+12125550123"))
        ],
    )  # fmt: skip
    conn.execute("update leads set status = 'opted_out'")
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = %s", (TUESDAY,))


def test_a_lead_that_a_person_has_is_told_to_that_person(conn: psycopg.Connection, workspace: Workspace) -> None:
    (first,) = take(conn, workspace, a_submission())
    conn.execute("update leads set status = 'handed_off'")
    conn.execute("update enrollments set status = 'handed_off'")
    take(conn, workspace, a_submission("demo", email="ann@example.com", wish="call me"), at=TUESDAY + minutes(5))
    take(conn, workspace, a_submission("contact"), at=TUESDAY + minutes(7))
    assert data_of(conn, first.lead, "declined")["reason"] == "human_live"
    rows = conn.execute("select kind, note from tasks").fetchall()
    assert [kind for kind, _ in rows] == ["next_step"]
    assert "wish: call me" in rows[0][1]
    assert "Form: contact." in rows[0][1]


def test_a_customer_who_comes_back_is_open_again(conn: psycopg.Connection, workspace: Workspace) -> None:
    (first,) = take(conn, workspace, a_submission("contact"))
    conn.execute("update leads set status = 'lost'")
    (second,) = take(conn, workspace, a_submission(), at=TUESDAY + minutes(5))
    assert (second.lead, second.playbook) == (first.lead, "pricing")
    assert conn.execute("select status from leads").fetchone() == ("open",)


def test_an_import_reopens_nobody(conn: psycopg.Connection, workspace: Workspace) -> None:
    take(conn, workspace, a_submission("contact"))
    conn.execute("update leads set status = 'won'")
    conn.execute("update tasks set status = 'done', done_at = opened_at")
    (again,) = take(conn, workspace, a_submission(kind="lead.imported"), at=TUESDAY + minutes(5))
    assert again.reason == "closed"
    assert conn.execute("select status from leads").fetchone() == ("won",)


def test_a_meeting_booked_by_somebody_unknown_goes_straight_to_a_person(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (result,) = take(conn, workspace, a_submission(kind="meeting.booked"))
    assert result.reason == "human_live"
    assert conn.execute("select status, owner from leads").fetchone() == ("handed_off", "sam")
    assert conn.execute("select kind, owner, status from tasks").fetchone() == ("hand_off", "sam", "open")
    assert data_of(conn, result.lead, "handed.off")["signal"] == "meeting"


def test_a_meeting_booked_by_a_lead_in_a_playbook_wakes_it_and_leaves_the_rest_to_it(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (result,) = take(conn, workspace, a_submission())
    conn.execute("update enrollments set due_at = %s", (TUESDAY + timedelta(days=1),))
    take(conn, workspace, a_submission(kind="meeting.booked"), at=TUESDAY + minutes(9))
    assert conn.execute("select status, due_at from enrollments").fetchone() == ("running", TUESDAY + minutes(9))
    assert story(conn, result.lead)[-1] == "meeting.booked"
    assert count(conn, "tasks") == 0


def test_a_call_that_nobody_took_stops_a_playbook_that_outranks_the_one_for_missed_calls(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (result,) = take(conn, workspace, a_submission())
    (again,) = take(conn, workspace, a_submission(kind="call.missed"), at=TUESDAY + minutes(9))
    assert again.playbook == ""
    assert story(conn, result.lead)[-1] == "called.back"
    tick(conn, lane_of(result.lead), TUESDAY + minutes(9), Catalog(conn))
    assert conn.execute("select status from leads").fetchone() == ("handed_off",)
    assert conn.execute("select kind from tasks where kind = 'hand_off'").fetchall() == [("hand_off",)]


def test_a_call_that_nobody_took_starts_the_playbook_for_missed_calls_where_it_outranks_what_runs(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (result,) = take(conn, workspace, a_submission(kind="keyword.received"))
    (again,) = take(conn, workspace, a_submission(kind="call.missed"), at=TUESDAY + minutes(9))
    assert again.playbook == "missed-call"
    assert "called.back" not in story(conn, result.lead)


def test_a_meeting_told_by_a_host_whose_clock_is_behind_still_stops_what_runs(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    (result,) = take(conn, workspace, a_submission())
    take(conn, workspace, a_submission(kind="meeting.booked"), at=TUESDAY - minutes(3))
    (run,) = conn.execute("select id, seed, started_at from enrollments").fetchall()
    lead = know(conn, lane_of(result.lead), [result.lead])[result.lead]
    assert history_of(str(run[0]), run[1], run[2], "UTC", {}, {}, lead.events).signal == "meeting"


def test_round_robin_deals_out_by_turns(conn: psycopg.Connection, workspace: Workspace) -> None:
    take(conn, workspace, *(a_submission(email=f"a{n}@example.com") for n in range(5)))
    take(conn, workspace, *(a_submission(email=f"b{n}@example.com") for n in range(5)))
    owners = Counter(owner for (owner,) in conn.execute("select owner from leads"))
    assert owners == {"sam": 5, "jo": 5}


def test_a_key_told_twice_changes_nothing(conn: psycopg.Connection, workspace: Workspace) -> None:
    one = a_submission()
    one.key = "import:1"
    take(conn, workspace, one)
    before = count(conn, "events")
    (again,) = take(conn, workspace, one, at=TUESDAY + timedelta(days=90))
    assert again.reason == "repeated"
    assert count(conn, "events") == before


def test_one_lead_that_the_database_refuses_does_not_stop_the_others(
    conn: psycopg.Connection, workspace: Workspace
) -> None:
    bad = a_submission(email="bad@example.com")
    bad.draft.company = "half a \ud800 character"
    bad.raw = '{"email": "bad@example.com"}'
    some = [a_submission(email=f"a{n}@example.com") for n in range(6)]
    results = accept(conn, workspace, [*some[:3], bad, *some[3:]], TUESDAY)
    assert [isinstance(one, Accepted) for one in results] == [True, True, True, False, True, True, True]
    assert isinstance(results[3], Rejected)
    kept = conn.execute("select id, door, body, status from quarantine").fetchone()
    assert kept == (results[3].quarantine, "source:pricing", '{"email": "bad@example.com"}', "open")
    assert count(conn, "leads") == 6


def test_eight_at_once_for_the_same_new_person_make_one_lead_and_one_enrollment(
    conn: psycopg.Connection, dsn: str, workspace: Workspace
) -> None:
    forms = [
        {"email": "ann@example.com"},
        {"phone": "212-555-0123"},
        {"email": "ann@example.com", "phone": "212-555-0123"},
    ]

    def post(number: int) -> UUID:
        with connect(dsn) as own:
            typed = forms[2] if number % 2 else forms[0]
            return take(own, workspace, a_submission(**typed))[0].lead

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(post, range(8)))
    assert len(found) == 1
    assert (count(conn, "leads"), count(conn, "enrollments"), count(conn, "address_owners")) == (1, 1, 2)


def test_crossing_batches_of_the_same_people_neither_hang_nor_double(
    conn: psycopg.Connection, dsn: str, workspace: Workspace
) -> None:
    def post(number: int) -> int:
        order = range(40) if number % 2 else range(39, -1, -1)
        with connect(dsn) as own:
            some = [a_submission(email=f"p{n}@example.com", phone=f"212555{1000 + n}") for n in order]
            return len(take(own, workspace, *some))

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(post, range(6))) == 240
    assert (count(conn, "leads"), count(conn, "enrollments")) == (40, 40)
    assert count(conn, "events", "kind = 'form.submitted'") == 240
