"""Postmark. Sources: postmarkapp.com/developer/webhooks (bounce, delivery, open, click, spam complaint, subscription
change, inbound) and /developer/user-guide/send-email-with-smtp (headers).

Its webhooks carry no signature, so they come to a secret path; a name and password in their address may be asked as well.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from warmline.channels.contract import BadCallback, BadSignature, Callback, Signal
from warmline.channels.email.inbound import read_mail
from warmline.channels.email.posted import Posted
from warmline.channels.email.providers.mails import build_mail
from warmline.channels.email.providers.relay import Reader, envelope_to, time_of, touch_of
from warmline.channels.email.providers.report import Report, as_bytes, read_json
from warmline.channels.email.providers.told import Told
from warmline.channels.settings import Settings

# Types of a bounce that say nothing final: a delay, an out-of-office, a question to the sender, a lifted block.
NOT_FINAL = frozenset(
    {"Transient", "AutoResponder", "AddressChange", "ChallengeVerification", "OpenRelayTest", "Subscribe"}
)
FINAL = frozenset({"HardBounce", "BadEmailAddress"})


class Postmark:
    name = "postmark"

    def __init__(self, settings: Settings) -> None:
        self._basic_auth = settings.secret_list("basic_auth", [])
        self.signed: Mapping[str, Reader] = {}
        self.secret: Mapping[str, Reader] = {"postmark": self.read_event, "postmark/inbound": self.read_inbound}

    def headers(self, mark: str) -> Mapping[str, str]:
        # Without KeepID Postmark writes a Message-ID of its own, and a reply could not name its touch.
        return {"X-PM-Metadata-touch": mark, "X-PM-KeepID": "true"}

    def read_event(self, callback: Callback, posted: Posted) -> list[Signal]:
        self._check(callback)
        report = Report(read_json(callback.body))
        record = report.text("RecordType")
        touch = touch_of(posted, report.text("Metadata", "touch"))
        address = report.text("Recipient") or report.text("Email")
        message = report.text("MessageID")
        at = time_of(report.text("ReceivedAt") or report.text("DeliveredAt"), posted.now)
        # Only bounces and complaints have an id; the others are told apart by what and when.
        when = report.text("ID") or report.text("ReceivedAt") or report.text("DeliveredAt") or report.text("ChangedAt")
        told = Told(posted, touch, f"postmark:{message}:{record}:{when}", address, message, at)
        match record:
            case "Delivery":
                return told.delivered()
            case "Bounce":
                return _bounce(told, report)
            case "SpamComplaint":
                return told.unsubscribed("complaint", "Marked a mail as spam (Postmark)")
            case "Open":
                return told.opened(report.text("UserAgent"), report.text("Geo", "IP"))
            case "Click":
                return told.clicked(report.text("OriginalLink"), report.text("UserAgent"), report.text("Geo", "IP"))
            case "SubscriptionChange":
                return _subscription(told, report)
            case _:
                raise BadCallback(f'Warmline knows no RecordType "{record[:40]}" of Postmark.')

    def read_inbound(self, callback: Callback, posted: Posted) -> list[Signal]:
        """ "Include raw email content" in Postmark's settings lets bounces be read too; without it a mail is put together
        from its parts."""
        self._check(callback)
        report = Report(read_json(callback.body))
        if not report.text("From") and not report.text("FromFull", "Email") and not report.whole("RawEmail"):
            raise BadCallback("The inbound mail names no sender (From) and has no RawEmail.")
        to = [
            report.text("OriginalRecipient"),
            *(one.text("Email") for one in report.each("ToFull")),
            report.text("To"),
        ]
        raw = as_bytes(report.whole("RawEmail")) or _mail(report)
        return read_mail(raw, posted.token_key, posted.error_classes, posted.now, envelope_to(posted, to))

    def _check(self, callback: Callback) -> None:
        if not self._basic_auth:
            return
        scheme, _, given = callback.headers.get("authorization", "").partition(" ")
        try:
            told = base64.b64decode(given, validate=True) if scheme.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            told = b""
        if not any(hmac.compare_digest(one.reveal().encode(), told) for one in self._basic_auth):
            raise BadSignature("The name and password are not those of basic_auth in [channels.email.postmark].")


def _bounce(told: Told, report: Report) -> list[Signal]:
    kind = report.text("Type")
    words = report.text("Details") or report.text("Description")
    if kind in NOT_FINAL:
        return []
    if kind in ("SpamComplaint", "Unsubscribe"):
        return told.unsubscribed("complaint" if kind == "SpamComplaint" else "provider", report.text("Description"))
    return told.bounced(kind, words) if kind in FINAL else told.failed(kind, words, "unknown")


def _subscription(told: Told, report: Report) -> list[Signal]:
    """A suppression after a bounce is the bounce's to tell; one that our own side made or lifted says nothing new."""
    reason = report.text("SuppressionReason")
    if not report.flag("SuppressSending") or reason == "HardBounce":
        return []
    if reason == "SpamComplaint":
        return told.unsubscribed("complaint", "Marked a mail as spam (Postmark)")
    return told.unsubscribed("provider", "Unsubscribed at Postmark") if report.text("Origin") == "Recipient" else []


def _mail(report: Report) -> bytes:
    headers = [(one.text("Name"), one.text("Value")) for one in report.each("Headers")]
    named = [("From", report.text("From")), ("To", report.text("To")), ("Subject", report.text("Subject"))]
    text = report.whole("TextBody") or report.whole("StrippedTextReply")
    return build_mail([*named, ("Date", report.text("Date")), *headers], text, report.whole("HtmlBody"))
