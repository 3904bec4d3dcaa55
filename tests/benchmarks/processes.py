"""Processes of the bench's own: each says a line when it is ready, takes lines as orders, and tells its results as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hand:
    """A module of the bench that runs as a process."""

    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def tell(self, order: str = "go") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        """The next line, as JSON. Raises RuntimeError when the process ended instead; its error is on stderr."""
        line = self._line()
        return json.loads(line)

    def wait_until_ready(self) -> None:
        line = self._line()
        if line.strip() != "ready":
            raise RuntimeError(f"{self.process.args} said {line!r} instead of being ready.")

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended before it was done. What it said is above.")
        return line


@contextmanager
def a_hand(module: str, *arguments: object) -> Iterator[Hand]:
    """Run `tests.benchmarks.<module>` until the block ends."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    hand = Hand(process)
    try:
        hand.wait_until_ready()
        yield hand
    finally:
        process.terminate()
        process.communicate(timeout=30)
