"""Seals proofs and withdrawals into the ledger, a moment after they came in: intake never waits for a chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import psycopg

from warmline.store import ledger


def seal_all(conn: psycopg.Connection, now: Callable[[], datetime]) -> int:
    """Everything that is there now, lane by lane. Returns how many records were sealed."""
    sealed = 0
    for lane in ledger.lanes_unsealed(conn):
        while done := ledger.seal(conn, lane, now()):
            sealed += done
            if done < ledger.BATCH:
                break
    return sealed
