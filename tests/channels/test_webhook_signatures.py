"""Our checks of webhook signatures against the providers' own code, on right requests and on tampered ones."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from twilio.request_validator import RequestValidator

from tests.channels.conformance import NOW
from tests.channels.signing import CERTIFICATE_URL, TOPIC, WHSEC, Signer, mailgun_signature
from warmline.channels.contract import BadCallback, BadSignature, Callback
from warmline.channels.email.providers import sendgrid, standard_webhooks
from warmline.channels.email.providers.report import Report
from warmline.channels.email.providers.sns import Sns
from warmline.channels.secrets import Secret
from warmline.channels.signature import verify

VECTORS = json.loads((Path(__file__).parent / "vectors" / "signature_vectors.json").read_text())


def holds(check: Callable[[], object]) -> bool:
    try:
        check()
    except (BadSignature, WebhookVerificationError):
        return False
    return True


def damaged(text: str, at: int, by: int) -> str:
    """The same text with one character changed, or none."""
    place = at % len(text)
    return text[:place] + chr((ord(text[place]) + by) % 127 or 33) + text[place + 1 :]


# --- SendGrid -----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(part=st.sampled_from(["none", "body", "timestamp", "signature"]), at=st.integers(0, 500), by=st.integers(1, 90))
def test_sendgrids_own_validator_and_ours_agree(part: str, at: int, by: int, signer: Signer) -> None:
    callback = signer.callback("sendgrid", [{"event": "delivered", "sg_event_id": "ev-1"}])
    body = callback.body.decode()
    timestamp = callback.headers["x-twilio-email-event-webhook-timestamp"]
    signature = callback.headers["x-twilio-email-event-webhook-signature"]
    body = damaged(body, at, by) if part == "body" else body
    timestamp = damaged(timestamp, at, by) if part == "timestamp" else timestamp
    signature = damaged(signature, at, by) if part == "signature" else signature
    official = EventWebhook(signer.public_key)
    try:
        theirs = official.verify_signature(body, signature, timestamp)
    except ValueError:  # their validator lets broken base64 through to the caller
        theirs = False
    changed = Callback(
        "POST", callback.url,
        {"x-twilio-email-event-webhook-signature": signature, "x-twilio-email-event-webhook-timestamp": timestamp},
        body.encode(), "sendgrid",
    )  # fmt: skip
    ours = holds(lambda: sendgrid.verify(changed, [signer.ecdsa.public_key()]))
    if part == "signature" and ours != theirs:
        # Python's lenient base64 skips signs that are none; we do not.
        with pytest.raises(ValueError, match=r".*"):
            base64.b64decode(signature, validate=True)
        assert theirs
        return
    assert ours == theirs
    assert ours == (part == "none") or part == "signature"


def test_another_key_and_no_signature_are_refused_at_sendgrid(signer: Signer) -> None:
    callback = signer.callback("sendgrid", [])
    assert not holds(lambda: sendgrid.verify(callback, [Signer().ecdsa.public_key()]))
    assert not holds(lambda: sendgrid.verify(replace(callback, headers={}), [signer.ecdsa.public_key()]))
    assert holds(lambda: sendgrid.verify(callback, [Signer().ecdsa.public_key(), signer.ecdsa.public_key()]))


# --- Standard Webhooks --------------------------------------------------------------------------------------------------


def test_the_fixed_vector_of_standard_webhooks_verifies_under_both_names() -> None:
    vector = VECTORS["standard_webhooks_v1"]
    at = datetime.fromtimestamp(int(vector["webhook-timestamp"]), UTC)
    for prefix in ("webhook-", "svix-"):
        headers = {f"{prefix}{name}": vector[f"webhook-{name}"] for name in ("id", "timestamp", "signature")}
        secrets = [Secret("whsec_YW5vdGhlcg=="), Secret(vector["secret"])]
        assert standard_webhooks.verify(headers, vector["body"].encode(), secrets, at) == "msg_1"


@settings(max_examples=60, deadline=None)
@example(part="webhook-signature", at=280, by=1, age=0)
@given(
    part=st.sampled_from(["none", "body", "webhook-id", "webhook-timestamp", "webhook-signature"]),
    at=st.integers(0, 500), by=st.integers(1, 90), age=st.integers(-400, 400),
)  # fmt: skip
def test_the_official_validator_of_standard_webhooks_and_ours_agree(part: str, at: int, by: int, age: int) -> None:
    now = datetime.now(UTC).replace(microsecond=0)  # theirs knows no other clock
    signed_at = now - timedelta(seconds=age)
    if abs(abs(age) - 300) < 5:
        return  # the moment between the two checks decides
    body = '{"type":"email.delivered"}'
    headers = {
        "webhook-id": "msg_1", "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(WHSEC).sign("msg_1", signed_at, body),
    }  # fmt: skip
    if part == "body":
        body = damaged(body, at, by)
    elif part != "none":
        headers[part] = damaged(headers[part], at, by)
    ours = holds(lambda: standard_webhooks.verify(headers, body.encode(), [Secret(WHSEC)], now))
    try:
        theirs = holds(lambda: Webhook(WHSEC).verify(body, headers))
    except ValueError:  # a signature without a comma, or a body that is not JSON although it is signed
        theirs = False
    if theirs and not ours:
        # Theirs compares bytes, and a last sign of base64 has bits that are in none of them; ours takes the one spelling.
        version, _, signature = headers["webhook-signature"].partition(",")
        right = Webhook(WHSEC).sign("msg_1", signed_at, body).partition(",")[2]
        assert version == "v1"
        assert signature != right
        assert base64.b64decode(signature) == base64.b64decode(right)
        return
    assert ours == theirs
    assert ours == (abs(age) < 300 and part == "none") or part != "none"


# --- Twilio -------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(part=st.sampled_from(["none", "body", "url", "signature"]), at=st.integers(0, 500), by=st.integers(1, 90))
def test_twilios_own_validator_and_ours_agree(part: str, at: int, by: int) -> None:
    vector = VECTORS["twilio_hmac_sha1"]
    url, body, signature = vector["url"], urlencode(vector["params"]), vector["x_twilio_signature"]
    url = url[:-1] + chr(48 + by % 10) if part == "url" else url
    body = damaged(body, at, by) if part == "body" else body
    signature = damaged(signature, at, by) if part == "signature" else signature
    callback = Callback("POST", url, {"x-twilio-signature": signature}, body.encode(), "status")
    fields = dict(parse_qsl(body, keep_blank_values=True))
    theirs = RequestValidator(vector["auth_token"]).validate(url, fields, signature)
    assert holds(lambda: verify(callback, [Secret(vector["auth_token"])], [])) == theirs


# --- Mailgun ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"signature": "0" * 64}, 403),
        ({"token": "1" * 50}, 403),
        ({"timestamp": "1795446001"}, 403),
        ({"signature": None}, 403),
        (mailgun_signature(NOW, "another key"), 403),
        (mailgun_signature(NOW - timedelta(hours=13)), 403),
        (mailgun_signature(NOW + timedelta(minutes=6)), 403),
        (mailgun_signature(NOW - timedelta(hours=8)), 0),
        (mailgun_signature(NOW, "an-older-key"), 0),
    ],
)
def test_what_mailgun_did_not_sign_lately_is_refused(change: dict[str, Any], status: int, signer: Signer) -> None:
    callback = signer.callback("mailgun", {"event": "accepted"})
    told = json.loads(callback.body)
    told["signature"] |= change
    changed = replace(callback, body=json.dumps(told).encode())
    if status:
        with pytest.raises(BadSignature) as raised:
            signer.channel("mailgun").read(changed, NOW)
        assert raised.value.status == status
    else:
        assert signer.channel("mailgun").read(changed, NOW) == []


def test_mailgun_is_told_not_to_repeat_what_stays_unreadable(signer: Signer) -> None:
    callback = signer.callback("mailgun", {"no": "event"})
    with pytest.raises(BadCallback) as unreadable:
        signer.channel("mailgun").read(callback, NOW)
    with pytest.raises(BadSignature) as garbage:
        signer.channel("mailgun").read(replace(callback, body=b"<html>"), NOW)
    assert (unreadable.value.status, garbage.value.status) == (406, 406)


# --- Amazon SNS ---------------------------------------------------------------------------------------------------------


def check(signer: Signer, envelope: dict[str, Any], topics: tuple[str, ...] = (TOPIC,)) -> Sns:
    sns = Sns(topics, signer.fetch)
    sns.verify(Report(envelope))
    return sns


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES"}, {"Type": "UnsubscribeConfirmation", "Token": "t",
    "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=x"}])  # fmt: skip
def test_both_versions_of_the_signature_verify(version: str, more: dict[str, str], signer: Signer) -> None:
    check(signer, signer.envelope(version, Message="{}", **more))


@pytest.mark.parametrize(
    "field", ["Message", "MessageId", "Timestamp", "Type", "Signature", "SignatureVersion", "TopicArn"]
)
def test_a_changed_field_of_an_envelope_is_noticed(field: str, signer: Signer) -> None:
    envelope = signer.envelope(Message='{"notificationType":"Bounce"}')
    value = {"SignatureVersion": "1", "Type": "UnsubscribeConfirmation"}.get(field, envelope[field] + "A")
    with pytest.raises(BadSignature):
        check(signer, envelope | {field: value})


def test_a_subject_that_was_not_signed_is_noticed(signer: Signer) -> None:
    with pytest.raises(BadSignature):
        check(signer, signer.envelope(Message="{}") | {"Subject": "added"})


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com.evil.test/x.pem",
        "https://evil.test/sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com@evil.test/x.pem",
        "https://sns.us-east-1.amazonaws.com:8443/x.pem",
        "https://s3.us-east-1.amazonaws.com/x.pem",
        "https://bucket.sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com/x.txt",
        "https://[/x.pem",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(url: str, signer: Signer) -> None:
    signer.fetched.clear()
    with pytest.raises(BadSignature):
        check(signer, signer.envelope(Message="{}", SigningCertURL=url))
    assert signer.fetched == []


def test_another_topic_makes_us_fetch_nothing(signer: Signer) -> None:
    signer.fetched.clear()
    with pytest.raises(BadSignature, match="topic"):
        check(signer, signer.envelope(Message="{}"), ("arn:aws:sns:us-east-1:999999999999:mail",))
    assert signer.fetched == []


def test_a_certificate_is_fetched_once(signer: Signer) -> None:
    signer.fetched.clear()
    sns = check(signer, signer.envelope(Message="a"))
    sns.verify(Report(signer.envelope("1", Message="b")))
    assert signer.fetched == [CERTIFICATE_URL]


@pytest.mark.parametrize("content", [b"", b"<html>no</html>"])
def test_a_certificate_that_is_none_is_a_wrong_signature(content: bytes, signer: Signer) -> None:
    with pytest.raises(BadSignature):
        Sns((TOPIC,), lambda url: content).verify(Report(signer.envelope(Message="{}")))


def subscription(signer: Signer, url: str, topic: str = TOPIC) -> Callback:
    sent = signer.envelope(
        Type="SubscriptionConfirmation", Message="Confirm", Token="t", SubscribeURL=url, TopicArn=topic
    )
    return replace(signer.callback("ses", {}), body=json.dumps(sent).encode())


def test_a_subscription_of_our_topic_is_confirmed_at_sns_and_nowhere_else(signer: Signer) -> None:
    right = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    assert signer.channel("ses").read(subscription(signer, right), NOW) == []
    assert signer.fetched[-1] == right
    before = list(signer.fetched)
    for url, topic in (("https://evil.test/?x", TOPIC), (right, "arn:aws:sns:us-east-1:1:other")):
        with pytest.raises(BadSignature):
            signer.channel("ses").read(subscription(signer, url, topic), NOW)
    assert signer.fetched == before
