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
    """Take so many turns of each team; the first turn that is yours, by team.

    Whoever comes while another transaction still holds the turns that it took does not wait for it, and takes those of a
    further dealer. Each dealer goes round by itself, so nobody gets more than one turn per dealer ahead of anybody else.
    """
    return ask_turns(conn, workspace_id, counts)()


def ask_turns(conn: psycopg.Connection, workspace_id: int, counts: Mapping[str, int]) -> Later[dict[str, int]]:
    rows = [{"team": team, "turn": counts[team]} for team in sorted(counts)]
    asked = conn.execute(_TAKE, {"workspace": workspace_id, "rows": encode(rows)})
    return lambda: {one.team: one.turn - counts[one.team] for one in result(asked, _Turn)}


# The first dealer that is free; where none is, one more. Two that make the same one meet there, once.
_TAKE = b"""
with taken as (
  insert into rotations (workspace_id, team, dealer, turn)
  select %(workspace)s, w.team, coalesce(free.dealer, more.dealer), w.turn
  from json_to_recordset(%(rows)s::json) as w (team text, turn bigint)
  left join lateral (
    select dealer from rotations r where r.workspace_id = %(workspace)s and r.team = w.team
    order by dealer limit 1 for update skip locked
  ) free on true
  cross join lateral (
    select coalesce(max(dealer) + 1, 0) as dealer from rotations r where r.workspace_id = %(workspace)s and r.team = w.team
  ) more
  on conflict (workspace_id, team, dealer) do update set turn = rotations.turn + excluded.turn
  returning team, turn
)
select json_agg(json_build_array(team, turn))::text from taken
"""


def active_people(conn: psycopg.Connection, workspace_id: int) -> frozenset[str]:
    return ask_active_people(conn, workspace_id)()


def ask_active_people(conn: psycopg.Connection, workspace_id: int) -> Later[frozenset[str]]:
    asked = conn.execute(b"select key from people where workspace_id = %s and active", (workspace_id,))
    return lambda: frozenset(key for (key,) in asked.fetchall())
