"""The least that rows cost: those of a filled database copied into its emptied tables, with nothing matched or judged.

COPY in its binary form is the fastest way into PostgreSQL that there is.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from warmline.store.connect import connect
from warmline.store.ids import LANES

#: What intake writes of a lead that is new. Tables without rows cost nothing.
TABLES = ("address_owners", "leads", "consents", "enrollments", "tasks", "events")

_PIECE = 1 << 20


def copy_again(dsn: str, folder: Path, connections: int) -> float:
    """Seconds for which as many connections at once, each with lanes of its own, copy everything. The tables are emptied."""
    with connect(dsn) as conn:
        for lane in range(LANES):
            for table in TABLES:
                _write_out(conn, table, lane, folder / f"{table}.{lane}")
        conn.execute(f"truncate {', '.join(TABLES)}".encode())
        conn.execute("checkpoint")
    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        shares = [range(first, LANES, connections) for first in range(connections)]
        list(pool.map(lambda lanes: _read_in(dsn, folder, lanes), shares))
    return time.perf_counter() - began


def _write_out(conn: psycopg.Connection, table: str, lane: int, path: Path) -> None:
    query = f"copy (select * from {table} where lane = {lane}) to stdout (format binary)".encode()
    with path.open("wb") as file, conn.cursor().copy(query) as copy:
        for piece in copy:
            file.write(piece)


def _read_in(dsn: str, folder: Path, lanes: range) -> None:
    with connect(dsn) as conn:
        for table in TABLES:
            for lane in lanes:
                query = f"copy {table} from stdin (format binary)".encode()
                with (folder / f"{table}.{lane}").open("rb") as file, conn.cursor().copy(query) as copy:
                    while piece := file.read(_PIECE):
                        copy.write(piece)
