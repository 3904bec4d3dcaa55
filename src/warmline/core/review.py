"""Which step works: what each step of a playbook brought, read from the stories of the leads that went through it.

An answer is a human signal, or a talk. The first of a run belongs to one step: the one it names (a reply to this mail, a click
in it, a talk in this call), else the last one that was carried out before it. So every run has at most one answer, and the
steps' answers add up to the playbook's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import median

import msgspec

from .events import SIGNAL_OF

#: What counts as an answer, besides a talk in a call of ours. A person of ours who takes over is none.
ANSWERS = frozenset(SIGNAL_OF) - {"taken.over"}
TALK = "talked"
#: What is read of a story.
KINDS = (
    *sorted(ANSWERS), "touch.sent", "touch.delivered", "touch.failed", "touch.refused", "task.done", "task.expired",
    "opted.out",
)  # fmt: skip

#: A finding needs so many, or chance speaks.
ENOUGH = 60
FEW, SOME = 5, 10


class Told(msgspec.Struct, array_like=True):
    """One line of a lead's story, since its run began. `at`: seconds of the epoch."""

    kind: str
    at: float
    enrollment: str | None = None
    step: str = ""
    channel: str = ""
    outcome: str | None = None


class Run(msgspec.Struct, array_like=True):
    """A lead's run through the playbook, and what happened to the lead from its beginning on, in order."""

    id: str
    source: str
    began: float
    status: str
    reason: str  # for which it ended
    told: list[Told] = []


class Rate(msgspec.Struct, frozen=True):
    """`count` of `of`, and between which shares the truth lies 95 times of 100 (Wilson 1927)."""

    count: int
    of: int
    share: float | None
    low: float
    high: float


NOTHING = Rate(0, 0, None, 0.0, 1.0)


class StepReview(msgspec.Struct):
    """Runs, each counted once. `reached`: the step was carried out. `refused`: by the gate; `left`: nobody did it in time."""

    name: str
    channels: dict[str, int] = {}  # that it went by -> runs
    reached: int = 0
    delivered: int = 0
    failed: int = 0
    refused: int = 0
    left: int = 0
    answers: dict[str, int] = {}  # kind of the first answer -> runs
    meetings: int = 0
    opted_out: int = 0
    answered: Rate = NOTHING  # of those that it reached


class Remark(msgspec.Struct, frozen=True):
    """What the numbers of a step say, and what to do."""

    step: str
    about: str
    said: str
    do: str


class Review(msgspec.Struct):
    """All of a playbook's runs that were read. `sources`: source -> (runs, of which answered)."""

    runs: int = 0
    under_way: int = 0
    answers: dict[str, int] = {}
    meetings: int = 0
    opted_out: int = 0
    first_touch: float | None = None  # seconds from the beginning, median
    first_answer: float | None = None
    ended: dict[str, int] = {}  # reason -> runs
    sources: dict[str, tuple[int, int]] = {}
    steps: list[StepReview] = []
    answered: Rate = NOTHING


def rate(count: int, of: int) -> Rate:
    """Wilson's interval: it stays between 0 and 1, and says something of 0 of 12 as well."""
    if of == 0:
        return NOTHING
    z, share = 1.96, count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    around = z / (1 + z * z / of) * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Rate(count, of, share, max(0.0, middle - around), min(1.0, middle + around))


def weigh(runs: Iterable[Run], order: Sequence[str] = ()) -> Review:
    """`order`: the steps as the playbook has them now. Those of its earlier versions come after them."""
    found = {name: StepReview(name) for name in order}
    review, touches, answers = Review(), [], []
    for run in runs:
        read = _Reading(run, found)
        for told in run.told:
            read.take(told)
        read.tell(review)
        touches += read.first_touch
        answers += read.first_answer
    review.first_touch = median(touches) if touches else None
    review.first_answer = median(answers) if answers else None
    review.answered = rate(sum(review.answers.values()), review.runs)
    review.steps = list(found.values())
    for step in review.steps:
        step.answered = rate(sum(step.answers.values()), step.reached)
    return review


class _Reading:
    """One run, told line by line."""

    def __init__(self, run: Run, found: dict[str, StepReview]) -> None:
        self.run = run
        self.found = found
        self.last = ""  # the step of this run that was carried out last; "" when it was another's, or none
        self.seen: set[tuple[str, str]] = set()  # what has been counted
        self.answer = ""
        self.first_touch: list[float] = []
        self.first_answer: list[float] = []

    def take(self, told: Told) -> None:
        own = told.enrollment == self.run.id
        if told.kind == "touch.sent" or (told.kind == "task.done" and told.channel == "call"):
            self.last = told.step if own else ""
        if own and told.step:
            self._of_step(told)
        if told.kind in ANSWERS or (own and told.kind == "task.done" and told.outcome == "connected"):
            self._answered(told, (told.step if own else "") or self.last)
        elif told.kind == "opted.out" and self.last and self._first("", "opted_out"):
            self._step(self.last).opted_out += 1

    def _of_step(self, told: Told) -> None:
        step, what = self._step(told.step), _COUNTED.get(told.kind, "")
        if what == "reached":
            self.first_touch = self.first_touch or [told.at - self.run.began]
        if what and self._first(told.step, what):
            setattr(step, what, getattr(step, what) + 1)
            if what == "reached":
                _add(step.channels, told.channel)

    def _answered(self, told: Told, step: str) -> None:
        if not step:
            return  # to something else than this playbook
        if self._first(step, "reached"):
            self._step(step).reached += 1  # whoever answers a step has got it, whatever was told of its way
        if told.kind == "meeting.booked" and self._first("", "meeting"):
            self._step(step).meetings += 1
        if not self.answer:
            self.answer = TALK if told.kind == "task.done" else told.kind
            self.first_answer = [told.at - self.run.began]
            _add(self._step(step).answers, self.answer)

    def tell(self, review: Review) -> None:
        review.runs += 1
        review.meetings += ("", "meeting") in self.seen
        review.opted_out += ("", "opted_out") in self.seen
        _add(review.answers, self.answer)
        _add(review.ended, self.run.reason if self.run.status == "ended" else "")
        review.under_way += self.run.status != "ended"
        runs, answered = review.sources.get(self.run.source, (0, 0))
        review.sources[self.run.source] = (runs + 1, answered + bool(self.answer))

    def _step(self, name: str) -> StepReview:
        return self.found.setdefault(name, StepReview(name))

    def _first(self, step: str, what: str) -> bool:
        new = (step, what) not in self.seen
        self.seen.add((step, what))
        return new


#: What is counted of a step, once for each run.
_COUNTED: Mapping[str, str] = {
    "touch.sent": "reached", "task.done": "reached", "touch.delivered": "delivered", "touch.failed": "failed",
    "touch.refused": "refused", "task.expired": "left",
}  # fmt: skip


def remarks(review: Review) -> list[Remark]:
    """What the numbers let one say, step by step; nothing where they are too few."""
    return [remark for step in review.steps for remark in _of(step)]


def _of(step: StepReview) -> Iterable[Remark]:
    answered = step.answered
    if step.reached >= ENOUGH and not answered.count:
        said = f"None of {step.reached:,} answered it: the true share is hardly over {_percent(answered.high)}."
        yield Remark(step.name, "silent", said, "Give it another angle or channel, ask for less, or leave it out.")
    if step.opted_out >= FEW and step.opted_out > answered.count:
        said = f"{step.opted_out:,} opted out after it, and {answered.count:,} answered."
        yield Remark(step.name, "drives away", said, "Say less, later, or leave it out.")
    if step.failed >= FEW and step.failed * 10 >= step.reached:
        said = f"{step.failed:,} of {step.reached:,} did not arrive."
        yield Remark(
            step.name, "does not arrive", said, "Look at where its addresses come from, and at the provider's codes."
        )
    if step.refused >= SOME and step.refused > step.reached:
        said = f"The gate refused it {step.refused:,} times, and let it out {step.reached:,} times."
        yield Remark(step.name, "refused", said, "Ask for the consent it needs, or give it another channel with `or`.")
    if step.left >= SOME and step.left * 3 >= step.left + step.reached:
        said = f"{step.left:,} calls were made by nobody in time, {step.reached:,} were made."
        yield Remark(step.name, "left", said, "Give it fewer leads, more people, or longer to expire.")


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _add(counts: dict[str, int], name: str) -> None:
    if name:
        counts[name] = counts.get(name, 0) + 1
