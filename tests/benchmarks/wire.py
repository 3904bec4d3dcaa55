"""HTTP/1.1 with as little work as possible, so that the bench takes few of the cores it shares with what it measures.

Only what our own two ends say to each other: keep-alive, Content-Length, no chunks, one request at a time a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def post(path: str, body: bytes, content_type: str = "application/json") -> bytes:
    """A whole request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Messages:
    """Cuts what arrives into whole messages: (first line with headers, body)."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        held = self._held + data if self._held else data
        whole = []
        while (end := held.find(b"\r\n\r\n")) >= 0:
            head = held[:end]
            size = end + 4 + _length(head)
            if len(held) < size:
                break
            whole.append((head, held[end + 4 : size]))
            held = held[size:]
        self._held = held
        return whole


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at < 0:
        if b"transfer-encoding:" in lowered:
            raise ValueError("The bench reads no chunked bodies.")
        return 0
    return int(lowered[at + 15 :].split(b"\r\n", 1)[0])


class Connection(asyncio.Protocol):
    """One connection of a client. `ask` sends a request and gives the status and the body of the answer."""

    def __init__(self) -> None:
        self._messages = Messages()
        self._asked: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # a TCP transport is a Transport

    def data_received(self, data: bytes) -> None:
        for head, body in self._messages.feed(data):
            if self._asked is not None:
                asked, self._asked = self._asked, None
                asked.set_result((int(head[9:12]), body))

    def connection_lost(self, why: Exception | None) -> None:
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(ConnectionError(f"The connection ended before the answer: {why}"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self._asked = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._asked

    def close(self) -> None:
        self._transport.close()


async def connect_to(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


class Answering(asyncio.Protocol):
    """One connection of a server: `answer(body)` gives the bytes of an answer, which go out `pause` seconds later."""

    def __init__(self, answer: Callable[[bytes], bytes], pause: float) -> None:
        self._messages = Messages()
        self._answer = answer
        self._pause = pause

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # a TCP transport is a Transport

    def data_received(self, data: bytes) -> None:
        for _, body in self._messages.feed(data):
            answer = self._answer(body)
            if self._pause:
                asyncio.get_running_loop().call_later(self._pause, self._write, answer)
            else:
                self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)
