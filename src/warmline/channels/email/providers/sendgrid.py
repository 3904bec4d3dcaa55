"""SendGrid. Sources: twilio.com/docs/sendgrid/for-developers/tracking-events/event, .../getting-started-event-webhook-
security-features (ECDSA P-256 over timestamp and body), .../parsing-email (Inbound Parse), .../unique-arguments.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from warmline.channels.contract import BadCallback, BadSignature, Callback, Signal
from warmline.channels.email.inbound import read_mail
from warmline.channels.email.posted import Posted
from warmline.channels.email.providers.mails import build_mail, read_form, text_of
from warmline.channels.email.providers.relay import Reader, envelope_to, time_of, touch_of
from warmline.channels.email.providers.report import Report, read_json
from warmline.channels.email.providers.told import Told
from warmline.channels.settings import Settings

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"


class SendGrid:
    name = "sendgrid"

    def __init__(self, settings: Settings) -> None:
        self._keys = [_public_key(settings, one.reveal()) for one in settings.secret_list("public_key")]
        self.signed: Mapping[str, Reader] = {"sendgrid": self.read_events}
        self.secret: Mapping[str, Reader] = {"sendgrid/inbound": self.read_inbound}

    def headers(self, mark: str) -> Mapping[str, str]:
        return {"X-SMTPAPI": f'{{"unique_args": {{"touch": "{mark}"}}}}'}

    def read_events(self, callback: Callback, posted: Posted) -> list[Signal]:
        """No tolerance for the age of a request is documented and failed ones come again for a day, so none is asked:
        an event told again has the same sg_event_id and changes nothing."""
        verify(callback, self._keys)
        events = read_json(callback.body)
        if not isinstance(events, list):
            raise BadCallback("SendGrid posts a list of events, and this body is none.")
        return [signal for one in events for signal in _event(Report(one), posted)]

    def read_inbound(self, callback: Callback, posted: Posted) -> list[Signal]:
        """Inbound Parse: the raw mail ("POST the raw, full MIME message"), or its parsed parts."""
        form = read_form(callback)
        envelope = Report(read_json(form["envelope"]) if form.get("envelope") else {})
        to = envelope_to(posted, [*envelope.texts("to"), text_of(form, "to")])
        raw = form.get("email") or _mail(form)
        sender = envelope.text("from") if "envelope" in form else None
        return read_mail(raw, posted.token_key, posted.error_classes, posted.now, to, sender)


def verify(callback: Callback, keys: Sequence[EllipticCurvePublicKey]) -> None:
    """Raises BadSignature. The signature covers the timestamp's text and the body, byte for byte."""
    try:
        signature = base64.b64decode(callback.headers.get(SIGNATURE, ""), validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    if not signature:
        raise BadSignature("The request carries no X-Twilio-Email-Event-Webhook-Signature.")
    signed = callback.headers.get(TIMESTAMP, "").encode("utf-8", "replace") + callback.body
    for key in keys:
        try:
            key.verify(signature, signed, ECDSA(SHA256()))
        except InvalidSignature:
            continue
        return
    raise BadSignature("The signature does not fit this request. Check public_key in [channels.email.sendgrid].")


def _event(report: Report, posted: Posted) -> list[Signal]:
    kind = report.text("event")
    touch = touch_of(posted, report.text("touch"), report.text("smtp-id"))
    key = report.text("sg_event_id") or f"{report.text('sg_message_id')}:{kind}:{report.text('timestamp')}"
    at = time_of(report.text("timestamp"), posted.now)
    told = Told(posted, touch, f"sendgrid:{key}", report.text("email"), report.text("sg_message_id"), at)
    words = f"{report.text('status')} {report.text('reason')}".strip()
    match kind:
        case "delivered":
            return told.delivered()
        case "bounce" if report.text("type") == "blocked":
            return told.failed("blocked", words)  # refused for now, or for what it says: the address may be good
        case "bounce":
            return told.bounced("bounce", words)
        case "dropped":
            return told.refused(report.text("reason"), words)
        case "open":
            return told.opened(report.text("useragent"), report.text("ip"), _proxy(report))
        case "click":
            return told.clicked(report.text("url"), report.text("useragent"), report.text("ip"))
        case "spamreport":
            return told.unsubscribed("complaint", "Marked a mail as spam (SendGrid)")
        case "unsubscribe" | "group_unsubscribe":
            return told.unsubscribed("provider", "Unsubscribed at SendGrid")
        case _:
            return []  # processed, deferred, resubscribed, or of the account: nothing that a playbook could act on


def _proxy(report: Report) -> str:
    return "image_proxy" if report.flag("sg_machine_open") else ""


def _mail(form: Mapping[str, bytes]) -> bytes:
    if not text_of(form, "headers") and not text_of(form, "from"):
        raise BadCallback("The inbound mail has neither `email` nor `headers` and `from`.")
    lines = text_of(form, "headers").replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n")
    headers = [(name.strip(), value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon]
    named = [("From", text_of(form, "from")), ("Subject", text_of(form, "subject")), ("To", text_of(form, "to"))]
    return build_mail([*headers, *named], text_of(form, "text"), text_of(form, "html"))


def _public_key(settings: Settings, text: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, TypeError):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise settings.error(
            "public_key",
            "is not SendGrid's verification key",
            'Copy it from "Signed Event Webhook" as it is shown there',
        )
    return key
