"""A smsbox's sendsms in its form of a POST, with faults. It keeps the texts that it accepted, in order."""

import asyncio
from datetime import timedelta

from aiohttp import web

BUSY_FOR = timedelta(seconds=10)  # what a channel waits: Kannel names no time
LETTERS = {"0": "gsm7", "2": "ucs2"}


class KannelForm:
    """`fault`: none, busy, silent (accepts and never answers) or refuse. The words are those of smsbox 1.4.5."""

    def __init__(self, fault: str = "none", *, username: str = "warmline", password: str = "") -> None:
        self.fault = fault
        self.login = (username, password)
        self.texts: list[str] = []
        self.asked: list[dict[str, str]] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/cgi-bin/sendsms", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        given = {name.lower().removeprefix("x-kannel-"): value for name, value in request.headers.items()}
        text = (await request.read()).decode()
        self.asked.append(given)
        if (given.get("username"), given.get("password")) != self.login:
            return web.Response(status=403, text="Authorization failed for sendsms")
        if not given.get("content-type", "").startswith("text/plain") or given.get("coding") not in LETTERS:
            return web.Response(status=400, text="Invalid content-type")
        if self.fault == "busy":
            return web.Response(status=503, text="Temporal failure, try again later.")
        if self.fault == "refuse":
            return web.Response(status=400, text="Number(s) has/have been denied by white- and/or black-lists.")
        self.texts.append(text)
        if self.fault == "silent":
            await asyncio.sleep(3600)
        return web.Response(status=202, text="0: Accepted for delivery")
