"""Claim, decide, check, write: one transaction for a whole batch of one lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog

from warmline.store import due as dues
from warmline.store.events import NewEvent, insert
from warmline.store.ids import new_id
from warmline.store.writes import Writes, save

from .catalog import Catalog
from .look import REST, look

log = structlog.get_logger()

Look = Callable[..., None]

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
    try:
        with conn.transaction():
            return _batch(conn, lane, now, catalog, limit, look)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        log.warning("tick.one_by_one", lane=lane, error=str(error))
        return _one_by_one(conn, lane, now, catalog, limit, look)


def _batch(conn: psycopg.Connection, lane: int, now: datetime, catalog: Catalog, limit: int, look: Look) -> Ticked:
    claimed = dues.claim(conn, lane, now, limit)
    if not claimed:
        return Ticked(0, 0, 0)
    known = dues.know(conn, lane, [due.lead_id for due in claimed])
    writes = Writes(lane)
    parked = 0
    for due in claimed:
        aside = Writes(lane)
        try:
            site = catalog.site(due.workspace_id, now)
            look(due, known[due.lead_id], site, catalog.version(due.version_id), aside, now, new_id)
        except psycopg.OperationalError:
            raise  # the database is away: that is nobody's fault, and everything stays due
        except Exception as error:  # noqa: BLE001 - one bad lead never stops the others; it is parked with its error
            aside = Writes(lane)
            park(aside, due.id, due.lead_id, due.workspace_id, error, now)
            parked += 1
        writes.add(aside)
    save(conn, writes, now)
    return Ticked(len(claimed), len(writes.touches), parked)


def _one_by_one(conn: psycopg.Connection, lane: int, now: datetime, catalog: Catalog, limit: int, look: Look) -> Ticked:
    looked_at = touches = parked = 0
    for _ in range(limit):
        try:
            with conn.transaction():
                one = _batch(conn, lane, now, catalog, 1, look)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            with conn.transaction():
                writes = Writes(lane)
                for due in dues.claim(conn, lane, now, 1):
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
