"""The links of our messages, and the way out of them: who followed, who asked for no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import story
from tests.waiting import ended_once
from tests.web.conftest import SECRET, Answer, publish_with
from warmline.channels.email.tokens import sign_touch
from warmline.channels.email.tracking import HIDDEN_LINK, TrackedLink, link_url, open_url
from warmline.intake.visits import settle_due
from warmline.store import races
from warmline.store.clock import real_now
from warmline.store.ids import lane_of, new_id, touch_ref
from warmline.store.pages import today
from warmline.store.workspaces import Workspace

Call = Callable[..., Answer]
KEY = SECRET.encode()
FORM = "application/x-www-form-urlencoded"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
BROWSER = {"user_agent": PERSON, "accept": HTML, "accept_language": "en-US,en;q=0.5"}


@pytest.fixture
def touch(conn: psycopg.Connection, place: Workspace, lead: UUID) -> str:
    return sent_mail(conn, place, lead)


def sent_mail(conn: psycopg.Connection, place: Workspace, lead: UUID, ago: timedelta = timedelta(hours=1)) -> str:
    """A mail that was sent so long ago, by its outside name."""
    touch_id, lane = new_id(), lane_of(lead)
    conn.execute(
        "insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose,"
        " template, status, ready_at, created_at, sent_at, address)"
        " select %(lane)s, %(id)s, %(lead)s, %(w)s, e.id, e.version_id, 'context', 'email', 'marketing', 'context',"
        " 'sent', %(at)s, %(at)s, %(at)s, 'ann@example.com'"
        " from enrollments e where e.lane = %(lane)s and e.lead_id = %(lead)s",
        {"lane": lane, "id": touch_id, "lead": lead, "w": place.id, "at": real_now() - ago},
    )
    return touch_ref(lane, touch_id)


def link(touch: str) -> str:
    return link_url(TrackedLink(touch, 0, "https://example.com/prices?a=b"), "", KEY)


def test_a_link_leads_to_the_signed_address_and_tells_of_the_click(
    call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    answer = call("GET", link(touch), **BROWSER)
    assert (answer.status, answer.headers["location"]) == (302, "https://example.com/prices?a=b")
    assert "clicked" in story(conn, lead)


def test_a_tampered_link_leads_nowhere(call: Call, conn: psycopg.Connection, lead: UUID, touch: str) -> None:
    answer = call("GET", link(touch)[:-2] + "AA", user_agent=PERSON)
    assert answer.status == 404
    assert "location" not in answer.headers
    assert "clicked" not in story(conn, lead)


@pytest.mark.parametrize(("method", "agent"), [("HEAD", PERSON), ("GET", "Barracuda Sentinel"), ("GET", "")])
def test_a_scanner_that_follows_a_link_is_marked_as_one(
    method: str, agent: str, call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    assert call(method, link(touch), **{**BROWSER, "user_agent": agent}).status == 302
    marks = conn.execute(
        "select data->>'automated' from events where lead_id = %s and kind = 'clicked'", (lead,)
    ).fetchall()
    assert len(marks) == 1
    assert marks[0][0]


def test_a_scanner_before_the_person_does_not_hide_the_person(
    call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    for agent in ("Barracuda Sentinel", PERSON, PERSON):
        call("GET", link(touch), **{**BROWSER, "user_agent": agent})
    assert story(conn, lead).count("clicked") == 2


@pytest.mark.parametrize("signal", [{"sec_gpc": "1"}, {"dnt": "1"}, {"sec_gpc": "1", "dnt": "1", "save_data": "on"}])
def test_a_person_who_asks_for_privacy_and_clicks_is_a_person(
    signal: dict[str, str], call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    assert call("GET", link(touch), **BROWSER, **signal).headers["cache-control"] == "no-store"
    assert clicks(conn, lead) == [None]


def clicks(conn: psycopg.Connection, lead: UUID) -> list[str | None]:
    """How each click in the story gave itself away; None: a person's."""
    rows = conn.execute(
        "select data->>'automated' from events where lead_id = %s and kind = 'clicked' order by seq", (lead,)
    )
    return [mark for (mark,) in rows]


def test_a_click_soon_after_the_mail_sends_the_visitor_on_and_counts_ten_seconds_later(
    call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    touch = sent_mail(conn, place, lead, timedelta(seconds=30))
    assert call("GET", link(touch), **BROWSER).status == 302
    assert clicks(conn, lead) == []
    settle_due(conn, real_now() + timedelta(seconds=9))
    assert clicks(conn, lead) == []
    settle_due(conn, real_now() + timedelta(seconds=11))
    assert clicks(conn, lead) == [None]


def test_the_hidden_link_leads_home_and_gives_its_follower_away(
    call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    touch = sent_mail(conn, place, lead, timedelta(seconds=30))
    home = place.config.workspace.public_url + "/"
    trap = link_url(TrackedLink(touch, HIDDEN_LINK, home), "", KEY)
    assert call("GET", link(touch), **BROWSER).status == 302
    assert call("GET", trap, **BROWSER).headers["location"] == home
    assert clicks(conn, lead) == ["hidden_link", "hidden_link"]


def test_today_counts_persons_only_and_the_leads_page_says_how_a_machine_gave_itself_away(
    call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID, touch: str, sign_in: Callable[..., Any]
) -> None:
    call("GET", link(touch), **{**BROWSER, "user_agent": "Barracuda Sentinel"})
    assert sum(today.numbers(conn, place.id, real_now()).replies) == 0
    call("GET", link(touch), **BROWSER)
    assert sum(today.numbers(conn, place.id, real_now() + timedelta(seconds=1)).replies) == 1
    client = sign_in("sam")
    assert client.get("/").status_code == 200
    page = client.get(f"/leads/{lead}").content.decode()
    assert "it came from a mail scanner" in page


def test_the_pixel_is_a_picture_whether_the_token_is_right_or_not(
    call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    for address in (open_url(touch, "", KEY), "/o/nonsense.gif"):
        answer = call("GET", address, user_agent=PERSON)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/gif")
    assert story(conn, lead).count("opened") == 1


# --- unsubscribing ---------------------------------------------------------------------------------------------------


def way_out(touch: str) -> str:
    return f"/u/{sign_touch(touch, 'unsubscribe', KEY)}"


def test_looking_at_the_unsubscribe_page_unsubscribes_nobody(
    call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    answer = call("GET", way_out(touch), user_agent=PERSON)
    assert answer.status == 200
    assert answer.text.count("<button") == 1
    assert "opted.out" not in story(conn, lead)


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=One-Click"])
def test_a_post_unsubscribes_from_the_page_and_from_the_mail_program(
    body: bytes, call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    assert call("POST", way_out(touch), body, content_type=FORM).status == 200
    assert "opted.out" in story(conn, lead)
    status = conn.execute("select status from leads where lane = %s and id = %s", (lane_of(lead), lead)).fetchone()
    assert status == ("opted_out",)


def test_who_presses_the_button_of_the_page_gets_nothing_more_and_who_asks_by_their_mail_program_no_mail(
    call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID, touch: str
) -> None:
    publish_with(conn, place, '[compliance]\nopt_out = "channel"')
    query = "select channels from suppressions where scope = 'person' and value = %s and lifted_at is null order by at"
    part = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    parts = "multipart/form-data; boundary=x"
    for body, form, channels in (
        (b"List-Unsubscribe=One-Click", FORM, [["email"]]),
        (part, parts, [["email"]]),
        (b"", FORM, [["email"], []]),
    ):
        assert call("POST", way_out(touch), body, content_type=form).status == 200
        assert [one for (one,) in conn.execute(query, (str(lead),))] == channels


def test_a_link_for_another_purpose_unsubscribes_nobody(
    call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    assert call("POST", f"/u/{sign_touch(touch, 'open', KEY)}").status == 404
    assert "opted.out" not in story(conn, lead)


@pytest.mark.parametrize("rounds", [races.ROUNDS, 1])
def test_an_unsubscribe_that_is_ended_in_a_ring_of_locks_counts_or_is_asked_for_again(
    call: Call, conn: psycopg.Connection, lead: UUID, touch: str, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    monkeypatch.setattr(races, "ROUNDS", rounds)
    ended_once(monkeypatch)
    answer = call("POST", way_out(touch), b"", content_type=FORM)
    assert answer.status == (200 if rounds > 1 else 503)
    assert ("opted.out" in story(conn, lead)) == (rounds > 1)
    if rounds == 1:
        assert answer.headers["retry-after"] == "2"
        assert answer.text.startswith("Too much happened to the same lead at once, so nothing was kept.")
