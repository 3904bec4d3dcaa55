"""Two leads that are one person: the one takes over everything that says who it is and what it may be sent."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from warmline.core.enrol import CLOSED
from warmline.core.events import Event
from warmline.core.history import History
from warmline.core.standing import history_of
from warmline.store import address_owners, consents, due, merges, suppressions, tasks
from warmline.store.events import NewEvent
from warmline.store.ids import lane_of, new_id
from warmline.store.races import LostRaceError, in_rounds
from warmline.store.workspaces import Workspace

from ..case import Case, hold_all
from .following import ActError, in_hand

#: Tasks that ask what the lead meant or whether a message reached it, and what a person has said to do next and when.
GO_OVER = ("read_reply", "unknown", "next_step")

#: Attempts further back count against no cap.
LOOKED_BACK = timedelta(days=31)


@in_rounds()
def merge(conn: psycopg.Connection, workspace: Workspace, keep: UUID, gone: UUID, who: str, now: datetime) -> None:
    """`gone` becomes a part of `keep`: addresses, proofs, wishes, and attempts that caps count. What one has opted out of,
    both have; where a person has one, or is to read what it wrote, that holds for both; one that was closed is open again where
    the other was. What runs for `gone` ends, and it stays as an empty, closed lead whose story says where it went.

    One transaction. Raises ActError.
    """
    if keep == gone:
        raise ActError(
            "A lead can't be merged with itself. Name the other one by its phone number, mail address or id."
        )
    keep, gone = merges.stands_for(conn, keep), merges.stands_for(conn, gone)
    if keep == gone:
        raise ActError("The two are one lead already, so there is nothing left to merge.")
    with conn.transaction(), ExitStack() as held:
        hold_all(conn, workspace, (keep, gone), now)
        cases = {one: held.enter_context(in_hand(conn, workspace, lane_of(one), one, now)) for one in (keep, gone)}
        if any(case.id != one for one, case in cases.items()):
            raise LostRaceError  # one of them was merged into another a moment ago
        _merge(cases[keep], cases[gone], who)


def _merge(keep: Case, gone: Case, who: str) -> None:
    conn, now = keep.conn, keep.now
    gone.stop("merged")  # what is queued is no attempt any more
    kept_story, told_story = _story(keep), _story(gone)
    kept, told = _history(keep, kept_story), _history(gone, told_story)
    if kept.on_call or told.on_call:
        raise ActError("A person is on the phone with one of the two. Merge them when the call is over.")
    # A person has it, or has it as soon as the engine looks at what came in.
    with_a_person = gone.person.status == "handed_off" or bool(told.signal)
    if keep.person.status != "opted_out":
        _take_tasks(keep, gone)
    gone.cancel_tasks("merged", who)
    gone.end_runs("merged")
    _take_wishes(keep, gone, who)
    consents.add(conn, merges.proofs_for(conn, gone.id, keep.id))
    keep.events += [
        NewEvent(
            lane=keep.lane, lead_id=keep.id, workspace_id=keep.workspace.id, kind="touch.planned", at=at, channel=channel,
            touch_id=_id_of(attempt), data={"merged": str(gone.id)},
        )
        for attempt, (at, channel) in told.attempts.items()
        if at > now - LOOKED_BACK
    ]  # fmt: skip
    _take_absence(keep, kept, kept_story, told_story)
    _take_addresses(keep, gone)
    for name in ("first_name", "last_name", "company", "country", "region", "time_zone", "email", "phone", "owner"):
        if not getattr(keep.person, name) and getattr(gone.person, name):
            keep.person.put(name, getattr(gone.person, name))
    keep.person.put("fields", {**gone.person.fields, **keep.person.fields})
    for name in ("email", "phone"):
        gone.person.put(name, None)
    opted_out = "opted_out" in (keep.person.status, gone.person.status)
    was_open = gone.person.status == "open"
    if gone.person.status not in CLOSED:
        gone.person.put("status", "closed")
    gone.happened("merged", into=str(keep.id), who=who)
    keep.happened("merged", other=str(gone.id), who=who)
    if opted_out and keep.person.status != "opted_out":
        keep.happened("opted.out", reason="opted_out", text="the other of the two leads had opted out")
        keep.stop("opted_out")
        keep.cancel_tasks("opted_out", who)
        keep.end_runs("opted_out")
        keep.person.put("status", "opted_out")
    elif with_a_person and not opted_out:
        _take_over(keep, who)
    elif was_open:
        keep.reopen()  # what it asked for, nobody has answered
    keep.leave_nobody_behind(f"Two leads became one: decide what {keep.person.called} gets next")


def _story(one: Case) -> list[Event]:
    return due.know(one.conn, one.lane, [one.id])[one.id].events


def _history(one: Case, story: Sequence[Event]) -> History:
    """The story, seen from what runs for it."""
    run = one.person.run
    running = run if run is not None and run.status == "running" else None
    enrollment, since = (str(running.id), running.started_at) if running else ("", one.now)
    return history_of(enrollment, 0, since, one.setting.policy.office.zone, {}, {}, story)


def _id_of(attempt: str) -> UUID:
    """Of a touch, a call or a task; an attempt that was told without any has a name of its own."""
    try:
        return UUID(attempt)
    except ValueError:
        return new_id()


def _take_tasks(keep: Case, gone: Case) -> None:
    """What a person is to find out or to do for the one is to be done still, at its time. A doubt stops the machine until it
    is read, and its days count on: nine unread, and it is an opt-out (unread.py)."""
    rows = merges.tasks_for(keep.conn, gone.id, keep.id, GO_OVER)
    tasks.open_many(keep.conn, rows)
    for row in rows:
        if row["kind"] not in keep.person.tasks:
            keep.happened("task.opened", task=row["kind"], title=row["title"])
            keep.person.tasks[row["kind"]] = row["id"]
        if row["kind"] == "read_reply":
            keep.happened("doubtful", text=row["note"])
            keep.stop("human_live")
            keep.reopen()


def _take_over(keep: Case, who: str) -> None:
    """A person had the one, and nobody has said that the machine may go on."""
    if keep.person.status != "handed_off":
        keep.happened("taken.over", who=who)
        keep.stop("human_live")
    keep.person_takes_over("takeover", "The other of the two leads was with a person")


def _take_absence(keep: Case, kept: History, kept_story: Sequence[Event], told_story: Sequence[Event]) -> None:
    """The one rests, too, while the person is away by the out-of-office of the other, unless either has been heard of since."""
    both = _history(keep, sorted([*kept_story, *told_story], key=lambda event: event.at))
    if both.away_on is None or both.away_on == kept.away_on or both.away_on < keep.now.date():
        return
    notes = [one for one in told_story if one.kind == "replied" and one.data.get("automated") and one.data.get("until")]
    for note in notes[-1:]:
        keep.happened("replied", channel=note.channel, **{**note.data, "until": both.away_on.isoformat()})


def _take_addresses(keep: Case, gone: Case) -> None:
    owned = address_owners.hold(keep.conn, keep.workspace.id, list(gone.person.addresses))
    address_owners.give(
        keep.conn, keep.workspace.id, {value: keep.id for value, one in owned.items() if one == gone.id}
    )
    keep.person.put("addresses", gone.person.addresses | keep.person.addresses)
    gone.person.put("addresses", {})


def _take_wishes(keep: Case, gone: Case, who: str) -> None:
    """What stands against one of the two as a person stands against both."""
    for one, other in ((gone, keep), (keep, gone)):
        rows = [
            {
                "id": new_id(), "workspace_id": keep.workspace.id, "scope": "person", "value": str(other.id),
                "channels": wish.channels, "reason": wish.reason, "evidence": wish.evidence, "at": wish.at, "who": who,
            }
            for wish in suppressions.stored(keep.conn, keep.workspace.id, [str(one.id)])
        ]  # fmt: skip
        if rows:
            suppressions.add(keep.conn, rows)
