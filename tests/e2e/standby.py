"""Two PostgreSQL servers for a test, the second a synchronous standby of the first; and the end of the first."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from warmline.machine.account import process_options, run_as
from warmline.machine.installations import Installation, choose_installation
from warmline.machine.place import Place, find_place, make_private
from warmline.machine.postgres import Postgres
from warmline.machine.settings import DATABASE, SUPERUSER

from .support import PATIENCE, until

NAME = "standby"


class Pair:
    """`address` names both; whoever connects by it gets the one that takes writes."""

    def __init__(self, folder: Path) -> None:
        self.primary = Postgres(folder / "a")
        self.primary.start()
        self.place: Place = _there(find_place(folder / "a"))
        self.installation: Installation = choose_installation(self.place.account, self.place.made_by)
        self.folder = folder / "b"
        self.cluster = self.folder / "cluster"
        self.sockets = (self.place.folder / "run", self.folder / "run")
        self._standby: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        hosts = ",".join(quote(str(folder), safe="") for folder in self.sockets)
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={hosts}&port=5432,5432&target_session_attrs=read-write"

    def one(self, number: int) -> psycopg.Connection:
        return psycopg.connect(
            dbname=DATABASE, user=SUPERUSER, host=str(self.sockets[number]), port=5432, autocommit=True
        )

    def make_standby(self) -> None:
        """A copy by pg_basebackup that follows; from then on a commit of the primary is on both, or not told."""
        for folder in (self.folder, self.sockets[1]):
            make_private(folder, self.place.account)
        copied = run_as(
            self.place.account,
            [self._program("pg_basebackup"), "-h", str(self.sockets[0]), "-p", "5432", "-U", SUPERUSER,
             "-D", str(self.cluster), "--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream"],
        )  # fmt: skip
        assert copied.returncode == 0, copied.stderr
        primary = f"host={self.sockets[0]} port=5432 user={SUPERUSER} application_name={NAME}"
        # Nobody follows the standby: promoted, it must not wait for anybody.
        command = [self._program("postgres"), "-D", str(self.cluster), "-c", "listen_addresses="]
        command += [
            "-c",
            f"unix_socket_directories={self.sockets[1]}",
            "-p",
            "5432",
            "-c",
            "synchronous_standby_names=",
        ]
        command += ["-c", f"primary_conninfo={primary}", "-c", "logging_collector=off", "-c", "shared_buffers=64MB"]
        log = (self.folder / "standby.log").open("wb")
        self._standby = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            **process_options(self.place.account),
        )  # fmt: skip
        log.close()
        with self.one(0) as conn:
            conn.execute(f"alter system set synchronous_standby_names = '{NAME}'".encode())
            conn.execute("select pg_reload_conf()")
            until(
                lambda: conn.execute("select sync_state from pg_stat_replication").fetchall() == [("sync",)],
                PATIENCE, lambda: f"the standby follows: {(self.folder / 'standby.log').read_text()[-2000:]}",
            )  # fmt: skip

    def destroy_primary(self) -> None:
        """kill -9 of the server and every process of it, and its data is gone."""
        postmaster = int((self.place.cluster / "postmaster.pid").read_text().split()[0])
        for pid in [postmaster, *_children(postmaster)]:
            _kill(pid)
        shutil.rmtree(self.place.cluster)

    def promote(self) -> float:
        """Seconds until the standby takes writes."""
        began = time.monotonic()
        with self.one(1) as conn:
            assert conn.execute("select pg_promote(wait => true, wait_seconds => 60)").fetchone() == (True,)
            until(lambda: conn.execute("select pg_is_in_recovery()").fetchone() == (False,), PATIENCE, "it is promoted")
        return time.monotonic() - began

    def end(self) -> None:
        if self._standby is not None:
            self._standby.send_signal(signal.SIGQUIT)
            self._standby.wait(60)
        self.primary.stop()

    def _program(self, name: str) -> str:
        return str(self.installation.bin_folder / name)


def _there(place: Place | None) -> Place:
    assert place is not None
    return place


def _children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
