"""Reading and writing the words of a playbook: durations, names, near misses, and problems found in a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Literal

_UNITS = {"minute": 1, "hour": 60, "day": 60 * 24, "week": 60 * 24 * 7}  # minutes in each
_SHORT = {
    "m": "minute",
    "min": "minute",
    "mins": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "d": "day",
    "w": "week",
}
_DURATION = re.compile(r"(\d{1,9})\s*([A-Za-z]+)", re.ASCII)
LONGEST = timedelta(days=5 * 366)

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


class UnreadableError(ValueError):
    """Text that is not in the language. `message` says what is wrong, `instead` what to write."""

    def __init__(self, message: str, instead: str) -> None:
        super().__init__(f"{message} {instead}")
        self.message = message
        self.instead = instead


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to correct in a file. Lines and columns count from 1; errors stop publishing, warnings do not."""

    path: str
    line: int
    column: int
    message: str
    instead: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        advice = f" {self.instead}" if self.instead else ""
        return f"{self.path}:{self.line}:{self.column}: {self.severity}: {self.message}{advice}"


def parse_duration(text: str) -> timedelta:
    """`45 minutes`, `2 hours`, `1 day`, `2 weeks`. Raises UnreadableError; the longest is five years."""
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise UnreadableError(
            f"`{text}` is not a length of time.", "Write a number and a unit: 45 minutes, 2 hours, 1 day, 2 weeks."
        )
    number, word = int(found[1]), found[2].lower()
    unit = word.removesuffix("s")
    if unit not in _UNITS:
        guess = _SHORT.get(word) or nearest(unit, _UNITS)
        known = f"Write: {_plural(number, guess)}." if guess else "Write minutes, hours, days or weeks."
        raise UnreadableError(f"`{found[2]}` is not a unit of time.", known)
    if number * _UNITS[unit] > LONGEST / timedelta(minutes=1):
        raise UnreadableError(f"`{text}` is longer than five years.", "Write a shorter time: 30 days.")
    return timedelta(minutes=number * _UNITS[unit])


def print_duration(amount: timedelta) -> str:
    """The inverse of parse_duration, in the largest unit that divides it. Whole minutes only."""
    minutes = amount // timedelta(minutes=1)
    unit = next(unit for unit, size in reversed(_UNITS.items()) if minutes % size == 0 and (minutes or size == 1))
    return _plural(minutes // _UNITS[unit], unit)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or nothing."""
    found = get_close_matches(word.lower().replace("_", "-"), list(known), n=1, cutoff=0.6)
    if not found:
        found = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


def suggest(word: str, known: Iterable[str], what: str = "") -> str:
    """`Did you mean x?` for a near miss, otherwise the list of what there is."""
    options = list(known)
    guess = nearest(word, options)
    if guess:
        return f"Did you mean {guess}?"
    return f"Write {what or 'one of'}: {', '.join(options)}." if options else "There is none yet."


def _plural(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
