"""What people do on the pages, all the way to the database and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import a_lead, story
from tests.web.conftest import Answer, make_place
from warmline.store import quarantine
from warmline.store.clock import real_now
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace
from warmline.web.doors.http import LIMIT

SignIn = Callable[..., Any]
SECOND = timedelta(seconds=1)


def status(conn: psycopg.Connection, lead: UUID) -> str:
    row = conn.execute("select status from leads where lane = %s and id = %s", (lane_of(lead), lead)).fetchone()
    assert row is not None
    return str(row[0])


def said(client: Any, answer: Any) -> str:
    """The words of the toast on the page that an act leads to."""
    page = client.get(answer.headers["location"]).content.decode()
    toast = re.search(r'role="status"[^>]*>.*?<span>(.*?)</span>', page, re.DOTALL)
    assert toast is not None
    return toast[1]


def test_a_rep_takes_a_lead_over_and_hands_it_back(sign_in: SignIn, conn: psycopg.Connection, lead: UUID) -> None:
    client = sign_in("sam")
    answer = client.post(f"/leads/{lead}/take-over")
    assert "yours" in said(client, answer)
    assert "taken.over" in story(conn, lead)
    conn.execute("update leads set status = 'handed_off' where lane = %s and id = %s", (lane_of(lead), lead))
    assert "goes on" in said(client, client.post(f"/leads/{lead}/release"))
    assert "released" in story(conn, lead)


def test_an_opt_out_by_a_rep_stops_every_channel(sign_in: SignIn, conn: psycopg.Connection, lead: UUID) -> None:
    sign_in("sam").post(f"/leads/{lead}/opt-out", {"evidence": "Said so on the phone"})
    assert status(conn, lead) == "opted_out"
    kept = conn.execute("select evidence from suppressions where value = %s", (str(lead),)).fetchall()
    assert kept == [("Said so on the phone",)]


@pytest.mark.parametrize(
    ("act", "typed", "field"),
    [
        ("place", {"region": "Narnia"}, "region"),
        ("place", {"region": "us-ny", "time_zone": "Mars/Olympus"}, "time_zone"),
        ("address", {"address": "12"}, "address"),
        ("merge", {"other": "nobody@example.com"}, "other"),
        ("owner", {"owner": "zelda"}, "owner"),
        ("note", {"note": ""}, "note"),
    ],
)
def test_a_form_that_failed_comes_back_open_as_it_was_filled_in_with_what_is_wrong_beside_the_field(
    act: str, typed: dict[str, str], field: str, sign_in: SignIn, lead: UUID
) -> None:
    answer = sign_in("sam").post(f"/leads/{lead}/{act}", typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    forms = re.findall(
        r"<details([^>]*)><summary>[^<]*</summary>\s*<form[^>]*/([\w-]+)\">(.*?)</form>", page, re.DOTALL
    )
    opened = {name: inside for attributes, name, inside in forms if "open" in attributes}
    assert list(opened) == [act]
    assert 'id="wrong" role="alert"' in opened[act]
    assert re.search(rf'name="{field}" aria-invalid="true" aria-describedby="wrong" autofocus', opened[act])
    for name, value in typed.items():
        assert name == "owner" or not value or f'value="{value}"' in opened[act], name


def test_a_second_press_puts_nobody_into_a_playbook_twice_and_the_page_does_not_offer_it(
    sign_in: SignIn, conn: psycopg.Connection, lead: UUID
) -> None:
    client = sign_in("sam")
    answers = [client.post(f"/leads/{lead}/enroll", {"playbook": "slow-nurture"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert "Ann Lee is in the playbook Slow nurture already" in answers[1].content.decode()
    assert story(conn, lead).count("enrolled") == 2  # the first is the form's
    page = client.get(f"/leads/{lead}").content.decode()
    assert ('value="slow-nurture"' in page, 'value="pricing"' in page) == (False, True)


def test_whoever_finishes_a_task_that_another_has_finished_hears_so_and_may_keep_the_note(
    sign_in: SignIn, lead: UUID, task: str
) -> None:
    done = {"outcome": "missed", "note": "Rang out"}
    assert sign_in("jo").post(f"/tasks/{task}/done", done).status_code == 302
    late = sign_in("sam")
    page = late.post(f"/tasks/{task}/done", {"outcome": "missed", "note": "Try after six"}).content.decode()
    assert "somebody was faster, or its time ran out. Nothing was changed." in page
    assert re.search(rf'action="/leads/{lead}/note".*<textarea[^>]*>Try after six<', page, re.DOTALL)
    twice = sign_in("jo").post(f"/tasks/{task}/done", done).content.decode()
    assert "not kept yet" not in twice, "the first press kept it"


def test_a_note_whose_form_was_sent_twice_is_one_line_and_the_next_form_makes_another(
    sign_in: SignIn, conn: psycopg.Connection, lead: UUID
) -> None:
    client = sign_in("sam")
    for _ in range(2):
        mark = re.search(r'name="once" value="(\w+)"', client.get(f"/leads/{lead}").content.decode())
        assert mark is not None
        for _ in range(2):
            client.post(f"/leads/{lead}/note", {"note": "Rang, nobody there", "once": mark[1]})
    told = conn.execute("select count(*) from events where lead_id = %s and data->>'note' <> ''", (lead,)).fetchone()
    assert told == (2,)


def test_an_address_of_another_lead_is_refused_with_its_name_and_the_way_there(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    other = a_lead(conn, place, phone="+13035550188", email=None, first_name="Bo", last_name="Reyes")
    page = sign_in("sam").post(f"/leads/{lead}/address", {"address": "(303) 555-0188"}).content.decode()
    assert (
        f'belongs to another lead. Work on that one, or correct it there first: <a href="/leads/{other}">Bo Reyes</a>'
        in page
    )


def test_an_act_on_a_lead_that_has_become_a_part_of_another_comes_back_to_that_one(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    gone = a_lead(conn, place, phone="+13035550188", email="ann@home.example")
    client = sign_in("sam")
    client.post(f"/leads/{lead}/merge", {"other": "ann@home.example"})
    answer = client.post(f"/leads/{gone}/note", {"note": "Prefers mornings"})
    assert answer.headers["location"] == f"/leads/{lead}?told=noted"
    assert "Prefers mornings" in client.get(f"/leads/{lead}").content.decode()
    refused = client.post(f"/leads/{gone}/owner", {"owner": "zelda"})
    page = refused.content.decode()
    assert (refused.status_code, f'action="/leads/{lead}/owner"' in page) == (422, True)
    assert 'id="wrong" role="alert"' in page


def test_the_page_of_a_lead_that_has_become_a_part_of_another_keeps_its_story_and_leads_to_that_one(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    gone = a_lead(conn, place, phone="+13035550188", email="ann@home.example")
    client = sign_in("sam")
    client.post(f"/leads/{lead}/merge", {"other": "ann@home.example"})
    page = client.get(f"/leads/{gone}").content.decode()
    assert f'<a href="/leads/{lead}">Ann Lee</a>' in page
    assert "Two leads became one" in page
    assert 'method="post" action="/leads/' not in page
    assert "has become a part of" not in client.get(f"/leads/{lead}").content.decode()


def test_an_act_that_has_no_form_says_at_the_top_what_was_wrong(sign_in: SignIn, lead: UUID) -> None:
    client = sign_in("sam")
    client.post(f"/leads/{lead}/won")
    page = client.post(f"/leads/{lead}/won").content.decode()
    assert 'role="alert"' in page.partition("<h2>")[0]


def test_a_wrong_region_is_refused_with_what_to_write(sign_in: SignIn, lead: UUID) -> None:
    client = sign_in("sam")
    answer = client.post(f"/leads/{lead}/place", {"region": "Narnia"})
    assert answer.status_code == 422
    assert "US-NY" in answer.content.decode()
    assert client.post(f"/leads/{lead}/place", {"region": "us-ny"}).status_code == 302


@pytest.mark.parametrize(("act", "end"), [("won", "won"), ("lost", "lost")])
def test_closing_and_opening_again(act: str, end: str, sign_in: SignIn, conn: psycopg.Connection, lead: UUID) -> None:
    client = sign_in("sam")
    client.post(f"/leads/{lead}/{act}")
    assert status(conn, lead) == end
    client.post(f"/leads/{lead}/reopen")
    assert status(conn, lead) == "open"


def test_an_unknown_act_is_no_page(sign_in: SignIn, lead: UUID) -> None:
    assert sign_in("sam").post(f"/leads/{lead}/dance").status_code == 404


def test_a_note_stands_in_the_story(sign_in: SignIn, lead: UUID) -> None:
    client = sign_in("sam")
    client.post(f"/leads/{lead}/note", {"note": "Has two dogs & a <cat>"})
    assert "Has two dogs &amp; a &lt;cat&gt;" in client.get(f"/leads/{lead}").content.decode()


def test_a_call_that_reached_the_lead_asks_what_comes_next(
    sign_in: SignIn, conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    client = sign_in("sam")
    answer = client.post(f"/tasks/{task}/done", {"outcome": "connected", "note": "Wants Tuesday"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "what comes next" in page.lower()
    assert "Wants Tuesday" in page
    later = (real_now() + timedelta(days=3)).strftime("%Y-%m-%dT12:00")  # an hour that every day has
    done = {"outcome": "connected", "note": "Wants Tuesday", "next": "next_step", "next_at": later}
    assert client.post(f"/tasks/{task}/done", done).status_code == 302
    assert "task.done" in story(conn, lead)
    assert status(conn, lead) == "handed_off"


def test_what_was_chosen_for_a_talk_does_not_follow_a_missed_call(
    sign_in: SignIn, conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    answer = sign_in("sam").post(f"/tasks/{task}/done", {"outcome": "missed", "next": "lost"})
    assert answer.status_code == 302
    assert status(conn, lead) == "open"


def test_a_note_as_long_as_the_field_takes_is_kept_to_its_last_word(sign_in: SignIn, lead: UUID, task: str) -> None:
    """A browser counts the end of a line as one character, and sends two."""
    client, lines = sign_in("sam"), "a\r\n" * 500
    for path, most in ((f"/leads/{lead}/note", 4000), (f"/tasks/{task}/done", 2000)):
        note = lines + "b" * (most - 1000 - len(" the end")) + " the end"
        assert client.post(path, {"note": note, "outcome": "missed"}).status_code == 302
        lines_told = client.get(f"/api/v1/leads/{lead}/why").json()["lines"]
        assert [line["data"]["note"] for line in lines_told if "note" in line["data"]][-1].endswith("b the end"), path


@pytest.mark.parametrize("when", ["soon", "9999-12-31T23:59"])
def test_a_nonsense_time_comes_back_with_the_form(sign_in: SignIn, task: str, when: str) -> None:
    answer = sign_in("sam").post(f"/tasks/{task}/done", {"outcome": "connected", "next": "next_step", "next_at": when})
    assert answer.status_code == 422
    assert "not a day and time" in answer.content.decode()


def test_a_finished_task_shows_how_it_ended(sign_in: SignIn, task: str) -> None:
    client = sign_in("sam")
    client.post(f"/tasks/{task}/done", {"outcome": "voicemail"})
    page = client.get(f"/tasks/{task}").content.decode()
    assert "This task is over" in page
    assert "voicemail" in page


def test_a_reply_in_the_sandbox_comes_in_as_a_lead_s_own(sign_in: SignIn, conn: psycopg.Connection, lead: UUID) -> None:
    client = sign_in("sam")
    act = {"act": "reply", "channel": "sms", "text": "Tomorrow at ten"}
    assert client.post(f"/sandbox/{lead}/act", act).status_code == 302
    assert "replied" in story(conn, lead)
    assert "Tomorrow at ten" in client.get(f"/sandbox/{lead}?part=1").content.decode()


def test_the_stop_button_opts_the_lead_out(sign_in: SignIn, conn: psycopg.Connection, lead: UUID) -> None:
    sign_in("sam").post(f"/sandbox/{lead}/act", {"act": "stop"})
    assert status(conn, lead) == "opted_out"


def test_clicking_before_anything_arrived_says_so(sign_in: SignIn, lead: UUID) -> None:
    answer = sign_in("sam").post(f"/sandbox/{lead}/act", {"act": "click"})
    assert answer.status_code == 422
    assert "Nothing of that kind has arrived yet" in answer.content.decode()


def test_the_largest_thing_in_quarantine_goes_through_its_form(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace
) -> None:
    body = b"\xff" * LIMIT  # three bytes each where it is shown
    kept = quarantine.keep(conn, place.id, "hook:sms/", "no UTF-8", body.decode("utf-8", "replace"), "", {}, real_now())
    client = sign_in("kim")
    form = re.search(rf'<form([^>]*)action="/attention/quarantine/{kept}', client.get("/attention").content.decode())
    assert form is not None
    assert 'enctype="multipart/form-data"' in form[1]  # no three letters for each byte
    answer = client.post(f"/attention/quarantine/{kept}/dismiss", {"body": body.decode("utf-8", "replace")})
    assert answer.status_code == 302
    assert conn.execute("select status from quarantine where id = %s", (kept,)).fetchone() == ("dismissed",)


def test_a_form_that_is_too_long_says_so(sign_in: SignIn, lead: UUID) -> None:
    answer = sign_in("kim").post(f"/leads/{lead}/note", {"note": "x" * (9 * LIMIT)})
    assert answer.status_code == 413
    page = answer.content.decode()
    assert "A form takes 8 MB of text, and nothing was changed." in page
    assert "Go to Today" in page


def test_a_quarantined_request_is_corrected_and_replayed(
    sign_in: SignIn, call: Callable[..., Answer], conn: psycopg.Connection, place: Workspace
) -> None:
    call("POST", "/in/pricing", b'{"email": "nobody"}', content_type="application/json")
    kept = conn.execute("select id from quarantine where workspace_id = %s", (place.id,)).fetchone()
    assert kept is not None
    client = sign_in("kim")
    again = f"/attention/quarantine/{kept[0]}/replay"
    refused = client.post(again, {"body": '{"email": "still nobody"}'})
    assert refused.status_code == 422
    assert "still can&#x27;t be read" in refused.content.decode()
    assert client.post(again, {"body": '{"email": "somebody@example.com"}'}).status_code == 302
    found = conn.execute("select email from leads where workspace_id = %s", (place.id,)).fetchall()
    assert found == [("somebody@example.com",)]


def unread(conn: psycopg.Connection, place: Workspace, count: int, reason: str = "No address.") -> list[UUID]:
    """So many requests that could not be read, a second apart, the oldest first."""
    begin = real_now() - timedelta(hours=1)
    return [
        quarantine.keep(conn, place.id, "source:pricing", reason, f"body {n}", "text/plain", {}, begin + n * SECOND)
        for n in range(count)
    ]


def bodies(page: str) -> list[str]:
    return re.findall(r">(body \d+)</textarea>", page)


def test_what_could_not_be_read_is_counted_in_full_and_shown_page_after_page_the_newest_first(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace
) -> None:
    unread(conn, place, 120)
    client = sign_in("kim")
    page = client.get("/attention").content.decode()
    assert re.search(r'Could not be read</h2><span class="count">120</span>', page)
    assert re.search(r'count-hot">100\+<', page), "the navigation counts so far and no further"
    seen = bodies(page)
    assert seen[0] == "body 119"
    while (older := re.search(r'href="(\?only=quarantined[^"]*)"', page)) is not None:
        page = client.get("/attention" + older[1].replace("&amp;", "&")).content.decode()
        seen += bodies(page)
    assert seen == [f"body {n}" for n in reversed(range(120))]
    assert client.get("/attention?only=quarantined&after=nonsense").status_code == 404


def test_who_settles_one_of_the_older_ones_stays_among_them(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace
) -> None:
    oldest = unread(conn, place, 60)[0]
    client = sign_in("kim")
    older = re.search(r'href="(\?only=quarantined[^"]*)"', client.get("/attention").content.decode())
    assert older is not None
    there = "/attention" + older[1].replace("&amp;", "&")
    act = re.search(rf'formaction="(/attention/quarantine/{oldest}/dismiss[^"]*)"', client.get(there).content.decode())
    assert act is not None
    back = client.post(act[1].replace("&amp;", "&")).headers["location"]
    assert "only=quarantined" in back
    assert bodies(client.get(back).content.decode())[-1] == "body 1"


def test_one_button_puts_aside_all_of_one_reason_that_were_there_when_the_page_was_made(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace
) -> None:
    unread(conn, place, 3, "No address.\nAt all.")
    unread(conn, place, 1, "Not JSON.")
    elsewhere = make_place(conn)
    unread(conn, elsewhere, 1, "No address.\nAt all.")
    client = sign_in("kim")
    page = client.get("/attention").content.decode()
    assert "Put all 3 aside" in page
    assert "Put all 1 aside" not in page
    up_to = re.search(r'name="up_to" value="([^"]+)"', page)
    assert up_to is not None
    quarantine.keep(conn, place.id, "source:pricing", "No address.\nAt all.", "body 9", "text/plain", {}, real_now())
    form = {"reason": "No address.\r\nAt all.", "up_to": up_to[1]}
    assert "All of them are put aside" in said(client, client.post("/attention/put-aside", form))
    rows = conn.execute(
        "select body, settled_by from quarantine where workspace_id = %s and status = 'dismissed' order by body",
        (place.id,),
    ).fetchall()
    assert rows == [("body 0", "kim"), ("body 1", "kim"), ("body 2", "kim")]
    left = conn.execute("select count(*) from quarantine where workspace_id = %s and status = 'open'", (elsewhere.id,))
    assert left.fetchone() == (1,)
    assert sign_in("sam").post("/attention/put-aside", form).status_code == 403


def test_a_rep_settles_nothing_that_needs_attention(sign_in: SignIn) -> None:
    assert sign_in("sam").post(f"/attention/quarantine/{new_id()}/dismiss").status_code == 403


def test_a_reference_of_another_workspace_settles_nothing(sign_in: SignIn) -> None:
    client = sign_in("kim")
    answer = client.post(f"/attention/quarantine/{new_id()}/dismiss")
    assert answer.status_code == 422
    assert "Look at the list again" in answer.content.decode()
    assert client.post("/attention/quarantine/nonsense/dismiss").status_code == 404
    assert client.post(f"/attention/unknown/{new_id()}/sent").status_code == 404
