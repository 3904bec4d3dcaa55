"""The card of a playbook: who responds first, on which channels, for how long. Three lines, computed from its steps."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from .playbook import Call, Chore, Days, Delay, Playbook, Send, Step
from .timing import print_at
from .words import print_duration

DAY = timedelta(days=1)
_ONE = {"sms": "text", "email": "email", "voicemail": "voicemail", "call": "call", "task": "task"}


def card(playbook: Playbook) -> tuple[str, str, str]:
    """Three sentences, each complete without the others."""
    return _who(playbook), _channels(playbook), _how_long(playbook)


def _who(playbook: Playbook) -> str:
    by_time = sorted(playbook.steps, key=lambda step: (_begins(playbook, step), not isinstance(step, Send)))
    first = by_time[0]
    human = next((step for step in by_time if isinstance(step, Call | Chore)), None)
    parts = []
    if isinstance(first, Send):
        names = " or ".join(_article(_ONE[channel]) for channel in first.channels)
        parts.append(f"{names} {_when(first)}")
    if human:
        verb = "calls" if isinstance(human, Call) else "has a task"
        promised = f", promised within {print_duration(playbook.promise)}" if playbook.promise else ""
        when = f" ({print_at(human.at)})" if human.at.anchor.step or isinstance(human.at, Days) else ""
        parts.append(f"the {human.by} {verb}{when}{promised}")
    alone = "" if human or _is_instant(first) else ", and nobody calls"
    return f"Responds first: {', then '.join(parts)}{alone}."


def _when(step: Send) -> str:
    if not _is_instant(step):
        return f"({print_at(step.at)})"
    return "at once" if not _minutes(step) else f"after {print_duration(_minutes(step))}"


def _channels(playbook: Playbook) -> str:
    counts: Counter[str] = Counter()
    for step in playbook.steps:
        kind = step.channels[0] if isinstance(step, Send) else "call" if isinstance(step, Call) else "task"
        counts[kind] += step.attempts if isinstance(step, Call) else 1
    named = [f"{count} {_ONE[kind]}{'' if count == 1 else 's'}" for kind, count in counts.items()]
    most = "at most " if any(step.condition or _attempts(step) > 1 for step in playbook.steps) else ""
    return f"Channels: {most}{_listed(named)}."


def _how_long(playbook: Playbook) -> str:
    days = max((_last_day(playbook, step) for step in playbook.steps), default=1)
    length = "one day" if days <= 1 else f"{days} days"
    after = playbook.after
    if after.close:
        then = "the lead is closed"
    elif after.enroll:
        pause = f"{print_duration(after.delay)} later " if after.delay else ""
        then = f"{pause}the playbook {after.enroll}"
    else:
        then = "the owner decides"
    return f"For how long: {length}, then {then}."


def _last_day(playbook: Playbook, step: Step) -> int:
    """The last day, counted from 1, on which `step` may begin or be tried again, when what it waits for comes at once."""
    return (_begins(playbook, step) + _goes_on(step)) // DAY + 1


def _begins(playbook: Playbook, step: Step) -> timedelta:
    """How long after the start of the first day."""
    anchor = playbook.step(step.at.anchor.step) if step.at.anchor.step else None
    after = timedelta(0)
    if anchor is not None:
        first_attempt = step.at.anchor.outcome == "missed"
        after = _begins(playbook, anchor) + (timedelta(0) if first_attempt else _goes_on(anchor))
    if isinstance(step.at, Delay):
        return after + step.at.amount
    return (after // DAY + step.at.last - 1) * DAY


def _goes_on(step: Step) -> timedelta:
    """From the first attempt of a call to its last."""
    return (step.attempts - 1) * step.every if isinstance(step, Call) else timedelta(0)


def _is_instant(step: Step) -> bool:
    return isinstance(step.at, Delay) and not step.at.anchor.step and step.at.amount <= timedelta(hours=1)


def _minutes(step: Send) -> timedelta:
    return step.at.amount if isinstance(step.at, Delay) else timedelta(0)


def _attempts(step: Step) -> int:
    return step.attempts if isinstance(step, Call) else 1


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
