"""The one ASGI application: the doors first, and Django for everything else."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack, nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "warmline.web.settings")

from django.core.asgi import get_asgi_application
from django.db import connections

from ..channels.secret_path import masked
from ..garbage import calm_the_collector
from ..logs import plain_logs
from . import database
from .doors import audio, health, hooks, intake, links, metrics, static, unsubscribe
from .doors.http import (
    LIMIT,
    Door,
    GoneError,
    Receive,
    Refusal,
    Request,
    Response,
    Scope,
    Send,
    in_words,
    read,
    write,
)
from .not_now import TRY_AGAIN, why_not_now

plain_logs()
_log = logging.getLogger("warmline.web")
_django = get_asgi_application()

GET = frozenset({"GET", "HEAD"})
POST = frozenset({"POST"})


class Entry(NamedTuple):
    """Where requests come in: the methods that are taken, the door, and how it says no where the door is not asked."""

    methods: frozenset[str]
    door: Door
    refuse: Refusal = in_words


#: By prefix. One that ends in "/" takes what follows it as the request's tail.
DOORS: dict[str, Entry] = {
    "/in/": Entry(POST | {"OPTIONS"}, intake.take, intake.refuse),
    "/hooks/": Entry(GET | POST, hooks.take),
    "/t/": Entry(GET, links.follow),
    "/o/": Entry(GET, links.open_pixel),
    "/a/": Entry(GET, audio.serve),
    "/u/": Entry(GET | POST, unsubscribe.take),
    "/static/": Entry(GET, static.serve),
    "/thanks": Entry(GET, intake.thanks),
    "/healthz": Entry(GET, health.live),
    "/readyz": Entry(GET, health.ready),
    "/metrics": Entry(GET, metrics.show),
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI 3."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    found = _find(scope["path"])
    if found is None:
        await _django(scope, receive, send)
        return
    tail, entry = found
    try:
        large = entry.door is hooks.take and hooks.takes_mail(tail)
        async with AsyncExitStack() if large else nullcontext() as room:
            request = await read(scope, receive, tail, room)
            answer = await _answer(request, entry, large)
    except GoneError:
        return
    await write(send, answer, scope["method"])


async def _answer(request: Request, entry: Entry, large: bool) -> Response:
    """`large`: the door takes bodies over LIMIT, whole or not."""
    if request.method not in entry.methods:
        answer = entry.refuse(request, 405, "This address takes another method; see the Allow header.")
        return _with(answer, b"allow", ", ".join(sorted(entry.methods)))
    if not (request.whole or large):
        said = f"The body is larger than {LIMIT // 1024} kB, so nothing was kept. Send leads in smaller batches."
        return entry.refuse(request, 413, said)
    try:
        return await entry.door(request)
    except Exception as error:  # noqa: BLE001 - the edge of the process: the caller is told, the operator gets the whole story
        where = f"{request.method} {masked(request.path)}"
        if why := why_not_now(error):
            _log.warning("%s: %s: %s", where, why, _first(error))
            # Nothing was kept: forms and providers send it again.
            said = f"{why}, so nothing was kept. Please send it again in a moment."
            return _with(entry.refuse(request, 503, said), b"retry-after", str(TRY_AGAIN))
        _log.exception("%s failed", where)
        return entry.refuse(request, 500, "Something failed on our side and nothing was kept. Please send it again.")


def _with(answer: Response, name: bytes, value: str) -> Response:
    return replace(answer, headers=(*answer.headers, (name, value.encode())))


def _first(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _find(path: str) -> tuple[str, Entry] | None:
    if path in DOORS:
        return "", DOORS[path]
    end = path.find("/", 1) + 1
    prefix = path[:end]
    return (path[end:], DOORS[prefix]) if prefix in DOORS else None


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message: dict[str, Any] = await receive()
        if message["type"] == "lifespan.startup":
            await asyncio.to_thread(intake.get_ready)
            calm_the_collector()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await asyncio.to_thread(_close)
            await send({"type": "lifespan.shutdown.complete"})
            return


def _close() -> None:
    """Let in what waits, then close every pool: their threads would hold up the end of the process."""
    intake.close()
    database.close()
    for one in connections.all():
        one.close_pool()
