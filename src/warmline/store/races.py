"""Who loses a race for locks is run again, whole.

Locks have one order (docs/architecture.md), but a row that is made between two of them can still close a ring of
transactions that wait for each other. PostgreSQL then ends one of them, any one: nothing of it is kept, and the others get
through, unless it is back at its first lock before they have woken up: then it is another round.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

P = ParamSpec("P")
T = TypeVar("T")

#: Nearly every round somebody else has got through, so a few are plenty.
ROUNDS = 12


class LostRaceError(Exception):
    """What was looked up is not so any more, now that it is locked: another transaction was faster."""


#: What PostgreSQL ends a transaction of a ring with. The server is there, unlike with other OperationalErrors.
_RINGS = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

#: How a race is lost for good, when every round was.
LOST = (*_RINGS, LostRaceError)

Work = Callable[Concatenate[psycopg.Connection, P], T]


def in_rounds(*also: type[Exception]) -> Callable[[Work[P, T]], Work[P, T]]:
    """Run a function that makes one transaction again when it loses a race, or ends with one of `also`. The last round
    raises. What it does outside the database would be done again: it must do nothing there.

    In a transaction of the caller's a ring is not for it to break, for that holds on to the locks taken before: whoever
    began the transaction runs it again.
    """

    def made(work: Work[P, T]) -> Work[P, T]:
        @wraps(work)
        def rounds(conn: psycopg.Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
            whole = conn.info.transaction_status == TransactionStatus.IDLE
            lost = (*(LOST if whole else (LostRaceError,)), *also)
            for _ in range(ROUNDS - 1):
                try:
                    return work(conn, *args, **kwargs)
                except lost:
                    continue
            return work(conn, *args, **kwargs)

        return rounds

    return made
