"""Everything that can happen to a lead, in the past tense. Append-only; the fold of them is what `decide` reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Event(msgspec.Struct, array_like=True, frozen=True):
    """One line of a lead's story. `seq` orders a lead's events by commit: what a decision saw is `seq <= seen`."""

    kind: str
    at: datetime
    seq: int = 0
    enrollment: str | None = None
    step: str = ""
    channel: str = ""
    touch: str | None = None
    data: dict[str, Any] = {}


#: What the lead did that may start a playbook. The same keys are used in `enroll: {when: event.kind == ...}`.
TRIGGERS = (
    "form.submitted",
    "keyword.received",
    "call.missed",  # the lead called and nobody answered
    "appointment.missed",
    "quote.requested",
    "content.downloaded",
    "lead.referred",
    "lead.imported",
    "lead.returned",  # a stale lead showed up again: a visit, a reopened quote
)

#: Human signals (invariant 7) and the name that playbooks use for them in `hand-off: {on: [...]}`.
SIGNAL_OF: Mapping[str, str] = {
    "replied": "reply",
    "clicked": "click",
    "called.back": "callback",
    "voicemail.left": "reply",
    "meeting.booked": "meeting",
    "taken.over": "takeover",
}

#: One sentence for each kind, for pages, `warmline why` and docs. The keys are the closed list of event kinds.
WORDS: Mapping[str, str] = {
    "form.submitted": "Submitted a form",
    "keyword.received": "Texted a keyword",
    "call.missed": "Called and nobody answered",
    "appointment.missed": "Missed an appointment",
    "quote.requested": "Asked for a quote",
    "content.downloaded": "Downloaded something",
    "lead.referred": "Was referred",
    "lead.imported": "Came in by import",
    "lead.returned": "Came back",
    "replied": "Replied",
    "clicked": "Clicked a link",
    "called.back": "Called back",
    "voicemail.left": "Left a voicemail",
    "voicemail.transcribed": "What the voicemail says, written down by machine",
    "meeting.booked": "Booked a meeting",
    "taken.over": "A person took over",
    "opted.out": "Opted out",
    "opted.in": "Opted in again",
    "merged": "Two leads became one",
    "erased": "Erased, as the person asked",
    "doubtful": "Wrote something that may be an opt-out; a person decides",
    "help.asked": "Asked for help by keyword",
    "keyword.answered": "Got our answer to a keyword",
    "opened": "Opened a mail",
    "bounced": "Address bounced",
    "enrolled": "Entered a playbook",
    "declined": "Was not enrolled",
    "preempted": "Left the playbook for a stronger one",
    "ended": "Playbook ended",
    "parked": "Stopped by an error",
    "unparked": "Error cleared, going on",
    "touch.planned": "Touch planned",
    "touch.held": "Touch held",
    "touch.refused": "Touch refused",
    "touch.sent": "Handed to the provider",
    "touch.delayed": "Delayed on its way; the mail server goes on trying",
    "touch.delivered": "Delivered",
    "touch.failed": "Not delivered",
    "touch.unknown": "No answer from the provider: a person must look",
    "step.skipped": "Step skipped",
    "call.dialled": "A person called from the page: the lead's phone rings",
    "call.ended": "Call placed from the page ended",
    "task.opened": "Task opened",
    "task.done": "Task done",
    "task.expired": "Task expired",
    "task.cancelled": "Task cancelled",
    "handed.off": "Handed to a person",
    "escalated": "Escalated",
    "released": "Handed back to the playbook",
    "assigned": "Got an owner",
    "changed": "Details changed",
    "closed": "Closed",
}

#: What a person reads first in the task that a human signal opens; of two kinds with one name the first.
SIGNAL_TITLES: Mapping[str, str] = {signal: WORDS[kind] for kind, signal in reversed(list(SIGNAL_OF.items()))}
