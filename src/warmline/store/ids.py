"""Ids and lanes. Made by the client: UUIDv7, time-ordered; the lane is read off the random tail of a lead's id."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator
from itertools import islice
from uuid import UUID, SafeUUID

#: A worker claims lane by lane. A power of two; changing it is a migration, because it is in every key.
LANES = 16

#: Leads that come in together and share a lane, at most: more are shared out, so that several workers have some.
TOGETHER = 100

#: A UUID's version and variant, and the 62 bits that are random.
_MARKS = 0x7 << 76 | 0x2 << 62
_OPEN = (1 << 62) - 1

#: Ids for which randomness is drawn at once.
_DRAWN = 32

_put = object.__setattr__
_UNKNOWN = SafeUUID.unknown


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, 12 of their fraction (6.2, method 3), then random. So what one
    process makes one after the other is in that order, also where rows have the same time."""
    return _uuid(_stamp() | int.from_bytes(os.urandom(8)) & _OPEN)


def new_ids() -> Iterator[UUID]:
    """As many as are asked for, at less for each. For one batch: the time is that of a moment ago, for many the same."""
    while True:
        stamp = _stamp()
        drawn = os.urandom(8 * _DRAWN)
        for at in range(0, len(drawn), 8):
            yield _uuid(stamp | int.from_bytes(drawn[at : at + 8]) & _OPEN)


def _stamp() -> int:
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    return milliseconds << 80 | (rest << 12) // 1_000_000 << 64 | _MARKS


def _uuid(value: int) -> UUID:
    """UUID(int=value), without its looking at six ways to be told what it is: a batch makes thousands."""
    made = UUID.__new__(UUID)
    _put(made, "int", value)
    _put(made, "is_safe", _UNKNOWN)
    return made


def new_leads(count: int) -> list[UUID]:
    """Ids of leads that come in together: they share a lane, as long as they are few, so that what is done for them next
    is one statement of each kind instead of one for every lead. Which lane is chance, so that lanes fill evenly."""
    ids = list(islice(new_ids(), count))
    lanes = [lane_of(one) for one in ids[::TOGETHER]]
    return [_uuid(one.int & ~(LANES - 1) | lanes[number // TOGETHER]) for number, one in enumerate(ids)]


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
