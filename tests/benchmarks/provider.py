"""Stands in for Twilio: takes every message after a pause and notes when which number was written to.

As a process of its own: `python -m tests.benchmarks.provider PORT PAUSE`; SIGTERM makes it tell what it saw, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import unquote

from .wire import Answering


@dataclass(slots=True)
class Provider:
    """`arrived`: number -> time of the first message to it, on the machine's monotonic clock, in seconds."""

    port: int
    pause: float = 0.0  # seconds that an answer takes
    arrived: dict[str, float] = field(default_factory=dict)
    doubled: int = 0
    last: float = 0.0

    def take(self, body: bytes) -> bytes:
        self.last = time.monotonic()
        at = body.find(b"To=")
        number = unquote(body[at + 3 :].split(b"&", 1)[0].decode())
        if number in self.arrived:
            self.doubled += 1
        else:
            self.arrived[number] = self.last
        answer = b'{"sid": "SM%032d", "status": "queued"}' % len(self.arrived)
        return b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
            len(answer), answer,
        )  # fmt: skip

    async def start(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: Answering(self.take, self.pause), "127.0.0.1", self.port, backlog=1024)


async def _serve(port: int, pause: float) -> None:
    provider = Provider(port, pause)
    server = await provider.start()
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await over.wait()
    server.close()
    first = min(provider.arrived.values(), default=0.0)
    told = {"count": len(provider.arrived), "doubled": provider.doubled, "first": first, "last": provider.last}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
