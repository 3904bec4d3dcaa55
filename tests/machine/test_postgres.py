from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.e2e.support import PATIENCE, until
from tests.machine.conftest import InChild, Start, end, system, wheel

from warmline.machine import MachineError, postgres
from warmline.machine.account import account_for_new_data
from warmline.machine.postmaster import live_postmaster, noted_postmaster, serves

pytestmark = pytest.mark.slow  # every test starts servers and kills some

HOLD = """
import time
from pathlib import Path
from warmline.machine.postgres import Postgres
server = Postgres(Path({data_dir!r}), bin_folder={bin_folder})
print(server.start(), flush=True)
time.sleep(600)
"""

CARELESS = """
import os, time
from pathlib import Path
from warmline.machine.postgres import Postgres
server = Postgres(Path({data_dir!r}), bin_folder=Path({bin_folder!r}))
address = server.start()
os.close(server._held)
print(address, flush=True)
time.sleep(600)  # and never asks what became of its child
"""


def holding(in_child: InChild, folder: Path, **options: object) -> subprocess.Popen[str]:
    """A process that runs the database in folder/db and then does nothing; its first line is the address."""
    bin_folder = "None" if "user" in options else f"Path({str(wheel())!r})"
    return in_child(HOLD.format(data_dir=str(folder / "db"), bin_folder=bin_folder), **options)


def say_hello(address: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute("create table greeting (words text)")
        connection.execute("insert into greeting values ('hello')")


def hear_hello(address: str) -> str:
    with psycopg.connect(address) as connection:
        row = connection.execute("select words from greeting").fetchone()
    assert row
    return str(row[0])


def state_of(pid: int) -> str:
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]


def pid_of(folder: Path) -> int:
    server = live_postmaster(folder / "db" / "cluster")
    assert server
    return server.pid


@pytest.mark.parametrize("bin_folder", [wheel, system], ids=["wheel", "system"])
def test_makes_a_durable_private_database_and_finds_it_again(
    supervisor: Start, folder: Path, bin_folder: Callable[[], Path]
) -> None:
    server = supervisor(bin_folder=bin_folder())
    address = server.start()
    say_hello(address)
    with psycopg.connect(address) as connection:
        settings = {
            name: connection.execute("select current_setting(%s)", [name]).fetchone()[0]  # type: ignore[index]
            for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses", "jit")
        }
        folded = connection.execute("select lower('ÉCOLE'), current_user, current_setting('TimeZone')").fetchone()
    assert settings == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "jit": "off",
    }
    assert folded == ("école", "warmline", "UTC")
    assert (folder / "db" / "run").stat().st_mode & 0o777 == 0o700
    assert (folder / "db" / "cluster").stat().st_uid != 0
    assert server.is_running()

    server.stop()
    assert not server.is_running()
    assert hear_hello(server.start()) == "hello"


def test_a_killed_server_that_nobody_has_collected_is_started_again_with_its_data(
    supervisor: Start, folder: Path, in_child: InChild
) -> None:
    careless = in_child(CARELESS.format(data_dir=str(folder / "db"), bin_folder=str(wheel())))
    assert careless.stdout
    say_hello(careless.stdout.readline().strip())
    dead = pid_of(folder)
    os.kill(dead, signal.SIGKILL)
    until(lambda: state_of(dead) == "Z", PATIENCE, "it is dead", every=0.01)
    os.kill(dead, 0)  # signal 0, the usual test, says that it lives

    server = supervisor()
    assert not server.is_running()
    assert hear_hello(server.start()) == "hello"
    assert pid_of(folder) != dead
    assert state_of(dead) == "Z"


def test_a_killed_server_of_our_own_is_started_again_with_its_data(supervisor: Start, folder: Path) -> None:
    server = supervisor()
    say_hello(server.start())
    os.kill(pid_of(folder), signal.SIGKILL)
    assert hear_hello(server.start()) == "hello"


def test_takes_over_the_server_that_a_killed_supervisor_left_running(
    supervisor: Start, folder: Path, in_child: InChild
) -> None:
    other = holding(in_child, folder)
    assert other.stdout
    say_hello(other.stdout.readline().strip())
    left = pid_of(folder)
    end(other)

    server = supervisor()
    assert hear_hello(server.start()) == "hello"
    assert pid_of(folder) == left
    server.stop()
    assert not serves(left, folder / "db" / "cluster")


def test_a_second_supervisor_is_told_who_runs_it_and_how_to_stop_it(
    supervisor: Start, folder: Path, in_child: InChild
) -> None:
    other = holding(in_child, folder)
    assert other.stdout
    address = other.stdout.readline().strip()
    second = supervisor()
    with pytest.raises(MachineError, match=rf"already run by process {other.pid} .*or: kill {other.pid}"):
        second.start()
    second.stop()
    assert second.address() == address  # still running, and commands beside it may connect
    end(other)
    supervisor().start()


def test_a_pid_file_whose_number_now_belongs_to_another_process_is_no_hindrance(
    supervisor: Start, folder: Path, in_child: InChild
) -> None:
    server = supervisor()
    server.start()
    server.stop()
    note = folder / "db" / "cluster" / "postmaster.pid"
    bystander = in_child("import time; print(); time.sleep(600)")
    note.write_text(f"{bystander.pid}\n{note.parent}\n1700000000\n5432\n/nowhere\n\n\nready\n")
    assert not server.is_running()

    server.start()
    assert bystander.poll() is None


def test_waits_for_a_server_that_is_recovering_and_says_so(
    supervisor: Start, folder: Path, in_child: InChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_SAY_EVERY", 0.1)
    other = holding(in_child, folder)
    assert other.stdout
    other.stdout.readline()
    end(other)
    note = folder / "db" / "cluster" / "postmaster.pid"
    ready = note.read_text()
    note.write_text(ready.replace("ready   ", "starting"))
    said: list[str] = []

    def progress(text: str) -> None:
        said.append(text)
        if len(said) == 3:
            note.write_text(ready)

    supervisor(progress=progress).start()
    assert len(said) == 3
    assert all(text.startswith("PostgreSQL is recovering after a crash (") for text in said)


def test_a_server_that_can_not_start_is_quoted(supervisor: Start, folder: Path) -> None:
    server = supervisor()
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("alter system set shared_preload_libraries = 'no_such_library'")
    server.stop()
    with pytest.raises(MachineError, match=r"did not start in .*\n[\s\S]*no_such_library"):
        server.start()
    assert noted_postmaster(folder / "db" / "cluster") is None


def test_data_of_another_major_version_is_left_alone(supervisor: Start, folder: Path) -> None:
    server = supervisor()
    server.start()
    server.stop()
    version = folder / "db" / "cluster" / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(
        MachineError, match=r"made by PostgreSQL 14, and only PostgreSQL 14 can open it \(found: 18 in "
    ):
        server.start()


def test_a_path_too_long_for_a_socket_gets_its_socket_elsewhere(supervisor: Start, folder: Path) -> None:
    deep = folder / ("long-" * 25) / ('name, with "quotes" and a comma ' * 2).strip() / "db"
    deep.parent.mkdir(parents=True)
    server = supervisor(deep)
    say_hello(server.start())
    running = live_postmaster(deep / "cluster")
    assert running
    assert running.socket_folder
    assert running.socket_folder.stat().st_mode & 0o777 == 0o700
    assert len(str(running.socket_folder)) < 60
    server.stop()
    running.socket_folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_an_ordinary_user_runs_it_as_himself_and_root_takes_it_over_as_him(
    supervisor: Start, folder: Path, in_child: InChild
) -> None:
    folder.chmod(0o777)
    other = holding(in_child, folder, user="nobody", extra_groups=[])
    assert other.stdout
    say_hello(other.stdout.readline().strip())
    theirs = (folder / "db" / "cluster").stat().st_uid
    assert (Path("/proc") / str(pid_of(folder))).stat().st_uid == theirs != 0
    end(other)

    server = supervisor(bin_folder=None)
    server.start()
    server.stop()
    assert hear_hello(server.start()) == "hello"
    assert (Path("/proc") / str(pid_of(folder))).stat().st_uid == theirs


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_an_ordinary_user_is_told_that_the_database_is_another_accounts(
    supervisor: Start, folder: Path, in_child: InChild
) -> None:
    supervisor().start()
    other = holding(in_child, folder, user="nobody", extra_groups=[], stderr=subprocess.STDOUT)
    said, _ = other.communicate(timeout=PATIENCE)
    assert "belongs to the account warmline-db, and you are nobody. Run this as warmline-db or as root" in said


def test_an_interrupted_first_start_leaves_nothing_half_made(supervisor: Start, folder: Path) -> None:
    server = supervisor()
    (folder / "db" / "cluster.new").mkdir(parents=True)
    (folder / "db" / "cluster.new" / "PG_VERSION").write_text("18\n")
    account = account_for_new_data()
    for path in [folder / "db", *(folder / "db").rglob("*")]:
        os.chown(path, account.uid, account.gid)
    say_hello(server.start())
    assert not (folder / "db" / "cluster.new").exists()


def test_children_of_a_killed_server_get_time_to_end(supervisor: Start, folder: Path) -> None:
    server = supervisor()
    address = server.start()
    say_hello(address)
    with psycopg.connect(address) as connection:
        worker = connection.info.backend_pid
        os.kill(worker, signal.SIGSTOP)  # it can't notice the death of its server now
        os.kill(pid_of(folder), signal.SIGKILL)
        woken: list[int] = []

        def wake() -> None:
            woken.append(worker)
            os.kill(worker, signal.SIGCONT)

        waker = threading.Timer(1, wake)
        waker.start()
        assert hear_hello(server.start()) == "hello"
        assert woken  # not before: two servers on one data folder would have destroyed it
        waker.join()
