"""What machines use: intake, callbacks, health. What leads follow: test_links.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from xml.etree import ElementTree

import msgspec
import psycopg
import pytest

from tests.builders import story
from tests.waiting import ended_once
from tests.web.conftest import TWILIO, Answer, database_away, publish_with
from warmline.channels.secrets import Secret
from warmline.channels.signature import sign
from warmline.store import races
from warmline.store.clock import real_now
from warmline.store.workspaces import Workspace
from warmline.web import kept
from warmline.web.doors import intake
from warmline.web.doors.http import LIMIT

Call = Callable[..., Answer]
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
TOKEN = "12345"
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


def post(call: Call, source: str, content: object, **headers: str) -> Answer:
    return call("POST", f"/in/{source}", msgspec.json.encode(content), content_type=JSON, **headers)


# --- leads come in ------------------------------------------------------------------------------------------------


def test_one_lead_is_answered_with_its_id(call: Call, conn: psycopg.Connection) -> None:
    answer = post(call, "pricing", {"email": "ann@example.com", "phone": "+12125550123"})
    assert answer.status == 202
    lead = UUID(answer.json()["lead"])
    assert "enrolled" in story(conn, lead)


def test_a_batch_is_answered_with_an_id_for_each(call: Call) -> None:
    answer = post(call, "pricing", [{"email": f"lead{n}@example.com"} for n in range(3)])
    assert answer.status == 202
    assert len(set(answer.json()["leads"])) == 3


def test_what_is_wrong_is_named_by_field(call: Call) -> None:
    answer = post(call, "pricing", {"first_name": "Ann", "phone": "12"})
    assert answer.status == 422
    assert "phone" in answer.json()["fields"] or "phone_number" in answer.json()["fields"]


def test_the_consent_proves_where_it_came_from(call: Call, conn: psycopg.Connection) -> None:
    answer = post(
        call, "pricing", {"email": "ann@example.com"}, user_agent=PERSON, referer="https://example.com/prices"
    )  # fmt: skip
    lead = UUID(answer.json()["lead"])
    found = conn.execute("select distinct ip, user_agent, url from consents where lead_id = %s", (lead,)).fetchall()
    assert found == [("198.51.100.7", PERSON, "https://example.com/prices")]


def test_nobody_can_lie_about_their_address_from_outside(call: Call, conn: psycopg.Connection) -> None:
    answer = post(call, "pricing", {"email": "ann@example.com"}, x_forwarded_for="203.0.113.1")
    found = conn.execute("select ip from consents where lead_id = %s", (UUID(answer.json()["lead"]),)).fetchall()
    assert {ip for (ip,) in found} == {"198.51.100.7"}


def test_an_unknown_source_says_how_to_add_it(call: Call) -> None:
    answer = post(call, "nowhere", {"email": "ann@example.com"})
    assert answer.status == 404
    assert "[sources.nowhere]" in answer.json()["error"]


def test_a_body_over_the_limit_is_refused(call: Call) -> None:
    answer = call("POST", "/in/pricing", b"[" + b" " * 1024 * 1024 + b"]", content_type=JSON)
    assert answer.status == 413


def test_a_repeated_request_gets_the_same_answer_and_another_body_is_a_conflict(call: Call) -> None:
    first = post(call, "pricing", {"email": "ann@example.com"}, idempotency_key="abc")
    assert post(call, "pricing", {"email": "ann@example.com"}, idempotency_key="abc").body == first.body
    assert post(call, "pricing", {"email": "bob@example.com"}, idempotency_key="abc").status == 409


def test_a_key_that_is_too_long_is_refused_and_none_is_taken_for_another(call: Call) -> None:
    answers = [
        post(call, "pricing", {"email": f"{one}@example.com"}, idempotency_key="k" * 200 + one) for one in ("a", "b")
    ]
    assert [answer.status for answer in answers] == [422, 422]
    answers = [post(call, "pricing", {"email": f"{one}@example.com"}, idempotency_key="k" * 199 + one) for one in "ab"]
    assert [answer.status for answer in answers] == [202, 202]
    assert "200 characters" in post(call, "pricing", {}, idempotency_key="k" * 201).json()["error"]


def test_a_form_of_a_browser_is_sent_on_to_a_page(call: Call, place: Workspace) -> None:
    body = urlencode({"email": "ann@example.com", "first_name": "Ann"}).encode()
    answer = call("POST", "/in/pricing", body, content_type=FORM, accept=HTML)
    assert answer.status == 303
    assert answer.headers["location"] == (place.config.sources["pricing"].redirect or "/thanks")
    assert "Thank you" in call("GET", "/thanks").text


def test_a_browser_reads_what_to_correct(call: Call) -> None:
    answer = call("POST", "/in/pricing", b"first_name=%3Cb%3E&phone=%3Cb%3E", content_type=FORM, accept=HTML)
    assert answer.status == 422
    assert "<li>" in answer.text
    assert "<b>" not in answer.text


def test_a_program_that_posts_a_form_gets_json(call: Call) -> None:
    answer = call("POST", "/in/pricing", b"email=ann%40example.com", content_type=FORM, accept="*/*")
    assert answer.status == 202
    assert "lead" in answer.json()


def test_a_script_of_any_website_may_post_and_read_the_answer_but_not_send_a_key(call: Call) -> None:
    asked = call("OPTIONS", "/in/pricing", origin="https://acme.test", access_control_request_method="POST")
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, "*")
    assert asked.headers["access-control-allow-headers"] == "content-type, idempotency-key"
    for content in ({"email": "ann@example.com"}, {"email": "nobody"}):
        assert post(call, "pricing", content).headers["access-control-allow-origin"] == "*"


def test_reading_a_door_that_takes_posts_is_told_so(call: Call) -> None:
    answer = call("GET", "/in/pricing")
    assert (answer.status, answer.headers["allow"]) == (405, "OPTIONS, POST")
    assert "Allow" in answer.json()["error"]


def test_a_program_reads_json_whatever_is_wrong(call: Call, lead: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    large = call("POST", "/in/pricing", b" " * (LIMIT + 1), content_type=JSON)
    nowhere = call("POST", "/in/", b"{}", content_type=JSON)
    no_json = call("POST", "/in/pricing", b"<lead/>", content_type="text/xml")
    monkeypatch.setattr(races, "ROUNDS", 1)
    ended_once(monkeypatch)
    busy = post(call, "pricing", {"email": "ann@example.com"})
    monkeypatch.setattr(intake, "_origin", lambda _request: 1 / 0)
    ours = post(call, "pricing", {"email": "ann@example.com"})
    answers = [large, nowhere, no_json, busy, ours]
    assert [one.status for one in answers] == [413, 404, 422, 503, 500]
    assert {one.headers["content-type"] for one in answers} == {JSON}
    assert all(one.json()["error"].strip() == one.json()["error"] for one in answers)
    assert "smaller batches" in large.json()["error"]
    assert (busy.headers["retry-after"], busy.json()["error"][:17]) == ("2", "Too much happened")


def test_a_browser_that_sent_a_form_reads_a_page_whatever_is_wrong(call: Call) -> None:
    answer = call("POST", "/in/pricing", b"a=" + b"b" * LIMIT, content_type=FORM, accept=HTML)
    assert answer.status == 413
    assert answer.headers["content-type"].startswith("text/html")
    assert "This could not be sent" in answer.text


# --- providers tell ------------------------------------------------------------------------------------------------


def hook(call: Call, place: Workspace, tail: str, fields: dict[str, str], token: str = TOKEN) -> Answer:
    """A callback as Twilio signs it: on the public address."""
    url = f"{place.config.workspace.public_url}/hooks/sms/{tail}"
    signature = sign(url, list(fields.items()), Secret(token))
    body = urlencode(fields).encode()
    return call("POST", f"/hooks/sms/{tail}", body, content_type=FORM, x_twilio_signature=signature)


def test_a_text_of_a_lead_stops_everything(call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID) -> None:
    fields = {"From": "+12125550123", "To": "+15005550006", "Body": "STOP", "MessageSid": "SM1"}
    answer = hook(call, place, "inbound", fields)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text.endswith("<Response/>")
    assert "opted.out" in story(conn, lead)


def test_a_callback_told_twice_is_one_event(call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID) -> None:
    fields = {"From": "+12125550123", "To": "+15005550006", "Body": "Yes please", "MessageSid": "SM2"}
    for _ in range(2):
        assert hook(call, place, "inbound", fields).status == 200
    assert story(conn, lead).count("replied") == 1


def test_a_callback_with_a_wrong_signature_changes_nothing(
    call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    fields = {"From": "+12125550123", "To": "+15005550006", "Body": "STOP", "MessageSid": "SM3"}
    assert hook(call, place, "inbound", fields, token="54321").status == 403
    assert "opted.out" not in story(conn, lead)


def test_a_signed_callback_that_nobody_can_read_is_kept(call: Call, conn: psycopg.Connection, place: Workspace) -> None:
    assert hook(call, place, "inbound", {"Nonsense": "1"}).status == 200
    kept = conn.execute("select door from quarantine where workspace_id = %s", (place.id,)).fetchall()
    assert kept == [("hook:sms/inbound",)]


KANNEL_SECRET = "a-secret-of-tests-24char"
KANNEL = """
[channels.sms]
provider = "kannel"
username = "warmline"
password = "env:KANNEL_PASSWORD"
hook_secret = "env:KANNEL_SECRET"
from = "13013"
"""


@pytest.fixture
def with_kannel(monkeypatch: pytest.MonkeyPatch, conn: psycopg.Connection, place: Workspace) -> Workspace:
    """The same workspace, its texts through Kannel."""
    monkeypatch.setenv("KANNEL_PASSWORD", "pw")
    monkeypatch.setenv("KANNEL_SECRET", KANNEL_SECRET)
    return publish_with(conn, place, KANNEL)


def test_a_stop_by_kannel_is_answered_in_the_body_of_the_same_request(
    call: Call, conn: psycopg.Connection, lead: UUID, with_kannel: Workspace
) -> None:
    asked = urlencode({"from": "+12125550123", "to": "13013", "text": "STOP", "id": "m1", "charset": "UTF-8"})
    first, again = (call("GET", f"/hooks/sms/{KANNEL_SECRET}/inbound?{asked}") for _ in range(2))
    assert (first.status, first.text) == (200, with_kannel.config.channels["sms"].answers["stop"])
    assert first.headers["x-kannel-coding"] == "0"
    assert (again.status, again.text) == (200, "")
    told = [kind for kind in story(conn, lead) if kind in ("opted.out", "keyword.answered")]
    assert told == ["opted.out", "keyword.answered"]


def test_a_stop_whose_id_holds_a_nul_is_heard(
    call: Call, conn: psycopg.Connection, lead: UUID, with_kannel: Workspace
) -> None:
    answer = call("GET", f"/hooks/sms/{KANNEL_SECRET}/inbound?from=%2B12125550123&to=13013&text=STOP&id=a%00b")
    assert (answer.status, answer.text) == (200, with_kannel.config.channels["sms"].answers["stop"])
    assert "opted.out" in story(conn, lead)


def test_a_stop_that_kannel_tells_hours_late_is_heard_and_not_confirmed(
    call: Call, conn: psycopg.Connection, lead: UUID, with_kannel: Workspace
) -> None:
    written = int((real_now() - timedelta(hours=3)).timestamp())
    asked = urlencode({"from": "+12125550123", "to": "13013", "text": "STOP", "id": "m1", "ts": written})
    answer = call("GET", f"/hooks/sms/{KANNEL_SECRET}/inbound?{asked}")
    assert (answer.status, answer.text) == (200, "")
    assert "opted.out" in story(conn, lead)


def test_a_webhook_that_twilio_calls_by_get_is_kept_with_what_to_set(
    call: Call, conn: psycopg.Connection, place: Workspace
) -> None:
    query = urlencode({"MessageSid": "SM7", "From": "+12125550123", "To": "+15005550006", "Body": "STOP"})
    signature = sign(f"{place.config.workspace.public_url}/hooks/sms/inbound?{query}", [], Secret(TOKEN))
    assert call("GET", f"/hooks/sms/inbound?{query}", x_twilio_signature=signature).status == 200
    [(reason, url)] = conn.execute(
        "select reason, context->>'url' from quarantine where workspace_id = %s", (place.id,)
    ).fetchall()
    assert "set this webhook to HTTP POST" in reason
    assert "Body=STOP" in url


def test_the_secret_in_an_address_is_kept_nowhere(
    call: Call, conn: psycopg.Connection, with_kannel: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    for tail in (f"{KANNEL_SECRET}/dlr", f"{KANNEL_SECRET}/elsewhere", f"{KANNEL_SECRET}/"):
        assert call("GET", f"/hooks/sms/{tail}?st=7").status == 200
    assert call("GET", f"/hooks/sms/{KANNEL_SECRET[:-1]}/dlr?st=1").status == 403
    kept = conn.execute(
        "select door, context->>'url', context::text from quarantine where workspace_id = %s order by received_at",
        (with_kannel.id,),
    ).fetchall()
    assert [door for door, _, _ in kept] == ["hook:sms/***/dlr", "hook:sms/***/elsewhere", "hook:sms/***/"]
    assert kept[0][1] == f"{with_kannel.config.workspace.public_url}/hooks/sms/***/dlr?st=7"
    assert KANNEL_SECRET not in str(kept) + caplog.text


DROPCOWBOY = """
[channels.voicemail]
provider = "dropcowboy"
key = "k-1"
secret = "env:DROPCOWBOY_SECRET"
hook_secret = "env:VOICEMAIL_SECRET"
"""


@pytest.mark.parametrize(
    "body",
    [b"[" * 50_000, b'{"foreign_id": "\\ud800.x", "status": "success"}', b'{"status": "\\u0000\\ud800"}', b"x\0"],
)
def test_a_result_of_a_voicemail_that_nobody_can_read_is_answered_and_kept(
    call: Call, conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setenv("DROPCOWBOY_SECRET", "pw")
    monkeypatch.setenv("VOICEMAIL_SECRET", KANNEL_SECRET)
    publish_with(conn, place, DROPCOWBOY)
    answer = call("POST", f"/hooks/voicemail/{KANNEL_SECRET}/dropcowboy", body, content_type="application/json")
    assert answer.status == 200
    kept = conn.execute("select door from quarantine where workspace_id = %s", (place.id,)).fetchall()
    assert kept == [("hook:voicemail/***/dropcowboy",)]


def test_twilio_gets_our_answer_as_twiml_where_it_is_ours_to_give(
    call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    ours = TWILIO.replace('provider = "twilio"', 'provider = "twilio"\nkeywords = "warmline"')
    publish_with(conn, place, f'{ours}[channels.sms.answers]\nhelp = "Acme & Co <help>: call us"\n')
    fields = {"From": "+12125550123", "To": "+15005550006", "Body": "HELP", "MessageSid": "SM7"}
    answer = hook(call, place, "inbound", fields)
    assert answer.headers["content-type"].startswith("text/xml")
    told = ElementTree.fromstring(answer.text)
    assert told.findtext("Message") == "Acme & Co <help>: call us"


def test_a_picture_by_text_is_shown_to_people_with_its_link(
    call: Call, sign_in: Callable[..., Any], conn: psycopg.Connection, place: Workspace, lead: UUID
) -> None:
    conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = now() where lead_id = %s", (lead,))
    where = "https://api.twilio.com/2010-04-01/Media/ME1?a=1&b=2"
    fields = {
        "From": "+12125550123", "To": "+15005550006", "Body": "", "MessageSid": "MM7", "NumMedia": "1",
        "MediaUrl0": where, "MediaContentType0": "image/jpeg",
    }  # fmt: skip
    assert hook(call, place, "inbound", fields).status == 200
    query = "select lane, id from tasks where lead_id = %s and note like '%%: sent a picture (image/jpeg)'"
    [(lane, task)] = conn.execute(query, (lead,)).fetchall()
    client = sign_in("kim")
    page = client.get(f"/leads/{lead}").content.decode()
    assert f'href="{where.replace("&", "&amp;")}"' in page
    for path in (f"/leads/{lead}", f"/tasks/{lane}/{task}", "/"):
        assert "sent a picture (image/jpeg)" in client.get(path).content.decode(), path


def test_a_channel_that_is_not_set_up_says_where_to_add_it(call: Call) -> None:
    answer = call("POST", "/hooks/fax/status")
    assert answer.status == 404
    assert "[channels.fax]" in answer.text


# --- health -----------------------------------------------------------------------------------------------------------


def test_health_readiness_and_metrics_answer(call: Call, place: Workspace, lead: UUID) -> None:
    assert call("GET", "/healthz").status == 200
    assert call("GET", "/readyz").text == "ready\n"
    assert f'warmline_leads{{status="open",workspace="{place.key}"}} 1.0' in call("GET", "/metrics").text


def test_a_stop_closes_everything_and_the_next_start_opens_it_again(call: Call, sign_in: Callable[..., Any]) -> None:
    from warmline.web.asgi import app

    assert post(call, "pricing", {"email": "ann@example.com"}).status == 202
    told = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    said: list[str] = []

    async def receive() -> dict[str, Any]:
        return next(told)

    async def send(message: dict[str, Any]) -> None:
        said.append(message["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert post(call, "pricing", {"email": "bo@example.com"}).status == 202
    assert sign_in("kim").get("/leads").status_code == 200


# --- the database is away --------------------------------------------------------------------------------------------


def test_while_the_database_is_away_every_door_says_503_and_afterwards_all_is_as_before(
    call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID, server: str
) -> None:
    signed = sign(f"{place.config.workspace.public_url}/hooks/sms/inbound", [("Body", "STOP")], Secret(TOKEN))
    sms = {"content_type": FORM, "x_twilio_signature": signed}
    before = conn.execute("select count(*) from events").fetchone()
    with database_away(server, conn.info.dbname):
        answers = [
            post(call, "pricing", {"email": "bo@example.com"}),
            call("POST", "/hooks/sms/inbound", b"Body=STOP", **sms),
            call("GET", "/readyz"),
        ]
        kept.kept(
            ("workspace of", place.config.workspace.public_url.removeprefix("http://")), 60, lambda: place
        )  # the door knows its workspace, and can't write
        answers.append(post(call, "pricing", {"email": "bo@example.com"}))
    assert [one.status for one in answers] == [503, 503, 503, 503]
    leads = [answers[0], answers[-1]]
    assert all("can't be reached" in one.json()["error"] and one.headers["retry-after"] == "2" for one in leads)
    assert conn.execute("select count(*) from events").fetchone() == before
    assert post(call, "pricing", {"email": "bo@example.com"}).status == 202
