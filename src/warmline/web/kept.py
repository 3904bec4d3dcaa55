"""Numbers that cost a look at every lead, kept for a while: a page that is a minute old in them is as good."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

T = TypeVar("T")

_kept: dict[Hashable, tuple[float, object]] = {}
_lock = Lock()


def kept(what: Hashable, seconds: float, read: Callable[[], T]) -> T:
    """What `read` said at most `seconds` ago in this process. `what` names it and the workspace it is of.

    Two that ask at once may both read: better than one waiting for the other.
    """
    with _lock:
        found = _kept.get(what)
    if found is not None and time.monotonic() - found[0] < seconds:
        return cast(T, found[1])
    value = read()
    with _lock:
        _kept[what] = (time.monotonic(), value)
    return value


def is_fresh(what: Hashable, seconds: float) -> bool:
    """Whether `kept` would answer at once, without reading."""
    with _lock:
        found = _kept.get(what)
    return found is not None and time.monotonic() - found[0] < seconds


def forget() -> None:
    """As if nothing had been read."""
    with _lock:
        _kept.clear()
