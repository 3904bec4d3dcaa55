"""What is done to the house, in which order: drawn from the seed, every kind often enough."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

#: kill -9, and how often each of them in twenty
KILLS: Final = {"kill engine": 9, "kill web": 4, "kill backend": 4, "kill PostgreSQL": 3}

#: Everything else, in rounds: each once before any comes again.
FAULTS: Final = (
    "cut database connections", "freeze engine", "freeze web", "step clock", "provider cutting", "provider slow",
    "provider busy", "provider failing", "provider silent",
)  # fmt: skip

#: Once, in the middle.
DISK: Final = "fill disk"

KILLS_TO_A_FAULT = 3


def plan(seed: int, kills: int, missing: frozenset[str] = frozenset()) -> list[str]:
    """`kills` kills and a fault after every third of them. `missing`: faults that can't be made here."""
    dice = random.Random(f"soak {seed}")
    faults = _rounds(dice, [one for one in FAULTS if one not in missing])
    ways = _rounds(dice, [kind for kind, share in KILLS.items() for _ in range(share)])
    steps: list[str] = []
    for number in range(kills):
        steps.append(next(ways))
        if number % KILLS_TO_A_FAULT == KILLS_TO_A_FAULT - 1:
            steps.append(next(faults))
        if number == kills // 2 and DISK not in missing:
            steps.append(DISK)
    return steps


def _rounds(dice: random.Random, things: list[str]) -> Iterator[str]:
    while True:
        yield from dice.sample(things, len(things))
