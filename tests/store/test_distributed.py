"""Spreading the tables, as far as it goes without a cluster: a stand-in of Citus's catalogue and functions keeps the orders."""

from __future__ import annotations

import psycopg
import pytest

from tests.cli.conftest import Run, run  # noqa: F401 - a fixture
from tests.twin import lane_tables
from warmline.store.distributed import REFERENCE, NoClusterError, distribute, is_distributed, plan

#: The two functions that are called and the table that they write, by Citus's documentation. Nothing is really moved.
STAND_IN = """
create table pg_dist_partition (logicalrelid regclass primary key, partmethod "char" not null, beside text);
create function create_reference_table(name text) returns void language sql as
  $$ insert into pg_dist_partition values (name::regclass, 'n') $$;
create function create_distributed_table(name text, by text, shard_count int default null, colocate_with text default null)
  returns void language sql as $$ insert into pg_dist_partition values (name::regclass, 'h', colocate_with) $$;
"""


@pytest.fixture
def clustered(conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> psycopg.Connection:
    conn.execute(STAND_IN.encode())
    # Only the server itself can make an extension; a view of this name is found before the catalogue's table.
    conn.execute("create view pg_extension as select 'citus'::name as extname")
    conn.execute("set search_path = public, pg_catalog")
    return conn


def test_without_the_extension_it_says_what_to_do(run: Run, conn: psycopg.Connection) -> None:  # noqa: F811
    with pytest.raises(NoClusterError, match="no Citus"):
        plan(conn)
    said = run("distribute")
    assert said.code == 1
    assert "create extension citus" in said.err
    assert not is_distributed(conn)


def test_every_table_of_leads_goes_by_lane_beside_the_first_and_what_they_read_is_everywhere(
    clustered: psycopg.Connection,
) -> None:
    todo = plan(clustered)
    assert set(todo.distribute) == set(lane_tables(clustered))
    assert set(todo.reference) == set(REFERENCE)
    said: list[str] = []
    distribute(clustered, todo, said.append)
    assert len(said) == len(todo.distribute) + len(todo.reference)
    placed = clustered.execute("select logicalrelid::text, partmethod::text, beside from pg_dist_partition").fetchall()
    assert {name for name, how, _ in placed if how == "h"} == set(todo.distribute)
    assert {beside for name, how, beside in placed if how == "h" and name != "leads"} == {"leads"}
    assert is_distributed(clustered)


def test_it_may_be_run_again_and_takes_in_what_is_new(clustered: psycopg.Connection) -> None:
    distribute(clustered, plan(clustered), lambda _: None)
    assert plan(clustered).is_done
    clustered.execute("create table later (lane smallint not null, id uuid, primary key (lane, id))")
    todo = plan(clustered)
    assert (todo.distribute, todo.reference, todo.beside) == (("later",), (), "leads")
    distribute(clustered, todo, lambda _: None)
    assert plan(clustered).is_done


def test_foreign_keys_are_the_same_afterwards(clustered: psycopg.Connection) -> None:
    query = "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'f'"
    before = set(clustered.execute(query).fetchall())
    assert before
    distribute(clustered, plan(clustered), lambda _: None)
    assert set(clustered.execute(query).fetchall()) == before
