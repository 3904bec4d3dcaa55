"""Rows in and out of PostgreSQL as one JSON document a batch: one parameter, one parse, no per-row round trip.

Measured side by side with arrays and COPY: binding one text parameter costs Python a tenth of binding a column of lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any, TypeVar

import msgspec
import psycopg

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_making = Lock()


def encode(rows: Iterable[Any]) -> str:
    """Dicts or structs -> a JSON array. UUIDs and aware datetimes become text that PostgreSQL reads."""
    return _encoder.encode(list(rows)).decode()


def decode(document: str | bytes | None, kind: type[T]) -> list[T]:
    """A JSON array (None when the query found nothing) -> a list of `kind`."""
    if document is None:
        return []
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _make_decoder(kind)
    decoded: list[T] = decoder.decode(document)
    return decoded


def _make_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """One thread at a time: msgspec learns a struct's fields at its first decoder, and a second thread that comes upon
    the half-learnt struct takes the process down (seen with 0.22)."""
    with _making:
        if kind not in _decoders:
            _decoders[kind] = msgspec.json.Decoder(list[kind])
        return _decoders[kind]


def read(conn: psycopg.Connection, query: str, params: Any, kind: type[T]) -> list[T]:
    """Run a query whose only column is a JSON array cast to text, and decode it."""
    return result(conn.execute(query.encode(), params), kind)


def result(cursor: psycopg.Cursor[Any], kind: type[T]) -> list[T]:
    """Decode what such a query gave."""
    row = cursor.fetchone()
    return decode(row[0] if row else None, kind)
