"""GET /t/{token}: on to the page a mail linked to. GET /o/{token}.gif: the pixel that tells of an open."""

from __future__ import annotations

import asyncio
import base64
import logging
from typing import Any

from psycopg_pool import PoolTimeout

from ...channels.email.tracking import read_link, read_open
from ...store.connect import AWAY
from ...store.races import LOST
from .. import database
from .http import Request, Response, page, redirect
from .touched import record, visit_of

_log = logging.getLogger("warmline.web")
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


async def follow(request: Request) -> Response:
    """302 to the address that is signed into the token, and nowhere else."""
    link = read_link(request.tail, database.environment_here().secret.encode())
    if link is None:
        said = "<p>The link is incomplete or was changed on the way. Open it again from the message itself.</p>"
        return page(404, "This link does not work", said)
    data = {"url": link.url, "link": str(link.index)}
    await _note("clicked", link.touch_id, f"click:{link.touch_id}:{link.index}", request, data)
    try:
        return redirect(302, link.url)
    except UnicodeEncodeError:
        return redirect(302, _as_ascii(link.url))


async def open_pixel(request: Request) -> Response:
    """Always the picture: whoever asks learns nothing of whether the token was right."""
    ref = read_open(request.tail, database.environment_here().secret.encode())
    if ref is not None:
        await _note("opened", ref, f"open:{ref}", request, {})
    return Response(200, _PIXEL, ((b"content-type", b"image/gif"), (b"cache-control", b"no-store")))


async def _note(kind: str, ref: str, key: str, request: Request, data: dict[str, Any]) -> None:
    """The lead gets where they wanted to go even when the database is away: then the visit is only in the log."""
    try:
        await asyncio.to_thread(record, kind, ref, key, {**data, **visit_of(request)})
    except (*AWAY, *LOST, PoolTimeout):
        _log.exception("%s of touch %s could not be recorded", kind, ref)


def _as_ascii(url: str) -> str:
    """A target with letters beyond ASCII, as a header can carry it."""
    from django.utils.encoding import iri_to_uri

    return iri_to_uri(url) or ""
