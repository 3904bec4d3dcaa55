"""GET /u/{token} shows one button; POST unsubscribes, also as one click from a mail program (RFC 8058)."""

from __future__ import annotations

import asyncio

from ...channels.email.tokens import read_touch
from .. import database
from .http import Request, Response, page
from .touched import record


async def take(request: Request) -> Response:
    ref = read_touch(request.tail, "unsubscribe", database.environment_here().secret.encode())
    if ref is None:
        said = "<p>It is incomplete or was changed on the way. Open it again from the message, or answer with STOP.</p>"
        return page(404, "This link does not work", said)
    if request.method == "POST":
        return await _unsubscribe(request, ref)
    said = (
        "<p>You will get no more messages from us: no email, no texts, no voicemail.</p>"
        "<form method='post'><button class='button button-main button-wide'>Stop all messages</button></form>"
    )
    return page(200, "Stop these messages?", said)


async def _unsubscribe(request: Request, ref: str) -> Response:
    how = "one click" if b"One-Click" in request.body else "page"  # in either form of RFC 8058, 3.2
    agent = request.headers.get("user-agent", "")
    data = {"how": how, "ip": request.client, "user_agent": agent[:200]}
    known = await asyncio.to_thread(record, "unsubscribed", ref, f"unsubscribe:{ref}:{how}", data)
    if not known:
        said = "<p>The message it came with is no longer on record, so nothing will be sent because of it.</p>"
        return page(404, "This link is no longer needed", said)
    return page(200, "Done", "<p>You will get no more messages from us. You can close this page.</p>")
