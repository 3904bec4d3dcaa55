import asyncio
import zlib
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from tests.far_ends.ports import closed_port
from warmline.channels.contract import NotSent, Unknown
from warmline.channels.http import LARGEST, Answer, Http

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handle: Handler):
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def ask(url: str, times: int = 1, timeout: float = 5) -> list[Answer | NotSent | Unknown]:
    http = Http(timeout=timeout, concurrency=10)
    try:
        return [await http.request("POST", url, form={"a": "b"}) for _ in range(times)]
    finally:
        await http.close()


async def head(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(len("a=b"))


@pytest.mark.parametrize("url", ["http://nowhere.invalid/", "http://127.0.0.1:{closed}/"])
def test_a_far_end_that_is_not_there_got_nothing(url: str) -> None:
    [result] = asyncio.run(ask(url.format(closed=closed_port())))
    assert isinstance(result, NotSent)


def test_a_failed_handshake_let_nothing_out() -> None:
    async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def steps() -> list[Answer | NotSent | Unknown]:
        async with listening(no_tls) as port:
            return await ask(f"https://127.0.0.1:{port}/")

    [result] = asyncio.run(steps())
    assert isinstance(result, NotSent)


def test_a_handshake_that_never_ends_let_nothing_out() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def steps() -> list[Answer | NotSent | Unknown]:
        async with listening(wait) as port:
            return await ask(f"https://127.0.0.1:{port}/", timeout=0.3)

    [result] = asyncio.run(steps())
    assert isinstance(result, NotSent)


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 201 Cre", b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{}", b"?!\r\n\r\n"]
)
def test_a_request_cut_after_it_was_written_may_have_arrived(said: bytes) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(said)

    async def steps() -> list[Answer | NotSent | Unknown]:
        async with listening(cut) as port:
            return await ask(f"http://127.0.0.1:{port}/")

    [result] = asyncio.run(steps())
    assert isinstance(result, Unknown)


def test_a_request_is_never_repeated_by_itself_over_a_connection_that_died() -> None:
    heads: list[int] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        heads.append(1)
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
        await head(reader)
        heads.append(2)

    async def steps() -> list[Answer | NotSent | Unknown]:
        async with listening(once) as port:
            return await ask(f"http://127.0.0.1:{port}/", times=2)

    first, second = asyncio.run(steps())
    assert isinstance(first, Answer)
    assert isinstance(second, Unknown)
    assert heads == [1, 2]


def test_a_request_that_is_broken_off_while_it_waits_for_a_connection_has_certainly_not_left() -> None:
    begun = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        begun.set()
        await reader.read()

    async def steps() -> tuple[object, object]:
        async with listening(wait) as port:
            http = Http(timeout=60, concurrency=1)
            first = asyncio.create_task(http.request("POST", f"http://127.0.0.1:{port}/", form={"a": "b"}))
            await begun.wait()
            second = asyncio.create_task(http.request("POST", f"http://127.0.0.1:{port}/", form={"a": "b"}))
            await asyncio.sleep(0)  # it begins
            second.cancel()
            first.cancel()
            told = await asyncio.gather(first, second, return_exceptions=True)
            await http.close()
            return told[0], told[1]

    written, waiting = asyncio.run(steps())
    assert isinstance(written, asyncio.CancelledError), "nobody can tell"
    assert isinstance(waiting, NotSent)
    assert not waiting.counts


@pytest.mark.parametrize("packed", [False, True])
def test_of_an_endless_answer_no_more_is_kept_than_any_provider_says(packed: bool) -> None:
    """A kilobyte of gzip may be a gigabyte."""
    piece = b"x" * (1 << 20)
    zip_head = zlib.compressobj(wbits=31)

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        kind = b"Content-Encoding: gzip\r\n" if packed else b""
        writer.write(b"HTTP/1.1 201 Created\r\n" + kind + b"Connection: close\r\n\r\n")
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(zip_head.compress(piece) if packed else piece)
                await writer.drain()
                await asyncio.sleep(0)

    async def steps() -> list[Answer | NotSent | Unknown]:
        async with listening(endless) as port:
            return await ask(f"http://127.0.0.1:{port}/", timeout=60)

    [result] = asyncio.run(steps())
    assert isinstance(result, Answer)
    assert (result.status, len(result.body)) == (201, LARGEST)
