"""One claim looked at closely: how long PostgreSQL takes for it, and how many pages it touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median

import psycopg

from warmline.core.history import FOLD
from warmline.store import due as dues
from warmline.store.ids import LANES


@dataclass(frozen=True, slots=True)
class Claims:
    """Medians of a claim: milliseconds in the server, 8 kB pages touched, rows claimed."""

    milliseconds: float
    slow: float  # the 99th of a hundred
    pages: float
    rows: float


def look_at_claims(conn: psycopg.Connection, now: datetime, limit: int = 100, rounds: int = 3) -> Claims:
    """Claim `limit` from the head of every lane, `rounds` times over, and take every claim back."""
    given = {"now": now, "limit": limit, "fold": FOLD}
    times, pages, rows = [], [], []
    for _ in range(rounds):
        for lane in range(LANES):
            with conn.transaction(force_rollback=True):
                found = conn.execute(
                    b"explain (analyze, buffers, format json) " + dues._CLAIM, given | {"lane": lane}
                ).fetchone()
            assert found is not None
            plan = found[0][0]
            top = plan["Plan"]
            times.append(plan["Execution Time"])
            pages.append(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
            rows.append(top["Plans"][0]["Actual Rows"])
    times.sort()
    return Claims(median(times), times[int(len(times) * 0.99)], median(pages), median(rows))
