"""What Slybroadcast's answers and results mean: pure readings of text.

The answer is documented as "OK" with the session id, else an error text. Its layout in lines, `OK`, `session_id=...`,
`number of phone=...`, and that of a result are not: they are taken from programs that read them (postback of
LibSlyBroadcast, field `var`), so they are UNCONFIRMED here, and whatever does not fit them is kept in quarantine.

    var=SESSION|PHONE|OK or another word|REASON|YYYY-MM-DD HH:MM:SS in Eastern time|CARRIER
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from warmline.channels.contract import Accepted, BadCallback, NotSent, Receipt, Refused, Signal, Unknown
from warmline.channels.http import Answer, retry_after
from warmline.channels.voicemail.drops import LONGEST_DETAIL, key_of
from warmline.channels.voicemail.tokens import read_drop

RETRY_BUSY = timedelta(seconds=5)
EASTERN = ZoneInfo("America/New_York")  # all times of theirs
PARTS = 6
#: A session is a number. Whatever else an OK names ("number of phone=1") is none.
_SESSION = re.compile(r"OK\b[\s,:]*(?:session[_ ]?id[ \t]*=[ \t]*)?([\w-]*\d[\w-]*)", re.IGNORECASE | re.ASCII)


def read_receipt(answer: Answer, error_classes: Mapping[str, str], password: str) -> Receipt:
    """The status of the answer is 200 for errors too; only the text tells. A 5xx may hide a drop on its way."""
    text = answer.body.decode("utf-8", "replace").strip().replace(password, "***")
    words = " ".join(text.split())[:LONGEST_DETAIL]
    if answer.status == 429:
        return NotSent(f"Slybroadcast takes no more at the moment ({words}).", retry_after(answer.headers, RETRY_BUSY))
    if answer.status == 408 or answer.status >= 500:
        return Unknown(f"Slybroadcast failed while it had the drop (http_{answer.status}: {words}).")
    if 300 <= answer.status < 400:
        where = "base_url leads to another address; write the final one in warmline.toml"
        return Refused(error_classes.get(f"http_{answer.status}", "unknown"), f"http_{answer.status}", where)
    if answer.status >= 400:
        return Refused(error_classes.get(f"http_{answer.status}", "unknown"), f"http_{answer.status}", words)
    if session := _SESSION.match(text):
        return Accepted(session[1])
    if not words or re.match(r"OK\b", words, re.IGNORECASE) or words.startswith("<"):
        return Unknown("The answer names no session, so nobody can say whether the drop was taken.")
    code = error_code(words)
    return Refused(error_classes.get(code, "unknown"), code, words)


def error_code(words: str) -> str:
    """An error text has no number. Where it names one of the variables of the request, that is its code; documented is
    that it tells the missing ones. Else its words are."""
    named = re.search(r"\bc_[a-z]+", words, re.IGNORECASE | re.ASCII)
    return named[0].lower() if named else key_of(re.sub(r"^ERROR\W*", "", words, flags=re.IGNORECASE)) or "error"


def read_result(body: bytes, signed: str, key: bytes, error_classes: Mapping[str, str], now: datetime) -> list[Signal]:
    """`signed` is the part of the address that we put there. Raises BadCallback."""
    touch_id = read_drop(signed, key)
    if touch_id is None:
        raise BadCallback("The address of the result ends in no touch that this workspace signed.")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    parts = fields.get("var", [""])[0].split("|")
    if len(parts) != PARTS or not parts[0].strip() or not parts[2].strip():
        raise BadCallback(
            f"The result is not one field `var` of {PARTS} parts, session|phone|status|reason|time|carrier."
        )
    session, phone, status, reason, at, carrier = (part.strip() for part in parts)
    arrived = status.upper() == "OK"
    code = "" if arrived else key_of(reason) or key_of(status) or "failed"
    attempted = from_eastern(at)
    facts = {"attempted_at": attempted.isoformat() if attempted else at, "network": carrier}
    return [
        Signal(
            kind="delivered" if arrived else "failed",
            at=now,
            touch_id=touch_id,
            provider_id=session,
            recipient=phone,
            text=reason,
            reason="" if arrived else error_classes.get(code, "unknown"),
            code=code,
            key=f"drop:{touch_id}:{'success' if arrived else 'failure'}",
            data={name: value[:200] for name, value in facts.items() if value},
        )
    ]


def from_eastern(text: str) -> datetime | None:
    """`2026-11-01 01:30:00` on their clock as an instant; None for what is no such time. Of the hour that comes twice in
    autumn the first is taken; one that spring leaves out is read as the hour before the jump counts it."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=EASTERN).astimezone(UTC)
    except (ValueError, OverflowError):  # the last hours of the year 9999 are no instant
        return None
