"""What mail providers tell: their own payloads become the right signals, and nothing forged or garbled does."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.conformance import KEY, NOW, PUBLIC, touch
from tests.channels.signing import MAIL_SECRET, Signer
from warmline import rules
from warmline.channels import ChannelSettingsError, build
from warmline.channels.contract import BadCallback, BadSignature, Callback, Signal
from warmline.channels.email.compose import compose
from warmline.channels.email.providers.relay import mark_of
from warmline.channels.email.tokens import message_id, reply_address
from warmline.channels.secrets import resolve

PAYLOADS = Path(__file__).parent / "payloads"
MARK = mark_of(touch(1), KEY)
OURS = message_id(touch(1), "acme.test", KEY)
RELAYS = ("postmark", "sendgrid", "mailgun", "ses", "resend")
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def told(signals: list[Signal]) -> list[tuple[str, str, str, str]]:
    return [(one.kind, one.touch_id, one.reason, one.code) for one in signals]


# --- the payloads of the providers' documents ---------------------------------------------------------------------------


def test_a_hard_bounce_at_postmark_is_a_dead_address(read: Callable[..., list[Signal]]) -> None:
    bounce = payload("postmark_bounce")
    assert told(read("postmark", bounce)) == [
        ("bounced", "", "invalid_address", "5.1.1")
    ]  # no touch of ours: by no address
    bounce["Metadata"] = {"touch": MARK}
    assert told(read("postmark", bounce)) == [("bounced", touch(1), "invalid_address", "5.1.1")]


def test_an_inbound_mail_at_postmark_is_read_as_the_mail_it_was(read: Callable[..., list[Signal]]) -> None:
    mail = payload("postmark_inbound")
    mail["Headers"][0]["Value"] = OURS
    (signal,) = read("postmark", mail, "postmark/inbound")
    assert (signal.kind, signal.sender, signal.touch_id) == ("inbound", "ann@lead.test", touch(1))


def test_the_address_a_mail_was_forwarded_from_names_the_touch(read: Callable[..., list[Signal]]) -> None:
    mail = payload("postmark_inbound") | {"OriginalRecipient": "abc@inbound.postmarkapp.com", "Headers": []}
    mail["ToFull"] = [{"Email": reply_address(touch(3), "reply.acme.test", KEY), "Name": "", "MailboxHash": ""}]
    assert read("postmark", mail, "postmark/inbound")[0].touch_id == touch(3)


def test_sendgrids_events_are_read_one_by_one_and_each_has_a_key_of_its_own(read: Callable[..., list[Signal]]) -> None:
    events = payload("sendgrid_events")
    events[0]["smtp-id"] = OURS
    bounce, complaint = read("sendgrid", events)
    assert told([bounce]) == [("bounced", touch(1), "invalid_address", "5.1.1")]
    assert (complaint.kind, complaint.data["how"], complaint.sender) == ("unsubscribed", "complaint", "ann@lead.test")
    assert {bounce.key, complaint.key} == {"sendgrid:ev-1:bounced", "sendgrid:ev-2:unsubscribed"}


def test_a_permanent_failure_at_mailgun_is_a_bounce_and_a_temporary_one_is_nothing(
    read: Callable[..., list[Signal]],
) -> None:
    event = payload("mailgun_failed")["event-data"]
    event["message"]["headers"]["message-id"] = OURS.strip("<>")
    assert told(read("mailgun", event)) == [("bounced", touch(1), "invalid_address", "5.1.1")]
    assert read("mailgun", event | {"severity": "temporary"}) == []


def test_a_bounce_of_ses_is_read_from_within_its_envelope(read: Callable[..., list[Signal]]) -> None:
    message = json.loads(payload("ses_sns_bounce")["Message"])
    assert told(read("ses", message)) == [("bounced", "", "invalid_address", "5.1.1")]
    message["mail"]["tags"] = {"touch": [MARK]}
    assert told(read("ses", message)) == [("bounced", touch(1), "invalid_address", "5.1.1")]
    message["mail"] = {"commonHeaders": {"messageId": OURS}}
    assert told(read("ses", message)) == [("bounced", touch(1), "invalid_address", "5.1.1")]


# --- every kind of event ------------------------------------------------------------------------------------------------


def postmark(kind: str, **more: object) -> dict[str, object]:
    return {
        "RecordType": kind,
        "MessageID": "m",
        "ID": 1,
        "Metadata": {"touch": MARK},
        "Recipient": "ann@lead.test",
        **more,
    }


def sendgrid(kind: str, **more: object) -> list[dict[str, object]]:
    return [{"event": kind, "touch": MARK, "sg_event_id": "e", "email": "ann@lead.test", **more}]


def mailgun(kind: str, **more: object) -> dict[str, object]:
    return {"event": kind, "id": "e", "user-variables": {"touch": MARK}, "recipient": "ann@lead.test", **more}


def ses(kind: str, **about: object) -> dict[str, object]:
    return {
        "eventType": kind,
        kind.lower(): about,
        "mail": {"tags": {"touch": [MARK]}, "destination": ["ann@lead.test"]},
    }


def resend(kind: str, **more: object) -> dict[str, object]:
    headers = [{"name": "X-Warmline-Touch", "value": MARK}]
    return {"type": f"email.{kind}", "data": {"headers": headers, "to": ["ann@lead.test"], **more}}


FULL = {"delivery-status": {"code": 452, "message": "4.2.2 mailbox full"}}
EVENTS: list[tuple[str, object, str, str]] = [
    ("postmark", postmark("Delivery"), "delivered", ""),
    ("postmark", postmark("Bounce", Type="SoftBounce", Details="smtp;452 4.2.2 full"), "failed", "unreachable"),
    ("postmark", postmark("Bounce", Type="DMARCPolicy"), "failed", "sender_config"),
    ("postmark", postmark("Bounce", Type="Blocked"), "failed", "filtered"),
    ("postmark", postmark("Bounce", Type="HardBounce", Details="smtp;550 5.7.1 policy"), "bounced", "sender_config"),
    ("postmark", postmark("Bounce", Type="NewSort"), "failed", "unknown"),
    ("postmark", postmark("Bounce", Type="Transient"), "", ""),
    ("postmark", postmark("Bounce", Type="AutoResponder"), "", ""),
    ("postmark", postmark("Bounce", Type="SpamComplaint"), "unsubscribed", ""),
    ("postmark", postmark("SpamComplaint"), "unsubscribed", ""),
    ("postmark", postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="HardBounce"), "", ""),
    (
        "postmark",
        postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression", Origin="Recipient"),
        "unsubscribed",
        "",
    ),
    ("postmark", postmark("SubscriptionChange", SuppressSending=False), "", ""),
    ("postmark", postmark("Open", UserAgent=CHROME, Geo={"IP": "203.0.113.9"}), "opened", ""),
    ("postmark", postmark("Click", UserAgent=CHROME, OriginalLink="https://acme.test/a"), "clicked", ""),
    ("postmark", postmark("Click", UserAgent=CHROME, OriginalLink=f"{PUBLIC}/t/abc"), "", ""),
    ("sendgrid", sendgrid("processed"), "", ""),
    ("sendgrid", sendgrid("deferred", response="451 4.7.1 later"), "", ""),
    ("sendgrid", sendgrid("delivered"), "delivered", ""),
    ("sendgrid", sendgrid("bounce", type="blocked", status="5.1.1", reason="blocked"), "failed", "filtered"),
    ("sendgrid", sendgrid("bounce", type="bounce", reason="no such user"), "bounced", "invalid_address"),
    ("sendgrid", sendgrid("dropped", reason="Bounced Address"), "bounced", "invalid_address"),
    ("sendgrid", sendgrid("dropped", reason="Unsubscribed Address"), "failed", "opted_out"),
    ("sendgrid", sendgrid("dropped", reason="A new one"), "failed", "unknown"),
    ("sendgrid", sendgrid("open", useragent=CHROME, ip="203.0.113.9"), "opened", ""),
    ("sendgrid", sendgrid("click", useragent=CHROME, ip="203.0.113.9", url="https://acme.test/a"), "clicked", ""),
    ("sendgrid", sendgrid("spamreport"), "unsubscribed", ""),
    ("sendgrid", sendgrid("group_unsubscribe"), "unsubscribed", ""),
    ("sendgrid", sendgrid("group_resubscribe"), "", ""),
    ("mailgun", mailgun("accepted"), "", ""),
    ("mailgun", mailgun("delivered"), "delivered", ""),
    ("mailgun", mailgun("failed", severity="temporary", reason="generic"), "", ""),
    ("mailgun", mailgun("failed", severity="permanent", reason="old", **FULL), "failed", "unreachable"),
    ("mailgun", mailgun("failed", severity="permanent", reason="bounce", **FULL), "failed", "unreachable"),
    ("mailgun", mailgun("failed", severity="permanent", reason="generic"), "failed", "unknown"),
    ("mailgun", mailgun("failed", severity="permanent", reason="suppress-bounce"), "bounced", "invalid_address"),
    ("mailgun", mailgun("failed", severity="permanent", reason="suppress-unsubscribe"), "failed", "opted_out"),
    ("mailgun", mailgun("rejected"), "failed", "filtered"),
    ("mailgun", mailgun("opened", ip="203.0.113.9"), "opened", ""),
    ("mailgun", mailgun("clicked", url="https://acme.test/a"), "clicked", ""),
    ("mailgun", mailgun("complained"), "unsubscribed", ""),
    ("mailgun", mailgun("unsubscribed"), "unsubscribed", ""),
    ("ses", ses("Send"), "", ""),
    ("ses", ses("DeliveryDelay"), "", ""),
    ("ses", ses("Delivery"), "delivered", ""),
    ("ses", ses("Bounce", bounceType="Transient", bounceSubType="General"), "", ""),
    ("ses", ses("Bounce", bounceType="Undetermined", bounceSubType="Undetermined"), "", ""),
    ("ses", ses("Bounce", bounceType="Transient", bounceSubType="MailboxFull"), "failed", "unreachable"),
    ("ses", ses("Bounce", bounceType="Transient", bounceSubType="MessageTooLarge"), "failed", "sender_config"),
    ("ses", ses("Bounce", bounceType="Permanent", bounceSubType="NoEmail"), "bounced", "invalid_address"),
    ("ses", ses("Complaint"), "unsubscribed", ""),
    ("ses", ses("Complaint", complaintFeedbackType="abuse"), "unsubscribed", ""),
    ("ses", ses("Complaint", complaintFeedbackType="not-spam"), "", ""),
    ("ses", ses("Complaint", complaintFeedbackType="Auth-Failure"), "", ""),
    ("ses", ses("Reject", reason="Bad content"), "failed", "filtered"),
    ("ses", ses("Open", userAgent=CHROME, ipAddress="203.0.113.9"), "opened", ""),
    ("ses", ses("Click", link="https://acme.test/a", userAgent=CHROME), "clicked", ""),
    ("resend", resend("sent"), "", ""),
    ("resend", resend("delivery_delayed"), "", ""),
    ("resend", resend("delivered"), "delivered", ""),
    ("resend", resend("bounced", bounce={"type": "Permanent", "subType": "General"}), "bounced", "invalid_address"),
    ("resend", resend("bounced", bounce={"type": "Transient", "subType": "MailboxFull"}), "failed", "unreachable"),
    ("resend", resend("bounced", bounce={"type": "Transient", "subType": "General"}), "", ""),
    ("resend", resend("suppressed"), "bounced", "invalid_address"),
    ("resend", resend("complained"), "unsubscribed", ""),
    ("resend", resend("opened"), "opened", ""),
    ("resend", resend("clicked", click={"link": "https://acme.test/a", "userAgent": CHROME}), "clicked", ""),
]


@pytest.mark.parametrize(("name", "content", "kind", "reason"), EVENTS)
def test_an_event_becomes_the_signal_that_it_means(
    name: str, content: object, kind: str, reason: str, read: Callable[..., list[Signal]]
) -> None:
    signals = read(name, content)
    assert [(one.kind, one.touch_id, one.reason) for one in signals] == ([(kind, touch(1), reason)] if kind else [])
    assert all(one.key for one in signals)


def test_what_does_not_condemn_an_address_by_class_never_does_by_a_code() -> None:
    """Whatever the provider's code: a failure that the provider calls soft keeps the address."""
    classes = rules.provider_errors().classes
    for _, _, kind, reason in EVENTS:
        if kind == "failed" and reason != "opted_out":
            assert classes[reason].address == "keep"


def test_an_events_own_time_and_visitor_come_along(read: Callable[..., list[Signal]]) -> None:
    at = NOW - timedelta(minutes=3)
    (click,) = read(
        "sendgrid",
        sendgrid("click", useragent=CHROME, ip="203.0.113.9", url="https://acme.test/a", timestamp=at.timestamp()),
    )
    assert click.at == at
    assert (click.data["user_agent"], click.data["ip"], click.data["link"]) == (
        CHROME,
        "203.0.113.9",
        "https://acme.test/a",
    )


def test_a_proxys_open_is_said_to_be_one_by_sendgrid(read: Callable[..., list[Signal]]) -> None:
    assert read("sendgrid", sendgrid("open", sg_machine_open=True))[0].data["automated"] == "image_proxy"


@pytest.mark.parametrize("name", RELAYS)
def test_another_leads_touch_cannot_be_named_without_our_signature(
    name: str, read: Callable[..., list[Signal]]
) -> None:
    """By its plain id, or with another touch's signature: neither bounces it."""
    for mark in (touch(2), touch(2) + MARK[MARK.index("_") :], MARK.replace("_", "-")):
        content = {
            "postmark": postmark("Bounce", Type="HardBounce", Metadata={"touch": mark}),
            "sendgrid": sendgrid("bounce", touch=mark),
            "mailgun": mailgun("failed", severity="permanent", reason="bounce", **{"user-variables": {"touch": mark}}),
            "ses": ses("Bounce", bounceType="Permanent") | {"mail": {"tags": {"touch": [mark]}}},
            "resend": resend(
                "bounced", bounce={"type": "Permanent"}, headers=[{"name": "X-Warmline-Touch", "value": mark}]
            ),
        }[name]
        assert [one.touch_id for one in read(name, content)] == [""]


@pytest.mark.parametrize("name", RELAYS)
def test_a_sent_mail_carries_its_mark_as_the_provider_wants_it(name: str, signer: Signer) -> None:
    mail = compose(signer.message, signer.sender, KEY, NOW, signer.relay_of(name).headers(MARK))
    head = mail.content.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode()
    header = {
        "postmark": f"X-PM-Metadata-touch: {MARK}",
        "sendgrid": f'X-SMTPAPI: {{"unique_args": {{"touch": "{MARK}"}}}}',
        "mailgun": f'X-Mailgun-Variables: {{"touch": "{MARK}"}}',
        "ses": f"X-SES-MESSAGE-TAGS: touch={MARK}",
        "resend": f"X-Warmline-Touch: {MARK}",
    }[name]
    assert header in head


# --- doors and settings -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["postmark", "wrong-secret-of-sixteen/postmark", "", "postmark/inbound", "ses"])
def test_what_signs_nothing_is_read_behind_the_secret_only(tail: str, signer: Signer) -> None:
    callback = Callback("POST", PUBLIC, {}, json.dumps(postmark("Delivery")).encode(), tail)
    with pytest.raises(BadSignature):
        signer.channel("postmark").read(callback, NOW)


def test_a_name_and_password_are_asked_for_where_they_are_set(signer: Signer) -> None:
    channel = signer.channel("postmark", basic_auth="hook:pass word")
    callback = signer.callback("postmark", postmark("Delivery"))
    with pytest.raises(BadSignature, match="basic_auth"):
        channel.read(callback, NOW)
    given = {"authorization": "Basic " + base64.b64encode(b"hook:pass word").decode()}
    told_so = Callback("POST", callback.url, given, callback.body, callback.tail)
    assert [one.kind for one in channel.read(told_so, NOW)] == ["delivered"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"relay": "pigeon"}, ["relay", '"pigeon"', '"postmark"']),
        ({"relay": "postmark"}, ["hook_secret", "postmark signs nothing"]),
        ({"relay": "mailgun"}, ["[channels.email.mailgun] signing_key", "missing"]),
        ({"relay": "mailgun", "mailgun": {"signing_key": "k", "sining_key": "k"}}, ["sining_key", "signing_key?"]),
        ({"relay": "sendgrid", "sendgrid": {"public_key": "hunter2"}}, ["[channels.email.sendgrid] public_key"]),
        ({"relay": "ses", "ses": {"topic": "bounces"}}, ["[channels.email.ses] topic", "arn:aws:sns"]),
        ({"relay": "resend", "resend": {"signing_key": "whsec_hunter2!"}}, ["[channels.email.resend] signing_key"]),
    ],
)
def test_a_relay_that_cannot_work_says_what_to_write(table: dict[str, object], words: list[str]) -> None:
    smtp = {"provider": "smtp", "host": "127.0.0.1", "from": "sam@acme.test"}
    with pytest.raises(ChannelSettingsError) as raised:
        build("email", smtp | table, lambda value: resolve(value, {}), PUBLIC, KEY, {})
    assert all(word in str(raised.value) for word in words), str(raised.value)
    assert "hunter2" not in str(raised.value)


# --- garbage ------------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [*"abc", "RecordType", "Bounce", "Type", "event", "mail", "data", "type", "email.bounced", "bounce", "eventType", "tags",
     "touch", MARK, OURS, "Received", "content", "headers", "name", "value", "timestamp", "1e400", "\ud800", "\x00",
     "Metadata", "Click", "notificationType", "Details", "failed", "severity", "permanent", "envelope", "FromFull", "From"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=25,
)


@pytest.mark.parametrize("name", RELAYS)
@settings(max_examples=40, deadline=None)
@given(content=JSON)
def test_no_signed_json_breaks_a_reader(name: str, content: object, read: Callable[..., list[Signal]]) -> None:
    try:
        signals = read(name, content)
    except (BadCallback, BadSignature):
        return
    for one in signals:
        json.dumps([one.key, one.text, one.sender, dict(one.data)], ensure_ascii=False).encode()
        assert "\0" not in one.key + one.touch_id + one.sender


KINDS = (
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=xx", "multipart/form-data", "",
)  # fmt: skip


@pytest.mark.parametrize("door", ["postmark", "postmark/inbound", "sendgrid/inbound", "mailgun/inbound"])
@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=200) | JSON.map(lambda one: json.dumps(one).encode()), kind=st.sampled_from(KINDS))
def test_no_posted_bytes_break_a_reader(door: str, body: bytes, kind: str, signer: Signer) -> None:
    content = b"--xx\r\n" + body + b"\r\n--xx--" if "xx" in kind else body
    callback = Callback("POST", PUBLIC, {"content-type": kind}, content, f"{MAIL_SECRET}/{door}")
    try:
        signer.channel(door.partition("/")[0]).read(callback, NOW)
    except (BadCallback, BadSignature):
        return


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 5000, b"\xff\xfe", b""])
def test_hostile_json_is_refused_with_a_reason(body: bytes, signer: Signer) -> None:
    callback = Callback("POST", PUBLIC, {}, body, f"{MAIL_SECRET}/postmark")
    with pytest.raises(BadCallback):
        signer.channel("postmark").read(callback, NOW)
