"""A request as the doors see it, and an answer. No framework: a door is `async (Request) -> Response`."""

from __future__ import annotations

import asyncio
import html
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

import msgspec

from .. import database, static_files

#: The largest body a door takes, and how much of a larger one it reads and drops before it answers.
LIMIT = 1024 * 1024
MOST_DROPPED = 16 * LIMIT
#: A mail that a provider posts has all its attachments: 30 MB at SendGrid, 35 at Postmark. Refused, it is lost.
LARGEST_MAIL = 40 * LIMIT
#: What is kept of one that is larger still.
HEAD = 64 * 1024
#: So many bodies over LIMIT are in memory at once; the others wait, and nothing is read from their senders meanwhile.
_LARGE = asyncio.Semaphore(2)
#: Seconds in which one of them has to be here, so that a slow sender keeps out no others for long.
_SLOWEST = 300.0

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_JSON = msgspec.json.Encoder()
_POLICY = (
    b"default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'"
)


class GoneError(Exception):
    """The caller hung up before the body was complete: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    tail: str  # what follows the door's prefix: "pricing" of /in/pricing
    query: str  # as it came, still encoded
    headers: Mapping[str, str]  # lower-case names
    body: bytes
    client: str  # the caller's address; of a proxy's caller when the proxy is ours
    whole: bool = True  # False: `body` is the HEAD of one that is too large

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def wants_page(self) -> bool:
        """A person in a browser, who should see words rather than JSON."""
        return "text/html" in self.headers.get("accept", "")

    def parameter(self, name: str) -> str:
        return parse_qs(self.query).get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


Door = Callable[[Request], Awaitable[Response]]
#: How a door says no: the status, and what happened, why and what to do.
Refusal = Callable[[Request, int, str], Response]


def json(status: int, content: Any, *headers: tuple[bytes, bytes]) -> Response:
    return Response(status, _JSON.encode(content), ((b"content-type", b"application/json"), *headers))


def text(status: int, content: str, content_type: bytes = b"text/plain; charset=utf-8") -> Response:
    return Response(status, content.encode(), ((b"content-type", content_type),))


def in_words(_request: Request, status: int, said: str) -> Response:
    """A refusal for whoever reads logs."""
    return text(status, f"{said}\n")


def redirect(status: int, address: str) -> Response:
    """Not to be kept by anybody: an answer fetched in advance would stand in for the person's own visit."""
    headers = (
        (b"location", address.encode("ascii", "strict")),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    )
    return Response(status, b"", headers)


def page(status: int, title: str, body_html: str) -> Response:
    """A small page in our dress. `title` is text; `body_html` is HTML whose variable parts are escaped already."""
    shown = html.escape(title)
    document = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<meta name='robots' content='noindex'><title>{shown}</title>"
        f"<link rel='stylesheet' href='{static_files.url('app.css')}'></head>"
        f"<body class='plain'><main class='plain-card'><h1>{shown}</h1>{body_html}</main></body></html>"
    )
    headers = (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", _POLICY),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    )
    return Response(status, document.encode(), headers)


async def read(scope: Scope, receive: Receive, tail: str, room: AsyncExitStack | None = None) -> Request:
    """Raises GoneError. Of a body over LIMIT there is its HEAD. With `room`, in which it then stays until that is left, a
    mail up to LARGEST_MAIL is taken whole."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body, whole = await _body(receive, room)
    return Request(
        method=scope["method"],
        path=scope["path"],
        tail=tail,
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=body,
        client=_client(scope, headers),
        whole=whole,
    )


async def write(send: Send, response: Response, method: str = "GET") -> None:
    length = (b"content-length", str(len(response.body)).encode())
    await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers, length]})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})


async def _body(receive: Receive, room: AsyncExitStack | None) -> tuple[bytes, bool]:
    """What is too large is read to its end and dropped: a sender that is still sending would not hear why. There is an end
    to that, too."""
    kept, size, until = BytesIO(), 0, None
    most = LIMIT if room is None else LARGEST_MAIL
    while True:
        message = await (receive() if until is None else _soon(receive, until))
        if message["type"] == "http.disconnect":
            raise GoneError
        part = message.get("body", b"")
        if room is not None and size <= LIMIT < size + len(part):
            await room.enter_async_context(_LARGE)
            until = asyncio.get_running_loop().time() + _SLOWEST
        size += len(part)
        if size <= most:
            kept.write(part)
        done = not message.get("more_body", False)
        if done and size <= most:
            return kept.getvalue(), True
        if done or size > most + MOST_DROPPED:
            return (kept.getvalue() or part)[:HEAD], False


async def _soon(receive: Receive, until: float) -> dict[str, Any]:
    try:
        async with asyncio.timeout_at(until):
            return await receive()
    except TimeoutError:
        raise GoneError from None


def _client(scope: Scope, headers: Mapping[str, str]) -> str:
    """A proxy of ours adds the caller at the end of X-Forwarded-For; what stands before it anybody can write."""
    peer = str((scope.get("client") or ("", 0))[0])
    forwarded = headers.get("x-forwarded-for", "")
    if forwarded and peer in database.environment_here().proxies:
        return _address(forwarded.rsplit(",", 1)[-1].strip()) or peer
    return peer


def _address(told: str) -> str:
    """The IP address of "198.51.100.7", "198.51.100.7:4711" or "[2001:db8::1]:4711"; "" for anything else.

    It is kept as part of a consent's proof, so a proxy's "unknown" is worth less than the proxy's own address.
    """
    bare = told[1:].partition("]")[0] if told.startswith("[") else told
    for text in (bare, bare.rpartition(":")[0]):
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            continue
    return ""
