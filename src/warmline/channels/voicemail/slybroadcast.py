"""Ringless voicemail through Slybroadcast, one campaign of one number a drop.

Source: slybroadcast.com/documentation.php (POST form, answers as text). Phone numbers are ten digits, as in its examples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from warmline.channels.contract import Accepted, Callback, Kind, Message, Receipt, Refused, Reply, Signal
from warmline.channels.http import Answer, Http
from warmline.channels.secret_path import hook_url, open_path, read_secrets
from warmline.channels.settings import Settings, place_of
from warmline.channels.voicemail.drops import NO_RECORDING
from warmline.channels.voicemail.slybroadcast_answers import read_receipt, read_result
from warmline.channels.voicemail.tokens import sign_drop

_US = re.compile(r"\+1([2-9]\d{9})", re.ASCII)


class SlybroadcastChannel:
    """One account. There is no idempotency and no question that could be asked without the session id, which only the
    answer tells: a request that got none is unknown and is never repeated."""

    kind: Kind = "voicemail"
    provider = "slybroadcast"
    reply = Reply("OK")  # documented: each result must be acknowledged with these two letters

    def __init__(self, settings: Settings, public_url: str, token_key: bytes, error_classes: Mapping[str, str]) -> None:
        self._user = settings.text("user")
        self._password = settings.secret("password")
        sender = settings.text("from")
        if not _US.fullmatch(sender):
            raise settings.error("from", "must be a US number", 'Write from = "+16173999982"')
        self._caller = sender.removeprefix("+1")
        self._mobile_only = settings.flag("mobile_only", True)
        self._hook_secrets = read_secrets(settings)
        self.rate = settings.number("rate", 10, 1, 1000)
        self.most = int(settings.number("concurrency", 50, 1, 500))
        self._http = Http(
            timeout=settings.number("timeout", 30, 0.05, 120),
            concurrency=self.most,
        )
        base_url = settings.url("base_url", "https://www.mobile-sphere.com")
        self.account = f"{self._user} at {place_of(base_url)}"
        self._url = f"{base_url}/gateway/vmb.php"
        self._public_url = public_url
        self._token_key = token_key
        self._error_classes = error_classes

    async def send(self, message: Message) -> Receipt:
        if not message.audio_url:
            return NO_RECORDING
        number = _US.fullmatch(message.to)
        if number is None:
            return Refused("invalid_number", "not_us", "This account of Slybroadcast reaches numbers of +1 only.")
        answer = await self._http.request("POST", self._url, form=self._form(message, number[1]))
        if not isinstance(answer, Answer):
            return answer
        return read_receipt(answer, self._error_classes, self._password.reveal())

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:  # noqa: ARG002
        """`callstatus` wants the session id, and a touch that has to be asked about has none."""
        return "cannot_say"

    def read(self, callback: Callback, now: datetime) -> list[Signal]:
        parts = open_path(callback, self._hook_secrets, self.provider)
        return read_result(callback.body, parts[0] if parts else "", self._token_key, self._error_classes, now)

    async def close(self) -> None:
        await self._http.close()

    def _form(self, message: Message, number: str) -> dict[str, str]:
        # The campaign has no field of ours, so the touch travels in the address of its results, as a part of the path:
        # whether a query is kept is not documented.
        signed = sign_drop(message.touch_id, self._token_key)
        form = {
            "c_uid": self._user,
            "c_password": self._password.reveal(),
            "c_phone": number,
            "c_url": message.audio_url,
            "c_audio": "wav",
            "c_callerID": self._caller,
            "c_date": "now",  # scheduling is ours: a later date would be one that a STOP can't take back
            "c_title": message.touch_id,
            "c_dispo_url": hook_url(self._public_url, self.kind, self._hook_secrets[0], self.provider, signed),
        }
        return form | ({"mobile_only": "1"} if self._mobile_only else {})
