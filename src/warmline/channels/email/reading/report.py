"""Delivery reports. Sources: RFC 3464 (the report), RFC 3463 (status codes), RFC 6533 (international addresses).

What decides is the Action; the Status only says why. A warning and the final failure of one mail carry the same 4.2.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser

from flufl.bounce import all_failures

from warmline.channels.email.reading.letter import POLICY, Letter, headers_of, text_of
from warmline.channels.email.replies import ENHANCED, STATUS_CLASSES

_TYPES = ("message/delivery-status", "message/global-delivery-status")
_DAEMONS = re.compile(r"^(?:mailer-?daemon|mail-?daemon|postmaster|mail-?delivery\S*|bounces?)$", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|report)|returned (?:mail|to sender)|mail delivery|failure notice"
    r"|unzustellbar|nicht zugestellt|zustellung|non remis|échec|no se (?:pudo|puede) entregar|devuelto|mancata consegna",
    re.IGNORECASE,
)
LONGEST_DETAIL = 300
#: Of a bounce in a server's own words: it comes first, and the detectors take the square of the lines there are.
MOST_TOLD = 64 * 1024  # bytes
MOST_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a mail for one recipient. `action` is failed, delayed, delivered, relayed or expanded."""

    action: str
    recipient: str
    status: str = ""
    detail: str = ""
    retry_until: str = ""

    def reason(self, error_classes: Mapping[str, str]) -> str:
        """The class of provider_errors.yaml. A failure for now stays one, however final the server's word was."""
        if self.status.startswith("4"):
            return "unreachable"
        table = {**STATUS_CLASSES, **error_classes}
        # 5.0.0 says nothing; the remote server's own words may.
        said = [self.status, *_statuses(self.detail)]
        tried = [key for status in said for key in (status, status.rpartition(".")[0])]
        return next((table[key] for key in tried if key in table), "unknown")


def read_reports(letter: Letter) -> list[Report]:
    """One for each recipient that a delivery report names; [] when it is none."""
    part = letter.part(*_TYPES)
    if part is None or letter.top.get_content_type() not in ("multipart/report", "multipart/mixed", *_TYPES):
        return []
    found = [_report(block) for block in _blocks(part)]
    return [one for one in found if one is not None]


def read_odd_bounces(letter: Letter, null_sender: bool) -> list[Report]:
    """Bounces of servers that write them their own way. Only where a machine wrote: people quote error texts too."""
    name = letter.sender.rpartition("@")[0]
    if not (null_sender or _DAEMONS.match(name) or (_BOUNCE_SUBJECT.search(letter.subject) and letter.sender == "")):
        return []
    try:
        for_now, for_good = all_failures(_begin_of(letter).top)
    except Exception:  # noqa: BLE001 - its detectors trip over broken mails; then nothing was recognised
        return []
    text = letter.text()
    status = next(iter(_statuses(text)), "")
    detail = " ".join(text.split())[:LONGEST_DETAIL]
    failed = [Report("failed", _address(one), status, detail) for one in sorted(for_good)]
    delayed = [Report("delayed", _address(one), status, detail) for one in sorted(for_now - for_good)]
    return failed + delayed


def _begin_of(letter: Letter) -> Letter:
    return Letter(b"\n".join(letter.raw[:MOST_TOLD].split(b"\n", MOST_LINES)[:MOST_LINES]))


def _blocks(part: Message) -> list[Message]:
    """The groups of fields: one for the message, then one for each recipient."""
    payload = part.get_payload()
    blocks = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
    if any("Action" in one or "Status" in one for one in blocks):
        return blocks
    # In base64, or of a type that the parser does not take apart.
    text = text_of(part) or "\n\n".join(text_of(one) for one in blocks)
    return [Parser(policy=POLICY).parsestr(one) for one in re.split(r"\n\s*\n", text) if one.strip()]


def _report(block: Message) -> Report | None:
    status = next(iter(_statuses(_field(block, "Status"))), "")
    action = _field(block, "Action").split(" ")[0].lower()
    if not action and not status:
        return None
    if action not in ("failed", "delayed", "delivered", "relayed", "expanded"):
        action = {"2": "delivered", "4": "delayed", "5": "failed"}.get(status[:1], "")
        if not action:
            return None
    diagnostic = _field(block, "Diagnostic-Code").partition(";")
    return Report(
        action=action,
        recipient=_recipient(block),
        status=status,
        detail=(diagnostic[2] or diagnostic[0]).strip()[:LONGEST_DETAIL],
        retry_until=_field(block, "Will-Retry-Until")[:100],
    )


def _recipient(block: Message) -> str:
    """Whom we wrote to: the original address, before any forwarding."""
    for name in ("Original-Recipient", "Final-Recipient"):
        address = _field(block, name).rpartition(";")[2].strip().strip("<>")
        if "@" in address:
            return address
    return ""


def _field(block: Message, name: str) -> str:
    return next(iter(headers_of(block, name)), "")


def _address(found: bytes) -> str:
    return found.decode("utf-8", "replace").strip().strip("<>")


def _statuses(text: str) -> list[str]:
    return [found[0] for found in ENHANCED.finditer(text)]
