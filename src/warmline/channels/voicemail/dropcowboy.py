"""Ringless voicemail through Drop Cowboy, one request a drop.

Two interfaces, told apart by the credentials in warmline.toml. Source: Drop-Cowboy/dropcowboy on GitHub (its own
examples and docs/, read 2026-11), for the older one also legacy/ there and drop-cowboy.gitbook.io.

    key, secret      today's: POST {base}/rvm, credentials as headers x-key and x-secret
    team_id, secret  the older one: POST {base}/v1/rvm, which reads team_id and secret from the body only

Both fetch the recording from an address (`audio_url`), which their support has to switch on for an account.
Drops outside 8 to 21 hours local are held on their side: the gate has looked at the hours before, so none should be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from warmline.channels.contract import Accepted, Callback, Kind, Message, Receipt, Reply, Signal
from warmline.channels.http import Answer, Http
from warmline.channels.secret_path import hook_url, open_path, read_secrets
from warmline.channels.settings import Settings, place_of
from warmline.channels.voicemail.dropcowboy_answers import read_receipt, read_result
from warmline.channels.voicemail.drops import NO_RECORDING
from warmline.channels.voicemail.tokens import sign_drop


class DropCowboyChannel:
    """One account. A request that got no answer is never repeated: the older interface knows no idempotency, and with
    today's a repetition would pass the gate's last look by. Its key is sent all the same, against a proxy's retry."""

    kind: Kind = "voicemail"
    provider = "dropcowboy"
    reply = Reply()

    def __init__(self, settings: Settings, public_url: str, token_key: bytes, error_classes: Mapping[str, str]) -> None:
        self._team = settings.text("team_id", "")
        self._key = settings.text("key", "")
        if bool(self._team) == bool(self._key):
            raise settings.error(
                "key",
                "and `team_id` are two interfaces of Drop Cowboy, and exactly one is needed",
                'Write key = "env:..." for an API key, or team_id = "..." for an account of the older API',
            )
        self._secret = settings.secret("secret")
        self._brand = settings.text("brand_id", None if self._team else "")
        # What names the number that the lead sees and calls back, by each interface's own words.
        names = ("forwarding_number", "pool_id") if self._team else ("phone_line_id", "caller_id")
        self._sender = {name: value for name in names if (value := settings.text(name, ""))}
        self._hook_secrets = read_secrets(settings)
        self.rate = settings.number("rate", 10, 1, 1000)
        self.most = int(settings.number("concurrency", 100, 1, 100))  # "under 100 concurrent": their guidelines
        self._http = Http(
            timeout=settings.number("timeout", 15, 0.05, 120),
            concurrency=self.most,
        )
        base = settings.url("base_url", "https://api.dropcowboy.com" if self._team else "https://api-v2.dropcowboy.com")
        # A key is half a login, and is shown to nobody.
        self.account = f"{self._team or self._brand or 'a key'} at {place_of(base)}"
        self._url = f"{base}/v1/rvm" if self._team else f"{base}/rvm"
        self._callback_url = hook_url(public_url, self.kind, self._hook_secrets[0], self.provider)
        self._token_key = token_key
        self._error_classes = error_classes

    async def send(self, message: Message) -> Receipt:
        if not message.audio_url:
            return NO_RECORDING
        named = self._by_team(message) if self._team else self._by_key(message)
        body = json.dumps({name: value for name, value in named.items() if value}).encode()
        answer = await self._http.request("POST", self._url, body=body, headers=self._headers(message))
        if not isinstance(answer, Answer):
            return answer
        return read_receipt(answer, message.touch_id, self._error_classes, self._secret.reveal())

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:  # noqa: ARG002
        """Neither interface has a question for what became of a drop; only its callback tells."""
        return "cannot_say"

    def read(self, callback: Callback, now: datetime) -> list[Signal]:
        open_path(callback, self._hook_secrets, self.provider)
        return read_result(callback.body, self._token_key, self._error_classes, now)

    async def close(self) -> None:
        await self._http.close()

    def _headers(self, message: Message) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers |= {"x-key": self._key, "x-secret": self._secret.reveal(), "Idempotency-Key": message.touch_id}
        return headers

    def _by_key(self, message: Message) -> dict[str, str]:
        return {
            "to": message.to,
            "audio_url": message.audio_url,
            "brand_id": self._brand,
            **self._sender,
            "postal_code": message.postal_code,
            "foreign_id": sign_drop(message.touch_id, self._token_key),
            "callback_url": self._callback_url,
        }

    def _by_team(self, message: Message) -> dict[str, str]:
        return {
            "team_id": self._team,
            "secret": self._secret.reveal(),
            "brand_id": self._brand,
            "phone_number": message.to,
            "audio_url": message.audio_url,
            "audio_type": "wav",
            **self._sender,
            "postal_code": message.postal_code,
            "foreign_id": sign_drop(message.touch_id, self._token_key),
            "callback_url": self._callback_url,
        }
