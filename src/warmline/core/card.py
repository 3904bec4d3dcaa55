"""The card of a playbook: who responds first, on which channels, for how long. Three lines, computed from its steps."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from .playbook import Call, Chore, Days, Delay, Playbook, Send, Step
from .timing import print_at
from .words import print_duration

_ONE = {"sms": "text", "email": "email", "voicemail": "voicemail", "call": "call", "task": "task"}


def card(playbook: Playbook) -> tuple[str, str, str]:
    """Three sentences, each complete without the others."""
    return _who(playbook), _channels(playbook), _how_long(playbook)


def _who(playbook: Playbook) -> str:
    instant = next((step for step in playbook.steps if isinstance(step, Send) and _is_instant(step)), None)
    parts = []
    if instant:
        names = " or ".join(_article(_ONE[channel]) for channel in instant.channels)
        when = "at once" if not _minutes(instant) else f"after {print_duration(_minutes(instant))}"
        parts.append(f"{names} {when}")
    human = next((step for step in playbook.steps if isinstance(step, Call | Chore)), None)
    if human:
        verb = "calls" if isinstance(human, Call) else "has a task"
        promised = f", promised within {print_duration(playbook.promise)}" if playbook.promise else ""
        when = f" ({print_at(human.at)})" if human.at.anchor.step or isinstance(human.at, Days) else ""
        parts.append(f"the {human.by} {verb}{when}{promised}")
    if not parts:
        first = next(iter(playbook.steps))
        what = _article(_ONE[first.channels[0]]) if isinstance(first, Send) else f"the {first.by}"
        parts.append(f"{what} ({print_at(first.at)}), and nobody calls")
    return f"Responds first: {', then '.join(parts)}."


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
    """The last day, counted from 1, on which `step` may begin, when everything it waits for comes as late as it can."""
    anchor = playbook.step(step.at.anchor.step) if step.at.anchor.step else None
    begin = _last_day(playbook, anchor) if anchor else 1
    if isinstance(step.at, Delay):
        return begin + step.at.amount // timedelta(days=1)
    return begin + step.at.last - 1


def _is_instant(step: Send) -> bool:
    return isinstance(step.at, Delay) and not step.at.anchor.step and step.at.amount <= timedelta(hours=1)


def _minutes(step: Send) -> timedelta:
    return step.at.amount if isinstance(step.at, Delay) else timedelta(0)


def _attempts(step: Step) -> int:
    return step.attempts if isinstance(step, Call) else 1


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
