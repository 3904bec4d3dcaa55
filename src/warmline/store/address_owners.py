"""Which lead an address belongs to: one in a workspace. Two requests for the same person meet on these rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec
import psycopg

from .ids import address_lane
from .pipeline import Later, together
from .rows import by_lane, encode, result


class _Owner(msgspec.Struct, array_like=True):
    value: str
    lead_id: UUID


def find(conn: psycopg.Connection, workspace_id: int, values: Collection[str]) -> dict[str, UUID]:
    """The lead of each address that has one."""
    return _ask(conn, _FIND, workspace_id, values)


def owner_of(conn: psycopg.Connection, workspace_id: int, value: str | None) -> UUID | None:
    """The lead of one address, where there is an address and it has one."""
    return find(conn, workspace_id, [value]).get(value) if value else None


def hold(conn: psycopg.Connection, workspace_id: int, values: Collection[str]) -> dict[str, UUID]:
    """The same, locked until the transaction ends, in one order for everybody so that nobody waits in a ring."""
    return _ask(conn, _HOLD, workspace_id, values)


def claim(conn: psycopg.Connection, workspace_id: int, owners: Mapping[str, UUID]) -> Later[set[str]]:
    """Take those of the addresses that nobody has; which they were. The others belong to somebody: `hold` says to whom.

    Waits for transactions that are about to take the same ones. Addresses are taken in one order, and held (`hold`) after
    everything has been taken, so nobody waits in a ring.
    """
    rows = [
        {"lane": address_lane(value), "value": value, "lead_id": owners[value]}
        for value in sorted(owners, key=lambda value: (address_lane(value), value))
    ]
    done = conn.execute(_CLAIM, (workspace_id, encode(rows)))
    return lambda: set(result(done, str))


def give(conn: psycopg.Connection, workspace_id: int, owners: Mapping[str, UUID]) -> None:
    """Addresses that this transaction has claimed, for the leads that they turned out to belong to."""
    with together(conn):
        for lane, rows in by_lane(
            {"lane": address_lane(value), "value": value, "lead_id": lead_id} for value, lead_id in owners.items()
        ):
            conn.execute(_GIVE, {"lane": lane, "rows": rows, "workspace": workspace_id})


def release(conn: psycopg.Connection, workspace_id: int, value: str, lead_id: UUID) -> None:
    """An address that turned out to be somebody else's: the lead keeps it in its story, and owns it no more."""
    conn.execute(
        "delete from address_owners where lane = %s and workspace_id = %s and value = %s and lead_id = %s",
        (address_lane(value), workspace_id, value, lead_id),
    )


def _ask(conn: psycopg.Connection, query: bytes, workspace_id: int, values: Collection[str]) -> dict[str, UUID]:
    with together(conn):
        asked = [
            conn.execute(query, {"lane": lane, "rows": rows, "workspace": workspace_id})
            for lane, rows in by_lane({"lane": address_lane(value), "value": value} for value in values)
        ]
    return {one.value: one.lead_id for cursor in asked for one in result(cursor, _Owner)}


# `any(array(...))` and not a join: the planner takes what is asked for a hundred, and would read the whole lane for a few.
_FIND = b"""
select json_agg(json_build_array(value, lead_id))::text from address_owners
where lane = %(lane)s and workspace_id = %(workspace)s
  and value = any(array(select value from json_to_recordset(%(rows)s::json) as w (value text)))
"""

_HOLD = b"""
with held as (
  select value, lead_id from address_owners
  where lane = %(lane)s and workspace_id = %(workspace)s
    and value = any(array(select value from json_to_recordset(%(rows)s::json) as w (value text)))
  order by value for update
)
select json_agg(json_build_array(value, lead_id))::text from held
"""

_CLAIM = b"""
with claimed as (
  insert into address_owners (lane, workspace_id, value, lead_id)
  select lane, %s, value, lead_id from json_to_recordset(%s::json) as w (lane smallint, value text, lead_id uuid)
  on conflict do nothing returning value
)
select json_agg(value)::text from claimed
"""

_GIVE = b"""
with w as materialized (select * from json_to_recordset(%(rows)s::json) as w (value text, lead_id uuid))
update address_owners o set lead_id = w.lead_id from w
where o.lane = %(lane)s and o.workspace_id = %(workspace)s and o.value = w.value and o.value = any(array(select value from w))
"""
