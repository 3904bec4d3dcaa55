"""Turns of teams, and who of the people is there to take one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import psycopg

from .pipeline import Later
from .rows import encode, result


class _Turn(msgspec.Struct, array_like=True):
    team: str
    turn: int


def take(conn: psycopg.Connection, workspace_id: int, counts: Mapping[str, int]) -> dict[str, int]:
    """Take so many turns of each team; the first turn that is yours, by team. Held until the transaction ends."""
    return ask_turns(conn, workspace_id, counts)()


def ask_turns(conn: psycopg.Connection, workspace_id: int, counts: Mapping[str, int]) -> Later[dict[str, int]]:
    rows = [{"team": team, "turn": counts[team]} for team in sorted(counts)]
    asked = conn.execute(
        b"""
        with taken as (
          insert into rotations (workspace_id, team, turn)
          select %s, team, turn from json_to_recordset(%s::json) as w (team text, turn bigint)
          on conflict (workspace_id, team) do update set turn = rotations.turn + excluded.turn
          returning team, turn
        )
        select json_agg(json_build_array(team, turn))::text from taken
        """,
        (workspace_id, encode(rows)),
    )
    return lambda: {one.team: one.turn - counts[one.team] for one in result(asked, _Turn)}


def active_people(conn: psycopg.Connection, workspace_id: int) -> frozenset[str]:
    return ask_active_people(conn, workspace_id)()


def ask_active_people(conn: psycopg.Connection, workspace_id: int) -> Later[frozenset[str]]:
    asked = conn.execute(b"select key from people where workspace_id = %s and active", (workspace_id,))
    return lambda: frozenset(key for (key,) in asked.fetchall())
