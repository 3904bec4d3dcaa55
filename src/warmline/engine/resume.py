"""A restored database goes on: whatever its original may have sent since the backup counts as sent, and is not sent again.

While the database is held no engine works on it. Then, before they may:

1. Looks that came due in the gap are taken at the instants they were due, so every run stands where the original's stood.
   Tasks for people are opened; a touch that such a look plans is refused, because the original may have made it.
2. Touches that were queued when the backup was taken are refused too. The reason is `restored`.
3. Touches that were being handed over then are settled by rescue, as after any crash: the provider is asked.

What came in after the restore is not touched: the original can't have known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

from warmline.store import due as dues
from warmline.store import snapshots, touches
from warmline.store.clock import read_clock
from warmline.store.ids import LANES
from warmline.store.snapshots import Held

from .catalog import Catalog
from .tick import BATCH, start_scheduled, tick

REASON = "restored"


@dataclass(slots=True)
class Gone:
    """What going on came to: looks that were made up for, and touches that are not sent because they may have been."""

    looks: int = 0
    withheld: int = 0


def go_on(conn: psycopg.Connection, held: Held, *, nothing_was_sent: bool) -> Gone:
    """Answer for the gap, and let the engines work. Each batch is a transaction, so one that is cut short is run again.

    `nothing_was_sent`: the original's engines had stopped before the backup was taken. Then there is no gap.
    """
    gone = Gone()
    if not nothing_was_sent:
        clock = read_clock(conn)
        until, entered = clock.now(), clock.at(held.restored_at)
        catalog = Catalog(conn, punctual=True)
        for lane in range(LANES):
            _make_up(conn, lane, entered, until, catalog, gone)
    snapshots.resume(conn)
    return gone


def _make_up(
    conn: psycopg.Connection, lane: int, entered: datetime, until: datetime, catalog: Catalog, gone: Gone
) -> None:
    """Until nothing of one lane is due any more up to `until`."""
    while True:
        with conn.transaction():
            withheld = touches.withdraw(conn, lane, REASON, until, BATCH)
        dues.put_off(conn, lane, entered, until)
        begun = start_scheduled(conn, lane, until)
        looks = tick(conn, lane, until, catalog).looked_at
        gone.looks += looks
        gone.withheld += withheld
        if not (withheld or begun or looks):
            return
