"""GET /a/{token}.wav: a recording, for a provider that was given its address. Signed, for a while, and never listed."""

from __future__ import annotations

import asyncio

from ...channels.voicemail.tokens import Heard, read_audio
from ...store import recordings
from ...store.clock import real_now
from .. import database
from ..ranges import ranged
from .http import Request, Response, text

_HEADERS = (
    (b"content-type", b"audio/wav"),
    (b"x-robots-tag", b"noindex"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, max-age=3600"),
)


async def serve(request: Request) -> Response:
    """Whoever asks learns nothing of whether a token was wrong, is over, or names what is gone."""
    heard = read_audio(request.tail, database.environment_here().secret.encode(), real_now())
    sound = await asyncio.to_thread(_sound, heard) if heard is not None else None
    if sound is None:
        return text(404, "There is nothing to hear here, or not any more.\n")
    part = ranged(sound, request.headers.get("range", ""))
    more = tuple((name.encode(), value.encode()) for name, value in part.headers.items())
    return Response(part.status, part.body, (*_HEADERS, *more))


def _sound(heard: Heard) -> bytes | None:
    with database.connection() as conn:
        return recordings.audio(conn, heard.workspace_id, heard.recording, database.now(conn))
