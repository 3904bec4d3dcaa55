"""Ports on 127.0.0.1."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle

#: Below what systems hand out by themselves (from 32768 on Linux, from 49152 elsewhere), to connections among others: a port
#: from there may be somebody's by the time at which a server of ours begins to listen on it.
FIRST, LAST = 18_000, 32_000


def closed_port() -> int:
    """A port where nobody listens; this process does not hand it out again before all others."""
    return next(port for port in _ports() if _is_closed(port))


def _is_closed(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@cache
def _ports() -> Iterator[int]:
    """Each process goes its own way through them: workers of one run have little chance to meet."""
    ports = list(range(FIRST, LAST))
    random.Random(os.getpid()).shuffle(ports)
    return cycle(ports)
