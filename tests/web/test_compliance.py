"""The pages on compliance: consents, the do-not-contact list, registries, and replies that may be opt-outs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.builders import a_lead
from tests.web.conftest import Answer, make_place
from warmline.channels.contract import Signal
from warmline.engine.seal import seal_all
from warmline.intake import acts
from warmline.intake.messages import hear
from warmline.store.clock import real_now
from warmline.store.ids import lane_of
from warmline.store.pages import proofs
from warmline.store.workspaces import Workspace

SignIn = Callable[..., Any]
PROOF = "Signed paper form of 27 Nov 2026, kept in the folder Kitchen fair"


def page(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def file(text: str) -> BytesIO:
    made = BytesIO(text.encode())
    made.name = "list.csv"
    return made


def in_force(conn: psycopg.Connection, place: Workspace) -> set[tuple[str, tuple[str, ...]]]:
    rows = conn.execute(
        "select value, channels from suppressions where workspace_id = %s and lifted_at is null", (place.id,)
    ).fetchall()
    return {(value, tuple(channels)) for value, channels in rows}


def test_a_consent_is_found_by_name_and_address_with_its_words_and_its_entry(
    sign_in: SignIn, call: Callable[..., Answer], conn: psycopg.Connection, place: Workspace
) -> None:
    body = b'{"name": "Ann Lee", "phone_number": "+12125550123", "agree": "yes"}'
    call("POST", "/in/pricing", body, content_type="application/json")
    client = sign_in("sam")
    assert "not sealed yet" in page(client, "/consents")
    seal_all(conn, real_now)
    for path in ("/consents", "/consents?q=ann", "/consents?q=%28212%29+555-0123"):
        text = page(client, path)
        assert "By ticking this box I agree that Acme Roofing" in text, path
        assert "Express written consent" in text
        assert "of chain" in text
    assert "Nothing on record" in page(client, "/consents?q=zelda")


def test_somebody_is_put_on_the_list_by_anybody_and_taken_off_by_a_manager_with_a_proof(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace
) -> None:
    rep, manager = sign_in("sam"), sign_in("kim")
    said = {
        "contact": "(401) 555-0123",
        "reason": "internal_dnc",
        "evidence": "asked on the phone",
        "channels": ["sms"],
    }
    assert rep.post("/do-not-contact/add", said).status_code == 302
    assert in_force(conn, place) == {("+14015550123", ("sms",))}
    text = page(rep, "/do-not-contact")
    assert "asked on the phone" in text
    assert "Take off the list" not in text
    row = conn.execute("select id from suppressions where workspace_id = %s", (place.id,)).fetchone()
    assert row is not None
    lift = f"/do-not-contact/{row[0]}/lift"
    assert rep.post(lift, {"evidence": PROOF, "channels": ["sms"]}).status_code == 403
    refused = manager.post(lift, {"evidence": "ok", "channels": ["sms"]})
    assert (refused.status_code, "Write down the proof" in refused.content.decode()) == (422, True)
    assert manager.post(lift, {"evidence": PROOF, "channels": ["sms"]}).status_code == 302
    assert in_force(conn, place) == set()
    assert PROOF in page(manager, "/do-not-contact?q=%2B14015550123")


def test_what_names_nobody_comes_back_with_what_was_typed(sign_in: SignIn) -> None:
    answer = sign_in("sam").post("/do-not-contact/add", {"contact": "no <one>", "reason": "other", "evidence": "x"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Write one such as" in text
    assert 'value="no &lt;one&gt;"' in text


def ticked(text: str) -> list[str]:
    return [str(found) for found in re.findall(r'name="channels" value="(\w+)" checked', text)]


def test_a_wish_for_some_channels_is_not_widened_by_a_slip_in_the_address(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace
) -> None:
    client = sign_in("sam")
    said = {"contact": "nobody", "reason": "legal", "evidence": "a letter", "channels": ["sms", "call"]}
    text = client.post("/do-not-contact/add", said).content.decode()
    assert ticked(text) == ["sms", "call"]
    assert '<option value="legal" selected>' in text
    assert 'value="a letter"' in text
    assert 'aria-describedby="add-wrong" autofocus' in text


def test_taking_off_the_list_comes_back_with_the_proof_the_channels_and_the_search(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace
) -> None:
    client = sign_in("kim")
    client.post("/do-not-contact/add", {"contact": "(401) 555-0123", "reason": "other"})
    row = conn.execute("select id from suppressions where workspace_id = %s", (place.id,)).fetchone()
    assert row is not None
    said = {"evidence": "ok", "channels": ["email"], "q": "(401) 555-0123"}
    text = client.post(f"/do-not-contact/{row[0]}/lift", said).content.decode()
    assert ticked(text) == ["email"]
    assert ">ok</textarea>" in text
    assert 'type="search" name="q" value="(401) 555-0123"' in text


def test_a_registry_that_was_refused_keeps_its_name_day_and_area_codes(sign_in: SignIn) -> None:
    said = {"registry": "us.ri", "as_of": "2026-11-01", "area_codes": "401", "file": file("212,5550123\n")}
    answer = sign_in("kim").post("/do-not-contact/registry", said)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="2026-11-01"' in text
    assert 'name="area_codes" value="401"' in text


def test_a_list_comes_as_a_file_or_pasted_and_what_can_not_be_read_is_named(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace
) -> None:
    client = sign_in("kim")
    assert client.post("/do-not-contact/bring", {"list": file("4015550123\nbo@example.com\n")}).status_code == 302
    answer = client.post("/do-not-contact/bring", {"pasted": "acme.test\nnonsense\n"})
    assert "Line 2" in answer.content.decode()
    assert {value for value, _ in in_force(conn, place)} == {"+14015550123", "bo@example.com", "acme.test"}
    assert client.post("/do-not-contact/bring", {}).status_code == 422
    assert sign_in("sam").post("/do-not-contact/bring", {"pasted": "acme.test"}).status_code == 403


def test_a_file_of_a_registry_is_taken_and_its_age_is_shown(sign_in: SignIn, place: Workspace) -> None:
    client = sign_in("kim")
    now = real_now()
    day = now.astimezone(ZoneInfo(place.config.workspace.time_zone)).date() - timedelta(days=32)
    said = {"registry": "us.national", "as_of": day.isoformat(), "area_codes": "401"}
    assert client.post("/do-not-contact/registry", {**said, "file": file("401,5550123\n")}).status_code == 302
    assert "32 days" in page(client, "/do-not-contact")
    outside = client.post("/do-not-contact/registry", {**said, "file": file("212,5550123\n")})
    assert (outside.status_code, "outside the area codes" in outside.content.decode()) == (422, True)
    assert client.post("/do-not-contact/registry", {**said, "as_of": "x", "file": file("1\n")}).status_code == 422
    box = page(client, "/rules?to=%2B14015550199")
    older = (now.date() - day).days  # the gate takes the later day: in the evening of New York it is tomorrow in UTC
    assert f"was asked with a file {older} days old" in box


def test_a_name_that_too_many_leads_have_is_not_said_to_stand_on_no_list(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warmline.store.pages.leads.PAGE", 2)
    out, *_ = [
        a_lead(conn, place, at=real_now() + timedelta(seconds=n), phone=f"+1401555012{n}", email=f"{n}@example.com")
        for n in range(3)
    ]
    acts.opt_out(conn, place, lane_of(out), out, "sam", real_now(), evidence="stop, says Ann")
    client = sign_in("kim")
    text = page(client, "/do-not-contact?q=lee")
    assert "None of the first 2" in text
    assert "Nothing stands against" not in text
    assert "Nobody of that name" not in page(client, "/consents?q=lee")
    assert "stop, says Ann" in page(client, "/do-not-contact?q=0%40example.com")


@pytest.fixture
def doubtful(conn: psycopg.Connection, place: Workspace, lead: UUID) -> UUID:
    signal = Signal("inbound", real_now(), sender="+12125550123", text="not interested <sorry>", key="m1")
    hear(conn, place, signal, real_now(), None)
    return lead


def test_a_doubtful_reply_waits_for_a_person_who_says_it_is_an_opt_out(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, doubtful: UUID
) -> None:
    client = sign_in("sam")
    text = page(client, "/doubtful")
    assert "not interested &lt;sorry&gt;" in text
    row = conn.execute("select id from tasks where kind = 'read_reply' and lead_id = %s", (doubtful,)).fetchone()
    assert row is not None
    where = f"/doubtful/{lane_of(doubtful)}/{row[0]}/withdraw"
    assert sign_in("kim", make_place(conn)).post(where).status_code == 422
    assert client.post(where).status_code == 302
    assert conn.execute("select status from leads where id = %s", (doubtful,)).fetchone() == ("opted_out",)
    assert client.post(where).status_code == 422
    assert "Nothing waits" in page(client, "/doubtful")


def test_doubtful_replies_beyond_a_page_are_on_the_next_and_are_read_there(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "MOST", 2)
    for number in range(3):
        phone = f"+1303555018{number}"
        a_lead(conn, place, phone=phone, email=None, first_name=f"Bo{number}", last_name="")
        signal = Signal("inbound", real_now(), sender=phone, text="not interested", key=f"m{number}")
        hear(conn, place, signal, real_now() + timedelta(seconds=number), None)
    client = sign_in("sam")
    first = page(client, "/doubtful")
    assert ("Bo0" in first, "Bo1" in first, "Bo2" in first) == (True, True, False)
    further = re.search(r'href="(\?after=[^"]*)">Later ones', first)
    assert further is not None
    second = page(client, f"/doubtful{further[1]}")
    assert ("Bo1" in second, "Bo2" in second, "Later ones" in second) == (False, True, False)
    act = re.search(r'action="(/doubtful/[^"]*)"', second)
    assert act is not None
    answer = client.post(act[1])
    assert "Nothing later waits" in page(client, answer.headers["location"])
    assert client.get("/doubtful?after=yesterday").status_code == 404


def test_nobody_lifts_or_reads_what_another_workspace_holds(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    acts.opt_out(conn, place, lane_of(lead), lead, "sam", real_now(), evidence="stop, says Ann")
    stranger = sign_in("kim", make_place(conn))
    row = conn.execute("select id from suppressions where workspace_id = %s limit 1", (place.id,)).fetchone()
    assert row is not None
    answer = stranger.post(f"/do-not-contact/{row[0]}/lift", {"evidence": PROOF, "channels": ["sms"]})
    assert answer.status_code == 422
    for path in ("/do-not-contact", "/do-not-contact?q=%2B12125550123", f"/do-not-contact?q={lead}"):
        assert "says Ann" not in page(stranger, path)
    assert len(in_force(conn, place)) == 3


def test_another_lead_is_merged_into_this_one_from_its_page(
    sign_in: SignIn, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    other = a_lead(conn, place, phone="+13035550188", email="ann@home.example")
    client = sign_in("sam")
    assert client.post(f"/leads/{lead}/merge", {"other": "nobody@example.com"}).status_code == 422
    stranger = a_lead(conn, make_place(conn), phone="+13035550177", email="bo@example.com")
    assert client.post(f"/leads/{lead}/merge", {"other": str(stranger)}).status_code == 422
    assert client.post(f"/leads/{lead}/merge", {"other": "ann@home.example"}).status_code == 302
    assert conn.execute("select status from leads where id = %s", (other,)).fetchone() == ("closed",)
    assert "Two leads became one" in page(client, f"/leads/{lead}")


@pytest.mark.parametrize(
    ("path", "name", "command"),
    [("bring", "list", "warmline suppress import"), ("registry", "file", "warmline registry import")],
)
def test_a_file_that_is_too_large_is_sent_to_the_command_that_takes_it(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, path: str, name: str, command: str
) -> None:
    monkeypatch.setattr("warmline.web.views.compliance.LARGEST", 10)
    answer = sign_in("kim").post(f"/do-not-contact/{path}", {name: file("+14015550123\n")})
    assert answer.status_code == 422
    assert f"on the command line: {command}." in answer.content.decode()
