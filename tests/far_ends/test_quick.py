from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from tests.far_ends.quick import run_quickly


def test_an_hour_of_silence_is_over_at_once_and_in_order() -> None:
    async def steps() -> list[str]:
        heard: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        for after, word in ((3600, "late"), (60, "soon"), (0, "now")):
            loop.call_later(after, heard.put_nowait, word)
        return [await heard.get() for _ in range(3)]

    began = monotonic()
    assert run_quickly(steps()) == ["now", "soon", "late"]
    assert monotonic() - began < 60


def test_what_is_slow_to_answer_is_no_silence() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1):
            writer.write(b"!" * 1_000_000)
        writer.close()

    async def steps() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            for _ in range(20):
                writer.write(b"?")
                async with asyncio.timeout(1):
                    await reader.readexactly(1_000_000)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await reader.read(1)
            writer.close()
            await writer.wait_closed()

    run_quickly(steps())
