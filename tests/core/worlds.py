"""Random playbooks, and a world that behaves badly: late, doubled, reordered and foreign events, failing providers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.core.gate_facts import starter_config
from tests.core.simulator import CHICAGO, LOS_ANGELES, NEW_YORK, PHOENIX, Simulator
from warmline.core.condition import Condition
from warmline.core.consent import Consent
from warmline.core.decide import Decision
from warmline.core.events import Event
from warmline.core.gate import Ask, Facts, Rules, Verdict, check
from warmline.core.history import History
from warmline.core.playbook import (
    CALL_OUTCOMES,
    DEFAULT_WINDOW,
    SEND_OUTCOMES,
    SIGNALS,
    START,
    TASK_OUTCOMES,
    After,
    Anchor,
    Call,
    Choice,
    Chore,
    Days,
    Delay,
    Enroll,
    HandOff,
    Owner,
    Playbook,
    Send,
    Step,
)
from warmline.rules.binding import Somebody, places_known, policy_of, zones_known

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONES = (NEW_YORK, CHICAGO, LOS_ANGELES, PHOENIX, "Pacific/Honolulu", "Europe/London", "Australia/Lord_Howe")
#: Ordinary days, the nights in which clocks change, and the night before a holiday.
STARTS = tuple(
    datetime.fromisoformat(f"{day}T00:00:00+00:00")
    for day in ("2026-06-09", "2026-03-07", "2026-03-08", "2026-10-31", "2026-11-01", "2026-11-25", "2026-03-28")
)
CONDITIONS = tuple(
    Condition(source)
    for source in ("!history.engaged", "history.engaged", "history.day > 2", "history.attempts < 3", "history.replied")
)
WINDOWS = (
    DEFAULT_WINDOW,
    (time(10), time(10)),
    (time(1, 30), time(3, 30)),
    (time(20), time(23, 59)),
    (time(2, 30),) * 2,
)

#: People whose number or address tells where they may be: borders of zones, laws of their own, days of their own.
PEOPLE: tuple[tuple[str, str, str], ...] = (
    ("+18505550123", "", ""), ("+14235550123", "", ""), ("+14015550123", "", ""), ("+12145550123", "", ""),
    ("+19285550123", "US-AZ", ""), ("+12125550123", "US-FL", ""), ("+12075550123", "", ""), ("+18015550123", "", ""),
    ("+16055550123", "", ""), ("+18085550123", "", ""),
)  # fmt: skip


@cache
def rules_at(day: date, places: frozenset[str]) -> Rules:
    return policy_of(starter_config(), day).rules(places)


minutes = st.sampled_from((0, 1, 10, 45, 240, 1440, 2880)).map(lambda count: timedelta(minutes=count))
lengths = st.sampled_from((5, 60, 240, 1500)).map(lambda count: timedelta(minutes=count))
starts = st.builds(lambda day, minute: day + timedelta(minutes=minute), st.sampled_from(STARTS), st.integers(0, 1439))


def _anchors(earlier: Sequence[tuple[str, str]]) -> st.SearchStrategy[Anchor]:
    outcomes = {"send": SEND_OUTCOMES, "call": CALL_OUTCOMES, "chore": TASK_OUTCOMES}
    hung = [Anchor(name, outcome) for name, kind in earlier for outcome in ("", *outcomes[kind])]
    return st.just(START) | st.sampled_from(hung) if hung else st.just(START)


@st.composite
def playbooks(draw: st.DrawFn) -> Playbook:
    """Whatever could be published: a step hangs on the start or on any outcome of another, without a circle."""
    kinds = draw(st.lists(st.sampled_from(("send", "send", "call", "chore")), min_size=1, max_size=5))
    named = [(f"{kind}-{number}", kind) for number, kind in enumerate(kinds)]
    steps: list[Step] = []
    for number, (name, kind) in enumerate(named):
        anchor = draw(_anchors(named[:number]))
        if draw(st.booleans()):
            at: Any = Delay(draw(minutes), anchor)
        else:
            first = draw(st.integers(1, 5))
            at = Days(first, first + draw(st.integers(0, 2)), draw(st.sampled_from(WINDOWS)), anchor)  # type: ignore[arg-type]
        condition = draw(st.none() | st.sampled_from(CONDITIONS))
        if kind == "send":
            channels = tuple(draw(st.permutations(("sms", "email", "voicemail")))[: draw(st.integers(1, 3))])
            words = draw(st.just(name) | st.builds(Choice, st.sampled_from(CONDITIONS), st.just("a"), st.just("b")))
            purpose: Any = draw(st.sampled_from(("marketing", "acknowledge")))
            steps.append(Send(name, channels, words, at, condition, purpose))
        elif kind == "call":
            hours: Any = draw(st.sampled_from(("office", "legal")))
            attempts = draw(st.integers(1, 3))
            steps.append(Call(name, "owner", at, "", attempts, draw(lengths), draw(lengths), hours, condition))
        else:
            steps.append(Chore(name, "owner", "Do it", at, draw(lengths), condition))
    on = tuple(draw(st.sets(st.sampled_from(SIGNALS))))
    otherwise: Any = draw(st.sampled_from(("escalate", "wait")))
    return Playbook(
        "random", "Random", Enroll(None), Owner(), HandOff(on, draw(lengths), otherwise),
        tuple(draw(st.permutations(steps))), After("slow-nurture"), draw(st.none() | lengths),
    )  # fmt: skip


#: What a provider may make of a touch: (delay, kind) one after another.
RECEIPTS: tuple[tuple[tuple[timedelta, str], ...], ...] = (
    ((0 * MINUTE, "touch.sent"),),
    ((MINUTE, "touch.sent"), (HOUR, "touch.delivered"), (2 * HOUR, "touch.delivered")),
    ((MINUTE, "touch.delivered"), (HOUR, "touch.sent"), (DAY, "touch.sent")),
    ((MINUTE, "touch.failed"),),
    ((MINUTE, "touch.failed"), (2 * MINUTE, "touch.failed"), (HOUR, "touch.failed"), (2 * DAY, "touch.failed")),
    ((MINUTE, "touch.sent"), (DAY, "touch.failed"), (2 * DAY, "touch.failed")),
    ((HOUR, "touch.unknown"), (2 * HOUR, "touch.sent"), (3 * HOUR, "touch.failed")),
    ((MINUTE, "touch.refused"),),
    ((MINUTE, "touch.held"),),
    (),
)
SIGNAL_KINDS = ("replied", "clicked", "called.back", "meeting.booked", "taken.over")
NOISE = (
    *SIGNAL_KINDS, "opened", "doubtful", "released", "released", "opted.out", "opted.in", "form.submitted", "assigned",
    "help.asked", "lead.teleported", "touch.delivered", "task.cancelled",
)  # fmt: skip


@st.composite
def noise(draw: st.DrawFn, book: Playbook, start: datetime) -> list[Event]:
    """What else happens to the lead, in any order, some of it from another run or by a machine."""
    events = []
    for number in range(draw(st.integers(0, 6))):
        at = start + timedelta(minutes=draw(st.integers(1, 9 * 1440)))
        kind = draw(st.sampled_from(NOISE))
        data = {"automated": "scanner"} if draw(st.integers(0, 3)) == 0 else {}
        run = draw(st.sampled_from(("run", "run", "older", None)))
        steps = [step for step in book.steps if isinstance(step, Send) or kind not in ("opened", "touch.delivered")]
        step = draw(st.sampled_from(["", *(step.name for step in steps if not kind.startswith("task."))]))
        events += [Event(kind, at, 0, run, step, "sms", f"stray-{number}", data)] * draw(st.integers(1, 2))
    for number in range(draw(st.integers(0, 3))):
        at = start + timedelta(minutes=draw(st.integers(-1440, 4 * 1440)))
        events.append(Event("touch.planned", at, 0, "older", "else", "sms", f"older-{number}"))
    return events


@dataclass
class World(Simulator):
    """A simulator whose provider does what a drawn list says, with the real gate; it keeps every decision it took."""

    zones: frozenset[str] = frozenset({NEW_YORK})
    places: frozenset[str] = frozenset({"US"})
    channels: tuple[str, ...] = ("sms", "email", "voicemail", "call")
    receipts: Sequence[tuple[tuple[timedelta, str], ...]] = ()
    decisions: list[tuple[int, datetime, Decision]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rules = rules_at(self.start.date(), self.places)
        self.office = self.rules.office
        self.gate, self.provider = self.ask_the_gate, self.behave
        self.handed_over = 0
        super().__post_init__()

    def decide(self) -> Decision:
        decision = super().decide()
        self.decisions.append((len(self.events), self.now, decision))
        return decision

    def behave(self, _step: str, _channel: str) -> list[tuple[timedelta, str, dict[str, Any]]]:
        self.handed_over += 1
        if not self.receipts:
            return [(0 * MINUTE, "touch.sent", {})]
        script = self.receipts[self.handed_over % len(self.receipts)]
        # A touch that was held stays held until the next day, and no channel is held for ever.
        if script == RECEIPTS[8] and self.handed_over > len(self.receipts):
            script = RECEIPTS[0]
        return [(delay, kind, {}) for delay, kind in script]

    def ask_the_gate(self, channel: str, step: Send | Call, history: History, now: datetime) -> Verdict:
        known = Facts(
            "known", "ok", self.zones, "stated",
            [Consent("express_written", self.channels, self.start - DAY)], [], history.opted_out_at, history.signal,
            history.requested_at, history.attempts,
        )  # fmt: skip
        purpose = step.purpose if isinstance(step, Send) else "marketing"
        office = isinstance(step, Call) and step.hours == "office"
        return check(Ask(channel, purpose, "", office), known, self.rules, now)  # type: ignore[arg-type]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """One lead's life under a random playbook, lived for two weeks."""
    book, start = draw(playbooks()), draw(starts)
    zones, places = draw(st.frozensets(st.sampled_from(ZONES), max_size=3)), frozenset({"US"})
    if draw(st.booleans()):
        somebody = Somebody(*draw(st.sampled_from(PEOPLE)))
        zones, places = zones_known(somebody).zones, places_known(somebody)
    answers = {
        step.name: draw(st.lists(st.sampled_from(("connected", "missed", "voicemail", "wrong-number")), max_size=3))
        for step in book.steps
        if isinstance(step, Call)
    } | {step.name: ["done"] for step in book.steps if isinstance(step, Chore) and draw(st.booleans())}
    world = World(
        book, start, min(zones, default=NEW_YORK), answers, draw(st.integers(0, 2**63 - 1)), zones=zones, places=places,
        channels=tuple(draw(st.sets(st.sampled_from(("sms", "email", "voicemail", "call"))))),
        receipts=draw(st.lists(st.sampled_from(RECEIPTS), max_size=4)),
    )  # fmt: skip
    for event in draw(noise(book, start)):
        world._expect(max(event.at, start), event)
    world.run(14 * DAY)
    return world


#: Kinds that may be written about a step, by its kind.
STORIES = {
    Send: ("touch.planned", "touch.sent", "touch.failed", "touch.refused", "touch.held", "touch.unknown",
           "touch.delivered", "opened", "clicked", "step.skipped"),
    Call: ("task.opened", "call.dialled", "call.ended", "task.done", "task.expired", "task.cancelled", "step.skipped"),
    Chore: ("task.opened", "task.done", "task.expired", "task.cancelled", "step.skipped"),
}  # fmt: skip
LEAD_KINDS = (
    *SIGNAL_KINDS, "handed.off", "escalated", "released", "doubtful", "opted.out", "opted.in", "form.submitted",
    "ended",
)  # fmt: skip


@st.composite
def stories(draw: st.DrawFn, book: Playbook, start: datetime, *, quiet: bool = False) -> list[Event]:
    """Any events in any order, likely or not. `quiet`: nothing that stops the machine."""
    events = []
    for number in range(draw(st.integers(0, 8))):
        at = start + timedelta(minutes=draw(st.integers(-1440, 20 * 1440)))
        data: dict[str, Any] = {"last": draw(st.booleans())}
        if quiet or draw(st.integers(0, 3)):
            step = draw(st.sampled_from(book.steps))
            kind = draw(st.sampled_from(STORIES[type(step)]))
            if quiet and kind == "clicked":
                continue
            channel = "call" if isinstance(step, Call) else "" if isinstance(step, Chore) else step.channels[0]
            if isinstance(step, Send) and len(step.channels) == 1:
                data["last"] = True  # as the engine writes it
            if kind == "task.done":
                data["outcome"] = draw(st.sampled_from(("missed", "connected"))) if channel else "done"
            if kind.startswith("call."):
                data |= {"call": draw(st.sampled_from(("c1", "c2"))), "task": draw(st.sampled_from(("a", "b")))}
                data["outcome"] = draw(st.sampled_from(("", "missed", "connected")))
            events.append(Event(kind, at, number, "run", step.name, channel, draw(st.sampled_from(("a", "b"))), data))
        else:
            kind = draw(st.sampled_from(LEAD_KINDS))
            if kind == "handed.off" and draw(st.booleans()):
                data["due"] = (at + HOUR).isoformat()
            data["what"] = draw(st.sampled_from(("hand_off", "promise")))
            events.append(Event(kind, at, number, draw(st.sampled_from(("run", "older"))), "", "", None, data))
    return events
