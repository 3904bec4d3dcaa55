"""A day and time as the field of a browser sends them."""

from __future__ import annotations

from datetime import datetime

from ..core.hours import at_local


def read_moment(text: str, zone: str) -> datetime | None:
    """The instant when the clock of `zone` shows it; None for an empty field. Raises ValueError for what is none, the edges
    of the calendar included."""
    if not text:
        return None
    local = datetime.fromisoformat(text)
    try:
        return at_local(local.date(), local.time(), zone)
    except OverflowError as error:
        raise ValueError(text) from error
