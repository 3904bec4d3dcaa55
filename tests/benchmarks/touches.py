"""Due touches, claim to committed: the tick with a real playbook and gate against the bare loop, in turn, in one run.

Both run in as many worker processes (touches_worker.py), each with one connection: what engine/decider.py is to an engine.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

import psycopg

from tests.builders import TUESDAY, a_workspace
from warmline.store.connect import connect

from .machine import MB, Watched, watch
from .population import DUE, fill
from .processes import Hand, a_hand
from .report import Bar, Found, Row, of_rounds
from .server import a_database, postmaster

#: Worker processes. An engine starts two: while PostgreSQL works for one, the other decides.
WORKERS = (1, 2, 4)


@dataclass(slots=True)
class Crew:
    """Worker processes of one kind, and what they did in each counted round."""

    kind: str
    hands: list[Hand]
    rates: list[float] = field(default_factory=list)
    seen: list[tuple[int, Watched]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"touches.{self.kind}.{len(self.hands)}"

    @property
    def name(self) -> str:
        called = {"bare": "bare loop", "tick": "tick"}[self.kind]
        workers = "1 worker" if len(self.hands) == 1 else f"{len(self.hands)} workers"
        return f"{called}, {workers}"


def measure(server: str, *, leads: int = 30_000, rounds: int = 3, workers: tuple[int, ...] = WORKERS) -> Found:
    """touches/s of the bare loop and of the tick, on as many workers."""
    with a_database(server) as dsn, connect(dsn) as conn, ExitStack() as stack:
        fill(conn, a_workspace(conn), leads)
        crews = [
            Crew(kind, [stack.enter_context(a_hand("touches_worker", dsn, kind, n, size)) for n in range(size)])
            for size in workers
            for kind in ("bare", "tick")
        ]  # fmt: skip
        for number in range(rounds + 1):
            # Another pair begins each round, so that what the server does at its own times, such as to vacuum, meets all alike.
            first = 2 * number % len(crews)
            for crew in crews[first:] + crews[:first]:
                reset(conn)
                # The first round warms caches up and is not counted.
                work(crew, leads, postmaster(dsn), counted=number > 0)
    bare = median(crews[0].rates)
    return Found([*[_row(crew, bare) for crew in crews], *_ratios(crews)])


def work(crew: Crew, leads: int, postgres: int, *, counted: bool) -> None:
    heads = {"Python": [hand.pid for hand in crew.hands], "PostgreSQL": [postgres]}
    with watch(heads) as watched:
        began = time.perf_counter()
        for hand in crew.hands:
            hand.tell()
        count = sum(hand.hear()["count"] for hand in crew.hands)
        seconds = time.perf_counter() - began
    assert count == leads, f"{crew.name} made {count} touches of {leads}"
    if counted:
        crew.rates.append(count / seconds)
        crew.seen.append((count, watched))


def _row(crew: Crew, bare: float) -> Row:
    beside = {
        f"{name} CPU": f"{median(seen.usage[name].cpu / count * 1e6 for count, seen in crew.seen):.0f} us a touch"
        for name in ("Python", "PostgreSQL")
    }
    beside["a worker's memory"] = f"{max(seen.usage['Python'].memory for _, seen in crew.seen) / MB:.0f} MB"
    # The bar is for a machine on which the bare loop makes 20,000; on a slower one its share alone counts.
    barred = crew.kind == "tick" and len(crew.hands) == 1 and bare >= 20_000
    bar = Bar(10_000) if barred else None
    return of_rounds(crew.key, crew.name, "/s", crew.rates, bar, beside)


def _ratios(crews: list[Crew]) -> list[Row]:
    rows = []
    for bare, tick in zip(crews[::2], crews[1::2], strict=True):
        of_each_round = [t / b * 100 for t, b in zip(tick.rates, bare.rates, strict=True)]
        what = f"{tick.name}: share of the bare loop's"
        rows.append(of_rounds(f"touches.share.{len(tick.hands)}", what, "%", of_each_round, Bar(50)))
    return rows


def reset(conn: psycopg.Connection) -> None:
    """Everybody is due again, as before the round."""
    conn.execute("truncate touches, decisions, tasks")
    conn.execute("delete from events where at >= %s", (TUESDAY,))
    conn.execute("update enrollments set status = 'running', due_at = %s, ended_at = null, end_reason = ''", (DUE,))
    conn.execute("vacuum analyze")
    conn.execute("checkpoint")
