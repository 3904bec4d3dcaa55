"""One supervisor for each database: a file lock that the kernel lets go of however its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import sys
from pathlib import Path

from warmline.machine import MachineError
from warmline.machine.account import Account, hand_over


class HeldError(MachineError):
    """Another process runs this database. The text names it."""


def take_lock(path: Path, account: Account) -> int:
    """Take the lock and return its file descriptor; closing that lets go. Raises HeldError.

    The descriptor is not inherited by programs we start, so nothing we leave behind keeps the lock.
    """
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(held, 2000, 0).decode(errors="replace")
        os.close(held)
        raise HeldError(_already_running(path, holder)) from None
    hand_over(held, account)
    with contextlib.suppress(OSError):  # the disk is full: the lock holds all the same, and only lacks a name
        os.ftruncate(held, 0)
        os.pwrite(held, os.fsencode(f"{os.getpid()}\n{shlex.join([sys.executable, *sys.argv])}\n"), 0)
    return held


def _already_running(path: Path, holder: str) -> str:
    pid, _, command = holder.strip().partition("\n")
    if not pid:
        return f"The database in {path.parent} is just being started by another process. Try again in a moment."
    return (
        f"The database in {path.parent} is already run by process {pid} ({command}). "
        f"Use that one, or stop it first: Ctrl-C in its terminal, or: kill {pid}"
    )
