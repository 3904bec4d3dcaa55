"""What an SMTP reply means for a touch: pure. Sources: RFC 5321 4.2, RFC 3463 (enhanced status codes)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from warmline.channels.contract import NotSent, Refused

Stage = Literal["login", "sender", "recipient", "content"]

#: An enhanced status, and no part of an IP address.
ENHANCED = re.compile(r"(?<![\w.])([245])\.\d{1,3}\.\d{1,3}(?!\w|\.\d)")
RETRY_TEMPORARY = timedelta(minutes=5)  # grey-listing servers ask for about this
RETRY_BUSY = timedelta(minutes=1)
LONGEST_DETAIL = 300

# By enhanced status (exact, then its first two parts), then by stage and basic code, then by stage.
STATUS_CLASSES = {
    "5.1.7": "sender_config",  # bad address of the sender, though in the address family
    "5.1.8": "sender_config",
    "5.1": "invalid_address",
    "5.2.1": "invalid_address",  # mailbox disabled
    "5.2": "unreachable",
    "5.3.4": "sender_config",  # message too big for the system
    "5.3": "unreachable",
    "5.4": "unreachable",
    "5.5": "sender_config",
    "5.6": "sender_config",
    "5.7": "sender_config",
    "5.7.8": "account_refused",  # RFC 4954: authentication credentials invalid
}
# A bare 550 stays unknown: RFC 5321 uses it for "no such mailbox" and for policy alike, and an address is not
# condemned on a guess.
STAGE_CLASSES = {
    "recipient 551": "invalid_address",
    "recipient 553": "invalid_address",
    "recipient 552": "unreachable",
    "content 552": "sender_config",
    "content 554": "filtered",
    "login": "account_refused",
    "sender": "sender_config",
}


def read_refusal(stage: Stage, code: int, words: str, error_classes: Mapping[str, str]) -> Refused | NotSent:
    """A 4xx says not now, a 5xx says no. `error_classes` (provider_errors.yaml, smtp) comes before the tables here."""
    said = " ".join(words.split())[:LONGEST_DETAIL]
    found = ENHANCED.search(words[:40])
    status = found[0] if found else ""
    if not 500 <= code < 600:
        wait = RETRY_BUSY if code == 421 else RETRY_TEMPORARY
        return NotSent(f"The mail server takes it later ({code} {said}).", wait)
    family = status.rpartition(".")[0]
    table = {**STATUS_CLASSES, **STAGE_CLASSES, **error_classes}
    tried: tuple[str, ...] = (status, family, f"{stage} {code}", str(code), stage)
    # At login and MAIL FROM nothing has been said about the lead's address yet, so no status may condemn it.
    if stage in ("login", "sender"):
        tried = (f"{stage} {code}", stage)
    reason = next((table[key] for key in tried if key in table), "unknown")
    return Refused(reason, status or str(code), f"{code} {said}")
