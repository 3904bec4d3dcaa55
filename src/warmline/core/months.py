"""Calendar months, as laws count them."""

from __future__ import annotations

import calendar
from datetime import datetime
from functools import lru_cache


@lru_cache(maxsize=65_536)
def add_months(at: datetime, months: int) -> datetime:
    """The same day of the month so many months on; the last day where the month is shorter (31 Jan + 1: 28 Feb)."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)
