"""An hour's steady run: every enrollment falls due again and again, at a fixed rate, while autovacuum does its work.

What it is to show: the dead entries that this leaves at the head of the due index do not slow the claim. Each minute a
claim of 100 from the head of every lane is looked at from beside, in pages touched and in milliseconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import psycopg

from tests.builders import a_workspace
from warmline.store.connect import connect

from .claim import look_at_claims
from .population import fill
from .processes import Hand, a_hand
from .report import Bar, Found, Row
from .server import a_database


def measure(server: str, *, minutes: int = 60, rate: int = 1_000, leads: int = 60_000, every: float = 60) -> Found:
    """`leads` enrollments, each due every `leads / rate` seconds; the first and the last twelfth are compared.

    `every` is how many seconds a minute has, when it only has to be tried.
    """
    period = timedelta(seconds=leads / rate)
    with a_database(server) as dsn, connect(dsn) as conn:
        fill(conn, a_workspace(conn), leads)
        _spread(conn, period)
        fresh = _look(conn, 0, every)
        with a_hand("steady_worker", dsn, period.total_seconds()) as worker:
            series = [fresh, *(_minute(conn, number, worker, every) for number in _minutes(minutes, every))]
    return Found(_compared(series, minutes, rate), series)


def _spread(conn: psycopg.Connection, period: timedelta) -> None:
    """Everybody falls due once in the period that begins now, evenly."""
    conn.execute("vacuum full enrollments")
    conn.execute(
        "update enrollments e set due_at = %s + n.part * %s::interval from (select id, lane, (row_number() over (order by"
        " md5(id::text)))::float8 / count(*) over () as part from enrollments) n where e.lane = n.lane and e.id = n.id",
        (datetime.now(UTC), period),
    )
    conn.execute("vacuum full enrollments")
    conn.execute("vacuum analyze enrollments")


def _minutes(count: int, every: float) -> Any:
    """1, 2, ... each at the end of its minute."""
    began = time.monotonic()
    for number in range(1, count + 1):
        time.sleep(max(0.0, began + number * every - time.monotonic()))
        yield number


def _minute(conn: psycopg.Connection, number: int, worker: Hand, every: float) -> dict[str, Any]:
    if worker.process.poll() is not None:
        raise RuntimeError("The worker of the steady run ended. Its error is above.")
    seen = _look(conn, number, every)
    sys.stderr.write(f"{seen}\n")  # an hour is long: what has been seen is worth having even if the run is broken off
    return seen


def _look(conn: psycopg.Connection, number: int, every: float) -> dict[str, Any]:
    now = datetime.now(UTC)
    claims = look_at_claims(conn, now + timedelta(days=1))
    sizes = conn.execute(
        """
        select pg_relation_size('enrollments_due'), pg_relation_size('enrollments'), n_dead_tup, autovacuum_count,
          n_tup_upd, n_tup_hot_upd, (select max(extract(epoch from %s - due_at)) from enrollments where due_at <= %s),
          (select count(*) from touches where created_at > %s and created_at <= %s)
        from pg_stat_user_tables where relname = 'enrollments'
        """,
        (now, now, now - timedelta(seconds=every), now),
    ).fetchone()
    assert sizes is not None
    index, table, dead, vacuums, updates, hot, behind, touches = sizes
    return {
        "minute": number, "claim_ms": claims.milliseconds, "claim_ms_p99": claims.slow, "pages": claims.pages,
        "rows": claims.rows, "index_bytes": index, "table_bytes": table, "dead_rows": dead, "autovacuums": vacuums,
        "updates": updates, "hot_updates": hot, "behind_seconds": round(float(behind or 0), 2),
        "touches_per_second": round(touches / every, 1),
    }  # fmt: skip


def _compared(series: list[dict[str, Any]], minutes: int, rate: int) -> list[Row]:
    """The last twelfth of the run (5 minutes of an hour) against the first."""
    part = max(1, minutes // 12)
    fresh, first, last = series[:1], series[1 : part + 1], series[-part:]
    of: Callable[[list[dict[str, Any]], str], float] = lambda some, name: median(one[name] for one in some)  # noqa: E731
    beside = {
        "freshly built": f"{of(fresh, 'claim_ms'):.2f} ms, {of(fresh, 'pages'):.0f} pages",
        "first": f"{of(first, 'claim_ms'):.2f} ms, {of(first, 'pages'):.0f} pages",
        "last": f"{of(last, 'claim_ms'):.2f} ms, {of(last, 'pages'):.0f} pages",
    }
    index = of(last, "index_bytes") / of(first, "index_bytes")
    end = series[-1]
    return [
        Row(
            "steady.claim", f"claim of 100 after {minutes} minutes at {rate:,} touches/s, last {part} against first {part}",
            of(last, "claim_ms") / of(first, "claim_ms"), "x", bar=Bar(1.5, "at most"), beside=beside,
        ),
        Row("steady.pages", "pages touched by that claim", of(last, "pages") / of(first, "pages"), "x",
            bar=Bar(1.5, "at most")),
        Row("steady.fresh", "pages touched by that claim, last against a freshly built index",
            of(last, "pages") / of(fresh, "pages"), "x"),
        Row("steady.index", "size of the due index", index, "x",
            beside={"at the end": f"{end['index_bytes'] / 1e6:.1f} MB",
                    "autovacuums": str(end["autovacuums"]), "updates": f"{end['updates']:,}",
                    "most dead rows": f"{max(one['dead_rows'] for one in series):,}"}),
        Row("steady.rate", "touches held", median(one["touches_per_second"] for one in series[1:]), "/s",
            min(one["touches_per_second"] for one in series[1:]), max(one["touches_per_second"] for one in series[1:]),
            beside={"most behind": f"{max(one['behind_seconds'] for one in series[1:]):.1f} s"}),
    ]  # fmt: skip
