"""How a workspace is doing, in numbers: one reading for `warmline stats`, the dashboard and whoever asks for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
import psycopg

from warmline.store import beats, orphans
from warmline.store import measures as counts
from warmline.store.measures import Count, Speed, Waiting

#: What became of touches, in the order of a touch's life.
RECEIPTS = ("planned", "sent", "delivered", "failed", "held", "refused", "unknown")
_REPLIES = ("replied", "clicked", "called.back", "meeting.booked", "opted.out")


class Measures(msgspec.Struct, frozen=True):
    """Counts since `since`, and the state of things at `at`. Inner keys are the stable names of the database."""

    workspace: str
    since: datetime
    at: datetime
    leads: dict[str, int]  # by status, now
    touches: dict[str, dict[str, int]]  # channel -> receipt -> how often since
    answers: dict[str, dict[str, int]]  # replied, clicked, ... -> channel ("" when none) -> how often since
    first_touch: dict[str, Speed]  # "machine" and "human", of leads that came in since
    holds: dict[str, int]  # the gate's rule -> how many touches and calls since
    refusals: dict[str, int]
    tasks: dict[str, int]  # open, by kind
    tasks_late: dict[str, int]
    queue: Waiting  # of the whole database
    engines: int  # the same: those that gave a sign of life within half a minute
    orphans: int
    parked: int
    unknown: int
    quarantined: int


def measure(conn: psycopg.Connection, workspace_id: int, key: str, now: datetime, over: timedelta) -> Measures:
    """The numbers at `now`, counting what happened in the time `over` before it."""
    since = now - over
    receipts = counts.events_by_channel(conn, workspace_id, [f"touch.{one}" for one in RECEIPTS], since)
    gate = counts.gate_reasons(conn, workspace_id, since)
    tasks = counts.open_tasks(conn, workspace_id, now)
    return Measures(
        workspace=key,
        since=since,
        at=now,
        leads={one.name: one.count for one in counts.leads_by_status(conn, workspace_id)},
        touches=_by_part([Count(one.name.removeprefix("touch."), one.part, one.count) for one in receipts]),
        answers=_by_name(counts.events_by_channel(conn, workspace_id, list(_REPLIES), since)),
        first_touch={one.who: one for one in counts.first_touches(conn, workspace_id, since)},
        holds={one.part: one.count for one in gate if one.name == "hold"},
        refusals={one.part: one.count for one in gate if one.name == "refuse"},
        tasks=_sums(tasks),
        tasks_late=_sums(one for one in tasks if one.part == "late"),
        queue=counts.waiting(conn, now),
        engines=beats.alive(conn),
        orphans=orphans.count_orphans(conn, workspace_id),
        **counts.set_aside(conn, workspace_id),
    )


def _by_part(found: Iterable[Count]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for one in found:
        table.setdefault(one.part, {})[one.name] = one.count
    return table


def _by_name(found: Iterable[Count]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for one in found:
        table.setdefault(one.name, {})[one.part] = one.count
    return table


def _sums(found: Iterable[Count]) -> dict[str, int]:
    table: dict[str, int] = {}
    for one in found:
        table[one.name] = table.get(one.name, 0) + one.count
    return table
