"""Due touches, claim to committed: the tick with a real playbook and gate against the bare loop, in turn, in one run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from statistics import median

import psycopg

from tests.builders import TUESDAY, a_workspace
from warmline.engine.catalog import Catalog
from warmline.engine.loop import calm_the_collector
from warmline.engine.tick import tick
from warmline.store.connect import connect
from warmline.store.ids import LANES

from .bare import bare_tick
from .population import DUE, fill
from .report import Row
from .server import a_database

Work = Callable[[psycopg.Connection, int], int]


def measure(server: str, leads: int = 40_000, rounds: int = 3) -> list[Row]:
    """touches/s of one worker process: the bare loop on one connection, the tick on one and on two."""
    calm_the_collector()
    with a_database(server) as dsn, connect(dsn) as conn:
        fill(conn, a_workspace(conn), leads)
        tasks = {
            "bare loop": lambda: run(dsn, 1, lambda _: lambda c, lane: bare_tick(c, lane, TUESDAY)),
            "tick, one thread": lambda: run(dsn, 1, real),
            "tick, two threads": lambda: run(dsn, 2, real),
        }
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in tasks}
        for number in range(rounds + 1):
            for name, task in tasks.items():
                reset(conn)
                count, seconds, cpu = task()
                assert count == leads, f"{name} made {count} touches of {leads}"
                if number:  # the first round warms caches up and is not counted
                    figures[name].append((count / seconds, cpu / count * 1e6))
    bare = median(rate for rate, _ in figures["bare loop"])
    return [
        Row(
            f"due touches, {name}",
            f"{median(r for r, _ in found):,.0f}/s",
            f"{median(r for r, _ in found) / bare:.0%} of the bare loop",
            f"{min(r for r, _ in found):,.0f} to {max(r for r, _ in found):,.0f}/s;"
            f" Python {median(c for _, c in found):.0f} us a touch",
        )
        for name, found in figures.items()
    ]


def real(conn: psycopg.Connection) -> Work:
    catalog = Catalog(conn)
    return lambda c, lane: tick(c, lane, TUESDAY, catalog).looked_at


def run(dsn: str, threads: int, make: Callable[[psycopg.Connection], Work]) -> tuple[int, float, float]:
    """Work off every lane. Returns how many, the seconds it took and the Python CPU seconds."""
    counts: list[int] = []
    connections = [connect(dsn) for _ in range(threads)]
    workers = [make(conn) for conn in connections]

    def work(number: int) -> None:
        count = 0
        for lane in range(number, LANES, threads):
            while done := workers[number](connections[number], lane):
                count += done
        counts.append(count)

    running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    began, cpu = time.perf_counter(), time.process_time()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    for conn in connections:
        conn.close()
    return sum(counts), seconds, spent


def reset(conn: psycopg.Connection) -> None:
    """Everybody is due again, as before the round."""
    conn.execute("truncate touches, decisions, tasks")
    conn.execute("delete from events where at >= %s", (TUESDAY,))
    conn.execute("update enrollments set status = 'running', due_at = %s, ended_at = null, end_reason = ''", (DUE,))
    conn.execute("vacuum analyze")
    conn.execute("checkpoint")
