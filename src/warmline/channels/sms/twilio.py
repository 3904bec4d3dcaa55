"""SMS through Twilio's Messages API. Source: twilio.com/docs/messaging/api/message-resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import aiohttp

from warmline.channels.contract import Accepted, Callback, Kind, Message, Receipt, Reply, Signal
from warmline.channels.http import Answer, Http
from warmline.channels.secrets import Secret
from warmline.channels.settings import Settings, place_of
from warmline.channels.signature import verify
from warmline.channels.sms.twilio_answers import find_in_list, read_receipt
from warmline.channels.sms.twilio_callbacks import read_signals

TWIML = '<?xml version="1.0" encoding="UTF-8"?>'
#: A text that waits in Twilio's own queue is out of reach of a STOP and of the hours of the law. Twilio's default is ten hours.
VALID_SECONDS = 3600
MOST_LISTED = 1000  # the largest page the list gives


class TwilioChannel:
    """One Twilio account and sender. The API has no idempotency key: a message is handed over once or found again."""

    kind: Kind = "sms"
    provider = "twilio"
    reply = Reply(f"{TWIML}<Response/>", "text/xml; charset=utf-8")  # say nothing

    def __init__(self, settings: Settings, public_url: str, error_classes: Mapping[str, str]) -> None:
        self._account = settings.text("account_sid")
        self._auth_tokens = settings.secret_list("auth_token")
        self._shared_keys = settings.secret_list("shared_keys", [])
        self._service = settings.text("messaging_service_sid", "")
        self._sender = settings.text("from", "" if self._service else None)
        self._validity = int(settings.number("validity_seconds", VALID_SECONDS, 0, 36000))
        self._settled = timedelta(seconds=settings.number("absent_after", 60, 0, 86400))
        self.rate = settings.number("rate", 10, 1, 10_000)
        self.most = int(settings.number("concurrency", 500, 1, 5000))
        self._http = Http(
            timeout=settings.number("timeout", 15, 0.05, 120),
            concurrency=self.most,
        )
        base_url = settings.url("base_url", "https://api.twilio.com")
        self.account = f"{self._account} at {place_of(base_url)}"
        self._messages_url = f"{base_url}/2010-04-01/Accounts/{self._account}/Messages.json"
        self._status_url = f"{public_url.rstrip('/')}/hooks/sms/status"
        self._error_classes = error_classes

    async def send(self, message: Message) -> Receipt:
        answer = await self._http.request("POST", self._messages_url, form=self._form(message), headers=self._headers())
        return read_receipt(answer, self._error_classes) if isinstance(answer, Answer) else answer

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:
        """Looks through everything sent to this number.

        The list's DateSent filter is not used: it looks at a date that a message still in Twilio's queue does not have
        yet, and a message it hides would be sent twice.
        """
        query = urlencode({"To": message.to, "PageSize": MOST_LISTED})
        answer = await self._http.request("GET", f"{self._messages_url}?{query}", headers=self._headers())
        if not isinstance(answer, Answer) or answer.status != 200:
            return "cannot_say"
        return find_in_list(answer, message, since, self._settled)

    def read(self, callback: Callback, now: datetime) -> list[Signal]:
        fields = verify(callback, self._auth_tokens, self._shared_keys)
        return read_signals(callback, fields, self._account, self._error_classes, now)

    def answer(self, texts: Sequence[str]) -> Reply:
        """TwiML's <Message> goes back to the sender. Source: twilio.com/docs/messaging/twiml/message."""
        said = "".join(f"<Message>{escape(text)}</Message>" for text in texts)
        return Reply(f"{TWIML}<Response>{said}</Response>", self.reply.content_type)

    async def close(self) -> None:
        await self._http.close()

    def _form(self, message: Message) -> dict[str, str]:
        # The touch travels in the callback's URL, which is part of the signature.
        query = {"touch": message.touch_id} | ({"lead": message.lead_id} if message.lead_id else {})
        form = {"To": message.to, "Body": message.text, "StatusCallback": f"{self._status_url}?{urlencode(query)}"}
        if self._service:
            form["MessagingServiceSid"] = self._service
        if self._sender:
            form["From"] = self._sender
        if self._validity:
            form["ValidityPeriod"] = str(self._validity)
        return form

    def _headers(self) -> dict[str, str]:
        newest: Secret = self._auth_tokens[0]
        return {"Authorization": aiohttp.encode_basic_auth(self._account, newest.reveal())}
