"""One instant of the whole database, held for as long as something reads it; and putting such an instant back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from uuid import UUID

import psycopg
from psycopg import sql

from .ids import new_id

#: The step that makes the table of restores. A backup that is older gets it when it is put back.
HOLDING = "0006_restores.sql"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`name` is what pg_dump takes; the rest is as that snapshot shows it."""

    name: str
    at: datetime
    server_major: int
    steps: tuple[str, ...]
    workspaces: tuple[str, ...]
    conn: psycopg.Connection

    def count_rows(self) -> dict[str, int]:
        """Every table of the schema, and its rows."""
        return {
            table: _count(self.conn, sql.SQL("select count(*) from {}").format(sql.Identifier("public", table)))
            for table in tables(self.conn)
        }


@contextmanager
def snapshot(conn: psycopg.Connection) -> Iterator[Snapshot]:
    """Hold one instant, read only, until the block ends. `conn` must be in no transaction."""
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        # Nothing is asked here while pg_dump reads, and that may take hours.
        conn.execute("set local idle_in_transaction_session_timeout = 0")
        ((name, at, major),) = conn.execute(
            "select pg_export_snapshot(), now(), current_setting('server_version_num')::int / 10000"
        ).fetchall()
        steps = tuple(step for (step,) in conn.execute("select name from schema_steps order by name").fetchall())
        keys = tuple(key for (key,) in conn.execute("select key from workspaces order by key").fetchall())
        yield Snapshot(name, at, major, steps, keys, conn)


def tables(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        " and not relispartition order by relname"
    ).fetchall()
    return [name for (name,) in rows]


@dataclass(frozen=True, slots=True)
class Target:
    """What is in the database that something is about to be put into."""

    tables: int
    ours: bool
    leads: int
    engines: int  # that gave a sign of life within the last half minute
    server_major: int


def look_at(conn: psycopg.Connection) -> Target:
    there = tables(conn)
    major = _count(conn, sql.SQL("select current_setting('server_version_num')::int / 10000"))
    if "schema_steps" not in there:
        return Target(len(there), ours=False, leads=0, engines=0, server_major=major)
    leads = _count(conn, sql.SQL("select count(*) from (select from leads limit 1000000) l"))
    engines = _count(conn, sql.SQL("select count(*) from engines where beat_at > now() - interval '30 seconds'"))
    return Target(len(there), ours=True, leads=leads, engines=engines, server_major=major)


#: SQL that clears the schema for what comes: in the transaction that puts it back, so that a failure changes nothing.
BEFORE = """
begin;
set local lock_timeout = '10s';
do $clear$
declare one record;
begin
  for one in
    select c.oid::regclass as name, c.relkind as kind from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'S')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('e', 'i', 'a'))
    order by c.relkind
  loop
    execute format('drop %s if exists %s cascade', case one.kind when 'S' then 'sequence' else 'table' end, one.name);
  end loop;
end
$clear$;
"""


def after(rows: Mapping[str, int], steps: tuple[str, ...], taken_at: datetime) -> str:
    """SQL that ends it: every table has its rows, and the copy is held before anybody can see it."""
    counted = ", ".join(f"({_quoted(table)}, {count})" for table, count in sorted(rows.items()))
    checks = f"""
do $verify$
declare
  one record;
  found bigint;
begin
  for one in select * from (values {counted}) as counted (name, wanted) loop
    execute format('select count(*) from public.%I', one.name) into found;
    if found <> one.wanted then
      raise exception 'table % has % rows, and the backup says %', one.name, found, one.wanted;
    end if;
  end loop;
end
$verify$;
set local search_path = public;
"""  # noqa: S608 - names and numbers are quoted here
    holding = ""
    if HOLDING not in steps:
        step = (files(__package__) / "schema" / HOLDING).read_text()
        holding = f"{step}\ninsert into schema_steps (name) values ({_quoted(HOLDING)});\n"
    return f"""{checks}{holding}
delete from engines;
delete from sign_ins where used_at is null;
insert into restores (id, taken_at, restored_at) values ({_quoted(str(new_id()))}, {_quoted(taken_at.isoformat())}, now());
commit;
"""  # noqa: S608 - the same


def end_other_sessions(conn: psycopg.Connection) -> int:
    """Whoever was connected while the tables were put back connects anew, and learns that they are held."""
    return _count(
        conn,
        sql.SQL(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and application_name like 'warmline%'"
        ),
    )


# --- held until a person says so --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A restore that nobody has answered for. Times are of the wall clock."""

    id: UUID
    taken_at: datetime
    restored_at: datetime


def held(conn: psycopg.Connection) -> Held | None:
    """The latest restore, while the database is held."""
    row = conn.execute(
        "select id, taken_at, restored_at from restores where resumed_at is null order by restored_at desc limit 1"
    ).fetchone()
    return Held(*row) if row else None


def resume(conn: psycopg.Connection) -> None:
    """From now on the engines work."""
    conn.execute("update restores set resumed_at = now() where resumed_at is null")


def _count(conn: psycopg.Connection, query: sql.SQL | sql.Composed) -> int:
    row = conn.execute(query).fetchone()
    return int(row[0]) if row else 0


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
