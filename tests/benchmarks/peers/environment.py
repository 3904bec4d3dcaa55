"""A Python environment for the peers, so that Warmline's own depends on none of them; and a Redis that the bench owns."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.far_ends.ports import closed_port

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
REDIS_STARTS_WITHIN = 15.0  # seconds


def python() -> Path:
    """The interpreter of the peers' environment, which is made the first time and when the pins change."""
    folder = Path(sys.prefix) / "bench"
    made_of = folder / "made-of.txt"
    wanted = REQUIREMENTS.read_text()
    if not made_of.exists() or made_of.read_text() != wanted:
        sys.stderr.write(f"Preparing the peers' environment in {folder} (a minute, once) ...\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True, stderr=subprocess.DEVNULL)
        made_of.write_text(wanted)
    return folder / "bin/python"


def pinned(name: str) -> str:
    """The version of a package there: "5.7.0"."""
    lines = REQUIREMENTS.read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{name}=="))


@contextmanager
def a_redis() -> Iterator[tuple[int, int]]:
    """Port and process id of a Redis on loopback that writes its log to disk every second: its usual durable setting."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("The peers need redis-server, for Celery. On Debian: apt-get install redis-server")
    port = closed_port()
    with tempfile.TemporaryDirectory(prefix="wl-bench-redis-", dir="/tmp") as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        command += ["--appendonly", "yes", "--appendfsync", "everysec"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait_for(port, process)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + REDIS_STARTS_WITHIN
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("redis-server did not start. What it said is above.")
