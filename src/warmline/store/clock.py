"""The business clock. Real time, unless `warmline up --speed N` runs a sandbox workspace faster.

Leases, paces and heartbeats never use it: a crash is a crash in any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

Now = Callable[[], datetime]


def real_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """business = base + (real - real_base) x speed"""

    base: datetime
    real_base: datetime
    speed: float

    def now(self) -> datetime:
        return self.at(real_now())

    def at(self, real: datetime) -> datetime:
        """What this clock showed, or will show, at an instant of the wall clock."""
        return self.base + (real - self.real_base) * self.speed

    def real_seconds(self, business_seconds: float) -> float:
        """How long a wait of the business clock takes on the wall."""
        return business_seconds / self.speed


def read_clock(conn: psycopg.Connection) -> Clock:
    """The clock that every process of this database shares."""
    row = conn.execute("select base, real_base, speed from clocks where id = 1").fetchone()
    if row is None:
        now = real_now()
        return Clock(now, now, 1.0)
    return Clock(*row)


def set_speed(conn: psycopg.Connection, speed: float) -> None:
    """From now on the business clock runs `speed` times faster, going on from where it stands, so it never jumps back.

    At speed 1 it stays ahead of the wall for as long as it was ahead: business time that has happened has happened.
    """
    clock = read_clock(conn)
    conn.execute(
        "insert into clocks (id, base, real_base, speed) values (1, %s, %s, %s)"
        " on conflict (id) do update set base = excluded.base, real_base = excluded.real_base, speed = excluded.speed",
        (clock.now(), real_now(), speed),
    )
