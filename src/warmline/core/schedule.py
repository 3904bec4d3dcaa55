"""When a step is due. Local calendars come in through hours.py; everything returned is an aware UTC instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
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


def comes_after(step: Step, history: History, moment: datetime) -> bool:
    """Whether `step`, which counts days from the start, certainly lies on a later day than `moment`. Told without drawing,
    by the calendar alone; False where only `due` can tell."""
    at = step.at
    if not isinstance(at, Days) or at.anchor.step:
        return False
    return at.first - 1 > _days_between(history.started_at, moment, history.zone)


def anchored_at(anchor: Anchor, playbook: Playbook, history: History, now: datetime) -> datetime | Waiting | Never:
    if not anchor.step:
        return history.started_at
    target = playbook.step(anchor.step)
    if target is None:  # cannot be published; a step removed by hand from a stored version falls away
        return NEVER
    outcome = anchor.outcome or natural_outcome(target)
    state = history.steps.get(anchor.step)
    happened = state.outcomes.get(outcome) if state is not None else None
    if happened is not None:
        return happened
    if state is None or not (state.settled or state.in_flight or state.task_open_at):
        # Not under way. Whether it ever will be is its own anchor's question.
        upstream = anchored_at(target.at.anchor, playbook, history, now)
        return upstream if isinstance(upstream, Never) else Waiting(None)
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
    days, minutes = _draw(at, seed, name)
    moment = _at_local(_local_date(anchor, zone), days, minutes, zone)
    return moment if moment > anchor else anchor


def _draw(at: Days, seed: int, name: str) -> tuple[int, int]:
    """Days after the anchor's own, and minutes after local midnight."""
    start, end = at.window
    opens = start.hour * 60 + start.minute
    minutes = end.hour * 60 + end.minute - opens
    span = at.last - at.first
    if span == 0 and minutes <= 0:
        return at.first - 1, opens
    day, clock = fractions(seed, name)
    return at.first - 1 + int(day * (span + 1)), opens + (int(clock * minutes) if minutes > 0 else 0)


def fractions(seed: int, name: str) -> tuple[float, float]:
    """Two numbers in [0, 1) that are always the same for the same enrollment and step."""
    digest = blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8]) / 2**64, int.from_bytes(digest[8:]) / 2**64


# Leads of one morning share their days, and many share their minutes: both answers are kept.
_local_date = lru_cache(maxsize=65_536)(local_date)


@lru_cache(maxsize=65_536)
def _days_between(start: datetime, end: datetime, zone: str) -> int:
    return (_local_date(end, zone) - _local_date(start, zone)).days


@lru_cache(maxsize=262_144)
def _at_local(day: date, days: int, minutes: int, zone: str) -> datetime:
    return at_local(day + timedelta(days=days), time(minutes // 60, minutes % 60), zone)
