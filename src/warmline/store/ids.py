"""Ids and lanes. Made by the client: UUIDv7, time-ordered; the lane is read off the random tail of a lead's id."""

from __future__ import annotations

import os
import time
import zlib
from uuid import UUID

#: A worker claims lane by lane. A power of two; changing it is a migration, because it is in every key.
LANES = 16

#: Leads that come in together and share a lane, at most: more are shared out, so that several workers have some.
TOGETHER = 100


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def new_leads(count: int) -> list[UUID]:
    """Ids of leads that come in together: they share a lane, as long as they are few, so that what is done for them next
    is one statement of each kind instead of one for every lead. Which lane is chance, so that lanes fill evenly."""
    ids = [new_id() for _ in range(count)]
    return [
        UUID(int=one.int & ~(LANES - 1) | lane_of(ids[number - number % TOGETHER])) for number, one in enumerate(ids)
    ]


def lane_of(lead_id: UUID) -> int:
    return lead_id.int & (LANES - 1)


def address_lane(value: str) -> int:
    """The lane of an address in `address_owners`, where an address stands for itself."""
    return zlib.crc32(value.encode()) & (LANES - 1)


def touch_ref(lane: int, touch_id: UUID) -> str:
    """How a touch is named outside: safe in a URL, a mail address and a header, and it carries the lane."""
    return f"{lane}-{touch_id.hex}"


def read_touch_ref(ref: str) -> tuple[int, UUID]:
    """Raises ValueError for anything that touch_ref did not write."""
    lane, _, digits = ref.partition("-")
    if not lane.isdecimal() or int(lane) >= LANES or len(digits) != 32:
        raise ValueError(f"{ref!r} names no touch")
    return int(lane), UUID(hex=digits)
