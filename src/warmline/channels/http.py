"""One HTTP request to a provider, and the one question that matters when it fails: can it have arrived?

The pool tells us when a connection is in hand. A failure before that moment is NotSent, any failure after it is Unknown:
this does not depend on which of its exceptions a library version chooses to raise.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp.connector import Connection

from warmline.channels.contract import NotSent, Unknown

CONNECT_SECONDS = 5.0
FORM = "application/x-www-form-urlencoded"
RETRY_UNREACHABLE = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
#: Bytes of an answer that are read: more than a thousand messages in a list, and than a recording of some minutes.
LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    def json(self) -> object:
        """The body as JSON, or None where it is none: proxies answer in HTML."""
        try:
            found: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found


class Http:
    """A pool of connections to one provider. `timeout` is seconds for a whole request, `concurrency` the most open."""

    def __init__(self, *, timeout: float, concurrency: int) -> None:
        self._timeout = timeout
        self._concurrency = concurrency
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | NotSent | Unknown:
        """Redirects are answers, not followed: a second request could be a second message. Whoever cancels it before it
        has a connection is told NotSent; after that the cancel goes through."""
        progress = _Progress()
        _under_way.set(progress)
        if form is not None:  # written here: it takes aiohttp several times as long
            body, headers = urlencode(form).encode(), {**(headers or {}), "Content-Type": FORM}
        try:
            async with self._open().request(
                method,
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as response:
                content = await _read(response)
                return Answer(response.status, {name.lower(): v for name, v in response.headers.items()}, content)
        except asyncio.CancelledError:
            if progress.connected:
                raise
            return NotSent("There was no time left for a connection to the provider.", RETRY_UNREACHABLE, counts=False)
        except (TimeoutError, aiohttp.ClientError, OSError) as failure:
            why = _name(failure)
            if progress.connected:
                return Unknown(f"The request went out and no complete answer came ({why}).")
            return NotSent(f"No connection to the provider ({why}).", RETRY_UNREACHABLE)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # Idle connections are dropped early: one the provider closes just as we write on it makes an Unknown.
                connector=_Connector(limit=self._concurrency, keepalive_timeout=10),
                timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


@dataclass(slots=True)
class _Progress:
    """How far a request has come."""

    connected: bool = False


#: The request that this task is at.
_under_way: ContextVar[_Progress] = ContextVar("request under way")


class _Connector(aiohttp.TCPConnector):
    """Notes for the task's request that its connection is in hand. A tracer of aiohttp's would be told as much, and costs a
    seventh of the whole request."""

    async def connect(self, *asked: Any, **more: Any) -> Connection:
        connection = await super().connect(*asked, **more)
        _under_way.get().connected = True
        return connection


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, or how it begins: its status says whether a message was taken, however long the rest is."""
    parts, size = [], 0
    while size < LARGEST and (part := await response.content.read(LARGEST - size)):
        parts.append(part)
        size += len(part)
    if size == LARGEST:
        response.close()  # the rest is on its way, and nobody reads it
    return b"".join(parts)


def retry_after(headers: Mapping[str, str], default: timedelta) -> timedelta:
    """Retry-After (RFC 9110 10.2.3): seconds, or a date measured against the answer's own Date. At most an hour.

    "At once" is no pause: pauses that grow from nothing would have used up all tries within a second.
    """
    value = headers.get("retry-after", "").strip()
    try:
        if value.isascii() and value.isdigit():
            wait = timedelta(seconds=min(int(value), 86400))
        else:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return default
    return min(wait, LONGEST_RETRY) if wait > timedelta(0) else default


def _name(failure: BaseException) -> str:
    """Kind of failure and the system's words for it; never a URL or a header, which may hold an account."""
    if isinstance(failure, asyncio.TimeoutError):
        return "time-out"
    words = getattr(failure, "strerror", None)
    return f"{type(failure).__name__}: {words}" if words else type(failure).__name__
