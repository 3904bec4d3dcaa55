"""What should this lead receive next, based on what already happened?

`decide` is pure: a playbook, a history and `now` in, a Decision out. It knows nothing of consent, quiet hours or
channels; those are the gate's. The same call serves the engine, previews, `warmline why` and the rehearsal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

from .condition import HISTORY_FUNCTIONS, Condition
from .history import History, StepState
from .hours import add_office_time, local_date
from .playbook import After, Call, ChannelKind, Choice, Chore, Office, Playbook, Send, Step
from .schedule import Never, Waiting, comes_after, due

#: A step that a later one has caught up with by this much is skipped rather than sent in a burst.
OVERTAKEN_BY = timedelta(hours=12)


class Reach(msgspec.Struct, frozen=True):
    """Send `step` on `channel` with `template`, if the gate allows; `last`: no other channel is left after this one."""

    step: Send
    channel: ChannelKind
    template: str
    last: bool


class Ask(msgspec.Struct, frozen=True):
    """Open a task for a person: a call attempt or a chore, due now, expiring at `expires_at`."""

    step: Call | Chore
    attempt: int
    expires_at: datetime


class Expire(msgspec.Struct, frozen=True):
    """The open task of `step` ran out; `last` when no further attempt follows."""

    step: Call | Chore
    last: bool


class Skip(msgspec.Struct, frozen=True):
    """`step` will not happen: its condition is false, or a later step caught up with it."""

    step: Step
    reason: Literal["condition", "overtaken"]


class HandOver(msgspec.Struct, frozen=True):
    """A human signal came: stop, and give the lead to its owner with a task due at `due_at`."""

    signal: str
    due_at: datetime
    urgent: bool  # the playbook's hand-off names this signal, so its clock runs


class Escalate(msgspec.Struct, frozen=True):
    """A clock ran out: the manager gets a task. `what` is hand_off or promise."""

    what: Literal["hand_off", "promise"]


class End(msgspec.Struct, frozen=True):
    """The enrollment is over. `after` says what comes next; it is empty when the lead opted out."""

    reason: Literal["finished", "opted_out"]
    after: After


Action = Reach | Ask | Expire | Skip | HandOver | Escalate


class Decision(msgspec.Struct, frozen=True):
    """All that is due now, when something may be due next (None: only an event can change that), and the end."""

    actions: tuple[Action, ...] = ()
    next_at: datetime | None = None
    end: End | None = None


def decide(playbook: Playbook, history: History, now: datetime, office: Office) -> Decision:
    """Raises ConditionError when a condition meets a lead that it cannot answer for."""
    if history.opted_out_at is not None:
        return Decision(end=End("opted_out", After()))
    if history.signal_at is not None or history.handed_off_at is not None:
        return _hand_off(playbook, history, now, office)
    if history.doubtful_at is not None:
        return Decision()  # frozen until a person has read what the lead wrote
    return _cadence(playbook, history, now, office)


def _hand_off(playbook: Playbook, history: History, now: datetime, office: Office) -> Decision:
    """A person has the lead. Only the clock is ours now."""
    rule = playbook.hand_off
    if history.handed_off_at is None:
        urgent = history.signal in rule.on
        within = rule.within if urgent else max(rule.within, timedelta(hours=8))
        due_at = add_office_time(now, within, office.week, office.zone, office.holidays)
        return Decision((HandOver(history.signal, due_at, urgent),), due_at if rule.otherwise == "escalate" else None)
    if history.taken or rule.otherwise == "wait" or "hand_off" in history.escalated or history.hand_off_due is None:
        return Decision()
    if now >= history.hand_off_due:
        return Decision((Escalate("hand_off"),))
    return Decision(next_at=history.hand_off_due)


def _cadence(playbook: Playbook, history: History, now: datetime, office: Office) -> Decision:
    actions: list[Action] = []
    ready: list[tuple[datetime, Step, StepState | None]] = []
    resting: list[tuple[datetime, Step, StepState | None]] = []  # due, but the lead is away
    next_at: datetime | None = None
    open_ended = False  # something may still happen that only an event can tell
    away_until = history.away_until
    if away_until is not None and now >= away_until:
        away_until = None

    for step in playbook.steps:
        state = history.steps.get(step.name)
        if state is not None:
            if state.settled:
                continue
            if state.in_flight:
                open_ended = True
                continue
            if state.talked or state.call in history.on_call:
                open_ended = True  # no time runs out for a person who is on the phone, or has still to say how it went
                continue
            if state.task_open_at is not None:
                at = state.task_open_at + step.expires  # type: ignore[union-attr] # only calls and chores open tasks
                if now >= at:
                    actions.append(_expire(step, state))
                else:
                    next_at = _earlier(next_at, at)
                open_ended = True
                continue
        if next_at is not None and state is None and comes_after(step, history, next_at):
            open_ended = True  # some other thing comes first, so when exactly is that look's question
            continue
        at_or_why = due(step, playbook, history, now)
        if isinstance(at_or_why, Never):
            continue
        if isinstance(at_or_why, Waiting):
            open_ended = True
            if at_or_why.until is not None:
                next_at = _earlier(next_at, at_or_why.until)
            continue
        at = _retry_at(step, state, at_or_why)
        if away_until is not None and at < away_until and _rests(step):
            next_at = _earlier(next_at, away_until)
            open_ended = True
            if at <= now:
                resting.append((at, step, state))
        elif at > now:
            next_at = _earlier(next_at, at)
            open_ended = True
        else:
            ready.append((at, step, state))

    for at, step, state in ready:
        actions.append(_act(history, now, at, step, state, ready + resting if resting else ready))
        open_ended = True

    promise_at = _promise_at(playbook, history, office)
    if promise_at is not None:
        if now >= promise_at:
            actions.append(Escalate("promise"))
        else:
            next_at = _earlier(next_at, promise_at)
            open_ended = True  # the promise outlives the steps: it is kept or told, never forgotten

    if not open_ended and not actions:
        return Decision(end=End("finished", playbook.after))
    return Decision(tuple(actions), next_at)


def _act(
    history: History,
    now: datetime,
    at: datetime,
    step: Step,
    state: StepState | None,
    ready: list[tuple[datetime, Step, StepState | None]],
) -> Action:
    fresh = _is_fresh(state)
    if fresh and any(
        other >= at + OVERTAKEN_BY and _replaces(later, step) and _is_wanted(later, history, now, its)
        for other, later, its in ready
    ):
        return Skip(step, "overtaken")
    if not _is_wanted(step, history, now, state):
        return Skip(step, "condition")
    if isinstance(step, Send):
        tried = state.tried if state else ()
        left = [channel for channel in step.channels if channel not in tried]
        return Reach(step, left[0], _template(step, history, now), last=len(left) == 1)
    return Ask(step, (state.attempts if state else 0) + 1, now + step.expires)


def _is_fresh(state: StepState | None) -> bool:
    """Nothing of the step has been begun."""
    return state is None or state.attempts == 0


def _is_wanted(step: Step, history: History, now: datetime, state: StepState | None) -> bool:
    """Whether its condition lets it happen. It is asked until something has been begun: a touch that the last look held
    has not."""
    return step.condition is None or not _is_fresh(state) or _holds(step.condition, history, now)


def _replaces(later: Step, step: Step) -> bool:
    """Whether `later` makes `step` needless. A call that waits for Monday is still wanted after Sunday's text."""
    return isinstance(step, Send) or type(later) is type(step)


def _expire(step: Step, state: StepState) -> Expire:
    assert isinstance(step, Call | Chore)  # noqa: S101 - only these open tasks
    return Expire(step, last=attempts_used_up(step, state.attempts))


def attempts_used_up(step: Step | None, attempts: int) -> bool:
    """Whether an attempt that reached nobody was the last one."""
    return not isinstance(step, Call) or attempts >= step.attempts


def _retry_at(step: Step, state: StepState | None, at: datetime) -> datetime:
    """A further attempt waits its pause after the last one."""
    if state is None or state.last_at is None or not isinstance(step, Call):
        return at
    return max(at, state.last_at + step.every)


def _rests(step: Step) -> bool:
    """Whether `step` waits while the lead is away. An answer to its own request does not, nor does a person's chore."""
    return isinstance(step, Call) or (isinstance(step, Send) and step.purpose != "acknowledge")


def _promise_at(playbook: Playbook, history: History, office: Office) -> datetime | None:
    if playbook.promise is None or history.first_human_touch_at is not None or "promise" in history.escalated:
        return None
    return add_office_time(history.started_at, playbook.promise, office.week, office.zone, office.holidays)


def _template(step: Send, history: History, now: datetime) -> str:
    if isinstance(step.template, Choice):
        holds = _holds(step.template.condition, history, now)
        return step.template.use if holds else step.template.otherwise
    return step.template


def _holds(condition: Condition, history: History, now: datetime) -> bool:
    variables, asked = _reads(condition)
    values: dict[str, Mapping[str, Any]] = {}
    if "lead" in variables:
        values["lead"] = with_custom(history.lead, "lead", condition)
    if "event" in variables:
        values["event"] = with_custom(history.event, "event", condition)
    if "history" in variables:
        values["history"] = {
            "engaged": history.engaged,
            "replied": history.replied,
            "attempts": len(history.attempts),
            "day": (local_date(now, history.zone) - local_date(history.started_at, history.zone)).days + 1,
        }
    return condition.holds(values, {outcome: _asks(outcome, history) for outcome in asked})


@lru_cache(maxsize=4096)
def _reads(condition: Condition) -> tuple[frozenset[str], tuple[str, ...]]:
    """Variables and history.clicked("...")-like questions of a condition: values it does not read cost time to pass."""
    asked = tuple(name for name in condition.functions() if name in HISTORY_FUNCTIONS)
    return frozenset(condition.variables()), asked


def _asks(outcome: str, history: History) -> Callable[[Any, str], bool]:
    """history.clicked("context"): did this outcome of this step happen?"""

    def happened(_: Any, step: str) -> bool:
        state = history.steps.get(step)
        return state is not None and outcome in state.outcomes

    return happened


def with_custom(values: Mapping[str, Any], variable: str, condition: Condition) -> Mapping[str, Any]:
    """Custom fields that the condition reads and the lead has not got are "" (never an error in front of a lead)."""
    wanted = [name for owner, name in condition.custom if owner == variable]
    if not wanted:
        return values
    fields = values.get("fields") or {}
    return {**values, "fields": {**dict.fromkeys(wanted, ""), **fields}}


def _earlier(a: datetime | None, b: datetime) -> datetime:
    return b if a is None or b < a else a
