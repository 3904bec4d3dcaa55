"""Two batches of a list at once come to what one after the other comes to, and leave nothing behind when they are stopped."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import psycopg
import pytest

from tests.builders import TUESDAY, a_workspace
from warmline.core.settings import Source
from warmline.intake import csv, writers
from warmline.intake.csv import Counts, import_list
from warmline.store.workspaces import Workspace

LIST = Source("list", form="list")


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "BATCH", 5)


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


def run(conn: Any, workspace: Any, text: str, **more: Any) -> Counts:
    return import_list(conn, workspace, LIST, io.BytesIO(text.encode()), lambda: TUESDAY, **more)


def a_list_of(people: int, rows: int, seed: int) -> str:
    """Few people in many rows, each by its mail address, its number or both, and now and then a row that is none."""
    random = Random(seed)
    lines = ["name,email,phone,city"]
    for number in range(rows):
        who = random.randrange(people)
        email, phone = random.choice(((1, 1), (1, 0), (0, 1), (0, 0) if number % 7 == 0 else (1, 1)))
        lines.append(f"N{number},{f'p{who}@x.co' * email},{f'2125550{who:03d}' * phone},C{number % 3}")
    return "\n".join(lines)


def everything(conn: psycopg.Connection, workspace: Workspace) -> tuple[list[Any], ...]:
    """All that is kept of the leads, by what they are known by: ids differ from run to run, and so do turns."""
    leads = conn.execute(
        "select email, phone, first_name, fields, addresses,"
        " (select array_agg(kind order by seq) from events e where e.lane = l.lane and e.lead_id = l.id),"
        " (select array_agg(key order by seq) from events e where e.lane = l.lane and e.lead_id = l.id and key <> '')"
        " from leads l where workspace_id = %s order by email, phone, first_name",
        (workspace.id,),
    ).fetchall()
    owners = conn.execute(
        "select o.value, l.email, l.phone from address_owners o join leads l on l.id = o.lead_id"
        " where o.workspace_id = %s order by 1",
        (workspace.id,),
    ).fetchall()
    return leads, owners


@pytest.mark.parametrize("seed", range(4))
def test_two_batches_at_once_come_to_what_one_after_the_other_comes_to(
    conn: psycopg.Connection, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    text = a_list_of(people=15, rows=150, seed=seed)
    told, rejects = [], io.StringIO()
    counts = run(conn, workspace, text, progress=lambda now: told.append(now.rows), rejects=rejects)

    alone = a_workspace(conn, name="Alone")
    monkeypatch.setattr(writers, "WRITERS", 1)
    rejects_alone = io.StringIO()
    assert run(conn, alone, text, rejects=rejects_alone) == counts
    assert everything(conn, workspace) == everything(conn, alone)
    assert rejects.getvalue() == rejects_alone.getvalue()
    assert told == list(range(5, 151, 5))


def test_whoever_is_in_two_batches_is_who_the_later_row_says(conn: psycopg.Connection, workspace: Workspace) -> None:
    rows = "".join(f"N{number},ann@example.com\n" for number in range(30))
    counts = run(conn, workspace, "name,email\n" + rows)
    assert (counts.created, conn.execute("select first_name from leads").fetchall()) == (1, [("N29",)])


class _StoppedError(Exception):
    pass


@pytest.mark.parametrize("stop", [KeyboardInterrupt, _StoppedError])
def test_an_import_that_is_stopped_leaves_whole_batches_and_goes_on_from_there(
    conn: psycopg.Connection, workspace: Workspace, stop: type[BaseException]
) -> None:
    text = "email\n" + "".join(f"p{number}@x.co\n" for number in range(60))

    def stopping(counts: Counts) -> None:
        if counts.rows == 20:
            raise stop

    with pytest.raises(stop):
        run(conn, workspace, text, progress=stopping)
    (there,) = conn.execute("select count(*) from leads").fetchone() or (0,)
    assert there in (20, 25, 30)
    assert _connections(conn) == 0
    counts = run(conn, workspace, text)
    assert (counts.created, counts.repeated) == (60 - there, there)


def test_a_database_that_goes_away_is_told(conn: psycopg.Connection, workspace: Workspace) -> None:
    text = "email\n" + "".join(f"p{number}@x.co\n" for number in range(60))

    def cut(counts: Counts) -> None:
        if counts.rows == 20:
            conn.execute(f"select pg_terminate_backend(pid) from {_THE_OTHERS}".encode())

    with pytest.raises(psycopg.OperationalError):
        run(conn, workspace, text, progress=cut)
    (there,) = conn.execute("select count(*) from leads").fetchone() or (0,)
    assert there % 5 == 0
    assert run(conn, workspace, text).created == 60 - there


_THE_OTHERS = (
    "pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'test'"
)


def _connections(conn: psycopg.Connection) -> int:
    """A backend is gone a moment after its connection is closed."""
    for _ in range(100):
        row = conn.execute(f"select count(*) from {_THE_OTHERS}".encode()).fetchone()
        if row == (0,):
            return 0
        conn.execute("select pg_sleep(0.05)")
    return 1
