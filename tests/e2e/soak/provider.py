"""The provider of the soak, a process of its own: the sandbox's far end, with moods, and a record of what it told us.

POST /mood {"mood": "slow"}   how it answers from now on
GET  /messages                everything it accepted
GET  /told                    every callback: what, when answered, by which status
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import web

from warmline.channels.sandbox.behaviour import read_behaviour
from warmline.channels.sandbox.callbacks import Outgoing
from warmline.channels.sandbox.provider import make_app

MOODS = ("good", "slow", "busy", "failing", "cutting", "silent")
SHARE = 0.7  # of requests that meet a mood
PERSISTENCE = 6  # times that a message from a person is told, until it is answered
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Told:
    """One callback. `status` 0: nobody answered."""

    url: str
    body: str
    status: int
    at: str


@dataclass
class Provider:
    mood: str = "good"
    told: list[Told] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    async def tell(self, outgoing: Outgoing) -> None:
        """What becomes of a message is told once, what a person wrote or did until it is answered, as providers do."""
        person = "/status" not in outgoing.url
        for pause in range(PERSISTENCE if person else 1):
            await asyncio.sleep(pause)
            status = await self._post(outgoing)
            self.told.append(Told(outgoing.url, outgoing.body.decode(), status, datetime.now(UTC).isoformat()))
            if 0 < status < 500:
                return

    async def _post(self, outgoing: Outgoing) -> int:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session,
                session.request(
                    outgoing.method, outgoing.url, data=outgoing.body, headers=outgoing.headers, allow_redirects=False
                ) as answer,
            ):
                await answer.read()
                return answer.status
        except (TimeoutError, aiohttp.ClientError, OSError):
            return 0

    async def set_mood(self, request: web.Request) -> web.Response:
        mood = (await request.json())["mood"]
        if mood not in MOODS:
            raise web.HTTPBadRequest(text=f"The moods are {', '.join(MOODS)}.")
        self.mood = mood
        return web.json_response({"mood": mood})

    async def show_told(self, _request: web.Request) -> web.Response:
        return web.json_response({"told": [asdict(one) for one in self.told]})

    @web.middleware
    async def meet(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in ("/mood", "/told", "/messages") or self.mood == "good" or self.dice.random() > SHARE:
            return await handler(request)
        first = self.dice.random() < 0.5  # before the message is taken, or after
        match self.mood:
            case "busy":
                body = {"code": 20429, "message": "Too Many Requests", "status": 429}
                return web.json_response(body, status=429, headers={"Retry-After": "1"})
            case "failing":
                if not first:
                    await handler(request)
                return web.json_response({"code": 20500, "message": "Internal Server Error"}, status=500)
            case "cutting":
                if first:
                    return await _cut(request)
                return await _cut(request, await handler(request))
            case "silent":
                await handler(request)
                await asyncio.sleep(3600)
        answer = await handler(request)
        await asyncio.sleep(self.dice.uniform(1, 3))
        return answer


async def _cut(request: web.Request, answer: web.StreamResponse | None = None) -> web.StreamResponse:
    """Close the connection, in the middle of an answer when there is one."""
    half = web.StreamResponse(status=answer.status if answer else 200)
    if answer is not None:
        half.content_length = 500
        await half.prepare(request)
        await half.write(b'{"sid": "SM')
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError


def main() -> None:
    parser = argparse.ArgumentParser(description="The provider of the soak.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--behaviour", type=Path, required=True)
    parser.add_argument("--auth-token", required=True)
    given = parser.parse_args()
    provider = Provider()
    behaviour = read_behaviour(tomllib.loads(given.behaviour.read_text()))
    app = make_app(behaviour, provider.tell, signing_key=given.auth_token)
    app.middlewares.append(provider.meet)
    app.router.add_post("/mood", provider.set_mood)
    app.router.add_get("/told", provider.show_told)
    web.run_app(
        app, host="127.0.0.1", port=given.port, print=None, access_log=None, backlog=1024, handler_cancellation=True
    )


if __name__ == "__main__":
    main()
