"""The proofs of consent: only ever added to. The ledger (ledger.py) seals them one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from .rows import encode


def add(conn: psycopg.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    conn.execute(_ADD, (encode(rows),))


_COLUMNS = (
    "lane smallint, id uuid, lead_id uuid, workspace_id integer, level text, channels text[], purpose text, seller text,"
    " at timestamptz, expires_at timestamptz, wording text, wording_text text, source text, url text, ip text,"
    " user_agent text, phone text, email text"
)
_NAMES = ", ".join(column.split()[0] for column in _COLUMNS.split(", "))
_ADD = (
    f"insert into consents ({_NAMES}) select {_NAMES} from json_to_recordset(%s::json) as w ({_COLUMNS})".encode()  # noqa: S608 - constants of this file
)
