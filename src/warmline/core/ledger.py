"""The ledger: every proof of consent and every withdrawal, each sealed with the one before it.

An entry names a record by the digest of what it held. Its hash covers the entry and the hash before it, so that a record
that was changed, removed or slipped in shows, and so does an entry. Whoever keeps a head (`Head`) outside can also tell
that a whole chain was written anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import msgspec

Kind = Literal["consent", "suppression", "lifted", "erased"]

#: What the first entry of a chain stands on.
BEGINNING = bytes(32)

_encoder = msgspec.json.Encoder(order="sorted")


class Head(msgspec.Struct, frozen=True):
    """The last entry of a chain: `hash` in hex."""

    lane: int
    number: int
    hash: str


def digest_of(record: Mapping[str, Any]) -> bytes:
    """Of the record's fields, whatever their order. Their values are what JSON can hold; instants are text in UTC."""
    return sha256(_encoder.encode(record)).digest()


def link(before: bytes, lane: int, number: int, kind: str, record_id: UUID | str, digest: bytes, at: datetime) -> bytes:
    """The hash of an entry. `record_id` as UUIDs are written. `at` counts to the microsecond, as the database keeps it."""
    said = f"{lane}:{number}:{kind}:{record_id}:{_written(at)}"
    return sha256(before + said.encode() + digest).digest()


@lru_cache(maxsize=16)
def _written(at: datetime) -> str:
    """Records are sealed many at a time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
