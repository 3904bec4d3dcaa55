"""What the gate kept back in the last 24 hours: one reading for Today, by hour, and for Rules, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from ..store import measures
from ..store.measures import KeptBack
from .asking import Ask
from .kept import kept

DAY = timedelta(days=1)

#: Seconds for which it is kept: a day's decisions are read whole for it.
FRESH = 30


def kept_back(ask: Ask) -> list[KeptBack]:
    return kept(
        ("kept back", ask.workspace_id),
        FRESH,
        lambda: measures.kept_back(ask.conn, ask.workspace_id, ask.now - DAY),
    )


def by_hour(found: Sequence[KeptBack]) -> list[int]:
    """One count an hour, oldest first."""
    hours = [0] * 24
    for one in found:
        hours[one.hour] += one.count
    return hours


def by_reason(found: Sequence[KeptBack], did: str) -> list[tuple[str, int]]:
    """How often for each rule, the most first. `did`: hold or refuse."""
    counts = Counter[str]()
    for one in found:
        if one.did == did:
            counts[one.reason] += one.count
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
