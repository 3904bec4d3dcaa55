"""Where a page of a list ended, as text for the address of the next: a time and, among things of one time, an id."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

Place = tuple[datetime, UUID]


def write_cursor(at: datetime, one: UUID) -> str:
    return f"{at.isoformat()}~{one.hex}"


def read_cursor(cursor: str) -> Place:
    """Raises ValueError for what `write_cursor` did not write."""
    at, _, digits = cursor.partition("~")
    return datetime.fromisoformat(at), UUID(hex=digits)
