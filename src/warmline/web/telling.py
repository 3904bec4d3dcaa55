"""A story's lines as the lead's page shows them: grouped by day, each with its picture and tone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from ..core.events import SIGNAL_OF, TRIGGERS
from ..core.hours import local_date
from ..insight.lines import Line
from ..insight.story import Story

#: Kind of event -> (icon, tone of its mark). What is not here takes the channel's icon and no tone.
MARKS = {
    **dict.fromkeys(TRIGGERS, ("lead", "lead")),
    **dict.fromkeys(SIGNAL_OF, ("person", "lead")),
    "replied": ("sms", "lead"),
    "clicked": ("cursor", "lead"),
    "called.back": ("phone", "lead"),
    "meeting.booked": ("calendar", "good"),
    "taken.over": ("hand", "lead"),
    "handed.off": ("hand", "lead"),
    "opened": ("eye", ""),
    "opted.out": ("cross", "bad"),
    "opted.in": ("check", "good"),
    "doubtful": ("alert", "wait"),
    "bounced": ("alert", "bad"),
    "parked": ("alert", "bad"),
    "enrolled": ("book", ""),
    "ended": ("flag", ""),
    "closed": ("flag", ""),
    "touch.sent": ("arrow", "good"),
    "touch.delivered": ("check", "good"),
    "touch.held": ("pause", "wait"),
    "touch.refused": ("cross", "bad"),
    "touch.failed": ("cross", "bad"),
    "touch.unknown": ("alert", "wait"),
    "step.skipped": ("skip", ""),
    "escalated": ("alert", "wait"),
    "task.opened": ("task", ""),
    "task.done": ("check", "good"),
    "task.expired": ("clock", "wait"),
    "decision": ("bolt", ""),
}
#: Looks that found nothing to do are in `warmline why`; the page leaves them out.
QUIET = ("wait",)


@dataclass(frozen=True, slots=True)
class Mark:
    line: Line
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    marks: tuple[Mark, ...]


def days(story: Story) -> list[Day]:
    """The newest day first, and within it the newest line first."""
    lines = [line for line in reversed(story.lines) if not _is_quiet(line)]
    by_day = groupby(lines, key=lambda line: local_date(line.at, story.lead.zone))
    return [Day(day, tuple(_mark(line) for line in some)) for day, some in by_day]


def _mark(line: Line) -> Mark:
    icon, tone = MARKS.get(line.kind, (line.channel or "dot", ""))
    return Mark(line, icon, tone)


def _is_quiet(line: Line) -> bool:
    return line.kind == "decision" and all(did.do in QUIET for did in line.did)
