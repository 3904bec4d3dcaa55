"""Commands that need the embedded PostgreSQL at the same time share it, and leave none behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest
from tests.machine.conftest import InChild, Start, end, wheel

from warmline.machine.borrowed import borrowed
from warmline.machine.postmaster import live_postmaster

pytestmark = pytest.mark.slow  # every test starts servers

BORROW = """
import sys
from pathlib import Path
from warmline.machine.borrowed import borrowed
from warmline.machine.postgres import Postgres
with borrowed(Postgres(Path({data_dir!r}), bin_folder=Path({bin_folder!r}))) as address:
    print(address, flush=True)
    sys.stdin.readline()
"""


def borrowing(in_child: InChild, folder: Path) -> subprocess.Popen[str]:
    """A command that uses the database in folder/db until it is told to end."""
    program = BORROW.format(data_dir=str(folder / "db"), bin_folder=str(wheel()))
    return in_child(program, stdin=subprocess.PIPE)


def told(child: subprocess.Popen[str]) -> str:
    assert child.stdout
    return child.stdout.readline().strip()


def finish(child: subprocess.Popen[str]) -> None:
    child.communicate("\n", timeout=60)
    assert child.returncode == 0


def test_two_that_begin_at_once_have_one_server_and_the_last_stops_it(in_child: InChild, folder: Path) -> None:
    both = [borrowing(in_child, folder), borrowing(in_child, folder)]
    addresses = [told(one) for one in both]
    assert addresses[0] == addresses[1] != ""
    finish(both[0])
    with psycopg.connect(addresses[1]) as conn:
        assert conn.execute("select 1").fetchone() == (1,)
    finish(both[1])
    assert live_postmaster(folder / "db" / "cluster") is None


def test_one_that_was_killed_keeps_nobody_from_stopping_it(in_child: InChild, folder: Path) -> None:
    killed, other = borrowing(in_child, folder), borrowing(in_child, folder)
    assert told(killed) == told(other)
    end(killed)
    finish(other)
    assert live_postmaster(folder / "db" / "cluster") is None


def test_a_server_that_a_supervisor_runs_goes_on(supervisor: Start, folder: Path) -> None:
    server = supervisor()
    address = server.start()
    with borrowed(supervisor()) as found:
        assert found == address
    assert server.is_running()
