"""Reading `postmaster.pid`, and telling a live server from a dead one that nobody has buried yet."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A PostgreSQL server's first process. `status` is starting, ready, standby, stopping or, very early, empty."""

    pid: int
    socket_folder: Path | None
    status: str


def live_postmaster(cluster: Path) -> Postmaster | None:
    """The server that runs on the cluster now. A stale pid file, a zombie and a pid since given to others are None."""
    noted = noted_postmaster(cluster)
    return noted if noted and serves(noted.pid, cluster) else None


def noted_postmaster(cluster: Path) -> Postmaster | None:
    """What `postmaster.pid` says, alive or not. Its lines: pid, data, start, port, socket, host, memory, status."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().lstrip("-").isdigit():
        return None  # just being written
    lines += [""] * (8 - len(lines))
    return Postmaster(abs(int(lines[0])), Path(lines[4]) if lines[4] else None, lines[7].strip())


def serves(pid: int, cluster: Path) -> bool:
    """Whether the process is a living PostgreSQL on that cluster.

    A server that was killed stays in the process table until its parent collects it: such a zombie still takes
    signal 0, so signal 0 is no proof of life. The process's state is, and its working folder, which PostgreSQL
    makes its data folder, is proof that the number was not given to another process meanwhile.
    """
    if platform.system() != "Linux":
        return _serves_by_ps(pid)
    process = Path("/proc") / str(pid)
    try:
        name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
        if rest.split()[0] in "ZXx" or not name.startswith("postgres"):
            return False
        return (process / "cwd").resolve(strict=True) == cluster.resolve()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False  # gone, or somebody else's process


def _serves_by_ps(pid: int) -> bool:
    listed = subprocess.run(
        ["ps", "-o", "state=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return len(listed) == 2 and not listed[0].startswith("Z") and "postgres" in listed[1]
