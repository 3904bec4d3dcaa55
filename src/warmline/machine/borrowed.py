"""The embedded PostgreSQL for one command: whoever runs it runs on, else the last command that uses it stops it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from warmline.machine.account import hand_over
from warmline.machine.lock import HeldError
from warmline.machine.place import find_place, prepare_place
from warmline.machine.postgres import Postgres

_LOOK_EVERY = 0.05  # seconds
_PATIENCE = 60.0  # seconds for whoever starts or stops it at this moment


@contextmanager
def borrowed(server: Postgres) -> Iterator[str]:
    """Its address. Started when it is not running, and stopped at the end when no supervisor runs it and no other command
    uses it. Raises MachineError when it can't start, or when whoever starts or stops it needs too long."""
    place = find_place(server.data_dir) or prepare_place(server.data_dir)
    users = os.open(place.folder / "users", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        hand_over(users, place.account)
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while the last command before us stops it
        try:
            yield _running(server)
        finally:
            # In this order: of two that end at once, one is alone with the file, and can take the server over then.
            server.leave()
            fcntl.flock(users, fcntl.LOCK_UN)
            if _is_alone(users):
                _stop(server)
    finally:
        os.close(users)


def _running(server: Postgres) -> str:
    give_up_at = time.monotonic() + _PATIENCE
    while True:
        address = server.address()
        if address is not None:
            return address
        try:
            return server.start()
        except HeldError:  # another process is starting it, or has not quite stopped it
            if time.monotonic() > give_up_at:
                raise
        time.sleep(_LOOK_EVERY)


def _is_alone(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop(server: Postgres) -> None:
    if not server.is_running():
        return
    try:
        server.start()  # takes over what runs
    except HeldError:
        return  # `warmline up` runs it
    server.stop()
