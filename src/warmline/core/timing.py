"""The `at` of a step: `now`, `45 minutes after first-call.missed`, `day 3..4, 11:00..16:00`, `week 2`.

    at      = when [ " after " step [ "." outcome ] ] [ "," window ]
    when    = "now" | DURATION | "day" N [ ".." M ] | "week" N [ ".." M ]
    window  = HH:MM [ ".." HH:MM ]               only with day and week

`after first-call.missed` alone means: at once when that happens.
"""

from __future__ import annotations

import re
from datetime import time, timedelta

from .playbook import CALL_OUTCOMES, DEFAULT_WINDOW, SEND_OUTCOMES, START, TASK_OUTCOMES, Anchor, At, Days, Delay
from .words import UnreadableError, nearest, parse_duration, print_duration

LONGEST = 200  # characters of an `at`
LAST_DAY = 5 * 366
OUTCOMES = tuple(dict.fromkeys((*SEND_OUTCOMES, *CALL_OUTCOMES, *TASK_OUTCOMES)))

_SHAPE = "Write: now, 45 minutes, day 2, 10:00, day 3..4, 11:00..16:00, or week 2."
_AFTER = re.compile(r"(?:(?P<when>.+?)\s+)?after\s+(?P<anchor>[^\s,]+)", re.DOTALL)
_DAYS = re.compile(r"(day|week)s?\s+(\d{1,6})(?:\s*(?:\.\.|-|–|to)\s*(\d{1,6}))?", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_ANCHOR = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)(?:\.([a-z-]+))?", re.ASCII)


def parse_at(text: str) -> At:
    """Read one `at`. An anchor without an outcome keeps outcome "": the parser fills in the step's natural one.

    Raises UnreadableError.
    """
    if len(text) > LONGEST:
        raise UnreadableError("The time is far too long.", _SHAPE)
    head, comma, tail = text.partition(",")
    when, anchor = _split_anchor(head.strip())
    days = _DAYS.fullmatch(when)
    if days:
        first, last = _range(days, text)
        window = _window(tail.strip(), text) if comma else DEFAULT_WINDOW
        return Days(first, last, window, anchor)
    if comma:
        raise UnreadableError(f"`{text}` has a clock time but no day.", f"Write the day before it: day 2,{tail}.")
    if when in ("now", "") and (when or anchor.step):
        return Delay(timedelta(0), anchor)
    try:
        return Delay(parse_duration(when), anchor)
    except UnreadableError as error:
        if re.match(r"\d", when):
            raise
        raise UnreadableError(f"`{text}` is not a time.", _guess(when)) from error


def print_at(at: At) -> str:
    """The inverse of parse_at, in its shortest form."""
    after = ""
    if at.anchor.step:
        after = f"after {at.anchor.step}" + (f".{at.anchor.outcome}" if at.anchor.outcome else "")
    if isinstance(at, Delay):
        if not at.amount:
            return after or "now"
        return f"{print_duration(at.amount)} {after}".strip()
    weeks = (at.first - 1) % 7 == 0 and at.last % 7 == 0
    first, last = ((at.first + 6) // 7, at.last // 7) if weeks else (at.first, at.last)
    when = f"{'week' if weeks else 'day'} {first}" + (f"..{last}" if last != first else "")
    start, end = at.window
    clock = "" if at.window == DEFAULT_WINDOW else f", {start:%H:%M}" + (f"..{end:%H:%M}" if end != start else "")
    return f"{when} {after}".strip() + clock


def _split_anchor(head: str) -> tuple[str, Anchor]:
    found = _AFTER.fullmatch(head)
    if not found:
        return head, START
    named = _ANCHOR.fullmatch(found["anchor"])
    if not named:
        raise UnreadableError(
            f"`{found['anchor']}` does not name a step and its outcome.", "Write: after first-call.missed."
        )
    return (found["when"] or "").strip(), Anchor(named[1], named[2] or "")


def _range(found: re.Match[str], text: str) -> tuple[int, int]:
    first = int(found[2])
    last = int(found[3]) if found[3] else first
    unit = found[1].lower()
    if first < 1:
        raise UnreadableError(f"`{text}` counts from zero.", f"The first {unit} is {unit} 1: write {unit} 1.")
    if last < first:
        raise UnreadableError(f"`{text}` ends before it begins.", f"Write: {unit} {last}..{first}.")
    if unit == "week":
        first, last = 7 * first - 6, 7 * last
    if last > LAST_DAY:
        raise UnreadableError(f"`{text}` lies more than five years ahead.", "Write a nearer day.")
    return first, last


def _window(text: str, whole: str) -> tuple[time, time]:
    start_text, dots, end_text = text.partition("..")
    start = _clock(start_text.strip(), whole)
    end = _clock(end_text.strip(), whole) if dots else start
    if dots and end <= start:
        raise UnreadableError(
            f"The window `{text}` does not end after it begins.", f"Write two times of one day: {start:%H:%M}..18:00."
        )
    return start, end


def _clock(text: str, whole: str) -> time:
    found = _CLOCK.fullmatch(text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise UnreadableError(
            f"`{text}` in `{whole}` is not a time of day.", "Write hours and minutes, 24 hours a day: 09:30 or 16:00."
        )
    return time(int(found[1]), int(found[2]))


def _guess(when: str) -> str:
    first = when.split(" ", 1)[0] if when else ""
    guess = nearest(first, ("now", "day", "week"))
    if guess == "now" or first in ("immediately", "immediate", "instantly", "asap"):
        return "Write: now."
    return f"Did you mean {guess} 2?" if guess else _SHAPE
