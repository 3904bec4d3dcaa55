"""A lead's events and the looks at it as one sequence of lines, in the order in which they caused each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from warmline.core.enrol import REASON_WORDS
from warmline.core.events import WORDS, Event
from warmline.core.finding import Finding, Result
from warmline.core.media import Media, media_of, told
from warmline.core.visits import WAYS
from warmline.store.stories import Look, Record, Touch


class Looked(msgspec.Struct, frozen=True):
    """One rule of the gate: what it said, what it saw, and the smallest change that would flip it. gate.Finding is the
    same, packed for the database; here the fields have names, because the story leaves the program as JSON."""

    rule: str
    result: Result
    saw: str
    flip: str
    until: datetime | None
    cite: str


def named(findings: Iterable[Finding]) -> tuple[Looked, ...]:
    return tuple(Looked(one.rule, one.result, one.saw, one.flip, one.until, one.cite) for one in findings)


class Deed(msgspec.Struct, frozen=True):
    """One thing that a look at the lead came to. `do` is a key of DID."""

    do: str
    reason: str
    step: str
    channel: str
    template: str
    until: datetime | None
    findings: tuple[Looked, ...]


class Line(msgspec.Struct, frozen=True):
    """One line of the story. An event has a `kind` of core.events; a look at the lead has the kind `decision` and
    says in `did` what it came to. `touch` is there on the one line where the words of a touch are to be shown."""

    at: datetime
    kind: str
    words: str
    detail: str = ""
    step: str = ""
    channel: str = ""
    touch: Touch | None = None
    did: tuple[Deed, ...] = ()
    playbook: str = ""
    rules: str = ""
    until: datetime | None = None
    data: dict[str, Any] = {}
    media: tuple[Media, ...] = ()  # what came with the lead's words


#: A touch shows its words where it left, or may have, or else where it was planned.
_LEFT = ("touch.sent", "touch.unknown", "touch.failed")


def tell(events: Iterable[Event], record: Record) -> tuple[Line, ...]:
    """A look stands after the last event it had seen and before the events it caused, whatever their clocks say."""
    events = _own(events)
    touches = {str(touch.id): touch for touch in record.touches}
    left = {event.touch: event.seq for event in reversed(events) if event.kind in _LEFT}
    runs = {str(run.id): run.playbook for run in record.runs}
    keyed: list[tuple[tuple[int, int, int], Line]] = []
    for event in events:
        shows = event.kind in _LEFT if event.touch in left else event.kind == "touch.planned"
        touch = touches.get(event.touch or "") if shows and left.get(event.touch, event.seq) == event.seq else None
        keyed.append(((event.seq, 0, 0), _line(event, touch, runs.get(event.enrollment or "", ""))))
    keyed += [((look.seen, 1, look.seq), _look(look, runs.get(str(look.enrollment_id), ""))) for look in record.looks]
    return tuple(line for _, line in sorted(keyed, key=lambda pair: pair[0]))


def _own(events: Iterable[Event]) -> list[Event]:
    """Without what had reached a lead that became a part of this one: caps count it as planned, and the story tells it where
    the two became one."""
    own: list[Event] = []
    other: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event.kind == "touch.planned" and event.data.get("merged"):
            other.setdefault(event.data["merged"], []).append({"at": event.at, "channel": event.channel})
        elif event.kind == "merged" and (attempts := other.pop(str(event.data.get("other")), None)):
            own.append(msgspec.structs.replace(event, data={**event.data, "attempts": attempts}))
        else:
            own.append(event)
    return own


#: What was done by a machine of the lead's is not told as if the lead had done it.
BY_MACHINE: Mapping[str, str] = {
    "replied": "Answered by itself",
    "clicked": "Link followed by a machine",
    "opened": "Mail opened by a machine",
}


def _words(event: Event) -> str:
    usual = WORDS.get(event.kind, event.kind)
    return BY_MACHINE.get(event.kind, usual) if event.data.get("automated") else usual


def _line(event: Event, touch: Touch | None, playbook: str) -> Line:
    return Line(
        at=event.at,
        kind=event.kind,
        words=_words(event),
        detail=detail_of(event.kind, event.data),
        step=event.step,
        channel=event.channel,
        touch=touch,
        playbook=playbook,
        data=event.data,
        media=media_of(event.data),
    )


def _look(look: Look, playbook: str) -> Line:
    return Line(
        at=look.at,
        kind="decision",
        words=DID.get(look.result, look.result),
        did=tuple(
            Deed(one.do, one.reason, one.step, one.channel, one.template, one.until, named(one.findings))
            for one in look.body
        ),
        playbook=playbook,
        rules=look.rules,
        until=look.until,
    )


#: What a look came to, by the key it is stored under.
DID: Mapping[str, str] = {
    "plan": "Touch planned",
    "hold": "Held",
    "refuse": "Refused",
    "ask": "Asked a person",
    "expire": "A task ran out",
    "skip": "Step skipped",
    "hand_off": "Handed to a person",
    "escalate": "Escalated",
    "after": "What comes after",
    "end": "Playbook over",
    "wait": "Nothing due yet",
}


def detail_of(kind: str, data: Mapping[str, Any]) -> str:
    """What is worth telling beside the words of an event's kind, in a few words; empty when they say it all."""
    tell_it = _DETAILS.get(kind)
    said = tell_it(data) if tell_it is not None else _first(data, "reason", "text", "note", "title")
    return "; ".join(part for part in (said, *data.get("notes", ())) if part)  # notes: what came and could not be used


def _first(data: Mapping[str, Any], *names: str) -> str:
    return next((str(data[name]).replace("_", " ") for name in names if data.get(name)), "")


def _quoted(data: Mapping[str, Any]) -> str:
    text = str(data.get("text") or "")
    return told({**data, "text": f"“{text}”" if text else ""})


def _answered(data: Mapping[str, Any]) -> str:
    if not data.get("automated"):
        return _quoted(data)
    until = f"; away until {date.fromisoformat(data['until']):%d %b}" if data.get("until") else ""
    return f"by a machine, so it counts for nothing{until}: {_quoted(data)}"


def _weak(data: Mapping[str, Any]) -> str:
    why = str(data.get("automated") or "")
    return f"by a machine, so it counts for nothing: it {WAYS.get(why, why)}" if why else str(data.get("url") or "")


def _reason(data: Mapping[str, Any]) -> str:
    saw, reason = str(data.get("saw") or data.get("detail") or ""), str(data.get("reason") or "").replace("_", " ")
    return ": ".join(part for part in (reason, saw) if part)


def _outcome(data: Mapping[str, Any]) -> str:
    return ", ".join(str(data[name]).replace("_", " ") for name in ("outcome", "note", "by") if data.get(name))


def _declined(data: Mapping[str, Any]) -> str:
    """Which playbook was nearest, and why it was not entered; then the conditions that could not be answered."""
    why = REASON_WORDS.get(str(data.get("reason")), _first(data, "reason"))
    return "; ".join([": ".join(part for part in (_first(data, "playbook"), why) if part), *data.get("errors", ())])


def _merged(data: Mapping[str, Any]) -> str:
    attempts = ", ".join(f"{one['channel']} {one['at']:%d %b}" for one in data.get("attempts", ()))
    return f"what the other was sent or called counts here too: {attempts}" if attempts else ""


_DETAILS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "form.submitted": lambda data: _first(data, "form", "source"),
    "keyword.received": lambda data: _first(data, "keyword", "text"),
    "replied": _answered,
    "doubtful": _quoted,
    "help.asked": _quoted,
    "clicked": _weak,
    "opened": _weak,
    "voicemail.left": lambda data: f"{data['seconds']} s" if data.get("seconds") else "",
    "voicemail.transcribed": _quoted,
    "call.dialled": lambda data: f"by {data['who']}" if data.get("who") else "",
    "call.ended": lambda data: _first(data, "how"),
    "enrolled": lambda data: _first(data, "playbook"),
    "declined": _declined,
    "parked": lambda data: str(data.get("error") or ""),
    "touch.held": _reason,
    "touch.refused": _reason,
    "touch.failed": _reason,
    "touch.unknown": _reason,
    "task.done": _outcome,
    "handed.off": lambda data: f"to {data['to']}" if data.get("to") else "",
    "escalated": lambda data: f"{_first(data, 'what')} to {data['to']}" if data.get("to") else _first(data, "what"),
    "merged": _merged,
    "assigned": lambda data: _first(data, "owner", "to"),
}
