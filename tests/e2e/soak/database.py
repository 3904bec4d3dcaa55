"""The soak's PostgreSQL: on a small disk of its own, killed, cut off, left without room, and started again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from warmline.machine import MachineError
from warmline.machine.place import find_place
from warmline.machine.postgres import Postgres
from warmline.machine.postmaster import live_postmaster
from warmline.store.connect import connect

SIZE_MB = 3000
SPARE_KB = 64  # what is left when the disk is full
SETTINGS = {"max_wal_size": "256MB", "min_wal_size": "80MB", "checkpoint_timeout": "30s"}  # it is a small disk
OURS = "from pg_stat_activity where starts_with(application_name, 'warmline')"
AGAIN = 1.0  # seconds from a failed start to the next


class SmallDisk:
    """A file system in memory of a size that can be changed. `why_not` says why there is none; then it is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.why_not = ""
        folder.mkdir()
        folder.chmod(0o755)

    def __enter__(self) -> SmallDisk:
        self.why_not = self._mount(f"size={SIZE_MB}m,mode=755", "-t", "tmpfs", "soak")
        return self

    def __exit__(self, *_: object) -> None:
        if not self.why_not:
            subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)

    def fill(self) -> None:
        used = shutil.disk_usage(self.folder).used // 1024
        self._must(f"remount,size={used + SPARE_KB}k")

    def free(self) -> None:
        self._must(f"remount,size={SIZE_MB}m")

    def _must(self, options: str) -> None:
        problem = self._mount(options)
        assert not problem, problem

    def _mount(self, options: str, *more: str) -> str:
        if os.geteuid() != 0:
            return "only root may mount a small disk"
        command = ["mount", "-o", options, *more, str(self.folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return done.stderr.strip() or "mount failed" if done.returncode else ""


class Database:
    """Started again by `tend` whenever it is found dead."""

    def __init__(self, disk: SmallDisk, say: Callable[[str], None]) -> None:
        self.disk = disk
        self.starts = 0
        self._say = say
        self._server = Postgres(disk.folder / "db")
        self._not_before = 0.0
        self._conn: psycopg.Connection | None = None
        self.dsn = self._server.start()
        with connect(self.dsn, "soak") as conn:
            for name, value in SETTINGS.items():
                conn.execute(f"alter system set {name} = '{value}'".encode())
            conn.execute("select pg_reload_conf()")

    def close(self) -> None:
        self._hang_up()
        self._server.stop()

    def tend(self) -> None:
        if self._server.is_running() or time.monotonic() < self._not_before:
            return
        try:
            self._server.start()
            self.starts += 1
        except MachineError as error:  # no room to start in, most likely
            self._say(f"PostgreSQL does not start: {str(error).splitlines()[-1]}")
            self._not_before = time.monotonic() + AGAIN

    # --- what is done to it ------------------------------------------------------------------------------------------

    def kill_postmaster(self) -> bool:
        place = find_place(self.disk.folder / "db")
        server = live_postmaster(place.cluster) if place else None
        return server is not None and _kill(server.pid)

    def kill_backend(self, dice: random.Random) -> bool:
        """One of those that serve web and engines."""
        query = f"select pid {OURS} order by pid"
        found = self.rows_or_none(query)
        return bool(found) and _kill(dice.choice(found)[0])

    def cut_all(self) -> bool:
        return bool(self.rows_or_none(f"select pg_terminate_backend(pid) {OURS}"))

    # --- what it says ------------------------------------------------------------------------------------------------

    def rows(self, query: str, *params: object) -> list[Any]:
        """Raises psycopg.OperationalError when it is away."""
        if self._conn is None or self._conn.closed:
            self._conn = connect(self.dsn, "soak")
        try:
            return self._conn.execute(query.encode(), params).fetchall()
        except psycopg.OperationalError:
            self._hang_up()
            raise

    def rows_or_none(self, query: str, *params: object) -> list[Any] | None:
        """None when it is away."""
        try:
            return self.rows(query, *params)
        except psycopg.OperationalError:
            return None

    def count(self, query: str, *params: object) -> int:
        """0 when it is away."""
        found = self.rows_or_none(query, *params)
        return int(found[0][0]) if found else 0

    def _hang_up(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
