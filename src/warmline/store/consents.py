"""The proofs of consent: only ever added to. The ledger (ledger.py) seals them one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import psycopg

from .rows import encode


def add(conn: psycopg.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Most of a batch were shown the same words in the same place. Twelve columns of eighteen are that, the longest among
    them: each of what was shown goes over once, and the proofs name it by its number."""
    shown: dict[tuple[Any, ...], int] = {}
    proofs = []
    for row in rows:
        number = shown.setdefault((tuple(row["channels"]), *_shown(row)), len(shown))
        proofs.append(
            {
                "lane": row["lane"], "id": row["id"], "lead_id": row["lead_id"], "workspace_id": row["workspace_id"],
                "phone": row["phone"], "email": row["email"], "shown": number,
            }
        )  # fmt: skip
    told = [{"shown": number, **dict(zip(_SHOWN, what, strict=True))} for what, number in shown.items()]
    conn.execute(_ADD, (encode(proofs), encode(told)))


_OWN_TYPES = {
    "lane": "smallint", "id": "uuid", "lead_id": "uuid", "workspace_id": "integer", "phone": "text", "email": "text",
}  # fmt: skip
_SHOWN_TYPES = {
    "channels": "text[]", "level": "text", "purpose": "text", "seller": "text", "at": "timestamptz",
    "expires_at": "timestamptz", "wording": "text", "wording_text": "text", "source": "text", "url": "text", "ip": "text",
    "user_agent": "text",
}  # fmt: skip
_SHOWN = tuple(_SHOWN_TYPES)
_shown = itemgetter(*_SHOWN[1:])  # but the channels, of which some come as a list


def _typed(types: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in types.items())


_NAMES = ", ".join((*_OWN_TYPES, *_SHOWN))
_ADD = f"""
insert into consents ({_NAMES}) select {_NAMES}
from json_to_recordset(%s::json) as p ({_typed(_OWN_TYPES)}, shown integer)
join json_to_recordset(%s::json) as s (shown integer, {_typed(_SHOWN_TYPES)}) using (shown)
""".encode()  # noqa: S608 - constants of this file
