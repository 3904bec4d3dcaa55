"""A process that decides for an engine: it ticks what it is told, and whatever becomes of it, nothing is half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from uuid import UUID

import psutil
import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, starter_files, story
from tests.e2e.support import PATIENCE, until
from warmline.engine import decider as deciding
from warmline.engine.decider import Decider
from warmline.store.connect import connect
from warmline.store.ids import LANES, lane_of, new_id
from warmline.store.workspaces import Workspace

pytestmark = pytest.mark.slow  # each test starts a process


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    """Just enrolled: its first text is due."""
    found = a_lead(conn, workspace)
    enrolled(conn, workspace, "pricing", found)
    return found


@pytest.fixture
def decider(dsn: str) -> Iterator[Decider]:
    one = Decider(dsn)
    yield one
    one.close()


def process_of(decider: Decider) -> psutil.Process:
    assert decider._process is not None
    return psutil.Process(decider._process.pid)


def another_lane(lead: UUID) -> int:
    """One that has nothing due."""
    return (lane_of(lead) + 1) % LANES


def sessions(conn: psycopg.Connection, more: str = "") -> list[int]:
    """Backends of processes that decide for this database."""
    found = conn.execute(
        f"select pid from pg_stat_activity where application_name = 'warmline decider'"
        f" and datname = current_database() {more}".encode()
    )
    return [pid for (pid,) in found.fetchall()]


def test_it_comes_to_what_a_tick_in_this_process_would(conn: psycopg.Connection, lead: UUID, decider: Decider) -> None:
    done = decider.tick(lane_of(lead), TUESDAY)

    assert (done.looked_at, done.touches, done.parked) == (1, 1, 0)
    assert story(conn, lead)[2:] == ["touch.planned", "task.opened"]
    assert process_of(decider).pid != os.getpid()
    assert decider.tick(lane_of(lead), TUESDAY).looked_at == 0


def test_the_address_of_the_database_is_on_no_command_line(lead: UUID, decider: Decider, dsn: str) -> None:
    decider.tick(lane_of(lead), TUESDAY)
    assert dsn not in " ".join(process_of(decider).cmdline())


@pytest.mark.parametrize(
    ("table", "happened"),
    [("enrollments", 0), pytest.param("touches", 1, id="touches, with the commit on its way behind them")],
)
def test_killed_in_the_middle_of_a_batch_it_has_done_all_of_it_or_nothing(
    conn: psycopg.Connection, dsn: str, lead: UUID, decider: Decider, table: str, happened: int
) -> None:
    raised: list[BaseException] = []

    def tick() -> None:
        try:
            decider.tick(lane_of(lead), TUESDAY)
        except RuntimeError as error:
            raised.append(error)

    with connect(dsn, "the one in its way") as other, other.transaction(force_rollback=True):
        other.execute(f"lock table {table} in exclusive mode".encode())
        ticking = threading.Thread(target=tick)
        ticking.start()
        until(lambda: len(sessions(conn, "and wait_event_type = 'Lock'")) == 1, PATIENCE, "it waits")
        process_of(decider).kill()
        ticking.join()
    assert "has ended in the middle of a batch" in str(raised)
    until(lambda: not sessions(conn), PATIENCE, "PostgreSQL has noticed")
    for table in ("touches", "decisions", "tasks"):
        assert conn.execute(f"select count(*) from {table}".encode()).fetchone() == (happened,)
    assert decider.tick(lane_of(lead), TUESDAY).touches == 1 - happened, "the next lane gets a process anew"


def test_a_connection_that_was_cut_is_said_to_be_the_database_away_and_the_next_lane_goes_on(
    conn: psycopg.Connection, lead: UUID, decider: Decider
) -> None:
    decider.tick(another_lane(lead), TUESDAY)
    for pid in sessions(conn):
        conn.execute("select pg_terminate_backend(%s, 5000)", (pid,))
    with pytest.raises(psycopg.OperationalError):
        decider.tick(lane_of(lead), TUESDAY)
    assert decider.tick(lane_of(lead), TUESDAY).touches == 1


def test_a_fault_of_ours_comes_back_with_where_it_happened(
    conn: psycopg.Connection, lead: UUID, decider: Decider
) -> None:
    conn.execute("alter table decisions rename to elsewhere")
    with pytest.raises(RuntimeError, match=r"(?s)tick_lanes.*UndefinedTable"):
        decider.tick(lane_of(lead), TUESDAY)
    conn.execute("alter table elsewhere rename to decisions")
    assert decider.tick(lane_of(lead), TUESDAY).touches == 1


def test_in_a_database_that_is_held_after_a_restore_it_decides_nothing(
    conn: psycopg.Connection, lead: UUID, decider: Decider
) -> None:
    conn.execute("insert into restores (id, taken_at, restored_at) values (%s, now(), now())", (new_id(),))
    with pytest.raises(psycopg.OperationalError, match="held after a restore"):
        decider.tick(lane_of(lead), TUESDAY)
    assert story(conn, lead)[2:] == []


def test_new_settings_are_noticed_while_it_runs(
    conn: psycopg.Connection, workspace: Workspace, lead: UUID, decider: Decider
) -> None:
    decider.tick(lane_of(lead), TUESDAY)
    settings = starter_files()["warmline.toml"]
    at = settings.index("[channels.sms]")
    a_workspace(conn, {"warmline.toml": settings[:at] + settings[settings.index("[", at + 1) :]})
    numbers = iter(range(1000))

    def noticed() -> bool:
        number = next(numbers)
        other = a_lead(conn, workspace, phone=f"+1212556{number:04d}", email=f"b{number}@example.com")
        enrolled(conn, workspace, "pricing", other)
        decider.tick(lane_of(other), TUESDAY)
        texts = conn.execute("select 1 from touches where lead_id = %s and channel = 'sms'", (other,)).fetchall()
        return texts == []

    until(noticed, PATIENCE, "the new settings are noticed")


def test_what_the_terminal_or_the_system_says_to_everybody_is_for_the_engine_to_hear(
    lead: UUID, decider: Decider
) -> None:
    decider.tick(another_lane(lead), TUESDAY)
    for told in (signal.SIGINT, signal.SIGTERM):
        process_of(decider).send_signal(told)
    assert decider.tick(lane_of(lead), TUESDAY).touches == 1


def test_with_nothing_to_do_for_a_while_it_ends_and_is_started_again(
    lead: UUID, decider: Decider, monkeypatch: pytest.MonkeyPatch
) -> None:
    decider.tick(another_lane(lead), TUESDAY)
    first = process_of(decider)
    decider.rest()
    assert first.is_running(), "a moment is not a while"
    monkeypatch.setattr(deciding, "LINGER", 0)
    decider.rest()
    assert not first.is_running()
    assert decider.tick(lane_of(lead), TUESDAY).touches == 1


def test_it_ends_with_an_engine_that_was_killed(dsn: str, workspace: Workspace) -> None:
    """Nobody tells it: the line it was to be told by is gone."""
    program = (
        "import sys\nfrom datetime import datetime\nfrom warmline.engine.decider import Decider\n"
        "one = Decider(sys.argv[1])\none.tick(0, datetime.fromisoformat(sys.argv[2]))\n"
        "print(one._process.pid, flush=True)\nsys.stdin.read()\n"
    )
    engine = subprocess.Popen(
        [sys.executable, "-c", program, dsn, TUESDAY.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert engine.stdout is not None
    one = psutil.Process(int(engine.stdout.readline()))
    engine.kill()
    engine.communicate()
    until(lambda: not one.is_running() or one.status() == psutil.STATUS_ZOMBIE, PATIENCE, "it ends")
