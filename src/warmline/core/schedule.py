"""When a step is due. Local calendars come in through hours.py; everything returned is an aware UTC instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import blake2b

from .history import History
from .hours import at_local, local_date
from .playbook import Anchor, At, Call, Chore, Days, Delay, Playbook, Send, Step

#: How long a step waits for an outcome that comes by itself or never (an open, a click, a delivery report).
PATIENCE = timedelta(days=14)
_SPONTANEOUS = frozenset({"opened", "clicked", "delivered"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """The anchor's outcome has not happened yet and still may; `until` bounds that, None while its step is open."""

    until: datetime | None


class Never:
    """The anchor's outcome can no longer happen: the step falls away."""


NEVER = Never()


def due(step: Step, playbook: Playbook, history: History, now: datetime) -> datetime | Waiting | Never:
    """The instant `step` becomes due, or why there is none yet."""
    anchor = anchored_at(step.at.anchor, playbook, history, now)
    if not isinstance(anchor, datetime):
        return anchor
    return instant(step.at, anchor, history.zone, history.seed, step.name)


def anchored_at(anchor: Anchor, playbook: Playbook, history: History, now: datetime) -> datetime | Waiting | Never:
    if not anchor.step:
        return history.started_at
    target = playbook.step(anchor.step)
    if target is None:  # cannot be published; a step removed by hand from a stored version falls away
        return NEVER
    outcome = anchor.outcome or natural_outcome(target)
    state = history.steps.get(anchor.step)
    if state is None:
        # Not begun. Whether it ever will be is its own anchor's question.
        upstream = anchored_at(target.at.anchor, playbook, history, now)
        return upstream if isinstance(upstream, Never) else Waiting(None)
    happened = state.outcomes.get(outcome)
    if happened is not None:
        return happened
    if not state.settled:
        return Waiting(None)
    if outcome in _SPONTANEOUS and "sent" in state.outcomes:
        until = state.outcomes["sent"] + PATIENCE
        return Waiting(until) if now < until else NEVER
    return NEVER


def natural_outcome(step: Step) -> str:
    """What `after STEP` means when it names no outcome."""
    if isinstance(step, Send):
        return "sent"
    if isinstance(step, Call):
        return "missed"
    assert isinstance(step, Chore)  # noqa: S101 - the union is closed; mypy wants to see it
    return "done"


def instant(at: At, anchor: datetime, zone: str, seed: int, name: str) -> datetime:
    """`at` counted from `anchor`. A day or clock that lies before the anchor means at once, never in the past."""
    if isinstance(at, Delay):
        return anchor + at.amount
    day = local_date(anchor, zone) + timedelta(days=_draw_day(at, seed, name) - 1)
    return max(at_local(day, _draw_clock(at, seed, name), zone), anchor)


def _draw_day(at: Days, seed: int, name: str) -> int:
    span = at.last - at.first
    return at.first if span == 0 else at.first + int(fraction(seed, name, "day") * (span + 1))


def _draw_clock(at: Days, seed: int, name: str) -> time:
    start, end = at.window
    minutes = (end.hour * 60 + end.minute) - (start.hour * 60 + start.minute)
    if minutes <= 0:
        return start
    total = start.hour * 60 + start.minute + int(fraction(seed, name, "clock") * minutes)
    return time(total // 60, total % 60)


def fraction(seed: int, name: str, what: str) -> float:
    """A number in [0, 1) that is always the same for the same enrollment, step and question."""
    digest = blake2b(f"{seed}/{name}/{what}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
