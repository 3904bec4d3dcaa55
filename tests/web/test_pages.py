"""Every page, for everybody: a stranger, another workspace, a rep, a manager."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from structlog.testing import capture_logs

from tests.builders import a_lead, a_workspace, enrolled, happened, starter_files, without_sam
from tests.web.conftest import Answer, make_place
from warmline.channels.contract import Signal
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.intake import acts
from warmline.intake.inbound import receive
from warmline.store import mailboxes, quarantine
from warmline.store.clock import real_now
from warmline.store.ids import lane_of, new_id, touch_ref
from warmline.store.pages.today import counts
from warmline.store.workspaces import Workspace

PAGES = (
    "/",
    "/leads",
    "/tasks",
    "/tasks?whose=all",
    "/sandbox",
    "/playbooks",
    "/playbooks/pricing",
    "/playbooks/pricing/review",
    "/rules",
    "/consents",
    "/consents?q=ann",
    "/do-not-contact",
    "/do-not-contact?q=ann",
    "/doubtful",
    "/design",
)
OF_MANAGERS = ("/attention",)


def of_lead(lead: UUID, task: str) -> list[str]:
    return [f"/leads/{lead}", f"/sandbox/{lead}", f"/sandbox/{lead}?part=1", f"/tasks/{task}"]


@pytest.mark.parametrize("person", ["sam", "kim"])
def test_every_page_opens_for_the_people_of_the_workspace(
    person: str, sign_in: Callable[..., Any], lead: UUID, task: str
) -> None:
    client = sign_in(person)
    for path in [*PAGES, *of_lead(lead, task)]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "None" not in re.sub(r"None (on|among)", "", re.sub(r"<[^>]*>", "", answer.content.decode())), path


def test_only_managers_open_the_attention_page(sign_in: Callable[..., Any]) -> None:
    for path in OF_MANAGERS:
        assert sign_in("kim").get(path).status_code == 200
        refused = sign_in("sam").get(path)
        assert refused.status_code == 403
        assert "for managers and admins" in refused.content.decode()


def test_a_stranger_sees_only_how_to_sign_in(site: str, lead: UUID, task: str) -> None:
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    for path in [*PAGES, *OF_MANAGERS, *of_lead(lead, task)]:
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["location"].startswith("/sign-in")
    assert "works once" in client.get("/sign-in").content.decode()


def test_another_workspace_finds_nothing_of_this_one(
    sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    other = sign_in("kim", make_place(conn))
    for path in of_lead(lead, task):
        assert other.get(path).status_code == 404, path
    for path in (f"/leads/{lead}/take-over", f"/tasks/{task}/done", f"/sandbox/{lead}/act"):
        assert other.post(path, {"act": "stop", "outcome": "missed"}).status_code == 404, path
    for path in (
        "/leads",
        "/leads?q=ann",
        "/consents",
        "/consents?q=ann",
        "/do-not-contact?q=ann",
        "/doubtful",
        "/leads?q=%2B12125550123",
        "/tasks?whose=all",
        "/sandbox",
    ):
        assert str(lead) not in other.get(path).content.decode(), path


def test_every_page_allows_no_script_but_ours(sign_in: Callable[..., Any], lead: UUID, task: str) -> None:
    client = sign_in("kim")
    for path in [*PAGES, *OF_MANAGERS, *of_lead(lead, task), "/nothing-here"]:
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", page), path


def test_what_a_lead_wrote_is_shown_and_never_run(
    sign_in: Callable[..., Any], call: Callable[..., Answer], conn: psycopg.Connection
) -> None:
    evil = "<script>alert(1)</script>"
    body = msgspec.json.encode({"first_name": evil, "email": "evil@example.com", "company": evil, "note": evil})
    lead = call("POST", "/in/pricing", body, content_type="application/json").json()["lead"]
    conn.execute(
        "update leads set first_name = %s where id = %s", (evil, lead)
    )  # as a person may, whom nobody corrects
    client = sign_in("kim")
    for path in ("/leads", f"/leads/{lead}", f"/sandbox/{lead}"):
        page = client.get(path).content.decode()
        assert evil not in page, path
        assert "&lt;script&gt;" in page, path


def test_the_page_of_a_lead_says_whom_each_wish_concerns_and_of_nothing_that_nobody_yet_does_it(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    acts.opt_out(conn, place, lane_of(lead), lead, "sam", real_now(), evidence="stop, says Ann")
    page = sign_in("kim").get(f"/leads/{lead}").content.decode()
    said = re.findall(r"Do not contact (.*?): the lead opted out, since", page)
    assert sorted(said) == ["+1 212 555 0123", "ann@example.com", "this person"]


def test_what_waits_for_an_event_and_what_an_error_stopped_has_no_owner_to_come(
    sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID
) -> None:
    parked = "update enrollments set status = 'parked', due_at = null, error = 'no such field' where lead_id = %s"
    conn.execute(parked, (lead,))
    page = sign_in("kim").get(f"/leads/{lead}").content.decode()
    assert "Whoever settles it on the page Attention" in page
    assert "Nobody yet" not in re.findall(r"<h2>What comes next</h2>.*?</section>", page, re.DOTALL)[0]


def test_a_playbook_that_is_to_begin_later_has_not_begun(
    sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID
) -> None:
    later = real_now() + timedelta(days=7)
    waits = "update enrollments set status = 'scheduled', due_at = %s, started_at = %s where lead_id = %s"
    conn.execute(waits, (later, later, lead))
    page = sign_in("kim").get(f"/leads/{lead}").content.decode()
    assert re.search(r"Version \d+, not begun yet<", page)


def test_an_act_needs_the_form_of_our_page(sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID) -> None:
    answer = sign_in("kim", enforce_csrf_checks=True).post(f"/leads/{lead}/take-over")
    assert answer.status_code == 403
    status = conn.execute("select status from leads where lane = %s and id = %s", (lane_of(lead), lead)).fetchone()
    assert status == ("open",)


def test_the_address_of_an_act_opened_from_the_bar_leads_to_the_page_it_belongs_to_and_does_nothing(
    sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    client, other = sign_in("kim"), new_id()
    for path, page in {
        f"/leads/{lead}/opt-out": f"/leads/{lead}",
        f"/tasks/{task}/done": f"/tasks/{task}",
        f"/tasks/{task}/call": f"/tasks/{task}",
        f"/sandbox/{lead}/act": f"/sandbox/{lead}",
        f"/attention/quarantine/{other}/replay": "/attention",
        "/attention/put-aside": "/attention",
        "/do-not-contact/add": "/do-not-contact",
        "/do-not-contact/bring": "/do-not-contact",
        "/do-not-contact/registry": "/do-not-contact",
        f"/do-not-contact/{other}/lift": "/do-not-contact",
        f"/doubtful/0/{other}/withdraw": "/doubtful",
        "/recordings/add": "/recordings",
        f"/recordings/{other}/remove": "/recordings",
        "/sign-out": "/",
    }.items():
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("location")) == (302, page), path
        assert client.put(path).status_code == 405, path
    status = conn.execute("select status from leads where lane = %s and id = %s", (lane_of(lead), lead)).fetchone()
    assert status == ("open",)
    assert client.get("/leads").status_code == 200, "still signed in"


def test_an_unknown_page_says_so_calmly(sign_in: Callable[..., Any]) -> None:
    answer = sign_in("kim").get("/nothing-here")
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_a_broken_cursor_is_no_page(sign_in: Callable[..., Any]) -> None:
    assert sign_in("kim").get("/leads?after=nonsense").status_code == 404


def test_empty_pages_teach_what_to_do(sign_in: Callable[..., Any]) -> None:
    client = sign_in("kim")
    assert "/in/" in client.get("/leads").content.decode()
    assert "Nobody waits for you" in client.get("/").content.decode()
    assert "Everything runs" in client.get("/attention").content.decode()


def test_a_reply_is_among_todays_answers_within_a_few_seconds(sign_in: Callable[..., Any], lead: UUID) -> None:
    from warmline.web.views.today import FRESH

    client = sign_in("sam")

    def answers() -> str:
        found = re.search(r'Answers</span><span class="tile-value">(\d+)', client.get("/").content.decode())
        assert found is not None
        return found[1]

    assert answers() == "0"
    act = {"act": "reply", "channel": "sms", "text": "Tomorrow at ten"}
    assert client.post(f"/sandbox/{lead}/act", act).status_code == 302
    assert FRESH <= 3, "the page is right to within so many seconds"
    patience = time.monotonic() + 60
    while answers() == "0" and time.monotonic() < patience:
        time.sleep(0.2)
    assert answers() == "1"


def test_today_counts_what_the_gate_kept_back_as_the_rules_page_does_calls_and_holds_included(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    lead = a_lead(conn, place, consents={"email": "inquiry"}, at=real_now())
    enrolled(conn, place, "pricing", lead, at=real_now())
    tick(conn, lane_of(lead), real_now(), Catalog(conn))
    client = sign_in("sam")
    tile = re.search(r'by the gate</span><span class="tile-value">(\d+)', client.get("/").content.decode())
    assert tile is not None
    rules = client.get("/rules").content.decode().partition('id="lately"')[2].partition("</section>")[0]
    counts = [int(count) for count in re.findall(r'<dd class="numbers">(\d+)', rules)]
    assert int(tile[1]) == sum(counts)
    assert sum(counts) >= 2, "the text without a consent, and the call"


def test_who_opted_out_has_the_red_badge_on_the_task_and_on_every_row_of_it(
    sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    client, badge = sign_in("sam"), '<span class="badge badge-bad">Opted out</span>'
    paths = ("/", "/tasks?whose=free", f"/tasks/{task}")
    for path in paths:
        assert badge not in client.get(path).content.decode(), path
    conn.execute("update leads set status = 'opted_out' where lane = %s and id = %s", (lane_of(lead), lead))
    for path in paths:
        assert badge in client.get(path).content.decode(), path


def test_a_hand_off_after_a_voicemail_says_so_and_what_it_said_as_soon_as_that_is_written_down(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace, lead: UUID, task: str
) -> None:
    conn.execute("update tasks set kind = 'hand_off' where lead_id = %s", (lead,))
    client = sign_in("sam")
    happened(conn, place, lead, "replied", at=real_now(), data={"text": "An older text"})
    assert "Left a voicemail" not in client.get("/").content.decode()
    happened(conn, place, lead, "voicemail.left", at=real_now(), data={"recording": "RE1"})
    page = client.get("/").content.decode()
    assert "Left a voicemail" in page
    assert "An older text" not in page
    happened(conn, place, lead, "voicemail.transcribed", at=real_now(), data={"text": "Please call me back"})
    page = client.get("/").content.decode()
    assert "Left a voicemail" in page
    assert "Please call me back" in page
    assert "What the voicemail says, written down by machine</h2>" in client.get(f"/tasks/{task}").content.decode()


def test_today_says_that_it_shows_leads_who_answered_however_late_they_are_due(sign_in: Callable[..., Any]) -> None:
    assert "due within 12 hours, and every lead who answered" in sign_in("sam").get("/").content.decode()


def test_a_touch_that_waits_has_no_words_yet_and_shows_no_empty_place_for_them(
    sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID
) -> None:
    tick(conn, lane_of(lead), real_now(), Catalog(conn))
    story = sign_in("sam").get(f"/leads/{lead}").content.decode().partition(">The story<")[2]
    assert "Touch planned" in story
    assert '<div class="said">' not in story


def test_a_rule_that_passed_is_named_by_what_it_looks_at(
    sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID
) -> None:
    tick(conn, lane_of(lead), real_now(), Catalog(conn))
    page = sign_in("sam").get(f"/leads/{lead}").content.decode()
    assert '<span class="soft">consent</span>' in page
    assert "<code>no_consent</code>" in page, "voicemail and SMS were not agreed to"
    assert not re.search(r"Pass</span>\s*<div[^>]*><div><code>", page)


def test_the_script_of_a_call_reads_what_began_the_run(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    settings = conn.execute("select config_source from workspaces where id = %s", (place.id,)).fetchone()
    assert settings is not None
    script = "---\nkind: script\n---\nThey filled in the form {{ event.form }}: {{ touch.channel }} them.\n"
    a_workspace(conn, {"warmline.toml": settings[0], "templates/discovery.txt": script})
    lead = a_lead(conn, place)
    enrolled(conn, place, "pricing", lead)
    task_id = new_id()
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, enrollment_id, step, script, kind, title, due_at, opened_at)"
        " select lane, %s, lead_id, workspace_id, id, 'first-call', 'discovery', 'call', 'Call Ann', now(), now()"
        " from enrollments where lead_id = %s",
        (task_id, lead),
    )
    page = sign_in("sam").get(f"/tasks/{lane_of(lead)}/{task_id}").content.decode()
    assert "They filled in the form pricing: call them." in page


def test_the_page_of_a_playbook_shows_how_long_each_text_is(sign_in: Callable[..., Any]) -> None:
    shown = sign_in("sam").get("/playbooks/pricing").content.decode()
    assert "Hi Ann, Sam at Acme" in shown
    assert "SMS, else Email" in shown
    assert re.search(r"1 text, GSM-7, \d+ characters left", shown)


def test_the_page_of_a_playbook_shows_what_a_step_says_on_each_of_its_channels(sign_in: Callable[..., Any]) -> None:
    shown = sign_in("sam").get("/playbooks/pricing").content.decode().partition("What it says")[2]
    ack = shown.partition("</li>")[0]
    before, by_text, by_mail = re.split(r'<p class="label">(?:SMS|Email)</p>', ack)
    assert "SMS, else Email" in before
    assert "STOP to opt out." in by_text
    assert re.search(r"1 text, GSM-7, \d+ characters left", by_text)
    assert "Your price request is with me" not in by_text
    assert '<span class="strong">Your price request is with me</span>' in by_mail
    assert "Thank you for asking us for a price." in by_mail
    assert "STOP" not in by_mail
    assert "GSM-7" not in by_mail, "a mail has no segments"


def test_words_that_are_the_same_on_both_channels_are_shown_once(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    settings = conn.execute("select config_source from workspaces where id = %s", (place.id,)).fetchone()
    assert settings is not None
    ack = "---\nangle: it arrived\nsubject: 'Hello'\n---\nYou will hear from us. STOP to opt out.\n"
    a_workspace(conn, {"warmline.toml": settings[0], "templates/ack.txt": ack})
    shown = sign_in("sam").get("/playbooks/pricing").content.decode()
    assert shown.count("You will hear from us.") == 1
    assert '<span class="strong">Hello</span>' in shown
    assert '<p class="label">SMS</p>' not in shown


def test_the_page_of_a_playbook_shows_mails_scripts_and_voicemails_too(sign_in: Callable[..., Any]) -> None:
    shown = sign_in("sam").get("/playbooks/pricing").content.decode().partition("What it says")[2]
    assert '<span class="strong">What your price will depend on</span>' in shown
    assert "three things decide most of what a job like yours costs" in shown
    assert "Goal: understand the job and agree on the next step" in shown
    assert "<code>personal-note</code>" in shown, "the voicemail"
    for template in ("case-fit", "objection"):
        assert f"<code>{template}</code>" in shown, "both ways of a condition"


def test_what_could_not_be_read_is_counted_with_a_noun(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    for said in ("1 request could not be read.", "2 requests could not be read."):
        quarantine.keep(conn, place.id, "source:pricing", "No address.", "{}", "", {}, real_now())
        assert said in sign_in("kim").get("/").content.decode()


def test_a_task_that_can_only_be_done_asks_no_question_with_one_answer(
    sign_in: Callable[..., Any], conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    client = sign_in("sam")
    assert "How did it go?" in client.get(f"/tasks/{task}").content.decode()
    conn.execute("update tasks set kind = 'hand_off' where lead_id = %s", (lead,))
    page = client.get(f"/tasks/{task}").content.decode()
    assert "What happened?" not in page
    assert 'type="radio"' not in page
    assert client.post(f"/tasks/{task}/done", {"outcome": "done", "next": "won"}).status_code == 302


def test_a_lead_whose_zone_nobody_knows_is_told_on_the_clock_of_the_office(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    nowhere = a_lead(conn, place, phone="+18005550123", country="")
    page = sign_in("sam").get(f"/leads/{nowhere}").content.decode()
    assert "Not known</span>" in page
    assert "Times on the office&#x27;s clock" in page or "Times on the office's clock" in page
    assert "on the lead's clock" not in page


def test_a_number_is_written_alike_on_every_page(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    lead = a_lead(conn, place, phone="+442071838750", email=None, first_name="", last_name="", country="GB")
    client = sign_in("kim")
    for path in ("/leads", f"/leads/{lead}", f"/sandbox/{lead}", "/rules?to=%2B442071838750"):
        words = re.sub(r"<[^>]*>", " ", client.get(path).content.decode())
        assert "+44 20 7183 8750" in words, path
        assert "+442071838750" not in words, path


def followed(client: Any, path: str, words: str) -> str:
    """The page behind the link that says so on the page `path`."""
    page = client.get(path).content.decode()
    link = re.search(rf'href="([^"]*)">{words}', page)
    assert link is not None, page
    address = link[1].replace("&amp;", "&")
    return str(client.get(address if address.startswith("/") else path.partition("?")[0] + address).content.decode())


def crowd(conn: psycopg.Connection, place: Workspace, count: int) -> list[UUID]:
    return [
        a_lead(conn, place, phone=None, email=f"p{n}@example.com", first_name=f"P{n}", consents={})
        for n in range(count)
    ]


def test_a_playbook_says_how_many_are_in_it_and_leads_to_all_of_them(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    for lead in crowd(conn, place, 52):
        enrolled(conn, place, "pricing", lead)
    client = sign_in("sam")
    page = client.get("/playbooks/pricing").content.decode()
    assert '<h2>In it now</h2><span class="count">52</span>' in page
    assert "The 50 that are looked at next" in page
    assert "Pricing request" in followed(client, "/playbooks/pricing", "All 52")


def test_the_list_of_tasks_says_how_many_there_are_and_goes_on_to_the_last(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    lead = a_lead(conn, place)
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, kind, step, title, owner, due_at, opened_at)"
        " select %s, gen_random_uuid(), %s, %s, 'call', 's' || n, 'Task ' || n, 'sam', now() + n * interval '1 minute', now()"
        " from generate_series(1, 103) n",
        (lane_of(lead), lead, place.id),
    )
    client = sign_in("sam")
    page = client.get("/tasks").content.decode()
    assert "103 open." in page
    assert re.findall(r">Task (\d+)</a>", page)[-1] == "100"
    assert re.findall(r">Task (\d+)</a>", followed(client, "/tasks", "Less urgent ones")) == ["101", "102", "103"]
    assert client.get("/tasks?after=nonsense").status_code == 404
    today = client.get("/").content.decode()
    assert '<span class="count">50+</span>' in today
    assert "103 open." in followed(client, "/", "Every task, the less urgent ones too")


def test_the_sandbox_says_that_it_shows_the_latest_and_goes_on(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace
) -> None:
    version = conn.execute("select id from playbook_versions where workspace_id = %s limit 1", (place.id,)).fetchone()
    assert version is not None
    for ago, lead in enumerate(crowd(conn, place, 43)):
        conn.execute(
            "insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose,"
            " template, status, ready_at, created_at, sent_at, address, body) values (%s, %s, %s, %s, %s, %s, 's', 'sms',"
            " 'marketing', 't', 'sent', now(), now(), now() - %s * interval '1 minute', '+12125550123', %s)",
            (lane_of(lead), new_id(), lead, place.id, new_id(), version[0], ago, "word " * 40),
        )
    client = sign_in("sam")
    page = client.get("/sandbox").content.decode()
    assert "The 40 that heard from you last" in page
    assert page.count("data-row") == 40
    assert "word…" in page, "a preview ends at a word"
    more = followed(client, "/sandbox", "More of them")
    assert more.count("data-row") == 43
    assert "that heard from you last" not in more


def test_an_error_that_nobody_has_listed_is_shown_to_managers(
    conn: psycopg.Connection,
    place: Workspace,
    sign_in: Callable[..., Any],
    lead: UUID,
) -> None:
    page = "/attention"
    assert "Refused by a provider" not in sign_in("kim").get(page).content.decode()
    touch, lane = new_id(), lane_of(lead)
    conn.execute(
        "insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template,"
        " status, ready_at, created_at, sent_at, address, provider)"
        " select lane, %s, lead_id, workspace_id, id, version_id, 'extra', 'sms', 'marketing', 't', 'sent', now(), now(),"
        " now(), '+12125550123', 'twilio' from enrollments where lane = %s and lead_id = %s limit 1",
        (touch, lane, lead),
    )
    told = Signal(
        "failed", real_now(), touch_id=touch_ref(lane, touch), reason="unknown", code="30999", key="SM1:failed"
    )
    with capture_logs() as logs:
        receive(conn, place, [told], real_now())
    assert [(one["event"], one["code"]) for one in logs] == [("provider.refused", "30999")]
    shown = sign_in("kim").get(page).content.decode()
    assert "Refused by a provider" in shown
    assert "SMS through twilio: code <code>30999</code>, 1 time in 7 days" in shown
    assert "We do not know what the provider means" in shown


def test_a_leads_page_says_that_its_owner_has_left_and_their_tasks_are_nobodys(
    sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace, lead: UUID, task: str
) -> None:
    conn.execute("update leads set owner = 'sam' where id = %s", (lead,))
    conn.execute("update tasks set owner = 'sam' where lead_id = %s", (lead,))
    settings = conn.execute("select config_source from workspaces where id = %s", (place.id,)).fetchone()
    assert settings is not None
    a_workspace(conn, {"warmline.toml": without_sam(settings[0])}, name=place.name, now=real_now())
    client = sign_in("jo")
    assert "sam, who has left" in client.get(f"/leads/{lead}").content.decode()
    assert f'href="/tasks/{task}"' in client.get("/tasks?whose=free").content.decode()


def test_a_mailbox_that_is_not_read_is_counted_and_shown_to_managers(
    conn: psycopg.Connection, place: Workspace, sign_in: Callable[..., Any]
) -> None:
    client = sign_in("kim")
    assert "Trouble with the mailbox" not in client.get("/attention").content.decode()
    mailboxes.trouble(conn, place.id, "hello@mail.acme.test:993/INBOX", "It does not answer.", real_now())
    shown = client.get("/attention").content.decode()
    assert "Trouble with the mailbox" in shown
    assert "hello@mail.acme.test:993/INBOX" in shown
    assert counts(conn, place.id, "kim", real_now()).attention == 1


def test_the_box_says_what_may_be_sent_to_a_lead_or_to_anybody(sign_in: Callable[..., Any], lead: UUID) -> None:
    client = sign_in("sam")
    known = client.get("/rules?to=(212)+555-0123&at=2026-12-01T10:30").content.decode()
    assert "Ann Lee" in known
    assert "May go" in known
    stranger = client.get("/rules?to=%2B14015550123&at=2026-11-28T17:00").content.decode()
    assert "nobody’s yet" in stranger
    assert "us.ri@" in stranger
    assert "May not go: consent" in stranger


def test_a_question_that_can_not_be_read_comes_back_with_what_to_write(sign_in: Callable[..., Any]) -> None:
    client = sign_in("sam")
    for query, said in (
        ("to=hello", "is no phone number or mail address"),
        ("to=%2B14015550123&at=soon", "not a day"),
        ("to=%2B14015550123&at=9999-12-31T23:59", "not a day"),
        ("to=%2B14015550123&at=0001-01-02T10:00", "the rules of the year 1."),
    ):
        answer = client.get(f"/rules?{query}")
        assert answer.status_code == 422
        assert said in answer.content.decode()


@pytest.mark.parametrize("typed", ["+1 (212) 555-0123", "2125550123", "1 212 555 0123"])
def test_a_lead_is_found_by_its_number_as_people_type_it(sign_in: Callable[..., Any], lead: UUID, typed: str) -> None:
    for path in ("/leads", "/consents", "/do-not-contact"):
        assert sign_in("sam").get(path, {"q": typed}).status_code == 200
    assert f"/leads/{lead}" in sign_in("sam").get("/leads", {"q": typed}).content.decode()


def test_a_number_is_searched_as_one_of_the_country_that_a_source_is_set_to(
    sign_in: Callable[..., Any], conn: psycopg.Connection
) -> None:
    toml = starter_files()["warmline.toml"].replace("[sources.pricing]", '[sources.pricing]\ncountry = "GB"')
    place = a_workspace(conn, {"warmline.toml": toml}, name="Acme of London", now=real_now())
    british = a_lead(conn, place, phone="+442071838750", email=None)
    assert f"/leads/{british}" in sign_in("sam", place).get("/leads", {"q": "020 7183 8750"}).content.decode()
