"""What a person does with a task. Whoever finishes one says what comes next, or leaves somebody else with the lead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import psycopg

from warmline.core.decide import attempts_used_up
from warmline.core.lead import clean
from warmline.store import calls, playbooks, tasks
from warmline.store.ids import lane_of
from warmline.store.races import in_rounds
from warmline.store.tasks import Task
from warmline.store.workspaces import Workspace

from .. import opt_out as opting
from ..case import Case
from .following import ActError, Next, follow, in_hand

CALL_OUTCOMES = ("connected", "voicemail", "missed", "wrong-number")

#: Finishing one of these without saying what comes next would leave the lead with nobody who has decided anything.
ASKS_NEXT = ("hand_off", "read_reply", "review", "next_step")

SAY_NEXT = "Say what comes next: a next step with a day, won, lost, back to the playbook, or another playbook."


@in_rounds()
def complete_call(
    conn: psycopg.Connection,
    workspace: Workspace,
    lane: int,
    task_id: UUID,
    who: str,
    now: datetime,
    *,
    outcome: str,
    note: str = "",
    next: Next | None = None,
) -> None:
    """`outcome`: connected, voicemail, missed, wrong-number. After a talk, `next` has to be said."""
    check_outcome(outcome, next)
    with task_in_hand(conn, workspace, lane, task_id, now) as (case, task):
        if task.kind != "call":
            raise ActError("This task is no call. Finish it as done.")
        tasks.finish(conn, lane, task.id, "done", outcome, clean(note), who, now)
        tell_done(case, task, outcome, note, who, next)


def check_outcome(outcome: str, next: Next | None) -> None:
    """Raises ActError for one that no call has, and for a talk after which nobody says what comes next."""
    if outcome not in CALL_OUTCOMES:
        raise ActError(f"{outcome[:20]!r} is no outcome of a call. Choose one of: {', '.join(CALL_OUTCOMES)}.")
    if outcome == "connected" and next is None:
        raise ActError("You have talked. " + SAY_NEXT)


@in_rounds()
def complete_task(
    conn: psycopg.Connection,
    workspace: Workspace,
    lane: int,
    task_id: UUID,
    who: str,
    now: datetime,
    *,
    note: str = "",
    next: Next | None = None,
) -> None:
    """Anything but a call."""
    with task_in_hand(conn, workspace, lane, task_id, now) as (case, task):
        if task.kind == "call":
            raise ActError("This task is a call. Say how it went.")
        lives = case.person.status in ("open", "handed_off")
        if next is None and lives and task.kind in ASKS_NEXT:
            raise ActError(SAY_NEXT)
        tasks.finish(conn, lane, task.id, "done", "done", clean(note), who, now)
        tell_done(case, task, "done", note, who, next)


@contextmanager
def task_in_hand(
    conn: psycopg.Connection, workspace: Workspace, lane: int, task_id: UUID, now: datetime
) -> Iterator[tuple[Case, Task]]:
    """The open task with its lead, both locked: the lead first, as everybody does."""
    lead_id = tasks.find_lead(conn, workspace.id, lane, task_id)
    if lead_id is None:
        raise ActError("This workspace has no such task.")
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        task = tasks.hold(conn, workspace.id, lane, task_id)
        if task is None or task.status != "open":
            how = f"is {task.status} already" if task else "is gone"
            raise ActError(f"The task {how}: somebody was faster, or its time ran out. Nothing was changed.")
        yield case, task


def tell_done(
    case: Case, task: Task, outcome: str, note: str, who: str, following: Next | None, corrects: datetime | None = None
) -> None:
    """The story hears how a task ended, and what comes next is made so. `corrects`: when the wrong outcome was told."""
    is_call = task.kind == "call"
    last = not is_call or outcome in ("connected", "wrong-number") or _used_up(case, task)
    more = {"corrects": corrects.isoformat()} if corrects else {}
    # The fold counts an attempt by its id: for a call that is the task's.
    case.happened(
        "task.done", enrollment=task.enrollment_id, step=task.step, channel="call" if is_call else "",
        touch=task.id if is_call else None, task=task.kind, outcome=outcome, last=last, who=who, note=clean(note), **more,
    )  # fmt: skip
    still = tasks.open_of_lead(case.conn, case.lane, case.id)
    case.person.tasks = {one.kind: one.id for one in still}
    if outcome == "wrong-number":
        _wrong_number(case, task, who)
    _go_on(case, following, who)


def _go_on(case: Case, following: Next | None, who: str) -> None:
    if following is not None:
        follow(case, following, who)
        return
    person = case.person
    waits = person.run is not None and person.run.status in ("handed_off", "parked")
    if (
        person.status in ("open", "handed_off")
        and not person.tasks
        and (person.run is None or waits)
        and not person.waits
    ):
        raise ActError(SAY_NEXT)


def _used_up(case: Case, task: Task) -> bool:
    """Whether this was the last attempt that the pinned version of the playbook asks for."""
    run = case.person.run
    if run is None or run.id != task.enrollment_id:
        return True
    step = playbooks.version(case.conn, run.version_id).playbook.step(task.step)
    return attempts_used_up(step, task.attempt)


def _wrong_number(case: Case, task: Task, who: str) -> None:
    """The number is somebody else's: nobody calls or texts it again, whichever lead holds it. It is the one that was dialled,
    where the button did it: the lead may have got the right one since."""
    placed = calls.of_task(case.conn, case.workspace.id, lane_of(task.lead_id), task.id)
    phone = next((one.lead_phone for one in placed if one.connected), case.person.phone)
    if phone:
        case.person.mark_address(phone, "invalid")
        opting.suppress_address(case, phone, "wrong_number", f"wrong number, says {who}")
        case.happened("changed", who=who, fields={"phone": "wrong number"}, before=phone)
