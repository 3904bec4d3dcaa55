"""Mailgun. Sources: documentation.mailgun.com/docs/mailgun/user-manual/webhooks (payloads, securing webhooks), .../receive-
forward-store (routes), .../sending-messages (X-Mailgun-Variables).

The signature covers a time and a token but not the payload. So what it says of a mail counts only for the touch whose
signed mark it carries, and a request older than Mailgun's own repeats is no longer believed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from warmline.channels.contract import BadCallback, BadSignature, Callback, Signal
from warmline.channels.email.inbound import read_mail
from warmline.channels.email.posted import Posted
from warmline.channels.email.providers.mails import build_mail, read_form, text_of
from warmline.channels.email.providers.relay import Reader, envelope_to, time_of, touch_of
from warmline.channels.email.providers.report import Report, read_json
from warmline.channels.email.providers.told import Told
from warmline.channels.settings import Settings

# Repeats come after 5, 10 and 15 minutes and 1, 2 and 4 hours, that is for 7.5 hours. Whether they are signed anew is not
# documented. A replay within this time has the key of the event it repeats, and changes nothing.
OLDEST = timedelta(hours=12)
AHEAD = timedelta(minutes=5)
DO_NOT_REPEAT = 406  # Mailgun repeats after anything but 200 and 406


class Mailgun:
    name = "mailgun"

    def __init__(self, settings: Settings) -> None:
        self._keys = settings.secret_list("signing_key")
        self.signed: Mapping[str, Reader] = {"mailgun": self.read_event, "mailgun/inbound": self.read_signed_inbound}
        self.secret: Mapping[str, Reader] = {"mailgun/inbound": self.read_inbound}

    def headers(self, mark: str) -> Mapping[str, str]:
        return {"X-Mailgun-Variables": json.dumps({"touch": mark})}

    def read_event(self, callback: Callback, posted: Posted) -> list[Signal]:
        try:
            report = Report(read_json(callback.body))
        except BadCallback as wrong:
            # Nothing in it can be checked, so it is nobody's; and it will not become readable by being sent again.
            raise BadSignature(str(wrong), DO_NOT_REPEAT) from None
        signature = report.inner("signature")
        self._check(signature.text("timestamp"), signature.text("token"), signature.text("signature"), posted.now)
        event = report.inner("event-data")
        if not event.text("event"):
            raise BadCallback("The request has no event-data with an event.", DO_NOT_REPEAT)
        return _event(event, posted)

    def read_signed_inbound(self, callback: Callback, posted: Posted) -> list[Signal]:
        form = read_form(callback)
        self._check(text_of(form, "timestamp"), text_of(form, "token"), text_of(form, "signature"), posted.now)
        return self.read_inbound(callback, posted)

    def read_inbound(self, callback: Callback, posted: Posted) -> list[Signal]:
        """A route's forward(): the raw mail where its address ends in "mime", else the parsed parts."""
        form = read_form(callback)
        raw = form.get("body-mime") or _mail(form)
        to = envelope_to(posted, [text_of(form, "recipient"), text_of(form, "To")])
        sender = text_of(form, "sender") if "sender" in form else None
        return read_mail(raw, posted.token_key, posted.error_classes, posted.now, to, sender)

    def _check(self, timestamp: str, token: str, signature: str, now: datetime) -> None:
        signed = (timestamp + token).encode("utf-8", "replace")
        given = signature.encode("utf-8", "replace")
        right = False
        for key in self._keys:
            right |= hmac.compare_digest(
                hmac.new(key.reveal().encode(), signed, hashlib.sha256).hexdigest().encode(), given
            )
        if not right:
            raise BadSignature("The signature does not fit its token. Check signing_key in [channels.email.mailgun].")
        if not timestamp.isdecimal() or not -AHEAD <= now - time_of(timestamp, now + AHEAD * 2) <= OLDEST:
            raise BadSignature(
                f"The request was signed more than {OLDEST.total_seconds() / 3600:g} hours ago, or ahead of time."
            )


def _event(event: Report, posted: Posted) -> list[Signal]:
    kind = event.text("event")
    touch = touch_of(posted, event.text("user-variables", "touch"), event.text("message", "headers", "message-id"))
    # An event's id is unique within a day only, so its time belongs to the key.
    key = f"mailgun:{event.text('id')}:{event.text('timestamp')}"
    at = time_of(event.text("timestamp"), posted.now)
    told = Told(posted, touch, key, event.text("recipient"), event.text("id"), at)
    status = event.inner("delivery-status")
    words = f"{status.text('enhanced-code')} {status.text('message') or status.text('description')}".strip()
    agent, ip = event.text("client-info", "user-agent"), event.text("ip")
    match kind:
        case "delivered":
            return told.delivered()
        case "failed" if event.text("severity") == "permanent":
            return _permanent(told, event, words)
        case "rejected":
            return told.failed("rejected", event.text("reject", "reason") or words, "filtered")
        case "opened":
            return told.opened(agent, ip)
        case "clicked":
            return told.clicked(event.text("url"), agent, ip)
        case "complained":
            return told.unsubscribed("complaint", "Marked a mail as spam (Mailgun)")
        case "unsubscribed":
            return told.unsubscribed("provider", "Unsubscribed at Mailgun")
        case _:
            return []  # accepted, stored, or failed for a while (severity temporary): Mailgun goes on by itself


def _permanent(told: Told, event: Report, words: str) -> list[Signal]:
    """`reason` "bounce" is the recipient's own server; "suppress-..." Mailgun's own lists; "old" and "generic" a giving up."""
    reason, code = event.text("reason"), event.text("delivery-status", "code")
    if reason.startswith("suppress-"):
        return told.refused(reason, words)
    if reason in ("bounce", "hardfail") and not code.startswith("4"):
        return told.bounced(reason, words)
    return told.failed(reason, words)


def _mail(form: Mapping[str, bytes]) -> bytes:
    listed: object = read_json(form["message-headers"]) if form.get("message-headers") else []
    headers = [
        (str(one[0]), str(one[1]))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, list) and len(one) == 2
    ]
    named = [(name, text_of(form, name.lower())) for name in ("From", "Subject")]
    if not any(value for name, value in [*headers, *named] if name.lower() == "from"):
        raise BadCallback("The inbound mail has neither `body-mime` nor a `from`.", DO_NOT_REPEAT)
    text = text_of(form, "body-plain") or text_of(form, "stripped-text")
    return build_mail([*headers, *named, ("To", text_of(form, "recipient"))], text, text_of(form, "body-html"))
