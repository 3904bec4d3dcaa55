"""Hints: lanes in which something has just become due. Losing one costs half a second, never a lead: polling is enough."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

from warmline.store.connect import AWAY, connect
from warmline.store.hints import CHANNEL


class Hints:
    """A set of lanes that any thread adds to and one thread takes from."""

    def __init__(self) -> None:
        self._lanes: set[int] = set()
        self._news = threading.Condition()

    def add(self, lanes: Iterable[int]) -> None:
        with self._news:
            self._lanes.update(lanes)
            self._news.notify_all()

    def take(self, seconds: float) -> set[int]:
        """The lanes added since the last time; waits up to `seconds` for the first one."""
        with self._news:
            if not self._lanes:
                self._news.wait(seconds)
            lanes, self._lanes = self._lanes, set()
            return lanes

    def take_one(self, seconds: float) -> int | None:
        """One of the lanes, left for nobody else; waits up to `seconds` for one."""
        with self._news:
            if not self._lanes:
                self._news.wait(seconds)
            return self._lanes.pop() if self._lanes else None


class AsyncHints:
    """The same for an event loop: `add` from any thread, `take` awaited in the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lanes: set[int] = set()
        self._news = asyncio.Event()

    def add(self, lanes: Iterable[int]) -> None:
        lanes = set(lanes)
        if lanes and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._add, lanes)

    def _add(self, lanes: set[int]) -> None:
        self._lanes |= lanes
        self._news.set()

    def wake(self) -> None:
        """End a wait with nothing: for stopping."""
        self._loop.call_soon_threadsafe(self._news.set)

    async def take(self, seconds: float) -> set[int]:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return set()
        self._news.clear()
        lanes, self._lanes = self._lanes, set()
        return lanes


def listen(dsn: str, hints: Hints, stopping: threading.Event) -> None:
    """Pass on what intake notifies, until `stopping`. Reconnects for ever; meanwhile polling does the work."""
    while not stopping.is_set():
        try:
            with connect(dsn, "warmline listen") as conn:
                conn.execute(f"listen {CHANNEL}".encode())
                while not stopping.is_set():
                    for notify in conn.notifies(timeout=0.5):
                        hints.add(int(lane) for lane in notify.payload.split() if lane.isdecimal())
        except AWAY:
            stopping.wait(1)
