"""When two states are the same: what decide, the gate or the watch can still read of them, and nothing more.

A call is over here in the moment in which it is placed, so nobody is on the phone in any state.

Two ways that lead to one key have one future, so the second is not walked. What is left out must be beyond all three: the
times of outcomes that no step waits for, of attempts that no cap can come to, of a request that is no longer fresh.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from warmline.core.gate import Cap, Rules
from warmline.core.history import History
from warmline.core.playbook import Call, Playbook, Send, Step

from .life import Life, State

#: A cap, and the most attempts that steps can make on its channels, by their names.
Binding = tuple[Cap, tuple[tuple[str, int], ...]]


@dataclass(slots=True)
class Keys:
    life: Life
    asked: tuple[str, ...] = ()  # outcomes that conditions ask of steps
    read: frozenset[str] = frozenset()  # fields of the history that conditions read
    plan: tuple[
        tuple[str, bool, tuple[str, ...]], ...
    ] = ()  # (step, whether a call, outcomes that later steps wait for)
    confirms: tuple[str, ...] = ()  # steps that acknowledge
    _caps: dict[tuple[Cap, ...], tuple[Binding, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        playbook = self.life.playbook
        conditions = list(playbook.conditions())
        self.asked = tuple(sorted({name for one in conditions for name in one.functions()}))
        self.read = frozenset(name for one in conditions for variable, name in one.reads if variable == "history")
        waited = _waited(playbook)
        self.plan = tuple((step.name, isinstance(step, Call), waited.get(step.name, ())) for step in playbook.steps)
        self.confirms = tuple(
            step.name for step in playbook.steps if isinstance(step, Send) and step.purpose == "acknowledge"
        )

    def of(self, state: State) -> Hashable:
        history, seen = state.history, state.seen
        common = (
            state.ended, frozenset(state.lead.addresses.items()), frozenset(one.channels for one in state.lead.suppressions),
            frozenset(channel for channel, _ in seen.gone), bool(seen.live),
        )  # fmt: skip
        if state.ended and not state.queue:
            return common
        away = history.away_until
        handed = history.handed_off_at is not None
        rules = self.life.world.rules(state.now)
        return (
            state.now, common, self._steps(history), state.tasks, self.fresh(state, rules),
            frozenset((step, one.channel if one.failed else "") for step, one in seen.out),
            tuple((one.step, one.channel, one.last, one.planned_at, one.waits) for one in state.queue),
            bool(history.signal) and history.signal in self.life.playbook.hand_off.on,
            bool(history.signal), handed, history.taken, history.doubtful_at is not None, history.opted_out_at is not None,
            history.hand_off_due if handed and not history.taken else None, history.escalated,
            history.first_human_touch_at is None, away if away is not None and away > state.now else None,
            history.engaged if "engaged" in self.read else None, history.replied if "replied" in self.read else None,
            len(history.attempts) if "attempts" in self.read else None, self._counted(state, rules),
        )  # fmt: skip

    def _steps(self, history: History) -> tuple[Hashable, ...]:
        told: list[Hashable] = []
        for name, is_call, waited in self.plan:
            one = history.steps.get(name)
            if one is None:
                told.append(None)
                continue
            outcomes = one.outcomes
            later: Hashable = True
            if waited or self.asked:
                later = (*map(outcomes.get, waited), *[name in outcomes for name in self.asked])
            if one.settled:
                told.append(later)
            else:
                again = one.last_at if is_call else one.tried
                told.append((one.in_flight, one.attempts, one.task_open_at, again, later))
        return tuple(told)

    def fresh(self, state: State, rules: Rules) -> datetime | None:
        """The request, while an acknowledgement of it may still go out as one."""
        requested = state.seen.requested_at
        if requested is None or state.now - requested > rules.fresh:
            return None
        steps = state.history.steps
        return requested if any(name not in steps or not steps[name].settled for name in self.confirms) else None

    def _counted(self, state: State, rules: Rules) -> tuple[tuple[datetime, str], ...]:
        """Attempts, as the history counts them and as they happened, that some cap may come to."""
        counted: set[tuple[datetime, str]] = set()
        for cap, by_step in self._binding(rules.caps):
            since = state.now - cap.per
            told = [one for one in state.history.attempts.values() if one[0] > since and one[1] in cap.channels]
            happened = [one for one in state.seen.attempts if one[0] > since and one[1] in cap.channels]
            to_come = len(state.queue)
            for name, most in by_step:
                one = state.history.steps.get(name)
                if one is None or not one.settled:
                    to_come += most
            if max(len(told), len(happened)) + to_come > cap.count:
                counted.update(told, happened)
        return tuple(sorted(counted)) if counted else ()

    def _binding(self, caps: tuple[Cap, ...]) -> tuple[Binding, ...]:
        """The caps that the playbook can come to, with the most attempts that each of its steps can make."""
        known = self._caps.get(caps)
        if known is None:
            found = []
            for cap in caps:
                by_step = tuple((step.name, most) for step in self.life.playbook.steps if (most := _most(step, cap)))
                if sum(most for _, most in by_step) > cap.count:
                    found.append((cap, by_step))
            known = self._caps[caps] = tuple(found)
        return known


def _most(step: Step, cap: Cap) -> int:
    if isinstance(step, Send):
        return sum(channel in cap.channels for channel in step.channels)
    return step.attempts if isinstance(step, Call) and "call" in cap.channels else 0


def _waited(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    """Every outcome of a step that others wait for; with what comes by itself or never, when it was sent."""
    waited: dict[str, set[str]] = {}
    for step in playbook.steps:
        if not step.at.anchor.step:
            continue
        outcome = step.at.anchor.outcome
        target = playbook.step(step.at.anchor.step)
        natural = "sent" if isinstance(target, Send) else "missed" if isinstance(target, Call) else "done"
        waited.setdefault(step.at.anchor.step, set()).update({outcome or natural, "sent"})
    return {name: tuple(sorted(outcomes)) for name, outcomes in waited.items()}
