"""A story's lines as the lead's page shows them: by day, the newest first, each with its picture, tone and reasons.

A look at the lead and the events it caused say the same; the page shows the look's part, because it carries the gate's
findings, and leaves out the event. `warmline why` prints both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

import msgspec

from ..core.events import SIGNAL_OF, SIGNAL_TITLES, TRIGGERS
from ..core.hours import local_date
from ..core.media import Media
from ..insight.lines import DID, Deed, Line, Looked, detail_of
from ..insight.story import Story
from ..store.stories import Touch

#: Kind of event -> (icon, tone of its mark). What is not here takes the channel's icon and no tone.
MARKS = {
    **dict.fromkeys(TRIGGERS, ("lead", "lead")),
    **dict.fromkeys(SIGNAL_OF, ("person", "lead")),
    "replied": ("sms", "lead"),
    "clicked": ("cursor", "lead"),
    "called.back": ("phone", "lead"),
    "voicemail.left": ("voicemail", "lead"),
    "voicemail.transcribed": ("voicemail", "lead"),
    "call.dialled": ("phone", ""),
    "call.ended": ("phone", ""),
    "meeting.booked": ("calendar", "good"),
    "taken.over": ("hand", "lead"),
    "handed.off": ("hand", "lead"),
    "opened": ("eye", ""),
    "opted.out": ("cross", "bad"),
    "opted.in": ("check", "good"),
    "doubtful": ("alert", "wait"),
    "keyword.answered": ("arrow", "good"),
    "bounced": ("alert", "bad"),
    "parked": ("alert", "bad"),
    "enrolled": ("book", ""),
    "ended": ("flag", ""),
    "closed": ("flag", ""),
    "touch.sent": ("arrow", "good"),
    "touch.delivered": ("check", "good"),
    "touch.delayed": ("clock", "wait"),
    "touch.failed": ("cross", "bad"),
    "touch.unknown": ("alert", "wait"),
    "task.done": ("check", "good"),
    "assigned": ("person", ""),
    "released": ("arrow", "good"),
    "changed": ("person", ""),
}
#: What a look came to -> (icon, tone, kind of the event that says it once more).
LOOKS = {
    "plan": ("", "", "touch.planned"),
    "hold": ("pause", "wait", "touch.held"),
    "refuse": ("cross", "bad", "touch.refused"),
    "ask": ("task", "", "task.opened"),
    "expire": ("clock", "wait", "task.expired"),
    "skip": ("skip", "", "step.skipped"),
    "hand_off": ("hand", "lead", "handed.off"),
    "escalate": ("alert", "wait", "escalated"),
    "end": ("flag", "", "ended"),
    "after": ("book", "", ""),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One entry of the page's timeline. `said`: the detail is the lead's own words."""

    at: datetime
    words: str
    icon: str
    tone: str = ""
    step: str = ""
    channel: str = ""
    detail: str = ""
    said: bool = False
    touch: Touch | None = None
    findings: tuple[Looked, ...] = ()
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What keys in a story stand for: people and playbooks of the workspace."""

    people: Mapping[str, str] = field(default_factory=dict)
    books: Mapping[str, str] = field(default_factory=dict)

    def put_in(self, line: Line) -> Line:
        """The line with names in its detail. One that stands for nobody of today stays a key."""
        named = {key: self.people[line.data[key]] for key in _PEOPLE if line.data.get(key) in self.people}
        if line.data.get("playbook") in self.books:
            named["playbook"] = self.books[line.data["playbook"]]
        return msgspec.structs.replace(line, detail=detail_of(line.kind, line.data | named)) if named else line


#: Where an event's data names somebody by key.
_PEOPLE = ("owner", "to", "by", "who")


def days(story: Story, names: Names) -> list[Day]:
    marks = reversed(list(_marks(tuple(map(names.put_in, story.lines)))))
    return [
        Day(day, tuple(some)) for day, some in groupby(marks, key=lambda mark: local_date(mark.at, story.lead.zone))
    ]


def _marks(lines: tuple[Line, ...]) -> Iterator[Mark]:
    told: set[tuple[datetime, str, str]] = set()  # what looks have said: (at, kind of event, step)
    for line in lines:
        if line.kind != "decision":
            if line.touch is not None or (line.at, line.kind, line.step) not in told:
                yield _event(line)
            continue
        for did in line.did:
            if did.do in LOOKS:
                told.add((line.at, LOOKS[did.do][2], did.step))
                if did.do == "hold" and did.until is None:  # no time to wait for: the step went on to its next channel
                    told.add((line.at, "touch.refused", did.step))
                yield _look(line, did)


def _event(line: Line) -> Mark:
    icon, tone = MARKS.get(line.kind, (line.channel or "dot", ""))
    said = line.kind in ("replied", "doubtful", "help.asked", "voicemail.transcribed")
    return Mark(
        line.at, line.words, icon, tone, line.step, line.channel, line.detail, said, line.touch, media=line.media
    )


def _look(line: Line, did: Deed) -> Mark:
    icon, tone, _ = LOOKS[did.do]
    reason = SIGNAL_TITLES.get(did.reason, did.reason).lower() if did.do == "hand_off" else did.reason.replace("_", " ")
    return Mark(
        line.at,
        DID[did.do],
        icon or did.channel or "bolt",
        tone,
        did.step,
        did.channel,
        reason,
        findings=did.findings,
    )
