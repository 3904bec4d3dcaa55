"""The worker of the steady run, a process of its own: claim, know, write, move every due time on by a period."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg

from warmline.engine.tick import BATCH
from warmline.store import due as dues
from warmline.store.connect import connect
from warmline.store.ids import LANES
from warmline.store.pipeline import transaction
from warmline.store.writes import save

from .bare import plain_writes

PAUSE = 0.25  # seconds between two rounds over the lanes: what `watch` of the engine does while leads trickle in


def main() -> None:
    """Ends when the benchmark ends it. arguments: DSN, period in seconds."""
    dsn, period = sys.argv[1], timedelta(seconds=float(sys.argv[2]))
    with connect(dsn, "warmline steady") as conn:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        number = 0
        while True:
            number += 1
            began = time.monotonic()
            done = work_off(conn, datetime.now(UTC), period, f"step-{number}")
            if done < BATCH // 2:  # else it is behind, and goes on at once
                time.sleep(max(0.0, began + PAUSE - time.monotonic()))


def work_off(conn: psycopg.Connection, now: datetime, period: timedelta, step: str) -> int:
    """What is due in every lane, as one transaction with a batch shared out, like the engine's watch. Returns how many."""
    with transaction(conn):
        claimed = dues.claim_lanes(conn, range(LANES), now, BATCH // LANES)
        dues.know_lanes(conn, {lane: [(due.lead_id, due.seen) for due in mine] for lane, mine in claimed.items()})
        for lane, mine in claimed.items():
            save(conn, plain_writes(lane, mine, now, step, period), now)
    return sum(len(mine) for mine in claimed.values())


if __name__ == "__main__":
    main()
