"""One lead in one world: what the engine makes of a decision, without a database, watched by code of its own.

It is the engine with its belts off. Queued touches are not taken back when something stops the machine, and an ended
enrollment refuses nothing: whatever was planned meets the gate's last look, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from warmline.core.condition import ConditionError
from warmline.core.decide import Ask, Decision, Escalate, Expire, HandOver, Reach, Skip
from warmline.core.events import SIGNAL_TITLES, Event
from warmline.core.gate import Ask as Question
from warmline.core.gate import Facts, Rules, Verdict
from warmline.core.history import REQUESTS, History
from warmline.core.playbook import Call, ChannelKind, Office, Playbook, Purpose
from warmline.core.standing import facts_of

from .watch import Broken, Out, Seen, asks, goes_out, once_only, rests_on_something
from .worlds import Lead, World

Gate = Callable[[Question, Facts, Rules, datetime], Verdict]
Decide = Callable[[Playbook, History, datetime, Office], Decision]

RUN = "run"
ROUNDS = 64
SECOND = timedelta(seconds=1)

#: Tasks that mean a person deals with the lead; they are over when it goes back to the playbook.
HUMAN_TASKS = frozenset({"hand_off", "next_step", "escalation", "read_reply", "promise"})


class Queued(NamedTuple):
    """A touch that is planned. `waits`: it was not handed over at once."""

    id: str
    step: str
    channel: ChannelKind
    purpose: Purpose
    last: bool
    planned_at: datetime
    waits: bool = False


class Line(NamedTuple):
    """One thing that happened, and the one before it. `who`: lead, person, world, out (what went out), machine."""

    before: Line | None
    at: datetime
    who: str
    said: str


@dataclass(slots=True)
class State:
    """Where a lead stands. It is changed only while it is made from the one before."""

    now: datetime
    history: History
    lead: Lead
    seen: Seen
    queue: tuple[Queued, ...] = ()
    tasks: frozenset[str] = frozenset()  # open ones that belong to no step
    ended: str = ""
    due_at: datetime | None = None  # of the next look; None: only an event can bring one
    line: Line | None = None

    def tells(self, who: str, said: str) -> None:
        self.line = Line(self.line, self.now, who, said)

    def happened(self, kind: str, step: str = "", channel: str = "", touch: str | None = None, **data: Any) -> None:
        history = self.history
        if step and step in history.steps:  # shared with the state before
            kept = copy(history.steps[step])
            kept.outcomes = dict(kept.outcomes)
            history.steps[step] = kept
        history.apply(Event(kind, self.now, 0, RUN, step, channel, touch, data))

    def has_task(self) -> bool:
        return bool(self.tasks) or any(one.task_open_at is not None for one in self.history.steps.values())

    def copied(self, at: datetime) -> State:
        history = copy(self.history)
        history.steps = dict(history.steps)
        history.attempts = dict(history.attempts)
        return State(
            at, history, self.lead, copy(self.seen), self.queue, self.tasks, self.ended, self.due_at, self.line
        )


@dataclass(slots=True)
class Life:
    """A playbook in a world, with the two functions that are on trial."""

    playbook: Playbook
    world: World
    gate: Gate
    decide: Decide
    follows: str = "its owner gets a task to decide"
    later: list[datetime] = field(default_factory=list)  # what a look has found, beside what decide told

    def begins(self) -> State:
        world = self.world
        history = History(RUN, world.seed, world.start, world.zone, values(world), world.event)
        state = State(world.start, history, world.lead, Seen())
        state.tells("lead", f"comes in from {world.where}: {world.event['kind']}")
        asked(state, str(world.event["kind"]))
        state.happened("enrolled")
        return state

    # --- a look -----------------------------------------------------------------------------------------------------

    def look(self, state: State) -> None:
        """Decide, ask the gate, plan; until nothing moves. Raises Broken."""
        office = self.world.office(state.now)
        for _ in range(ROUNDS):
            try:
                decision = self.decide(self.playbook, state.history, state.now, office)
            except ConditionError as error:  # the engine parks it, and a person has the task to look
                state.ended, state.due_at = "parked", None
                state.tells("machine", f"it is parked, and a person has to look: {error}")
                return
            if self.decide(self.playbook, state.history, state.now, office) != decision:
                raise Broken("rest", "The same history was decided in two ways")
            self.later = []
            moved = [self._act(state, action) for action in decision.actions]
            if decision.end is not None:
                state.ended, state.due_at = decision.end.reason, None
                follows = "" if decision.end.reason == "opted_out" else f"; {self.follows}"
                state.tells("machine", f"the playbook ends: {decision.end.reason.replace('_', ' ')}{follows}")
                return
            if not any(moved):
                times = [*self.later, decision.next_at] if decision.next_at is not None else self.later
                state.due_at = min(times, default=None)
                rests_on_something(state.now, state.due_at, state.has_task(), bool(state.queue))
                return
        raise Broken("rest", f"A look did not come to rest in {ROUNDS} rounds")

    def _act(self, state: State, action: Reach | Ask | Expire | Skip | HandOver | Escalate) -> bool:
        """True when the story moved, so that decide is asked again."""
        match action:
            case Reach():
                return self._reach(state, action)
            case Ask():
                return self._ask(state, action)
            case Expire(step, last):
                channel = "call" if isinstance(step, Call) else ""
                state.happened("task.expired", step.name, channel, last=last)
                state.tells("machine", f"the task {step.name} expires")
            case Skip(step, reason):
                state.happened("step.skipped", step.name, reason=reason)
                state.tells("machine", f"{step.name} is skipped: {reason}")
            case HandOver(signal, due_at, _):
                state.happened("handed.off", signal=signal, due=due_at.isoformat())
                state.tasks |= {"hand_off"}
                state.tells("machine", f"the owner is to take over: {SIGNAL_TITLES[signal]}")
                for name, one in list(state.history.steps.items()):
                    if one.task_open_at is not None:
                        is_call = isinstance(self.playbook.step(name), Call)
                        state.happened("task.cancelled", name, "call" if is_call else "")
            case Escalate(what):
                state.happened("escalated", what=what)
                state.tasks |= {"escalation" if what == "hand_off" else "promise"}
                state.tells("machine", f"the manager hears that the {what.replace('_', '-')} is late")
        return True

    def _reach(self, state: State, reach: Reach) -> bool:
        step, channel = reach.step, reach.channel
        verdict = self.asks_gate(state, channel, step.purpose)
        if verdict.result == "allow":
            touch = f"{step.name}/{len(state.seen.out)}.{len(state.queue)}.{channel}"
            state.queue = (*state.queue, Queued(touch, step.name, channel, step.purpose, reach.last, state.now))
            state.happened("touch.planned", step.name, channel, touch)
            return False
        if verdict.result == "refuse" or (verdict.until is None and not reach.last):
            state.happened("touch.refused", step.name, channel, reason=verdict.rule, last=reach.last)
            state.tells("machine", f"{step.name} by {channel} is refused: {verdict.rule}")
            return True
        self._hold(state, step.name, channel, verdict)
        return False

    def _ask(self, state: State, ask: Ask) -> bool:
        step, channel = ask.step, ""
        verdict = None
        if isinstance(step, Call):
            channel = "call"
            verdict = self.asks_gate(state, "call", "marketing", office=step.hours == "office")
            if verdict.result == "refuse":
                state.happened("step.skipped", step.name, channel, reason=verdict.rule)
                state.tells("machine", f"{step.name} is skipped: {verdict.rule}")
                return True
            if verdict.result == "hold":
                self._hold(state, step.name, channel, verdict)
                return False
        open_already = step.name in state.history.steps and state.history.steps[step.name].task_open_at is not None
        with_findings(verdict, asks, state.seen, step, open_already, self.world.zones.zones, state.lead.consents,
                      self.world.rules(state.now), self.world.office(state.now), state.now)  # fmt: skip
        state.seen.asked = (*state.seen.asked, step.name)
        state.happened("task.opened", step.name, channel)
        state.tells(
            "machine", f"a person is asked to {'call' if channel else 'do'}: {step.name}, attempt {ask.attempt}"
        )
        self.later.append(ask.expires_at)
        return False

    def _hold(self, state: State, step: str, channel: str, verdict: Verdict) -> None:
        state.tells("machine", f"{step} by {channel} waits: {verdict.rule}")
        if verdict.until is None:
            state.tasks |= {"fix"}
        elif verdict.until <= state.now:
            raise Broken("left", f"{step} waits until an instant that is not ahead", verdict.findings)
        else:
            self.later.append(verdict.until)

    def asks_gate(
        self,
        state: State,
        channel: ChannelKind,
        purpose: Purpose,
        touch: str = "",
        *,
        office: bool = True,
        by_person: bool = False,
    ) -> Verdict:
        """`by_person`: the person who has the lead calls, so that it is with a person does not matter."""
        on = channel in self.world.channels
        facts = facts_of(state.lead, self.world.zones, state.history, channel, on, self.world.asked)
        if by_person and state.history.doubtful_at is None:
            facts.human_live = ""
        return self.gate(Question(channel, purpose, touch, office), facts, self.world.rules(state.now), state.now)

    # --- the hand-over ----------------------------------------------------------------------------------------------

    def hands_over(self, state: State, touch: Queued, becomes: str = "sent") -> None:
        """The last look, and what comes of it: sent, unknown (nobody can say), failed (not taken), bad (nor the address)."""
        state.queue = tuple(one for one in state.queue if one.id != touch.id)
        verdict = self.asks_gate(state, touch.channel, touch.purpose, touch.id)
        what = f"{touch.step} by {touch.channel}"
        if verdict.result != "allow":
            kind = "held" if verdict.result == "hold" else "refused"
            state.happened(f"touch.{kind}", touch.step, touch.channel, touch.id, reason=verdict.rule, last=touch.last)
            state.tells("machine", f"{what} is {kind} at the last look: {verdict.rule}")
            return
        state.tells("out", what)
        rules = self.world.rules(state.now)
        with_findings(verdict, goes_out, state.seen, touch.channel, touch.purpose, self.world.zones.zones,
                      state.lead.consents, rules, state.now)  # fmt: skip
        with_findings(verdict, once_only, state.seen, touch.step, touch.channel)
        state.seen.out = (*state.seen.out, (touch.step, Out(touch.channel, touch.id)))
        if becomes in ("sent", "unknown"):
            state.seen.attempts = (*state.seen.attempts, (state.now, touch.channel))
            state.happened(f"touch.{becomes}", touch.step, touch.channel, touch.id)
            if becomes == "unknown":  # a person is shown it; that task is left out, for the lead must not hang on it
                state.tells("world", "nobody can say whether it arrived")
            return
        state.happened("touch.failed", touch.step, touch.channel, touch.id, last=touch.last)
        state.seen.fails(touch.id)
        state.tells(
            "world", "the provider does not take it" if becomes == "failed" else "the provider refuses the address"
        )
        if becomes == "bad":
            state.lead = marked(state.lead, touch.channel, "invalid")


def asked(state: State, kind: str) -> None:
    """The lead does what starts a playbook."""
    state.happened(kind)
    if kind in REQUESTS:
        state.seen.requested_at = state.now


def marked(lead: Lead, channel: str, mark: str) -> Lead:
    value = lead.email if channel == "email" else lead.phone
    return replace(lead, addresses={**lead.addresses, value: mark}) if value is not None else lead


def values(world: World) -> dict[str, Any]:
    """The lead as conditions read it."""
    lead = world.lead
    return {
        "first_name": lead.first_name, "last_name": lead.last_name, "company": "", "email": lead.email or "",
        "phone": lead.phone or "", "country": lead.country, "region": lead.region, "source": "", "status": "open",
        "returning": False, "fields": {},
    }  # fmt: skip


def with_findings(verdict: Verdict | None, check: Callable[..., None], *args: Any) -> None:
    """What breaks in `check` is told with what the gate had found."""
    try:
        check(*args)
    except Broken as broken:
        broken.findings = verdict.findings if verdict is not None else ()
        raise
