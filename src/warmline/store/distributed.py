"""Tables spread over a Citus cluster by lane. Source: docs.citusdata.com, and what was tried of it, in docs/scale.md.

A lead's tables are distributed by `lane` and colocated, so that all rows of a lane lie on one node and a transaction within
a lane is one node's. The tables that a lead's statements read beside them are reference tables, whole on every node. The
rest stays where it is, on the coordinator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

#: Citus places a lane by its hash. Into 24 shards the 16 lanes fall so that two nodes get 8 each, three 8 at most, four 6,
#: eight 4; into its default of 32, two nodes get 11 and 5.
SHARDS = 24

#: Read beside the rows of leads, or named by a foreign key of one that is; written seldom.
REFERENCE = ("workspaces", "people", "playbook_versions", "suppressions", "number_facts")

Say = Callable[[str], None]


class NoClusterError(Exception):
    """The database can't be spread. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: tables to distribute, the first of them to place the others beside, and reference tables."""

    distribute: tuple[str, ...]
    beside: str | None  # a table that is distributed already
    reference: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        return not (self.distribute or self.reference)


def is_distributed(conn: psycopg.Connection) -> bool:
    """Whether leads' rows lie on several nodes: then a transaction works on one lane at a time."""
    if conn.execute("select to_regclass('pg_dist_partition')").fetchone() == (None,):
        return False
    row = conn.execute(
        "select from pg_dist_partition where logicalrelid = to_regclass('public.leads') and partmethod = 'h'"
    ).fetchone()
    return row is not None


def plan(conn: psycopg.Connection) -> Plan:
    """What is missing. Raises NoClusterError when the extension is not there."""
    if conn.execute("select from pg_extension where extname = 'citus'").fetchone() is None:
        raise NoClusterError(
            "This PostgreSQL has no Citus. Install it on every node, add `shared_preload_libraries = 'citus'` to its "
            "settings, run `create extension citus` in this database as a superuser, and add the worker nodes with "
            "citus_add_node. One PostgreSQL carries more than most businesses need: docs/scale.md."
        )
    rows = conn.execute(
        "select relname, partmethod from pg_dist_partition join pg_class on oid = logicalrelid"
    ).fetchall()
    spread: dict[str, str] = dict(rows)
    lanes = [
        name for (name,) in conn.execute(
            "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'lane'"
            " where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by c.relname = 'leads' desc, 1"
        ).fetchall()
    ]  # fmt: skip
    return Plan(
        distribute=tuple(name for name in lanes if spread.get(name) != "h"),
        beside="leads" if spread.get("leads") == "h" else None,
        reference=tuple(name for name in REFERENCE if spread.get(name) != "n"),
    )


def distribute(conn: psycopg.Connection, todo: Plan, say: Say) -> None:
    """Carry the plan out, all of it or nothing; rows move with their tables. Stop engines and webs before.

    Foreign keys among the reference tables are taken away while they turn, and put back: Citus would otherwise turn a table
    together with those it is tied to, and refuses that for one with an identity column (issues 7036 and 7888 of Citus).
    """
    with conn.transaction():
        conn.execute("set local lock_timeout = '10s'")
        # A lane lies on one node whatever the statement, also in a transaction that goes over several lanes.
        conn.execute("set local citus.multi_shard_modify_mode = 'sequential'")
        keys = _foreign_keys(conn) if todo.reference else []
        for table, key, _ in keys:
            conn.execute(
                sql.SQL("alter table {} drop constraint {}").format(sql.Identifier(table), sql.Identifier(key))
            )
        for table in todo.reference:
            conn.execute("select create_reference_table(%s)", (table,))
            say(f"{table}: on every node")
        for table, key, text in keys:
            conn.execute(
                sql.SQL("alter table {} add constraint {} {}").format(
                    sql.Identifier(table), sql.Identifier(key), sql.SQL(text)
                )
            )
        beside = todo.beside
        for table in todo.distribute:
            if beside is None:
                conn.execute("select create_distributed_table(%s, 'lane', shard_count => %s)", (table, SHARDS))
                beside = table
            else:
                conn.execute("select create_distributed_table(%s, 'lane', colocate_with => %s)", (table, beside))
            say(f"{table}: by lane")


def _foreign_keys(conn: psycopg.Connection) -> list[tuple[str, str, str]]:
    """(table, name, definition) of the keys that point at a table that becomes a reference table."""
    return conn.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
        " where contype = 'f' and confrelid = any(%s::regclass[]) order by 1, 2",
        (list(REFERENCE),),
    ).fetchall()
