"""Handing over: one engine process and a provider that takes 150 ms to answer."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from statistics import median

import psycopg

from tests.far_ends.ports import closed_port
from warmline.engine.catalog import Catalog
from warmline.engine.tick import tick
from warmline.store.connect import connect
from warmline.store.ids import LANES

from .house import a_house, publish
from .intake import shares
from .machine import MB, Watched, watch
from .population import JUST_NOW, fill
from .processes import a_hand
from .report import Bar, Found, of_rounds
from .server import a_database

PATIENCE = 120.0


def measure(server: str, *, touches: int = 8_000, pause: float = 0.15, rounds: int = 3) -> Found:
    """sends/s from the first request at the provider until every receipt is committed: intents, last looks, and all."""
    rates: list[float] = []
    seen: list[Watched] = []
    for _ in range(rounds):
        port = closed_port()
        with a_database(server) as dsn, connect(dsn) as conn:
            _queue(conn, port, touches)
            with a_hand("provider", port, pause) as provider, a_house(dsn, web=False) as house:
                with watch({**house.heads, "provider": [provider.pid]}) as watched:
                    ended = _wait_for_receipts(conn, touches)
                provider.process.terminate()
                found = provider.hear()
            if found["count"] != touches or found["doubled"]:
                raise RuntimeError(f"The provider got {found} for {touches} touches.")
            rates.append(touches / (ended - found["first"]))
            seen.append(watched)
    beside = shares(seen[-1], ("engine", "PostgreSQL", "provider"))
    beside["engine's memory"] = f"{max(one.usage['engine'].memory for one in seen) / MB:.0f} MB"
    beside["engine CPU"] = f"{median(one.usage['engine'].cpu / touches * 1e6 for one in seen):.0f} us a send"
    what = f"texts handed over to a provider that takes {pause * 1e3:.0f} ms, receipts committed, one engine"
    return Found([of_rounds("dispatch.sends", what, "/s", rates, Bar(1_000), beside)])


def _queue(conn: psycopg.Connection, port: int, count: int) -> None:
    """`count` leads that have just come in, with their first text planned by the tick itself."""
    now = datetime.now(UTC)
    fill(conn, publish(conn, port), count, enrolled=now - timedelta(seconds=1), due_at=now, events=JUST_NOW, seen=0)
    catalog = Catalog(conn)
    for lane in range(LANES):
        while tick(conn, lane, now, catalog).looked_at:
            continue
    row = conn.execute("select count(*) from touches where status = 'queued' and channel = 'sms'").fetchone()
    assert row is not None
    assert row[0] == count, f"the tick planned {row[0]} texts of {count}"
    conn.execute("vacuum analyze")


def _wait_for_receipts(conn: psycopg.Connection, count: int) -> float:
    """When the last receipt was committed, on the monotonic clock."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        left = conn.execute(
            "select from touches where status in ('queued', 'sending') and channel = 'sms' limit 1"
        ).fetchone()
        if left is None:
            return time.monotonic()
        time.sleep(0.05)
    raise RuntimeError(f"After {PATIENCE:.0f} s there are still texts of {count} to hand over.")
