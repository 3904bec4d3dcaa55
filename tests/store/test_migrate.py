"""Steps are applied once, whole or not at all, and hold up nobody; a filled database of the first release goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.builders import a_workspace
from tests.conftest import of
from tests.e2e.support import PATIENCE
from tests.engine.hands import Hands
from warmline.insight.replay import replay
from warmline.store import migrate as migrating
from warmline.store.connect import connect
from warmline.store.ids import lane_of, new_id
from warmline.store.migrate import MigrationError, is_current, migrate, one_at_a_time, steps
from warmline.store.orphans import count_orphans

RELEASED = "0001_start.sql"
ROWS = Path(__file__).parent / "released" / "0001.sql"
COLUMNS = {
    "leads": "lane, id, status, owner, first_name, last_name, email, phone, country, created_at",
    "consents": "lane, id, lead_id, level, channels, at, wording",
    "events": "lane, lead_id, seq, kind, at, enrollment_id, step, channel, touch_id, data::text",
    "enrollments": "lane, id, lead_id, playbook, status, due_at, seed, started_at",
    "touches": "lane, id, step, channel, status, ready_at, sent_at, body",
    "tasks": "lane, id, kind, title, due_at, status",
    "decisions": "lane, lead_id, seq, seen, at, result, reason, body::text",
}
#: They were rows of their own in the first release.
ADDRESSES = (
    "select id, value, state from leads, json_each_text(addresses) with ordinality a (value, state, at) order by 1, at"
)
SCHEMA = Path(migrating.__file__).parent / "schema"


@pytest.fixture
def bare(server: str) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"bare_{new_id().hex}"
    with connect(server) as conn:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield of(server, name)
    with connect(server) as conn:
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """A folder of steps: one table with rows."""
    folder = tmp_path / "schema"
    folder.mkdir()
    (folder / "0001_start.sql").write_text(
        "create table bricks (id int primary key); insert into bricks select generate_series(1, 100);"
    )
    return folder


def test_a_filled_database_of_the_first_release_goes_on_with_this_version(bare: str, tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    (first / RELEASED).write_text((SCHEMA / RELEASED).read_text())
    with connect(bare) as conn:
        assert migrate(conn, schema=first) == [RELEASED]
        assert not is_current(conn)
        conn.execute(ROWS.read_bytes())
        before = {table: rows(conn, table) for table in COLUMNS}
        leads = [lead for (lead,) in conn.execute("select id from leads").fetchall()]
        assert len(leads) == 9
        addresses = conn.execute("select lead_id, value, state from addresses order by 1, added_at, 2").fetchall()
        assert len(addresses) > 9

        assert migrate(conn) == steps()[1:]
        assert is_current(conn)
        assert {table: rows(conn, table) for table in before} == before
        assert conn.execute(ADDRESSES).fetchall() == addresses
        workspace = a_workspace(conn)  # the same folder, published by the new version
        hands = Hands(conn, bare)
        for lead in leads:
            hands.tick(lead)
        for lead in leads:
            hands.hand_over(lead)
        assert hands.sms.took, "the three that were due got their text"
        hands.now += timedelta(days=1, hours=1)
        for lead in leads:
            hands.tick(lead)
            hands.hand_over(lead)
        assert count_orphans(conn, workspace.id) == 0
        assert hands.one("select count(*) from enrollments where status = 'parked'") == 0
        again = {lead: replay(conn, lane_of(lead), lead) for lead in leads}
        assert all(again.values())
        assert [one for many in again.values() for one in many if not one.same] == []


def rows(conn: psycopg.Connection, table: str) -> list[str]:
    """Every row of a table, of the columns that the first release had, whatever came to it since."""
    return [
        str(row) for row in conn.execute(f"select {COLUMNS[table]} from {table} order by 1, 2, 3".encode()).fetchall()
    ]


def test_a_step_that_would_wait_in_a_ring_lets_the_other_pass_and_is_tried_again(bare: str, schema: Path) -> None:
    """The other has read the second table, and wants to write the first; the step has the first and wants the second."""
    with connect(f"{bare} options='-c deadlock_timeout=100ms'") as conn, connect(bare) as other:
        migrate(conn, schema=schema)
        conn.execute("create table walls (id int)")
        (schema / "0002_both.sql").write_text(
            "alter table bricks add column colour text; select pg_advisory_xact_lock(1);"
            " alter table walls add column colour text"
        )
        said: list[str] = []
        with other.transaction():
            other.execute("select from walls")
            other.execute("set local deadlock_timeout = '1min'")
            other.execute("select pg_advisory_xact_lock(1)")
            migration = threading.Thread(target=migrate, args=(conn,), kwargs={"schema": schema, "say": said.append})
            migration.start()
            other.execute("insert into bricks values (1000)")
        migration.join(PATIENCE)
        assert not migration.is_alive()
    with connect(bare) as conn:
        assert "0002_both.sql" in {name for (name,) in conn.execute("select name from schema_steps").fetchall()}


def test_a_long_transaction_holds_up_the_migration_and_nobody_else(bare: str, schema: Path) -> None:
    with connect(bare) as conn, connect(bare) as long, connect(bare) as reader:
        migrate(conn, schema=schema)
        (schema / "0002_colour.sql").write_text("alter table bricks add column colour text not null default 'red'")
        said: list[str] = []
        waits = threading.Event()

        def say(text: str) -> None:
            said.append(text)
            waits.set()

        with long.transaction():
            long.execute("select count(*) from bricks")  # a report that somebody runs for hours
            migration = threading.Thread(target=migrate, args=(conn,), kwargs={"schema": schema, "say": say})
            migration.start()
            assert waits.wait(PATIENCE), "it says that it waits"
            reader.execute("set lock_timeout = '30s'")
            for number in range(200, 210):  # the product goes on while the migration waits its turn
                reader.execute("insert into bricks values (%s)", (number,))
            assert reader.execute("select count(*) from bricks").fetchone() == (110,)
            assert migration.is_alive()
        migration.join(PATIENCE)
        assert not migration.is_alive()
        assert "0002_colour.sql waits" in said[0]
        assert str(long.info.backend_pid) in said[0] + said[-1]
        assert reader.execute("select colour from bricks limit 1").fetchone() == ("red",)


def test_who_has_no_patience_is_told_that_nothing_changed(bare: str, schema: Path) -> None:
    with connect(bare) as conn, connect(bare) as long:
        migrate(conn, schema=schema)
        (schema / "0002_colour.sql").write_text(
            "create table paint (id int); alter table bricks add column colour text"
        )
        with long.transaction():
            long.execute("select count(*) from bricks")
            with pytest.raises(MigrationError, match=r"0002_colour\.sql found a table in use"):
                migrate(conn, schema=schema, patience=0)
        assert conn.execute("select to_regclass('paint')").fetchone() == (None,)
        assert migrate(conn, schema=schema) == ["0002_colour.sql"]


def test_a_step_that_fails_leaves_the_tables_as_they_were(bare: str, schema: Path) -> None:
    (schema / "0002_good.sql").write_text("create table mortar (id int)")
    (schema / "0003_bad.sql").write_text("create table sand (id int); insert into bricks values (1)")
    with connect(bare) as conn:
        with pytest.raises(MigrationError, match=r"0003_bad\.sql failed"):
            migrate(conn, schema=schema)
        assert conn.execute("select to_regclass('mortar'), to_regclass('sand')").fetchone() == ("mortar", None)
        (schema / "0003_bad.sql").write_text("create table sand (id int)")
        assert migrate(conn, schema=schema) == ["0003_bad.sql"]


def test_one_migrates_at_a_time_and_a_second_finds_it_done(bare: str, schema: Path) -> None:
    done: list[list[str]] = []
    with connect(bare) as first, connect(bare) as second:
        waits = threading.Event()
        with one_at_a_time(first):
            other = threading.Thread(
                target=lambda: done.append(migrate(second, schema=schema, say=lambda _: waits.set()))
            )
            other.start()
            assert waits.wait(PATIENCE)
            assert migrate(first, schema=schema) == ["0001_start.sql"]
        other.join(PATIENCE)
    assert done == [[]]


def test_an_index_is_built_while_everybody_writes_and_one_left_unfinished_is_built_anew(
    bare: str, schema: Path
) -> None:
    with connect(bare) as conn, connect(bare) as writer:
        migrate(conn, schema=schema)
        writer.execute("insert into bricks values (101); alter table bricks add column size int default 1")
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute("create unique index concurrently by_size on bricks (size)")
        assert conn.execute("select indisvalid from pg_index where indexrelid = 'by_size'::regclass").fetchone() == (
            False,
        )
        writer.execute("update bricks set size = id")
        (schema / "0002_by_size.sql").write_text(
            "-- concurrently\ncreate unique index concurrently if not exists by_size on bricks (size);\n"
        )
        assert migrate(conn, schema=schema) == ["0002_by_size.sql"]
        assert conn.execute("select indisvalid from pg_index where indexrelid = 'by_size'::regclass").fetchone() == (
            True,
        )


def test_a_step_of_indexes_holds_nothing_else(bare: str, schema: Path) -> None:
    (schema / "0002_by_size.sql").write_text("-- concurrently\ndrop table bricks;\n")
    with connect(bare) as conn:
        with pytest.raises(MigrationError, match="drop table bricks"):
            migrate(conn, schema=schema)
        assert conn.execute("select count(*) from bricks").fetchone() == (100,)
