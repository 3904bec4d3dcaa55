"""Write what a batch came to: a statement for each kind of row, in two round trips."""

from __future__ import annotations

from datetime import datetime

import psycopg

from warmline.store import consents, enrollments, events, leads, rotations, stops, suppressions, tasks, writes
from warmline.store.hints import notify
from warmline.store.pipeline import together

from .judge import Batch


def write(conn: psycopg.Connection, batch: Batch, now: datetime) -> None:
    """In the caller's transaction, which holds the leads (leads.hold) and the addresses. Whose turn it is, is asked with what
    needs no owner: whoever has just taken a turn has little left to write, so nearly all turns are one dealer's."""
    turns = batch.turns_wanted()
    with together(conn):
        _write_unowned(conn, batch, now)
        if turns:
            first = rotations.ask_turns(conn, batch.setting.workspace_id, turns)
            active = rotations.ask_active_people(conn, batch.setting.workspace_id)
    if turns:
        batch.give_owners(first(), active())
    with together(conn):
        _write_owned(conn, batch, now)
        notify(conn, {person.lane for person in batch.people.values()})


def _write_unowned(conn: psycopg.Connection, batch: Batch, now: datetime) -> None:
    stopped = [row for row in batch.ended if row["stored"]]
    over = {row["id"]: row for row in batch.ended if not row["stored"]}
    if batch.lifted:
        suppressions.lift(conn, batch.lifted, now)
    if batch.suppressed:
        suppressions.add(conn, batch.suppressed)
    if batch.consents:
        consents.add(conn, batch.consents)
    if batch.standing and (touched := {event.lead_id for event in batch.events} & batch.standing.keys()):
        enrollments.wake(conn, touched, now)
    for lane in sorted({row["lane"] for row in stopped}):
        writes.stop(conn, lane, [row for row in stopped if row["lane"] == lane], now)
    if stopped:
        enrollments.end(conn, stopped, now)
    for lead_id in batch.unparked:
        stops.cancel_tasks(conn, lead_id, "preempted", "", now, ("parked",))
    for row in batch.entered:
        if row["id"] in over:  # entered and preempted within one batch: one voice at a time, here too
            writes.enter(conn, [row])
            enrollments.end(conn, [over[row["id"]]], now)
    if entering := [row for row in batch.entered if row["id"] not in over]:
        writes.enter(conn, entering)


def _write_owned(conn: psycopg.Connection, batch: Batch, now: datetime) -> None:
    workspace_id = batch.setting.workspace_id
    if new := [person.row(workspace_id) for person in batch.people.values() if person.created]:
        leads.insert(conn, new, now)
    if changed := [
        person.row(workspace_id) for person in batch.people.values() if person.changed and not person.created
    ]:
        leads.change(conn, changed, now)
    if batch.tasks:
        tasks.open_many(conn, batch.tasks)
    if batch.told:
        tasks.tell(conn, batch.told)
    fresh = {person.id for person in batch.people.values() if person.created}
    if told := [event for event in batch.events if event.lead_id in fresh]:
        events.begin(conn, told)
    if told := [event for event in batch.events if event.lead_id not in fresh]:
        events.insert(conn, told)
