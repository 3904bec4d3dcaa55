"""Webhooks of mail providers through the whole web: forged ones change nothing, right ones are told once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest

from tests.builders import story
from tests.channels.signing import MAIL_SECRET, Signer
from tests.web.conftest import SECRET, Answer, make_place
from tests.web.test_links import sent_mail
from warmline.channels.contract import Callback
from warmline.channels.email.providers.relay import mark_of
from warmline.channels.email.tokens import message_id
from warmline.store.clock import real_now
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace
from warmline.web.doors import http
from warmline.web.doors.http import HEAD, LIMIT

Call = Callable[..., Answer]
KEY = SECRET.encode()
RELAYS = ("postmark", "sendgrid", "mailgun", "ses", "resend")


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def relay() -> str:
    return "postmark"


@pytest.fixture
def place(conn: psycopg.Connection, relay: str, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose mail goes through `relay`; what SNS would be asked for comes from the signer."""
    from warmline.channels.email.providers import ses

    monkeypatch.setattr(ses.Ses.__init__, "__defaults__", (signer.fetch,))
    table = signer.table(relay)
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)]
    inner = [f"{key} = {json.dumps(value)}" for key, value in table[relay].items()]  # type: ignore[union-attr]
    return make_place(conn, "\n".join(["[channels.email]", *lines, f"[channels.email.{relay}]", *inner, ""]))


@pytest.fixture
def touch(conn: psycopg.Connection, place: Workspace, lead: UUID) -> str:
    return sent_mail(conn, place, lead)


def post(call: Call, callback: Callback) -> Answer:
    headers = {name.replace("-", "_"): value for name, value in callback.headers.items()}
    return call("POST", urlsplit(callback.url).path, callback.body, **headers)


def bounce(relay: str, touch: str) -> Any:
    mark, ours = mark_of(touch, KEY), message_id(touch, "acme.test", KEY)
    said = "550 5.1.1 unknown user"
    return {
        "postmark": {"RecordType": "Bounce", "ID": 7, "Type": "HardBounce", "Details": said, "Metadata": {"touch": mark}},
        "sendgrid": [{"event": "bounce", "type": "bounce", "reason": said, "sg_event_id": "e1", "smtp-id": ours}],
        "mailgun": {
            "event": "failed", "severity": "permanent", "reason": "bounce", "id": "e1",
            "delivery-status": {"code": 550, "message": said}, "user-variables": {"touch": mark},
        },
        "ses": {
            "notificationType": "Bounce", "mail": {"commonHeaders": {"messageId": ours}},
            "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"status": "5.1.1", "diagnosticCode": said}]},
        },
        "resend": {
            "type": "email.bounced",
            "data": {
                "headers": [{"name": "X-Warmline-Touch", "value": mark}],
                "bounce": {"type": "Permanent", "message": said},
            },
        },
    }[relay]  # fmt: skip


def state_of(conn: psycopg.Connection, lead: UUID) -> tuple[str, str, str]:
    """(the lead's status, its mail address, its phone)"""
    row = conn.execute(
        "select status, addresses->>email, addresses->>phone from leads where lane = %s and id = %s",
        (lane_of(lead), lead),
    ).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("relay", RELAYS)
def test_a_bounce_stops_the_address_and_not_the_lead_however_often_it_is_told(
    relay: str, call: Call, conn: psycopg.Connection, lead: UUID, touch: str, signer: Signer
) -> None:
    callback = signer.callback(relay, bounce(relay, touch), at=real_now())
    for _ in range(2):
        assert post(call, callback).status == 200
    assert story(conn, lead).count("bounced") == 1
    assert story(conn, lead).count("touch.failed") == 1
    assert state_of(conn, lead) == ("open", "bounced", "ok")
    running = conn.execute(
        "select count(*) from enrollments where lead_id = %s and status = 'running'", (lead,)
    ).fetchone()
    assert running == (1,)


@pytest.mark.parametrize("relay", RELAYS)
def test_a_forged_bounce_is_refused_and_changes_nothing(
    relay: str, call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    before = story(conn, lead)
    another = Signer()
    callback = another.callback(relay, bounce(relay, touch), at=real_now())
    if relay in ("mailgun", "resend"):  # signed with the right words by the wrong key
        callback = Callback(
            "POST", callback.url, {**callback.headers, "svix-signature": "v1,AAAA"},
            callback.body.replace(b'"signature": "', b'"signature": "0'), callback.tail,
        )  # fmt: skip
    if relay == "postmark":
        callback = Callback("POST", callback.url.replace(MAIL_SECRET, MAIL_SECRET[::-1]), {}, callback.body, "")
    assert post(call, callback).status == 403
    assert story(conn, lead) == before
    assert state_of(conn, lead) == ("open", "ok", "ok")
    kept = "select count(*) from quarantine q join leads l using (workspace_id) where l.id = %s"
    assert conn.execute(kept.encode(), (lead,)).fetchone() == (0,)


def test_a_complaint_ends_all_contact_and_needs_no_touch(
    call: Call, conn: psycopg.Connection, lead: UUID, place: Workspace, signer: Signer
) -> None:
    complaint = {"RecordType": "SpamComplaint", "ID": 9, "Email": "Ann@Example.com", "MessageID": "m"}
    for _ in range(2):
        assert post(call, signer.callback("postmark", complaint)).status == 200
    assert state_of(conn, lead)[0] == "opted_out"
    assert story(conn, lead).count("opted.out") == 1
    how = conn.execute("select data->>'how' from events where lead_id = %s and kind = 'opted.out'", (lead,)).fetchone()
    assert how == ("complaint",)


def test_a_strangers_complaint_is_kept_for_when_they_become_a_lead(
    call: Call, conn: psycopg.Connection, place: Workspace, signer: Signer
) -> None:
    complaint = {"RecordType": "SpamComplaint", "ID": 9, "Email": "stranger@example.com", "MessageID": "m"}
    assert post(call, signer.callback("postmark", complaint)).status == 200
    found = conn.execute(
        "select scope, value, reason from suppressions where workspace_id = %s", (place.id,)
    ).fetchall()
    assert found == [("address", "stranger@example.com", "unsubscribed")]


def test_a_bounce_that_names_no_touch_waits_for_a_person_and_the_secret_is_not_shown(
    call: Call, conn: psycopg.Connection, place: Workspace, lead: UUID, signer: Signer
) -> None:
    nobodys = bounce("postmark", "7-" + "0" * 32) | {"Email": "ann@example.com"}
    assert post(call, signer.callback("postmark", nobodys)).status == 200
    assert post(call, signer.callback("postmark", {"RecordType": "Telepathy"})).status == 200
    kept = conn.execute("select door, context::text from quarantine where workspace_id = %s", (place.id,)).fetchall()
    assert sorted(door for door, _ in kept) == ["hook:email/***/postmark", "signal:bounced"]
    assert MAIL_SECRET not in str(kept)
    assert state_of(conn, lead) == ("open", "ok", "ok")


@pytest.mark.parametrize("relay", ["mailgun"])
def test_mailgun_hears_406_for_what_stays_unreadable_and_it_is_kept(
    relay: str, call: Call, conn: psycopg.Connection, place: Workspace, signer: Signer
) -> None:
    assert post(call, signer.callback("mailgun", {"no": "event"}, at=real_now())).status == 406
    assert conn.execute("select door from quarantine where workspace_id = %s", (place.id,)).fetchall() == [
        ("hook:email/mailgun",)
    ]


@pytest.mark.parametrize("relay", ["sendgrid"])
def test_a_scanner_that_the_provider_saw_is_judged_like_one_that_we_see(
    relay: str, call: Call, conn: psycopg.Connection, lead: UUID, touch: str, signer: Signer
) -> None:
    now, mark = real_now().timestamp(), mark_of(touch, KEY)
    agent = {"event": "click", "touch": mark, "ip": "203.0.113.9", "timestamp": now}
    browser = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
    events = [
        {**agent, "sg_event_id": "a", "url": "https://acme.test/a", "useragent": "python-requests/2.32"},
        {**agent, "sg_event_id": "b", "url": "https://acme.test/b", "useragent": browser, "ip": "198.51.100.7"},
    ]
    for _ in range(2):
        assert post(call, signer.callback("sendgrid", events)).status == 200
    marks = conn.execute(
        "select data->>'automated' from events where lead_id = %s and kind = 'clicked' order by seq", (lead,)
    ).fetchall()
    assert marks == [("robot",), (None,)]


def form_of(mail: bytes, touch: str) -> tuple[bytes, str]:
    ours = message_id(touch, "acme.test", KEY).encode()
    head = b"From: Ann <ann@example.com>\r\nIn-Reply-To: " + ours + b"\r\n\r\nYes please\r\n"
    part = b'--xx\r\nContent-Disposition: form-data; name="email"\r\n\r\n'
    return part + head + mail + b"\r\n--xx--\r\n", "multipart/form-data; boundary=xx"


@pytest.mark.parametrize("relay", ["sendgrid"])
def test_a_posted_mail_with_large_attachments_is_read(
    relay: str, call: Call, conn: psycopg.Connection, lead: UUID, touch: str
) -> None:
    body, kind = form_of(b"QUJD" * 500_000 * 4, touch)
    answer = call("POST", f"/hooks/email/{MAIL_SECRET}/sendgrid/inbound", body, content_type=kind)
    assert answer.status == 200
    assert story(conn, lead).count("replied") == 1


@pytest.mark.parametrize("relay", ["sendgrid"])
def test_a_posted_mail_that_is_larger_still_is_kept_with_its_head_and_a_strangers_is_not(
    relay: str, call: Call, conn: psycopg.Connection, place: Workspace, touch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST_MAIL", 2 * LIMIT)
    body, kind = form_of(b"QUJD" * LIMIT, touch)
    for secret, status in ((MAIL_SECRET[::-1], 403), (MAIL_SECRET, 200)):
        answer = call("POST", f"/hooks/email/{secret}/sendgrid/inbound", body, content_type=kind)
        assert answer.status == status
    ((door, reason, kept),) = conn.execute(
        "select door, reason, body from quarantine where workspace_id = %s", (place.id,)
    ).fetchall()
    assert door == "hook:email/***/sendgrid/inbound"
    assert "larger" in reason
    assert kept.startswith("--xx")
    assert len(kept) == HEAD


@pytest.mark.parametrize("relay", ["sendgrid"])
def test_events_of_mails_may_be_no_larger_than_a_lead(relay: str, call: Call, touch: str) -> None:
    assert call("POST", "/hooks/email/sendgrid", b" " * (LIMIT + 1)).status == 413


@pytest.mark.parametrize("relay", ["ses"])
def test_no_more_than_two_large_mails_are_in_memory_at_once(relay: str, place: Workspace) -> None:
    async def post_three() -> list[int]:
        taken, waits = [], asyncio.Event()

        async def one() -> None:
            parts = iter([(b"x" * (LIMIT + 1), True), (b"x" * LIMIT, True), (b"", False)])

            async def receive() -> dict[str, Any]:
                body, more = next(parts)
                taken.append(len(body))
                await asyncio.sleep(0)
                return {"type": "http.request", "body": body, "more_body": more}

            scope = {"method": "POST", "path": "/", "headers": [], "client": ("198.51.100.7", 1)}
            async with AsyncExitStack() as room:
                await http.read(scope, receive, "", room)
                await waits.wait()

        posts = [asyncio.create_task(one()) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        before = len(taken)
        waits.set()
        await asyncio.gather(*posts)
        return [before, len(taken)]

    assert asyncio.run(post_three()) == [7, 9]


@pytest.mark.parametrize("relay", ["postmark"])
def test_half_of_an_emoji_in_a_posted_mail_is_no_failure_of_ours(
    relay: str, call: Call, conn: psycopg.Connection, lead: UUID, touch: str, signer: Signer
) -> None:
    raw = f"From: ann@example.com\r\nIn-Reply-To: {message_id(touch, 'acme.test', KEY)}\r\n\r\nYes \ud83d please\r\n"
    assert post(call, signer.callback("postmark", {"RawEmail": raw}, "postmark/inbound")).status == 200
    assert story(conn, lead).count("replied") == 1
