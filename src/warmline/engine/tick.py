"""Claim, decide, check, write: one transaction for a whole batch of one lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog

from warmline.store import due as dues
from warmline.store.connect import AWAY
from warmline.store.due import Due, Known
from warmline.store.events import NewEvent, insert
from warmline.store.ids import new_id
from warmline.store.pipeline import transaction
from warmline.store.writes import Writes, save, save_lanes

from .catalog import Catalog
from .look import REST, look

log = structlog.get_logger()

Look = Callable[..., None]

#: What one row's own content can bring about in a statement for many: found and set aside, it stops only itself.
BAD_ROW = (psycopg.DataError, psycopg.IntegrityError, msgspec.MsgspecError, UnicodeError)

BATCH = 500  # 20 to 40 ms of work: large enough to make round trips cheap, small enough not to hold locks for long


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one batch came to."""

    looked_at: int
    touches: int
    parked: int


def tick(
    conn: psycopg.Connection, lane: int, now: datetime, catalog: Catalog, limit: int = BATCH, look: Look = look
) -> Ticked:
    """Look at up to `limit` due enrollments of `lane`. A crash rolls the whole batch back: it is due again, untouched.

    When PostgreSQL refuses what a batch came to, the batch is done again one by one, and the culprit is parked.
    """
    return tick_lanes(conn, (lane,), now, catalog, limit, look)[lane]


def tick_lanes(
    conn: psycopg.Connection,
    lanes: Sequence[int],
    now: datetime,
    catalog: Catalog,
    limit: int = BATCH,
    look: Look = look,
) -> dict[int, Ticked]:
    """The same for several lanes, up to `limit` of each, in one transaction: leads that trickle in lie one to a lane, and
    a commit for each would cost more than all the rest. Three round trips: claim, know, write and commit."""
    try:
        with transaction(conn):
            return _batch(conn, dues.claim_lanes(conn, lanes, now, limit), now, catalog, look)
    except BAD_ROW as error:
        log.warning("tick.one_by_one", lanes=list(lanes), error=str(error))
        return {lane: _one_by_one(conn, lane, now, catalog, limit, look) for lane in lanes}


def _batch(
    conn: psycopg.Connection, claimed: dict[int, list[Due]], now: datetime, catalog: Catalog, look: Look
) -> dict[int, Ticked]:
    known = dues.know_lanes(conn, {lane: [(due.lead_id, due.seen) for due in mine] for lane, mine in claimed.items()})
    ticked, writes = {}, {lane: Writes(lane) for lane in claimed}
    for lane, mine in claimed.items():
        parked = sum([not _look_at(due, known, now, catalog, look, writes[lane]) for due in mine])
        ticked[lane] = Ticked(len(mine), len(writes[lane].touches), parked)
    save_lanes(conn, tuple(writes.values()), now)
    return ticked


def _look_at(due: Due, known: dict[UUID, Known], now: datetime, catalog: Catalog, look: Look, writes: Writes) -> bool:
    """Add to `writes` what the look at one enrollment came to. False: it failed, and is parked with its error."""
    aside = Writes(writes.lane)
    try:
        # On a fast clock the machine's own slowness would show as hours: there, things happen when they were due.
        at = due.due_at if catalog.punctual else now
        site = catalog.site(due.workspace_id, at)
        look(due, known[due.lead_id], site, catalog.version(due.version_id), aside, at, new_id)
    except AWAY:
        raise  # the database is away: that is nobody's fault, and everything stays due
    except Exception as error:  # noqa: BLE001 - one bad lead never stops the others; it is parked with its error
        park(writes, due.id, due.lead_id, due.workspace_id, error, now)
        return False
    writes.add(aside)
    return True


def _one_by_one(conn: psycopg.Connection, lane: int, now: datetime, catalog: Catalog, limit: int, look: Look) -> Ticked:
    looked_at = touches = parked = 0
    for _ in range(limit):
        with conn.transaction():
            claimed = dues.claim(conn, lane, now, 1)
            try:
                with conn.transaction():
                    one = _batch(conn, {lane: claimed}, now, catalog, look)[lane]
            except BAD_ROW as error:
                writes = Writes(lane)  # the culprit is still held, so it is this one that is parked
                for due in claimed:
                    park(writes, due.id, due.lead_id, due.workspace_id, error, now)
                save(conn, writes, now)
                one = Ticked(1, 0, 1)
        if not one.looked_at:
            break
        looked_at, touches, parked = looked_at + one.looked_at, touches + one.touches, parked + one.parked
    return Ticked(looked_at, touches, parked)


def park(
    writes: Writes, enrollment_id: UUID, lead_id: UUID, workspace_id: int, error: Exception | str, now: datetime
) -> None:
    """Set an enrollment aside with its error, in front of a person: it can be replayed once the cause is gone."""
    text = (error if isinstance(error, str) else f"{type(error).__name__}: {error}").replace("\x00", "\\0")
    log.warning("parked", lead=str(lead_id), enrollment=str(enrollment_id), error=text)
    row: dict[str, Any] = {
        "lane": writes.lane,
        "lead_id": lead_id,
        "workspace_id": workspace_id,
        "enrollment_id": enrollment_id,
    }
    writes.enrollments.append({"id": enrollment_id, "status": "parked", "due_at": None, "error": text})
    writes.events.append(NewEvent(**row, kind="parked", at=now, data={"error": text}))
    title = f"An error stopped the playbook: {text}"
    writes.tasks.append(
        {**row, "id": new_id(), "kind": "parked", "title": title, "due_at": now + REST, "opened_at": now}
    )


def start_scheduled(conn: psycopg.Connection, lane: int, now: datetime, limit: int = BATCH) -> int:
    """Let scheduled enrollments whose time has come begin. The next tick looks at them.

    A lead that intake enrols at this very moment makes the unique index refuse; then it is simply tried again later.
    """
    try:
        with conn.transaction():
            started = dues.start_scheduled(conn, lane, now, limit)
            insert(
                conn,
                [
                    NewEvent(lane=lane, lead_id=lead_id, workspace_id=workspace_id, kind="enrolled", at=now,
                             enrollment_id=enrollment_id, data={"scheduled": True})
                    for enrollment_id, lead_id, workspace_id in started
                ],
            )  # fmt: skip
    except psycopg.errors.UniqueViolation:
        log.info("start_scheduled.retry", lane=lane)
        return 0
    return len(started)
