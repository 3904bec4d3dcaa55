"""Complaints ("this is spam") that a mailbox provider passes on. Sources: RFC 5965 (the report), RFC 6591, RFC 6650."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from email.policy import compat32

from warmline.channels.email.reading.letter import Letter, attached, headers_of, text_of

#: Types that are no complaint of a person: "not-spam" takes one back, "auth-failure" tells of DKIM and SPF.
HARMLESS = frozenset({"not-spam", "auth-failure"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """`counts`: a person complained, so we stop. `recipient` is "" where the provider blacked it out."""

    kind: str
    recipient: str
    counts: bool


def read_complaint(letter: Letter) -> Complaint | None:
    part = letter.part("message/feedback-report")
    if part is None:
        return None
    fields = _fields(part)
    kind = next(iter(headers_of(fields, "Feedback-Type")), "abuse").lower()[:40]
    original = attached(letter)
    told = headers_of(fields, "Original-Rcpt-To") + (headers_of(original, "To") if original is not None else [])
    recipient = next((one.strip().strip("<>") for one in told if "@" in one and "redacted" not in one.lower()), "")
    return Complaint(kind, recipient, kind not in HARMLESS)


def _fields(part: Message) -> Message:
    """The standard parser takes the fields for a mail of their own."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    return Parser(policy=compat32).parsestr(text_of(part).lstrip("\n"))
