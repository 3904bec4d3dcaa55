"""Time that passes at once where nothing else happens: a client and a far end in one event loop, one of them silent.

A time-out of seconds is over as soon as both only wait, and it is never over while one of them has something to do, however
slow the machine is. For what runs in this loop alone: another process or thread would find that no time has passed.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds without anything to read or write. What one end has written is at the other end by then: both are in this process.
QUIET = 0.02


class _Selector(selectors.DefaultSelector):
    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(timeout if timeout is None else min(timeout, QUIET))
        if not found and timeout is not None and timeout > QUIET:
            self.skipped += timeout - QUIET
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.waits = _Selector()
        super().__init__(self.waits)

    def time(self) -> float:
        return super().time() + self.waits.skipped


def run_quickly(work: Coroutine[Any, Any, T]) -> T:
    async def whole() -> T:
        try:
            return await work
        finally:
            await asyncio.sleep(1)  # until all is quiet: what is being closed is closed

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(whole())
