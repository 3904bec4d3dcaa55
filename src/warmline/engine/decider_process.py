"""The program that decides for an engine: `python -m warmline.engine.decider_process FD`.

It ticks the lanes that it is told at the other end of FD, until that end is closed, however its engine ended. After any
trouble it says what it was and ends, and the next lane gets a fresh one (decider.Decider).
"""

from __future__ import annotations

import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection

import psycopg

from warmline.garbage import calm_the_collector
from warmline.logs import plain_logs
from warmline.store import snapshots
from warmline.store.connect import AWAY, connect

from .catalog import Catalog
from .decider import GONE, Trouble
from .tick import tick

REFRESH = 1.0  # seconds until a new setting or playbook is noticed


def main(line: Connection) -> None:
    """What its engine does not say by the line, such as Ctrl-C in their terminal, is not for it to hear."""
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.SIG_IGN)
    plain_logs()
    try:
        _work(line, line.recv())
    except GONE:
        return  # the engine is gone, or needs no more


def _work(line: Connection, dsn: str) -> None:
    try:
        with connect(dsn, "warmline decider") as conn:
            if snapshots.held(conn) is not None:
                line.send(Trouble("the database is held after a restore", away=True))
                return
            _decide(line, conn)
    except AWAY as error:
        line.send(Trouble(str(error).strip(), away=True))
    except GONE:
        raise
    except Exception:  # noqa: BLE001 - the engine logs it
        line.send(Trouble(traceback.format_exc(), away=False))


def _decide(line: Connection, conn: psycopg.Connection) -> None:
    catalog = Catalog(conn)
    refreshed = 0.0
    while True:
        wanted = line.recv()
        if not refreshed:
            catalog.warm(wanted.now)
            calm_the_collector()
        if time.monotonic() - refreshed > REFRESH:
            refreshed = time.monotonic()
            catalog.refresh()
        catalog.punctual = wanted.punctual
        line.send(tick(conn, wanted.lane, wanted.now, catalog))


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
