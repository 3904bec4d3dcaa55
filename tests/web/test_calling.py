"""Calls on the pages and at the door, in one process: the button, the refusal, the key, the sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import psycopg
import pytest
from twilio.request_validator import RequestValidator

from tests.builders import a_workspace, starter_files, story
from tests.far_ends.ports import closed_port
from tests.web.conftest import Answer
from warmline.store.clock import real_now
from warmline.store.ids import lane_of
from warmline.store.races import LostRaceError
from warmline.store.workspaces import Workspace
from warmline.web import calling, finishing

SignIn = Callable[..., Any]
ACCOUNT, TOKEN = "AC" + "0" * 32, "12345"


@pytest.fixture
def task(conn: psycopg.Connection, place: Workspace, lead: UUID, task: str) -> str:
    """An open call to a lead whom the law lets us call at this hour, whatever it is."""
    conn.execute("update leads set time_zone = %s where id = %s", (_noon(), lead))
    return task


def _noon() -> str:
    """A zone where it is the middle of the day now. The names of these count the other way: Etc/GMT+5 is New York's winter."""
    return f"Etc/GMT{real_now().hour - 12:+d}"


def with_calls(conn: psycopg.Connection, place: Workspace, table: str) -> None:
    """The same workspace, its calls by another provider."""
    toml = starter_files()["warmline.toml"].replace(
        'public_url = "http://127.0.0.1:8000"', f'public_url = "{place.config.workspace.public_url}"'
    )
    toml = re.sub(r"\n\[channels\.call\][^\[]*", f"\n[channels.call]\n{table}\n\n", toml)
    a_workspace(conn, {"warmline.toml": toml}, name=place.name, now=real_now())


def calls(conn: psycopg.Connection, lead: UUID) -> list[tuple[str, str]]:
    query = "select status, outcome from calls where lane = %s and lead_id = %s order by id"
    return conn.execute(query, (lane_of(lead), lead)).fetchall()


def test_the_button_rings_and_the_page_says_how_far_it_is(
    sign_in: SignIn, conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    client = sign_in("sam")
    assert "Call now" in client.get(f"/tasks/{task}").content.decode()
    answer = client.post(f"/tasks/{task}/call")
    assert (answer.status_code, answer.headers["location"]) == (302, f"/tasks/{task}#phone")
    page = client.get(f"/tasks/{task}").content.decode()
    assert "Your phone is ringing" in page
    assert "Call now" not in page
    assert client.post(f"/tasks/{task}/call").status_code == 422  # a second window
    assert calls(conn, lead) == [("ringing", "")]


@pytest.mark.parametrize("known", ["lost_at = now() - interval '1 second'", "status = 'unknown', lost_at = null"])
@pytest.mark.parametrize(
    ("rep_leg", "connected", "words"),
    [
        ("", False, "Nobody can say whether a phone rang: the provider did not answer."),
        ("ringing", False, "Your phone rang, and then nothing more was heard of the call."),
        ("answered", True, "phone was dialled, and then nothing more was heard of the call. Say below how it went."),
    ],
)
def test_of_a_call_that_nothing_more_is_heard_of_the_page_says_how_far_it_had_come(
    sign_in: SignIn, conn: psycopg.Connection, task: str, rep_leg: str, connected: bool, words: str, known: str
) -> None:
    client = sign_in("sam")
    client.post(f"/tasks/{task}/call")
    conn.execute(
        f"update calls set rep_leg = %s, connected = %s, {known} where status = 'ringing'".encode(),
        (rep_leg, connected),
    )
    page = client.get(f"/tasks/{task}").content.decode()
    assert words in page
    assert ("Nobody can say" in page) is (rep_leg == "")


def test_the_form_begins_with_the_talk_though_nobody_took_the_next_call(
    sign_in: SignIn, conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    client = sign_in("sam")
    for act in ("pick-up", "ring-out"):
        conn.execute("delete from paces")  # an account begins one call in a second
        client.post(f"/tasks/{task}/call")
        client.post(f"/sandbox/{lead}/act", {"act": act})
    assert calls(conn, lead) == [("ended", "connected"), ("ended", "missed")]
    page = client.get(f"/tasks/{task}").content.decode()
    assert re.search(r'<input[^>]*value="connected"[^>]*checked', page)


def test_a_page_that_is_made_while_the_call_ends_looks_again(
    sign_in: SignIn, lead: UUID, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, other = sign_in("sam"), sign_in("sam")
    client.post(f"/tasks/{task}/call")
    told = finishing.story

    def the_call_ends_first(*given: Any) -> Any:
        other.post(f"/sandbox/{lead}/act", {"act": "ring-out"})
        return told(*given)

    monkeypatch.setattr(finishing, "story", the_call_ends_first)
    page = client.get(f"/tasks/{task}").content.decode()
    assert "Your phone is ringing" in page
    assert 'hx-trigger="every 2s"' in page
    monkeypatch.undo()
    assert client.get(f"/tasks/{task}/phone").headers["HX-Refresh"] == "true"
    assert "This task is over" in client.get(f"/tasks/{task}").content.decode()


@pytest.mark.parametrize(
    ("act", "outcome"), [("pick-up", "connected"), ("ring-out", "missed"), ("machine", "voicemail")]
)
def test_in_the_sandbox_somebody_plays_the_lead(
    act: str, outcome: str, sign_in: SignIn, conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    client = sign_in("sam")
    assert "Take the call" not in client.get(f"/sandbox/{lead}").content.decode()
    client.post(f"/tasks/{task}/call")
    assert "Take the call" in client.get(f"/sandbox/{lead}").content.decode()
    assert client.post(f"/sandbox/{lead}/act", {"act": act}).status_code == 302
    assert calls(conn, lead) == [("ended", outcome)]
    assert client.post(f"/sandbox/{lead}/act", {"act": act}).status_code == 422


def test_a_talk_whose_task_ran_out_meanwhile_is_written_down_on_its_page(
    sign_in: SignIn, conn: psycopg.Connection, lead: UUID, task: str
) -> None:
    client = sign_in("sam")
    client.post(f"/tasks/{task}/call")
    client.post(f"/sandbox/{lead}/act", {"act": "pick-up"})
    conn.execute("update tasks set status = 'expired', done_at = now() where lead_id = %s and kind = 'call'", (lead,))
    assert "and yet somebody answered" in client.get(f"/tasks/{task}").content.decode()
    form = {"outcome": "connected", "next": "won"}
    assert client.post(f"/tasks/{task}/done", form).status_code == 302
    done = conn.execute("select status, outcome from tasks where lead_id = %s and kind = 'call'", (lead,)).fetchall()
    assert done == [("done", "connected")]


def test_a_voicemail_in_the_sandbox_stands_in_the_story(sign_in: SignIn, conn: psycopg.Connection, lead: UUID) -> None:
    sign_in("sam").post(f"/sandbox/{lead}/act", {"act": "voicemail"})
    assert {"call.missed", "voicemail.left", "voicemail.transcribed"} <= set(story(conn, lead))


def test_the_gates_no_is_shown_with_every_rule(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID, task: str
) -> None:
    conn.execute(
        "insert into suppressions (id, workspace_id, scope, value, reason, at)"
        " values (gen_random_uuid(), %s, 'person', %s, 'opted_out', now())",
        (place.id, str(lead)),
    )
    answer = sign_in("sam").post(f"/tasks/{task}/call")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "suppressed" in page
    assert "Every rule that was looked at" in page
    assert calls(conn, lead) == []


def test_a_provider_that_can_not_be_reached_rings_nobody_and_the_person_reads_it(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID, task: str
) -> None:
    with_calls(conn, place, _twilio(f"http://127.0.0.1:{closed_port()}"))
    client = sign_in("sam")
    client.post(f"/tasks/{task}/call")
    page = client.get(f"/tasks/{task}").content.decode()
    assert "No phone rang" in page
    assert "Call again" in page
    assert calls(conn, lead) == [("not_placed", "")]


def test_a_provider_that_rang_while_the_race_for_its_answer_was_lost_has_rung_all_the_same(
    sign_in: SignIn, conn: psycopg.Connection, lead: UUID, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise LostRaceError

    monkeypatch.setattr(calling, "note_receipt", lost)
    client = sign_in("sam")
    answer = client.post(f"/tasks/{task}/call")
    assert (answer.status_code, answer.headers["location"]) == (302, f"/tasks/{task}#phone")
    assert "Asking the provider" in client.get(f"/tasks/{task}").content.decode()
    assert calls(conn, lead) == [("placing", "")]


def test_a_workspace_without_calls_has_no_button(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, task: str
) -> None:
    toml = re.sub(r"\n\[channels\.call\][^\[]*", "\n", starter_files()["warmline.toml"])
    a_workspace(conn, {"warmline.toml": toml}, name=place.name, now=real_now())
    client = sign_in("sam")
    assert "Call now" not in client.get(f"/tasks/{task}").content.decode()
    assert client.post(f"/tasks/{task}/call").status_code == 422


def test_the_door_answers_only_what_is_signed(
    call: Callable[..., Answer], conn: psycopg.Connection, place: Workspace
) -> None:
    with_calls(conn, place, _twilio("http://127.0.0.1:9"))
    path, fields = "/hooks/call/inbound", {"CallSid": "CA1", "AccountSid": ACCOUNT, "From": "+12125550177", "To": "+1"}
    body = urlencode(fields).encode()
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert call("POST", path, body, **form).status == 403
    url = place.config.workspace.public_url + path
    signature = RequestValidator(TOKEN).compute_signature(url, fields)
    answer = call("POST", path, body, **form, x_twilio_signature=signature)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?><Response>')


def test_a_recording_is_played_only_to_those_whose_lead_left_it(sign_in: SignIn, lead: UUID) -> None:
    assert sign_in("sam").get(f"/recordings/{lead}/RE{'0' * 32}").status_code == 404


def _twilio(base_url: str) -> str:
    return (
        f'provider = "twilio"\naccount_sid = "{ACCOUNT}"\nauth_token = "env:TWILIO_TOKEN_OF_TESTS"\n'
        f'from = "+15005550006"\nbase_url = "{base_url}"'
    )
