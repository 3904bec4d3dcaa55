"""The authored policy for a kind of lead, as values. `parse.py` makes them from a file; `decide.py` reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Literal, get_args

from .condition import Condition
from .events import SIGNAL_OF
from .hours import Week

ChannelKind = Literal["sms", "email", "voicemail", "call"]
CHANNELS: tuple[ChannelKind, ...] = get_args(ChannelKind)
Purpose = Literal["marketing", "acknowledge"]

#: Outcomes that a later step may hang on, by the kind of step they belong to. `sent` is the hand-over to the provider.
SEND_OUTCOMES = ("sent", "delivered", "failed", "refused", "opened", "clicked")
#: `missed` fires at the first attempt that reaches nobody, `unanswered` when every attempt is used up.
CALL_OUTCOMES = ("connected", "voicemail", "missed", "unanswered", "wrong-number", "expired")
TASK_OUTCOMES = ("done", "expired")

#: Human signals that stop the machine (invariant 7). A playbook's hand-off lists those that start its clock.
SIGNALS = tuple(dict.fromkeys(SIGNAL_OF.values()))

DEFAULT_WINDOW = (time(9), time(17))  # local time of a step that names a day and no clock


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a step hangs on: the start of the enrollment (`step` empty), or the first `outcome` of another step."""

    step: str = ""
    outcome: str = ""


START = Anchor()


@dataclass(frozen=True, slots=True)
class Delay:
    """`now`, `45 minutes`, `45 minutes after first-call.missed`."""

    amount: timedelta
    anchor: Anchor = START


@dataclass(frozen=True, slots=True)
class Days:
    """`day 2, 10:00`, `day 3..4, 11:00..16:00`, `week 2`, `day 2 after demo.missed, 10:00`.

    Day 1 is the anchor's own day in the lead's local calendar; week N is days 7N-6 to 7N. A range is drawn from the
    enrollment's seed, so the same lead always gets the same instant. `window` is [start, end) local; a single clock
    time has start == end.
    """

    first: int
    last: int
    window: tuple[time, time] = DEFAULT_WINDOW
    anchor: Anchor = START


At = Delay | Days


@dataclass(frozen=True, slots=True)
class Choice:
    """A template picked by a condition: `{if: 'history.clicked("context")', use: case-fit, else: objection}`."""

    condition: Condition
    use: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class Send:
    """Reach the lead on the first of `channels` that the gate allows."""

    name: str
    channels: tuple[ChannelKind, ...]
    template: str | Choice
    at: At
    condition: Condition | None = None
    purpose: Purpose = "marketing"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """Ask a person to call the lead. Each attempt is a task that expires; `every` is the pause between attempts."""

    name: str
    by: Literal["owner", "team", "manager"]
    at: At
    script: str = ""
    attempts: int = 1
    every: timedelta = timedelta(hours=2)
    expires: timedelta = timedelta(hours=24)
    hours: Literal["office", "legal"] = "office"
    condition: Condition | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Chore:
    """Ask a person to do something other than call: `task: owner, title: ...`."""

    name: str
    by: Literal["owner", "team", "manager"]
    title: str
    at: At
    expires: timedelta = timedelta(days=2)
    condition: Condition | None = None
    line: int = 0


Step = Send | Call | Chore


@dataclass(frozen=True, slots=True)
class Again:
    """When the same lead may enter the same playbook again. `after` None with `never` False: whenever it asks."""

    never: bool = False
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Enroll:
    """Who enters. `rank` decides when two playbooks want the same lead: the higher one wins."""

    when: Condition | None  # None: only other playbooks, imports and people enrol
    rank: int = 50
    again: Again = Again()


@dataclass(frozen=True, slots=True)
class Owner:
    """Who the lead belongs to. `team` by round-robin, or one `person` by key; a lead that has an owner keeps it."""

    team: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class HandOff:
    """On these signals the owner gets a task due `within` (office time). Unanswered, `otherwise` happens."""

    on: tuple[str, ...] = SIGNALS
    within: timedelta = timedelta(hours=4)
    otherwise: Literal["escalate", "wait"] = "escalate"


@dataclass(frozen=True, slots=True)
class After:
    """What comes when the steps are used up and nobody answered. Nothing named: the owner gets a task to decide."""

    enroll: str = ""
    delay: timedelta = timedelta(0)
    close: bool = False  # `after: close`: the lead's status becomes `closed`


@dataclass(frozen=True, slots=True)
class Playbook:
    key: str  # file name without .yaml; stable
    name: str
    enroll: Enroll
    owner: Owner
    hand_off: HandOff
    steps: tuple[Step, ...]
    after: After
    promise: timedelta | None = None  # first human touch, in office time
    source: str = ""
    anchors: frozenset[str] = field(init=False, repr=False, compare=False)  # steps that another step hangs on
    lead_reads: frozenset[str] = field(
        init=False, repr=False, compare=False
    )  # what conditions of the steps read of the lead

    def __post_init__(self) -> None:
        reads = {name for condition in self.conditions() for variable, name in condition.reads if variable == "lead"}
        object.__setattr__(self, "anchors", frozenset(step.at.anchor.step for step in self.steps))
        object.__setattr__(self, "lead_reads", frozenset(reads))

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)

    def conditions(self) -> Iterator[Condition]:
        """Every condition of the steps."""
        for step in self.steps:
            if step.condition is not None:
                yield step.condition
            if isinstance(step, Send) and isinstance(step.template, Choice):
                yield step.template.condition

    def templates(self) -> frozenset[str]:
        """Names of every template and script that the steps use."""
        names: set[str] = set()
        for step in self.steps:
            if isinstance(step, Send):
                picked = step.template
                names |= {picked.use, picked.otherwise} if isinstance(picked, Choice) else {picked}
            elif isinstance(step, Call) and step.script:
                names.add(step.script)
        return frozenset(names)


@dataclass(frozen=True, slots=True)
class Office:
    """When people work, for call tasks, promises and hand-off clocks. From `[office]` of warmline.toml. `named`: those of
    the holidays that have a name; the others are days of the business's own."""

    week: Week
    zone: str
    holidays: frozenset[date] = frozenset()
    named: Mapping[date, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        """A week is slow to hash, and whether the office is open is asked for every call."""
        return hash((self.zone, self.holidays))


@dataclass(frozen=True, slots=True)
class Template:
    """One text with its parts. `body` is Liquid; `subject` only for email. Parsed from templates/<name>.txt"""

    name: str
    kind: Literal["text", "script"]
    body: str
    subject: str = ""
    angle: str = ""  # the one reason for reaching out, unlike every other template of the playbook
    line: int = 1  # of the file, where the body begins
