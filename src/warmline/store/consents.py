"""The ledger of consents: only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from .rows import encode


def add(conn: psycopg.Connection, rows: Sequence[dict[str, Any]]) -> None:
    conn.execute(
        b"""
        insert into consents (lane, id, lead_id, workspace_id, level, channels, at, expires_at, wording, wording_text,
          source, url, ip, user_agent)
        select lane, id, lead_id, workspace_id, level, channels, at, expires_at, wording, wording_text, source, url, ip,
          user_agent
        from json_to_recordset(%s::json) as w (lane smallint, id uuid, lead_id uuid, workspace_id integer, level text,
          channels text[], at timestamptz, expires_at timestamptz, wording text, wording_text text, source text,
          url text, ip text, user_agent text)
        """,
        (encode(rows),),
    )
