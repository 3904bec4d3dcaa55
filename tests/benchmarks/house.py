"""A running house for benchmarks: published workspace, web and engines as real processes, a provider of ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from tests.builders import a_workspace, starter_files
from tests.far_ends.ports import closed_port
from warmline.store.connect import connect
from warmline.store.workspaces import Workspace

from .server import postmaster

SECRET = "a-secret-for-benchmarks-only-0123456789"
WARMLINE = [sys.executable, "-m", "warmline.cli"]


@dataclass(frozen=True, slots=True)
class House:
    """`heads` are the process ids to watch, by what they are."""

    port: int
    heads: dict[str, list[int]]


def publish(conn: psycopg.Connection, provider_port: int) -> Workspace:
    """The starter workspace. SMS goes to the provider in Twilio's form, everything else to the sandbox."""
    toml = starter_files()["warmline.toml"]
    start = toml.index("[channels.sms]")
    end = toml.index("[", start + 1)
    sms = (
        f'[channels.sms]\nprovider = "twilio"\naccount_sid = "AC{"0" * 32}"\nauth_token = "env:BENCH_TOKEN"\n'
        f'from = "+15005550006"\nrate = 10000\nbase_url = "http://127.0.0.1:{provider_port}"\n\n'
    )
    return a_workspace(conn, {"warmline.toml": toml[:start] + sms + toml[end:]}, now=datetime.now(UTC))


@contextmanager
def a_house(dsn: str, *, engines: int = 1, web: bool = True) -> Iterator[House]:
    """Processes on a database that has a published workspace."""
    port = closed_port()
    environment = surroundings(dsn, port)
    subprocess.run([*WARMLINE, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    commands = [[*WARMLINE, "web", "--port", str(port)]] * web + [[*WARMLINE, "engine"]] * engines
    log = None if os.environ.get("BENCH_LOG") else subprocess.DEVNULL
    running = [subprocess.Popen(command, env=environment, stdout=log, stderr=log) for command in commands]
    try:
        if web:
            _wait_until_ready(port, running)
        if engines:
            _wait_for_engines(dsn, engines, running)
        pids = [one.pid for one in running]
        yield House(port, {"web": pids[:web], "engine": pids[web:], "PostgreSQL": [postmaster(dsn)]})
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(60)


def surroundings(dsn: str, port: int) -> dict[str, str]:
    return {
        **os.environ, "DATABASE_URL": dsn, "WARMLINE_SECRET": SECRET, "WARMLINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BENCH_TOKEN": "token",
    }  # fmt: skip


def _wait_until_ready(port: int, running: list[subprocess.Popen[bytes]]) -> None:
    for _ in _patience(running):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            continue


def _wait_for_engines(dsn: str, count: int, running: list[subprocess.Popen[bytes]]) -> None:
    with connect(dsn) as conn:
        for _ in _patience(running):
            row = conn.execute("select count(*) from engines").fetchone()
            if row and row[0] >= count:
                return


def _patience(running: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """One step each time it is worth looking again. Raises RuntimeError when a process ended, or after a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if any(process.poll() is not None for process in running):
            raise RuntimeError("A process of the house ended before it was ready. BENCH_LOG=1 shows what it says.")
        yield
        time.sleep(0.05)
    raise RuntimeError("The house was not ready within a minute. BENCH_LOG=1 shows what it says.")
