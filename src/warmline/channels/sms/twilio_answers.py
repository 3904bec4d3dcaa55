"""What Twilio's answers mean for a touch: pure readings of status, headers and body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from warmline.channels.contract import Accepted, Message, NotSent, Receipt, Refused, Unknown
from warmline.channels.http import Answer, retry_after

TOO_MANY = "20429"  # documented as never processed and safe to repeat: twilio.com/docs/api/errors/20429
RETRY_BUSY = timedelta(seconds=2)
CLOCK_SKEW = timedelta(seconds=30)
#: Clocks may be further apart than that. A message of the same text made this long before the hand-over may then be ours
#: after all: too early to be claimed, and near enough to keep anybody from sending it again.
CLOCKS_APART = timedelta(hours=1)
LONGEST_DETAIL = 300


def read_receipt(answer: Answer, error_classes: Mapping[str, str]) -> Receipt:
    """201 is accepted, 429 was never processed, other 4xx were refused. A 5xx may hide a message that went out."""
    found = answer.json()
    fields = found if isinstance(found, Mapping) else {}
    code = str(fields.get("code") or f"http_{answer.status}")
    words = str(fields.get("message") or "no reason given")[:LONGEST_DETAIL]
    if answer.status == 429 or code == TOO_MANY:
        return NotSent(
            f"Twilio takes no more at the moment ({code}: {words}).", retry_after(answer.headers, RETRY_BUSY)
        )
    if 200 <= answer.status < 300:
        sid = fields.get("sid")
        if isinstance(sid, str) and sid:
            return Accepted(sid)
        return Unknown(f"The answer {answer.status} is not Twilio's: it names no message.")
    if answer.status == 408 or answer.status >= 500:
        return Unknown(f"Twilio failed while it had the message ({code}: {words}).")
    if 300 <= answer.status < 400:
        words = "base_url leads to another address; write the final one in warmline.toml"
    return Refused(error_classes.get(code, "unknown"), code, words)


def find_in_list(
    answer: Answer, message: Message, since: datetime, settled: timedelta
) -> Accepted | Literal["absent", "cannot_say"]:
    """Looks for `message` in the list of what went to its number.

    One message of that text since then is ours. Several, or one with another text (Twilio may shorten links or keep no
    bodies), leave it open. "absent" needs the whole list, `settled` by Twilio's own clock since the hand-over, because a
    request that was cut may still be on its way in, and no message of that text shortly before, because the clock that
    wrote `since` may be ahead of Twilio's.
    """
    listed = answer.json()
    if not isinstance(listed, Mapping) or not isinstance(listed.get("messages"), list):
        return "cannot_say"
    recent = []
    doubtful = False
    for entry in listed["messages"]:
        made = _time(entry.get("date_created")) if isinstance(entry, Mapping) else None
        if made is None:
            return "cannot_say"
        if not str(entry.get("direction", "")).startswith("outbound"):
            continue
        if made >= since - CLOCK_SKEW:
            recent.append(entry)
        elif made >= since - CLOCKS_APART and _same(entry, message):
            doubtful = True
    same = [entry for entry in recent if _same(entry, message)]
    if len(same) == 1 and same[0].get("sid"):
        return Accepted(str(same[0]["sid"]))
    clock = _time(answer.headers.get("date"))
    complete = not listed.get("next_page_uri")
    if not recent and not doubtful and complete and clock is not None and clock - since >= settled:
        return "absent"
    return "cannot_say"


def _same(entry: Mapping[str, object], message: Message) -> bool:
    return str(entry.get("body", "")).strip() == message.text.strip()


def _time(value: object) -> datetime | None:
    """Twilio's dates are RFC 2822; one without a zone is not a time."""
    try:
        found = parsedate_to_datetime(str(value))
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else None
