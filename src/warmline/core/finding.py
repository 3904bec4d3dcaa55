"""What the gate found: by each rule it looked at, and in all.

Most findings pass, and say the same of most leads of a morning: those are made once and handed out again.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

import msgspec

Result = Literal["pass", "hold", "refuse"]


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """What one rule said. `until` only for a hold whose end is known; a hold without it waits for a person."""

    rule: str
    result: Result
    saw: str
    flip: str = ""
    until: datetime | None = None
    cite: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """`rule` is the one that decided ("" when allowed). `until` ends a hold; None: a person must act."""

    result: Literal["allow", "hold", "refuse"]
    rule: str
    until: datetime | None
    findings: tuple[Finding, ...]


def later(finding: Finding, held: Finding) -> bool:
    """Whether a hold ends after another. One without an end waits for a person, and ends last."""
    if held.until is None:
        return False
    return finding.until is None or finding.until > held.until


@lru_cache(maxsize=16_384)
def passes(rule: str, saw: str, cite: str = "") -> Finding:
    return Finding(rule, "pass", saw, "", None, cite)


_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_of(at: date) -> str:
    """Put together by hand: strftime takes eight times as long, and a check may name several days."""
    return f"{at.day:02d} {_MONTHS[at.month]} {at.year}"


def minute_of(at: datetime) -> str:
    return f"{day_of(at)} {at.hour:02d}:{at.minute:02d} UTC"


@lru_cache(maxsize=4096)
def span_of(span: timedelta) -> str:
    """In words: "2 d 3 h"."""
    minutes = max(int(span.total_seconds() // 60), 0)
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{days} d" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes or not days + hours else "",
    ]
    return " ".join(part for part in parts if part)
