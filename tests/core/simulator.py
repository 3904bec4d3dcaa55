"""One lead in virtual time: what the engine does with a decision, without a database. The gate allows unless told."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

import warmline
from warmline.core.decide import (
    Ask,
    Decision,
    End,
    Escalate,
    Expire,
    HandOver,
    Reach,
    Skip,
    attempts_used_up,
    decide,
)
from warmline.core.events import Event
from warmline.core.gate import Verdict
from warmline.core.history import NOBODY, History
from warmline.core.hours import Week, Window, at_local, local_clock, local_date
from warmline.core.parse import parse
from warmline.core.playbook import Call, Office, Playbook, Send, Template
from warmline.core.templates import parse_template

NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"
LOS_ANGELES, PHOENIX = "America/Los_Angeles", "America/Phoenix"

STARTER = Path(warmline.__file__).parent / "starter"
ROUNDS = 64

_DAY, _SATURDAY = (Window(time(9), time(17, 30)),), (Window(time(10), time(14)),)
WEEK: Week = (_DAY, _DAY, _DAY, _DAY, _DAY, _SATURDAY, ())
#: The office of the starter workspace.
OFFICE = Office(WEEK, NEW_YORK)

ALLOWED = Verdict("allow", "", None, ())

Gate = Callable[[str, Send | Call, History, datetime], Verdict]
#: What the provider says to a touch, and how long after the hand-over: (delay, kind, data).
Provider = Callable[[str, str], Sequence[tuple[timedelta, str, dict[str, Any]]]]


def _allow(channel: str, step: Send | Call, history: History, now: datetime) -> Verdict:
    return ALLOWED


def _send(step: str, channel: str) -> Sequence[tuple[timedelta, str, dict[str, Any]]]:
    return [(timedelta(0), "touch.sent", {})]


@cache
def starter(key: str) -> Playbook:
    parsed = parse((STARTER / "playbooks" / f"{key}.yaml").read_text(encoding="utf-8"), f"playbooks/{key}.yaml")
    assert parsed.playbook is not None, parsed.problems
    return parsed.playbook


@cache
def template(name: str) -> Template:
    read, problems = parse_template(name, (STARTER / "templates" / f"{name}.txt").read_text(encoding="utf-8"), name)
    assert read is not None, problems
    return read


def local(day: date, clock: str, zone: str) -> datetime:
    """`local(date(2026, 3, 6), "10:00", PHOENIX)` as a UTC instant."""
    return at_local(day, time.fromisoformat(clock), zone)


@dataclass(frozen=True)
class Line:
    """One thing that was done, when it was done."""

    at: datetime
    what: str  # send, ask, expire, skip, refuse, hold, hand_off, escalate, end
    step: str = ""
    channel: str = ""
    detail: str = ""  # the template, the reason, the signal


@dataclass
class Simulator:
    """`answers` script the people: the outcome of each attempt of a call or chore, told ten minutes after it opened.

    A step that is not scripted, or whose script is used up, is left alone until it expires.
    """

    playbook: Playbook
    start: datetime
    zone: str = NEW_YORK
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seed: int = 7
    gate: Gate = _allow
    provider: Provider = _send
    office: Office = OFFICE
    event: Mapping[str, Any] = field(default_factory=lambda: {"kind": "form.submitted", "form": "pricing"})
    lead: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = self.start
        self.history = History("run", self.seed, self.start, self.zone, self.lead, self.event)
        self.events: list[Event] = []
        self.lines: list[Line] = []
        self.ended: End | None = None
        self._coming: list[tuple[datetime, int, Event]] = []
        self._numbers = count(1)
        self.happened(str(self.event["kind"]))
        self.happened("enrolled")

    # --- what happens to the lead ------------------------------------------------------------------------------------

    def happened(self, kind: str, *, step: str = "", channel: str = "", touch: str | None = None, **data: Any) -> None:
        self._fold(Event(kind, self.now, 0, "run", step, channel, touch, data))

    def later(self, at: datetime, kind: str, *, step: str = "", channel: str = "", **data: Any) -> Simulator:
        """Let this happen at `at`."""
        self._expect(at, Event(kind, at, 0, "run", step, channel, None, data))
        return self

    def run(self, until: timedelta = timedelta(days=200)) -> Simulator:
        """Live until the playbook ends and nothing more is to come, or until this long after the start."""
        end = self.start + until
        while True:
            rest = None if self.ended else self.look()
            times = [at for at in (rest, self._coming[0][0] if self._coming else None) if at is not None]
            if not times or min(times) > end:
                return self
            self.now = max(self.now, min(times))
            while self._coming and self._coming[0][0] <= self.now:
                self._fold(heapq.heappop(self._coming)[2])

    # --- what the engine does ----------------------------------------------------------------------------------------

    def look(self) -> datetime | None:
        """Ask `decide` until it rests; the instant of the next look."""
        for _ in range(ROUNDS):
            decision = self.decide()
            holds: list[datetime] = []
            moved = [self._act(action, holds) for action in decision.actions]
            if decision.end is not None:
                self.ended = decision.end
                self._line("end", detail=decision.end.reason)
                self.happened("ended", reason=decision.end.reason)
                return None
            if not any(moved):
                return min((at for at in (*holds, decision.next_at) if at is not None), default=None)
        raise AssertionError(f"{self.playbook.key} did not come to rest: {self.lines[-5:]}")

    def decide(self) -> Decision:
        return decide(self.playbook, self.history, self.now, self.office)

    def _act(self, action: Reach | Ask | Expire | Skip | HandOver | Escalate, holds: list[datetime]) -> bool:
        match action:
            case Reach(step, channel, template, last):
                return self._reach(step, channel, template, last, holds)
            case Ask():
                return self._ask(action, holds)
            case Expire(step, last):
                self._line("expire", step.name)
                self.happened("task.expired", step=step.name, channel=_channel(step), last=last)
            case Skip(step, reason):
                self._line("skip", step.name, detail=reason)
                self.happened("step.skipped", step=step.name, reason=reason)
            case HandOver(signal, due_at, _):
                self._line("hand_off", detail=signal)
                self.happened("handed.off", signal=signal, due=due_at.isoformat())
            case Escalate(what):
                self._line("escalate", detail=what)
                self.happened("escalated", what=what)
        return True

    def _reach(self, step: Send, channel: str, template: str, last: bool, holds: list[datetime]) -> bool:
        verdict = self.gate(channel, step, self.history, self.now)
        if verdict.result == "hold" and verdict.until is not None:
            self._line("hold", step.name, channel, verdict.rule)
            holds.append(verdict.until)
            return False
        if verdict.result != "allow":
            self._line("refuse", step.name, channel, verdict.rule)
            self.happened("touch.refused", step=step.name, channel=channel, reason=verdict.rule, last=last)
            return True
        touch = f"touch-{len(self.events)}"
        self._line("send", step.name, channel, template)
        self.happened("touch.planned", step=step.name, channel=channel, touch=touch)
        for delay, kind, data in self.provider(step.name, channel):
            event = Event(kind, self.now + delay, 0, "run", step.name, channel, touch, {**data, "last": last})
            if delay:
                self._expect(event.at, event)
            else:
                self._fold(event)
        return True

    def _ask(self, ask: Ask, holds: list[datetime]) -> bool:
        step = ask.step
        if isinstance(step, Call):
            verdict = self.gate("call", step, self.history, self.now)
            if verdict.result == "hold" and verdict.until is not None:
                self._line("hold", step.name, "call", verdict.rule)
                holds.append(verdict.until)
                return False
            if verdict.result != "allow":
                self._line("skip", step.name, "call", verdict.rule)
                self.happened("step.skipped", step=step.name, channel="call", reason=verdict.rule)
                return True
        self._line("ask", step.name, _channel(step), getattr(step, "script", ""))
        self.happened("task.opened", step=step.name, channel=_channel(step))
        script = self.answers.get(step.name, ())
        if ask.attempt <= len(script):
            outcome = script[ask.attempt - 1]
            at = self.now + timedelta(minutes=10)
            last = outcome not in NOBODY or attempts_used_up(step, ask.attempt)
            task = f"task-{step.name}-{ask.attempt}"
            data = {"outcome": outcome, "last": last}
            self._expect(at, Event("task.done", at, 0, "run", step.name, _channel(step), task, data))
        return True

    def _fold(self, event: Event) -> None:
        stamped = msgspec.structs.replace(event, seq=len(self.events) + 1)
        self.events.append(stamped)
        self.history.apply(stamped)

    def _expect(self, at: datetime, event: Event) -> None:
        heapq.heappush(self._coming, (at, next(self._numbers), event))

    def _line(self, what: str, step: str = "", channel: str = "", detail: str = "") -> None:
        self.lines.append(Line(self.now, what, step, channel, detail))

    # --- what a test asks afterwards ---------------------------------------------------------------------------------

    def told(self, *what: str) -> list[Line]:
        return [line for line in self.lines if line.what in what]

    def done(self) -> list[str]:
        """Names of the steps that reached the lead or a person, in order; further attempts of a call once each."""
        return [line.step for line in self.told("send", "ask")]

    def first(self, step: str) -> Line:
        return next(line for line in self.told("send", "ask") if line.step == step)

    def day(self, step: str) -> int:
        """Day of the enrollment, in the lead's own calendar, on which the step was done."""
        return (local_date(self.first(step).at, self.zone) - local_date(self.start, self.zone)).days + 1

    def clock(self, step: str, zone: str = "") -> time:
        return local_clock(self.first(step).at, zone or self.zone).replace(second=0, microsecond=0)


def _channel(step: object) -> str:
    return "call" if isinstance(step, Call) else ""
