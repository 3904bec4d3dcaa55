"""Resend. Sources: resend.com/docs/webhooks/emails/*; which headers come back with an event, and that its API and not the
event holds an inbound mail, is known from django-anymail's reader of the same webhooks.
"""

from __future__ import annotations

from collections.abc import Mapping

from warmline.channels.contract import BadCallback, Callback, Signal
from warmline.channels.email.posted import Posted
from warmline.channels.email.providers.relay import Reader, time_of, touch_of
from warmline.channels.email.providers.report import Report, read_json
from warmline.channels.email.providers.standard_webhooks import key_of, verify
from warmline.channels.email.providers.told import Told
from warmline.channels.settings import Settings

MARK = "X-Warmline-Touch"  # custom headers come back as data.headers


class Resend:
    name = "resend"

    def __init__(self, settings: Settings) -> None:
        self._secrets = settings.secret_list("signing_key")
        for one in self._secrets:
            try:
                key_of(one)
            except ValueError as wrong:
                raise settings.error(
                    "signing_key", str(wrong), "Copy the webhook's signing secret, whsec_..."
                ) from None
        self.signed: Mapping[str, Reader] = {"resend": self.read}
        self.secret: Mapping[str, Reader] = {}

    def headers(self, mark: str) -> Mapping[str, str]:
        return {MARK: mark}

    def read(self, callback: Callback, posted: Posted) -> list[Signal]:
        message_id = verify(callback.headers, callback.body, self._secrets, posted.now)
        report = Report(read_json(callback.body))
        kind, data = report.text("type"), report.inner("data")
        touch = touch_of(
            posted, data.header(MARK, "headers"), data.header("Message-ID", "headers"), data.text("message_id")
        )
        to = data.texts("to")
        at = time_of(report.text("created_at"), posted.now)
        told = Told(posted, touch, f"resend:{message_id}", to[0] if to else "", data.text("email_id"), at)
        return _event(kind, told, data)


def _event(kind: str, told: Told, data: Report) -> list[Signal]:
    match kind:
        case "email.delivered":
            return told.delivered()
        case "email.bounced":
            return _bounce(told, data.inner("bounce"))
        case "email.suppressed":
            return told.refused("suppressed", data.text("suppressed", "message"))
        case "email.failed":
            return told.failed("failed", data.text("failed", "reason"), "unknown")
        case "email.complained":
            return told.unsubscribed("complaint", "Marked a mail as spam (Resend)")
        case "email.opened":
            return told.opened(data.text("open", "userAgent"), data.text("open", "ipAddress"))
        case "email.clicked":
            seen = data.inner("click")
            return told.clicked(seen.text("link"), seen.text("userAgent"), seen.text("ipAddress"))
        case "email.received":
            raise BadCallback(
                "Resend posts no inbound mail, only where it lies. Let inbound mail come to an IMAP mailbox."
            )
        case "":
            raise BadCallback("The event has no type.")
        case _:
            return []  # sent, scheduled, delayed, or of the account


def _bounce(told: Told, bounce: Report) -> list[Signal]:
    """The types are those of Amazon SES, which carries Resend's mail."""
    words = " ".join([*bounce.texts("diagnosticCode"), bounce.text("message")])
    if bounce.text("type") == "Permanent":
        return told.bounced(bounce.text("subType"), words)
    return (
        [] if bounce.text("subType") in ("", "General", "Undetermined") else told.failed(bounce.text("subType"), words)
    )
