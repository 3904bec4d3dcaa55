"""Turns of teams, and who of the people is there to take one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import psycopg

from .rows import encode, read


class _Turn(msgspec.Struct, array_like=True):
    team: str
    turn: int


def take(conn: psycopg.Connection, workspace_id: int, counts: Mapping[str, int]) -> dict[str, int]:
    """Take so many turns of each team; the first turn that is yours, by team. Held until the transaction ends."""
    rows = [{"team": team, "turn": counts[team]} for team in sorted(counts)]
    taken = read(
        conn,
        """
        with taken as (
          insert into rotations (workspace_id, team, turn)
          select %s, team, turn from json_to_recordset(%s::json) as w (team text, turn bigint)
          on conflict (workspace_id, team) do update set turn = rotations.turn + excluded.turn
          returning team, turn
        )
        select json_agg(json_build_array(team, turn))::text from taken
        """,
        (workspace_id, encode(rows)),
        _Turn,
    )
    return {one.team: one.turn - counts[one.team] for one in taken}


def active_people(conn: psycopg.Connection, workspace_id: int) -> frozenset[str]:
    rows = conn.execute("select key from people where workspace_id = %s and active", (workspace_id,)).fetchall()
    return frozenset(key for (key,) in rows)
