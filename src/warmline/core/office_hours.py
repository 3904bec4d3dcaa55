"""`mon-fri 09:00-17:30, sat 10:00-14:00` as a week."""

from __future__ import annotations

import re
from datetime import time
from typing import cast

from .hours import Week, Window
from .words import UnreadableError, nearest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PART = re.compile(r"(?P<days>[^\d]+?)\s+(?P<start>\d{1,2}:\d{2})\s*(?:-|–|to|\.\.)\s*(?P<end>\d{1,2}:\d{2})", re.ASCII)


def parse_week(text: str) -> Week:
    """Days (`mon`, `mon-fri`, `daily`) with a window each; a day may come twice. Raises UnreadableError."""
    week: list[list[Window]] = [[] for _ in DAYS]
    for part in text.split(","):
        found = _PART.fullmatch(part.strip())
        if not found:
            raise UnreadableError(
                f"`{part.strip()}` names no days and hours.", "Write: mon-fri 09:00-17:30, sat 10:00-14:00."
            )
        window = Window(_clock(found["start"]), _clock(found["end"]))
        for day in _days(found["days"].strip().lower()):
            week[day].append(window)
    return cast("Week", tuple(tuple(sorted(day, key=lambda window: window.start)) for day in week))


def _days(text: str) -> list[int]:
    if text in ("daily", "every day"):
        return list(range(7))
    first, dash, last = (part.strip() for part in text.replace("–", "-").partition("-"))
    begin = _day(first)
    if not dash:
        return [begin]
    end = _day(last)
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]


def _day(word: str) -> int:
    if word in DAYS:
        return DAYS.index(word)
    if word in _LONG:
        return _LONG.index(word)
    guess = nearest(word, DAYS)
    advice = f"Did you mean {guess}?" if guess else f"Write one of: {', '.join(DAYS)}."
    raise UnreadableError(f"`{word}` is not a day.", advice)


def _clock(text: str) -> time:
    hours, minutes = (int(part) for part in text.split(":"))
    if hours == 24 and minutes == 0:
        return time(0)
    if hours > 23 or minutes > 59:
        raise UnreadableError(f"`{text}` is not a time of day.", "Write hours and minutes, 24 hours a day: 09:30.")
    return time(hours, minutes)
