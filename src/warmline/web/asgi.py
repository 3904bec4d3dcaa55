"""The one ASGI application: the doors first, and Django for everything else."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack, nullcontext
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "warmline.web.settings")

import psycopg
from django.core.asgi import get_asgi_application
from django.db import connections

from ..channels.secret_path import masked
from ..garbage import calm_the_collector
from ..logs import plain_logs
from ..store.races import LOST
from . import database
from .doors import audio, health, hooks, intake, links, metrics, static, unsubscribe
from .doors.http import (
    LIMIT,
    Door,
    GoneError,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    TooLargeError,
    read,
    text,
    write,
)

plain_logs()
_log = logging.getLogger("warmline.web")
_django = get_asgi_application()

GET = frozenset({"GET", "HEAD"})
POST = frozenset({"POST"})

#: Prefix -> the methods it takes and the door. A prefix that ends in "/" takes what follows it as the request's tail.
DOORS: dict[str, tuple[frozenset[str], Door]] = {
    "/in/": (POST, intake.take),
    "/hooks/": (GET | POST, hooks.take),
    "/t/": (GET, links.follow),
    "/o/": (GET, links.open_pixel),
    "/a/": (GET, audio.serve),
    "/u/": (GET | POST, unsubscribe.take),
    "/static/": (GET, static.serve),
    "/thanks": (GET, intake.thanks),
    "/healthz": (GET, health.live),
    "/readyz": (GET, health.ready),
    "/metrics": (GET, metrics.show),
}

#: Nothing was kept, and the same request may succeed in a moment: forms and providers send it again.
AWAY = Response(
    503,
    b"The database can't be reached, so nothing was kept. Please send it again in a moment.\n",
    ((b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"2")),
)

#: The same, where the database is there and only this request could not get through.
BUSY = Response(
    503,
    b"Too much happened to the same lead at once, so nothing was kept. Please send it again in a moment.\n",
    AWAY.headers,
)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI 3."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    found = _find(scope["path"])
    if found is None:
        await _django(scope, receive, send)
        return
    tail, methods, door = found
    try:
        large = door is hooks.take and hooks.takes_mail(tail)
        async with AsyncExitStack() if large else nullcontext() as room:
            request = await read(scope, receive, tail, room)
            answer = await _answer(request, methods, door)
    except TooLargeError:
        answer = text(413, f"The body is larger than {LIMIT // 1024} kB. Send the leads in smaller batches.\n")
    except GoneError:
        return
    await write(send, answer, scope["method"])


async def _answer(request: Request, methods: frozenset[str], door: Door) -> Response:
    if request.method not in methods:
        allowed = (b"allow", ", ".join(sorted(methods)).encode())
        return Response(405, b"This address takes another method; see the Allow header.\n", (allowed,))
    try:
        return await door(request)
    except LOST as error:
        _log.warning(
            "%s %s: others were faster in every round: %s", request.method, masked(request.path), _first(error)
        )
        return BUSY
    except psycopg.OperationalError as error:  # PoolTimeout is one, too
        _log.warning("%s %s: the database is away: %s", request.method, masked(request.path), _first(error))
        return AWAY
    except Exception:  # noqa: BLE001 - the edge of the process: the caller is told, the operator gets the whole story
        _log.exception("%s %s failed", request.method, masked(request.path))
        return text(500, "Something failed on our side and nothing was kept. Please send it again.\n")


def _first(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _find(path: str) -> tuple[str, frozenset[str], Door] | None:
    if path in DOORS:
        return "", *DOORS[path]
    end = path.find("/", 1) + 1
    prefix = path[:end]
    return (path[end:], *DOORS[prefix]) if prefix in DOORS else None


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
