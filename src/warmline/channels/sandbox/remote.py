"""The sandbox as a provider on the network: handed over by HTTP, told back by signed callbacks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

from warmline.channels.contract import (
    Accepted,
    BadCallback,
    Callback,
    Kind,
    Message,
    NotSent,
    Receipt,
    Refused,
    Reply,
    Signal,
    Unknown,
)
from warmline.channels.http import Answer, Http, retry_after
from warmline.channels.settings import Settings, place_of
from warmline.channels.signature import verify

TOLD = frozenset({"delivered", "failed", "inbound", "bounced", "opened", "clicked", "unsubscribed", "call"})
RETRY_BUSY = timedelta(seconds=1)


class RemoteSandboxChannel:
    provider = "sandbox"
    reply = Reply()

    def __init__(self, kind: Kind, settings: Settings, public_url: str, error_classes: Mapping[str, str]) -> None:
        self.kind: Kind = kind
        base_url = settings.url("base_url", "http://127.0.0.1:4010")
        self.account = place_of(base_url)
        self._url = f"{base_url}/{kind}/messages"
        self._keys = settings.secret_list("auth_token", ["sandbox"])
        self._callback_url = f"{public_url.rstrip('/')}/hooks/{kind}"
        self._error_classes = error_classes
        self.rate = settings.number("rate", 10, 1, 10_000)
        self.most = int(settings.number("concurrency", 500, 1, 5000))
        self._http = Http(
            timeout=settings.number("timeout", 15, 0.05, 120),
            concurrency=self.most,
        )

    async def send(self, message: Message) -> Receipt:
        content = {
            "touch_id": message.touch_id,
            "to": message.to,
            "text": message.text,
            "subject": message.subject,
            "html": message.html,
            "unsubscribe_url": message.unsubscribe_url,
            "callback_url": self._callback_url,
        }
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._keys[0].reveal()}"}
        answer = await self._http.request("POST", self._url, body=json.dumps(content).encode(), headers=headers)
        return self._receipt(answer) if isinstance(answer, Answer) else answer

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:  # noqa: ARG002
        """Every message is kept there under its touch, so an empty list is an answer."""
        answer = await self._http.request("GET", f"{self._url}?{urlencode({'touch': message.touch_id})}")
        found = answer.json() if isinstance(answer, Answer) and answer.status == 200 else None
        messages = found.get("messages") if isinstance(found, Mapping) else None
        if not isinstance(messages, list) or not all(isinstance(entry, Mapping) for entry in messages):
            return "cannot_say"
        return Accepted(str(messages[0]["id"])) if messages else "absent"

    def read(self, callback: Callback, now: datetime) -> list[Signal]:
        verify(callback, self._keys, [])
        try:
            told = json.loads(callback.body)
        except ValueError:
            raise BadCallback("The callback is not JSON.") from None
        if not isinstance(told, Mapping) or told.get("kind") not in TOLD or not told.get("key"):
            raise BadCallback(f"The callback needs a key, and a kind out of {', '.join(sorted(TOLD))}.")
        code = str(told.get("code", ""))
        return [
            Signal(
                kind=str(told["kind"]),
                at=now,
                touch_id=str(told.get("touch_id", "")),
                provider_id=str(told.get("id", "")),
                sender=str(told.get("from", "")),
                recipient=str(told.get("to", "")),
                text=str(told.get("text", "")),
                reason=self._error_classes.get(code, "unknown") if code else "",
                code=code,
                key=str(told["key"]),
            )
        ]

    def answer(self, texts: Sequence[str]) -> Reply:
        return Reply("\n".join(texts))

    async def close(self) -> None:
        await self._http.close()

    def _receipt(self, answer: Answer) -> Receipt:
        found = answer.json()
        fields = found if isinstance(found, Mapping) else {}
        code = str(fields.get("code") or f"http_{answer.status}")
        if answer.status == 429:
            return NotSent("The sandbox is busy.", retry_after(answer.headers, RETRY_BUSY))
        if answer.status == 201 and fields.get("id"):
            return Accepted(str(fields["id"]))
        if 400 <= answer.status < 500:
            return Refused(self._error_classes.get(code, "unknown"), code, str(fields.get("message", "")))
        return Unknown(f"The sandbox gave an answer ({answer.status}) that says nothing about the message.")
