"""Claim, decide, check, write: one transaction for a whole batch of one lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import psycopg
import structlog

from warmline.store import due as dues
from warmline.store.connect import AWAY
from warmline.store.due import Due, Known
from warmline.store.events import NewEvent, insert
from warmline.store.ids import new_id, new_ids
from warmline.store.pipeline import transaction
from warmline.store.writes import Writes, save, save_lanes

from .catalog import Catalog
from .look import REST, ROUNDS, Look, act, begin, judge

log = structlog.get_logger()

A = TypeVar("A", "_Claim", Look)

#: What one row's own content can bring about in a statement for many: found and set aside, it stops only itself.
BAD_ROW = (psycopg.DataError, psycopg.IntegrityError, msgspec.MsgspecError, UnicodeError)

BATCH = 500  # 20 to 40 ms of work: large enough to make round trips cheap, small enough not to hold locks for long


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one batch came to."""

    looked_at: int
    touches: int
    parked: int


def tick(conn: psycopg.Connection, lane: int, now: datetime, catalog: Catalog, limit: int = BATCH) -> Ticked:
    """Look at up to `limit` due enrollments of `lane`. A crash rolls the whole batch back: it is due again, untouched.

    When PostgreSQL refuses what a batch came to, the batch is done again one by one, and the culprit is parked.
    """
    return tick_lanes(conn, (lane,), now, catalog, limit)[lane]


def tick_lanes(
    conn: psycopg.Connection,
    lanes: Sequence[int],
    now: datetime,
    catalog: Catalog,
    limit: int = BATCH,
) -> dict[int, Ticked]:
    """The same for several lanes, up to `limit` of each, in one transaction: leads that trickle in lie one to a lane, and
    a commit for each would cost more than all the rest. Three round trips: claim, know, write and commit."""
    try:
        with transaction(conn):
            return _batch(conn, dues.claim_lanes(conn, lanes, now, limit), now, catalog)
    except BAD_ROW as error:
        log.warning("tick.one_by_one", lanes=list(lanes), error=str(error))
        return {lane: _one_by_one(conn, lane, now, catalog, limit) for lane in lanes}


def _batch(
    conn: psycopg.Connection, claimed: Mapping[int, list[Due]], now: datetime, catalog: Catalog
) -> dict[int, Ticked]:
    known = dues.know_lanes(conn, {lane: [(due.lead_id, due.seen) for due in mine] for lane, mine in claimed.items()})
    writes, parked = _look_at(claimed, known, now, catalog)
    save_lanes(conn, tuple(writes.values()), now)
    return {lane: Ticked(len(mine), len(writes[lane].touches), parked[lane]) for lane, mine in claimed.items()}


class _Claim(NamedTuple):
    lane: int
    due: Due


_Failed = list[tuple[int, Due, Exception]]


def _look_at(
    claimed: Mapping[int, list[Due]], known: Mapping[UUID, Known], now: datetime, catalog: Catalog
) -> tuple[dict[int, Writes], Counter[int]]:
    """What the looks came to, and how many were parked, lane by lane.

    The whole batch takes each step before the next: a processor that stays with one step has the program in its caches,
    and is done in three quarters of the time. A look that fails is parked with its error, and leaves no half.
    """

    def start(one: _Claim) -> Look:
        # On a fast clock the machine's own slowness would show as hours: there, things happen when they were due.
        at = one.due.due_at if catalog.punctual else now
        site, version = catalog.site(one.due.workspace_id, at), catalog.version(one.due.version_id)
        return begin(one.due, known[one.due.lead_id], site, version, writes[one.lane], at, ids.__next__)

    writes, ids = {lane: Writes(lane) for lane in claimed}, new_ids()
    failed: _Failed = []
    going = _each(start, [_Claim(lane, due) for lane, mine in claimed.items() for due in mine], failed)
    for _ in range(ROUNDS):
        going = [at for at in _each(act, _each(judge, going, failed), failed) if not at.over]
        if not going:
            break
    for at in going:
        failed.append((at.lane, at.due, RuntimeError(f"{at.due.playbook} did not come to rest in {ROUNDS} rounds.")))
    for lane in {lane for lane, _, _ in failed}:
        mine = [due for of_lane, due, _ in failed if of_lane == lane]
        writes[lane].drop({due.id for due in mine}, {due.lead_id for due in mine})
    for lane, due, error in failed:
        park(writes[lane], due.id, due.lead_id, due.workspace_id, error, now)
    return writes, Counter(lane for lane, _, _ in failed)


def _each(step: Callable[[A], Look], some: Iterable[A], failed: _Failed) -> list[Look]:
    """One bad lead never stops the others."""
    done = []
    for one in some:
        try:
            done.append(step(one))
        except AWAY:
            raise  # the database is away: that is nobody's fault, and everything stays due
        except Exception as error:  # noqa: BLE001 - it is parked with its error
            failed.append((one.lane, one.due, error))
    return done


def _one_by_one(conn: psycopg.Connection, lane: int, now: datetime, catalog: Catalog, limit: int) -> Ticked:
    looked_at = touches = parked = 0
    for _ in range(limit):
        with conn.transaction():
            claimed = dues.claim(conn, lane, now, 1)
            try:
                with conn.transaction():
                    one = _batch(conn, {lane: claimed}, now, catalog)[lane]
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
