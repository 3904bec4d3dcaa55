"""A process that decides for an engine: threads of one process share Python's lock, and a second one gains little.

This is the engine's side of the line between them; the other is decider_process.py.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection

import psycopg

from .tick import Ticked

LINGER = 60.0  # seconds without work until the process is given up: at rest, an engine is one process
PARTING = 10.0  # seconds within which it has to end once it is told to

#: What the line says of an end that is closed.
GONE = (EOFError, BrokenPipeError, ConnectionResetError)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lane to tick. `punctual`: see Catalog."""

    lane: int
    now: datetime
    punctual: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer. `away`: the database is, and nothing else is wrong."""

    said: str
    away: bool


class Decider:
    """For one thread. The process is started when the first lane comes."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None
        self._worked = 0.0

    def tick(self, lane: int, now: datetime, *, punctual: bool = False) -> Ticked:
        """As tick.tick does, in the process. Raises psycopg.OperationalError when the database is away, RuntimeError when
        the process failed or was killed: then all of the batch happened or nothing, and what did not is due as before."""
        line = self._line or self._start()
        self._worked = time.monotonic()
        try:
            line.send(Wanted(lane, now, punctual))
            answer = line.recv()
        except GONE as error:
            self.close()
            raise RuntimeError("A process that decides has ended in the middle of a batch.") from error
        if isinstance(answer, Trouble):
            self.close()
            raise psycopg.OperationalError(answer.said) if answer.away else RuntimeError(answer.said)
        assert isinstance(answer, Ticked)  # noqa: S101 - nothing else is said by the line
        return answer

    def rest(self) -> None:
        """There is nothing to do just now: a process that has had nothing for a while ends."""
        if self._process is not None and time.monotonic() - self._worked > LINGER:
            self.close()

    def close(self) -> None:
        """The process ends with the line."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            try:
                self._process.wait(PARTING)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._line = None

    def _start(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "warmline.engine.decider_process", str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL)
        self._line = Connection(ours.detach())
        self._line.send(self._dsn)  # not on the command line, which everybody on the machine can read
        return self._line
