"""The providers of ringless voicemail on loopback, in the shapes they document: there is no peer of anybody else's.

What is sent to them is kept; the recording is fetched from its address and read with libsndfile, as they would. `fates`
says what happens to a number: it is refused, nobody answers after it was taken, or they are busy.
"""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlencode

import aiohttp
import soundfile
from aiohttp import web

Fate = Literal["taken", "silent", "refused", "busy", "broken"]
RETRY_AFTER = 7


@dataclass(frozen=True)
class Drop:
    """One request that was taken, as it came, and what was heard at its audio address."""

    provider: Literal["dropcowboy", "slybroadcast"]
    path: str
    headers: dict[str, str]
    fields: dict[str, str]
    id: str

    @property
    def phone(self) -> str:
        return self.fields.get("phone_number") or self.fields.get("to") or f"+1{self.fields['c_phone']}"

    @property
    def audio_url(self) -> str:
        return self.fields.get("audio_url") or self.fields["c_url"]

    @property
    def callback_url(self) -> str:
        return self.fields.get("callback_url") or self.fields["c_dispo_url"]

    def result(self, status: Literal["success", "failure"], **more: object) -> tuple[str, bytes]:
        """(content type, body) of what the provider tells of it later."""
        if self.provider == "slybroadcast":
            word = "OK" if status == "success" else "FAILED"
            reason = str(more.get("reason", ""))
            line = "|".join([self.id, self.fields["c_phone"], word, reason, "2026-11-24 10:31:07", "Example Wireless"])
            return "application/x-www-form-urlencoded", urlencode({"var": line}).encode()
        told = {
            "drop_id": self.id, "phone_number": self.phone, "attempt_date": "2026-11-24T15:31:07.000Z", "status": status,
            "reason": "", "dnc": False, "spam": False, "product_cost": 0.1, "compliance_fee": 0.003, "tts_fee": 0,
            "network": {"name": "Example Wireless", "type": "wireless"}, "foreign_id": self.fields["foreign_id"], **more,
        }  # fmt: skip
        return "application/json", json.dumps(told).encode()


@dataclass
class Ringless:
    """Both providers behind one address; `fate` is of every number that `fates` does not name."""

    fate: Fate = "taken"
    fates: dict[str, Fate] = field(default_factory=dict)
    asked: list[Drop] = field(default_factory=list)  # every request, also those refused
    taken: list[Drop] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/rvm", self._dropcowboy)
        app.router.add_post("/v1/rvm", self._dropcowboy)
        app.router.add_post("/gateway/vmb.php", self._slybroadcast)
        return app

    def drops_to(self, phone: str) -> list[Drop]:
        return [one for one in self.asked if one.phone == phone]

    async def hear(self, drop: Drop) -> tuple[int, int]:
        """Fetch and read the recording. Returns (sample rate, frames); raises when it can't be played."""
        async with aiohttp.ClientSession() as session, session.get(drop.audio_url) as answer:
            answer.raise_for_status()
            with soundfile.SoundFile(io.BytesIO(await answer.read())) as sound:
                assert (sound.format, sound.channels) == ("WAV", 1)
                return sound.samplerate, sound.frames

    async def _dropcowboy(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.json()).items()}
        drop = Drop("dropcowboy", request.path, dict(request.headers), fields, f"{len(self.asked):024x}")
        match await self._take(drop):
            case "refused":
                return web.json_response({"reason_code": 6666, "reason": "on your do-not-contact list"}, status=400)
            case "busy":
                return web.json_response({}, status=429, headers={"Retry-After": str(RETRY_AFTER)})
            case "broken":
                return web.Response(status=502, text="<html>bad gateway</html>")
        named = {} if request.path.startswith("/v1") else {"message_id": drop.id}
        return web.json_response({"status": "queued", **named}, status=200 if not named else 202)

    async def _slybroadcast(self, request: web.Request) -> web.Response:
        fields = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        drop = Drop("slybroadcast", request.path, dict(request.headers), fields, f"{9_000_000_000 + len(self.asked)}")
        match await self._take(drop):
            case "refused":
                return web.Response(text="ERROR\nNumber is on your Do Not Call list\n")
            case "busy":
                return web.Response(status=429, headers={"Retry-After": str(RETRY_AFTER)})
            case "broken":
                return web.Response(status=502, text="<html>bad gateway</html>")
        return web.Response(text=f"OK\nsession_id={drop.id}\nnumber of phone=1\n")

    async def _take(self, drop: Drop) -> Fate:
        self.asked.append(drop)
        fate = self.fates.get(drop.phone, self.fate)
        if fate in ("taken", "silent"):
            self.taken.append(drop)
        if fate == "silent":
            await asyncio.Event().wait()  # the drop is on its way, and nobody ever says so
        return fate
