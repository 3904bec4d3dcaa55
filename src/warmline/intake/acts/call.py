"""What a person does on the phone: let the provider ring them and then the lead, and correct what it told of the call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from warmline.channels.call.contract import Dialer, Placing
from warmline.core.events import TRIGGERS, WORDS, Event
from warmline.core.gate import Finding, Verdict
from warmline.core.history import NOBODY
from warmline.store import calls, due, events, paces, snapshots, tasks
from warmline.store.calls import Call
from warmline.store.ids import new_id, touch_ref
from warmline.store.races import in_rounds
from warmline.store.tasks import Task
from warmline.store.workspaces import Workspace

from ..asking import may_call
from ..call_story import give_up_lost
from ..case import Case
from .following import ActError, Next, in_hand
from .task import check_outcome, task_in_hand, tell_done

UNDER_WAY = "A call for this task is under way already. Its page says how far it is."


class CallRefused(ActError):
    """The gate says no. `findings` is every rule it looked at."""

    def __init__(self, verdict: Verdict) -> None:
        decided: Finding = next(one for one in verdict.findings if one.rule == verdict.rule)
        self.rule, self.findings, self.until = verdict.rule, verdict.findings, verdict.until
        flip = f" What would change it: {decided.flip}." if decided.flip else ""
        super().__init__(f"{'Not now' if verdict.result == 'hold' else 'Not this lead'}: {decided.saw}.{flip}")


@in_rounds()
def begin_call(
    conn: psycopg.Connection, workspace: Workspace, lane: int, task_id: UUID, who: str, now: datetime, *, dialer: Dialer
) -> Placing:
    """Ask the gate and commit the intent. The caller hands the answer to `dialer.place` at once, and what comes of that
    to `calls.note_receipt`: nobody else ever places this call. Raises ActError; CallRefused when the gate says no."""
    if snapshots.held(conn) is not None:
        raise ActError(
            "This database is a restored copy that nobody has resumed yet, and until then nothing leaves it: no phone rings. "
            "Resume it first: warmline resume."
        )
    with task_in_hand(conn, workspace, lane, task_id, now) as (case, _):
        give_up_lost(case, case.id)
    with task_in_hand(conn, workspace, lane, task_id, now) as (case, task):
        if task.kind != "call":
            raise ActError("This task is no call.")
        rep = workspace.config.people.get(who)
        if rep is None or not rep.phone:
            raise ActError(
                f'Your phone is not known here. Write phone = "+15550104477" under [people.{who}] in warmline.toml, '
                "publish, and press again."
            )
        phone = case.person.phone
        if not phone:
            raise ActError("The lead has no phone number. Add one on its page.")
        verdict = may_call(conn, workspace, case.id, phone, now, task.enrollment_id)
        if verdict.result != "allow":
            raise CallRefused(verdict)
        room, _ = paces.take(conn, workspace.id, "call", 1, dialer.rate)
        if not room:
            raise ActError("The account can't begin another call in this second. Press again in a moment.")
        call_id = new_id()
        row = {
            "lane": lane, "id": call_id, "lead_id": case.id, "workspace_id": workspace.id, "task_id": task.id,
            "enrollment_id": task.enrollment_id, "step": task.step, "attempt": task.attempt, "rep": who,
            "rep_phone": rep.phone, "lead_phone": phone, "provider": dialer.provider, "detects": dialer.detects,
            "placed_at": now,
        }  # fmt: skip
        if not calls.insert(conn, row, timedelta(seconds=2 * dialer.patience + 10)):
            raise ActError(UNDER_WAY)
        known = due.know(conn, lane, [case.id])[case.id]
        said = f"Lead: {case.person.called}. {asked_for_by(known.events)} Press 1 to connect."
        return Placing(touch_ref(lane, call_id), rep.phone, said)


@in_rounds()
def correct_call(
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
    """What the phone or the time that ran out made of the task was wrong: whoever was on the phone says what it was."""
    check_outcome(outcome, next)
    lead_id = tasks.find_lead(conn, workspace.id, lane, task_id)
    if lead_id is None:
        raise ActError("This workspace has no such task.")
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        task = tasks.hold(conn, workspace.id, lane, task_id)
        placed = calls.of_task(conn, workspace.id, lane, task_id)
        if task is None or not is_in_doubt(task.status, placed):
            raise ActError("There is nothing to correct: the outcome of this task was said by a person.")
        if task.status == "expired" and outcome in NOBODY:
            raise ActError("The playbook went on as after a missed call, so that is what it is already.")
        told_at = tasks.correct(conn, lane, task_id, outcome, note, who)
        if task.status == "expired":
            told_at = _ran_out_at(case, task, told_at)
        for call in placed:
            if call.settled:
                call.settled = False
                calls.write(conn, call, now, timedelta(0))
        if outcome in ("connected", "wrong-number"):
            case.cancel_tasks("corrected", who, ("call",))  # the next attempt, if it is open already
        tell_done(case, task, outcome, note, who, next, corrects=told_at)


def is_in_doubt(status: str, placed: Sequence[Call]) -> bool:
    """Whether the person may say better how a task that is over ended: the phone finished it, or it ran out before it was
    known that somebody had answered. `placed`: its calls."""
    return any(one.settled if status == "done" else status == "expired" and one.facts.asks for one in placed)


def _ran_out_at(case: Case, task: Task, done_at: datetime) -> datetime:
    """When the story was told so: the engine may take things to happen a moment before it writes them."""
    told = events.of_kinds(case.conn, case.lane, case.id, ("task.expired",))
    ours = [one.at for one in told if one.step == task.step and one.enrollment == str(task.enrollment_id)]
    return min(ours, key=lambda at: abs(at - done_at), default=done_at)


def asked_for_by(told: Sequence[Event]) -> str:
    """What the lead did last, in a sentence for the ear; "" when nothing is known."""
    last = next((one for one in reversed(told) if one.kind in TRIGGERS), None)
    if last is None:
        return ""
    form = str(last.data.get("form") or "")
    return f"{WORDS[last.kind]}: {form}." if form else f"{WORDS[last.kind]}."
