"""The tick and the peers on the same tables of the same PostgreSQL, in turn, in one run.

A peer's job writes one touch row and moves the enrollment's due time, in one statement and one commit. The tick does
that and more: it reads the lead's story, decides, asks the gate, and records the event and the decision.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.builders import a_workspace
from warmline.store.connect import connect

from ..machine import MB, Watched, watch
from ..population import DUE, fill
from ..processes import a_hand
from ..report import Bar, Found, Row, of_rounds
from ..server import a_database, postmaster
from ..touches import Crew, reset, work
from .contenders import Contender, a_worker, contenders, prepare
from .environment import a_redis, python

PATIENCE = 180.0
OURS = 20_000
WORKERS = 2  # processes that work, of everybody: an engine has two that decide


@dataclass(slots=True)
class Seen:
    """Of one peer, over the rounds."""

    rates: list[float] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)


def measure(server: str, *, scale: float = 1.0, rounds: int = 3) -> Found:
    """`scale` shrinks or grows the number of jobs."""
    python()
    leads = int(OURS * scale)
    peers = [one for one in contenders() if int(one.jobs * scale) <= leads]
    found = {one.key: Seen() for one in peers}
    with (
        a_database(server) as dsn, connect(dsn) as conn, a_redis() as (port, redis),
        tempfile.TemporaryDirectory(prefix="wl-bench-jobs-", dir="/tmp") as folder,
        ExitStack() as stack,
    ):  # fmt: skip
        fill(conn, a_workspace(conn), leads)
        _write_jobs(conn, Path(folder) / "jobs.csv")
        surroundings = {"BENCH_DSN": dsn, "BENCH_JOBS": str(Path(folder) / "jobs.csv"), "BENCH_REDIS": str(port)}
        ours = Crew(
            "tick", [stack.enter_context(a_hand("touches_worker", dsn, "tick", n, WORKERS)) for n in range(WORKERS)]
        )
        reset(conn)
        work(ours, leads, postmaster(dsn), counted=False)
        for _ in range(rounds):
            reset(conn)
            work(ours, leads, postmaster(dsn), counted=True)
            for one in peers:
                reset(conn)
                heads = {"PostgreSQL": [postmaster(dsn)], "Redis": [redis]}
                _round(conn, one, surroundings, int(one.jobs * scale), heads, found[one.key])
    rows = [
        of_rounds(
            "peers.ours",
            f"Warmline: an engine, {WORKERS} processes that decide",
            "/s",
            ours.rates,
            beside=_cpu(ours.seen[-1][1], "Python"),
        )
    ]
    for one in peers:
        rows += _rows(one, found[one.key], ours.rates)
    return Found(rows)


def _round(
    conn: psycopg.Connection,
    one: Contender,
    surroundings: dict[str, str],
    jobs: int,
    heads: dict[str, list[int]],
    seen: Seen,
) -> None:
    """The clock runs from the first touch written to the last: how long a peer takes to start does not count."""
    prepare(one, surroundings, jobs)
    conn.execute("vacuum analyze")
    conn.execute("checkpoint")
    with ExitStack() as stack:
        workers = [stack.enter_context(a_worker(one, surroundings)) for _ in range(WORKERS // one.processes)]
        _wait_for_touches(conn, 1)
        with watch({"worker": [worker.pid for worker in workers], **heads}) as watched:
            _wait_for_touches(conn, jobs)
    row = conn.execute(
        "select count(*), extract(epoch from max(created_at) - min(created_at)),"
        " (select count(*) from enrollments where due_at > %s) from touches",
        (DUE,),
    ).fetchone()
    assert row is not None
    count, seconds, moved = row
    assert count == moved == jobs, f"{one.name} wrote {count} touches and moved {moved} enrollments of {jobs}"
    seen.rates.append((count - 1) / float(seconds))
    seen.watched.append(watched)


def _wait_for_touches(conn: psycopg.Connection, count: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        row = conn.execute("select count(*) from touches").fetchone()
        if row and row[0] >= count:
            return
        time.sleep(0.05)
    raise RuntimeError(f"{count} touches were not written within {PATIENCE:.0f} s.")


def _rows(one: Contender, seen: Seen, ours: list[float]) -> list[Row]:
    last = seen.watched[-1]
    beside = {"set": one.settings, **_cpu(last, "worker")}
    if "celery" in one.key:
        beside["Redis"] = last.share("Redis")
    ratios = [a / b for a, b in zip(ours, seen.rates, strict=True)]
    return [
        of_rounds(f"peers.{one.key}", one.name, "/s", seen.rates, beside=beside),
        of_rounds(f"peers.{one.key}.ratio", f"Warmline against {one.name}", "x", ratios, Bar(one.bar)),
    ]


def _cpu(watched: Watched, worker: str) -> dict[str, str]:
    return {
        "worker": watched.share(worker), "PostgreSQL": watched.share("PostgreSQL"),
        "memory": f"{watched.usage[worker].memory / MB:.0f} MB a process",
    }  # fmt: skip


def _write_jobs(conn: psycopg.Connection, path: Path) -> None:
    """lane, enrollment, lead, workspace, version: what a job has to know."""
    with (
        path.open("wb") as file,
        conn.cursor() as cursor,
        cursor.copy("copy (select lane, id, lead_id, workspace_id, version_id from enrollments) to stdout csv") as copy,
    ):
        for data in copy:
            file.write(data)
