"""What Kannel's answers to sendsms mean for a touch. Source: user guide 1.4.5, table 7-16; seen of smsbox 1.4.5."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from warmline.channels.contract import Accepted, NotSent, Receipt, Refused, Unknown
from warmline.channels.http import Answer, retry_after

RETRY_BUSY = timedelta(seconds=10)
LONGEST_DETAIL = 300

#: How an answer begins -> our word for it, which rules/provider_errors.yaml gives a class.
REFUSALS = {
    "authorization failed": "no_login",
    "not routable": "no_route",
    "number(s) has/have been denied": "number_denied",
    "sender missing": "no_sender",
    "missing receiver": "no_receiver",
    "empty receiver": "no_receiver",
}
TAKEN = ("0:", "3:", "sent.")  # accepted; queued, no SMSC is connected; immediate-sendsms-reply
BUSY = "temporal failure"


def read_receipt(answer: Answer, touch_id: str, error_classes: Mapping[str, str]) -> Receipt:
    """202 in Kannel's words is accepted, and has no id: ours is the one that comes back with the reports.

    503 in Kannel's words is given when the bearerbox did not store the message: certain not to be sent. A 5xx in other
    words (a proxy's, "Sending failed.") is not.
    """
    said = answer.body.decode("utf-8", "replace").strip()
    words, lowered = said[:LONGEST_DETAIL] or "no reason given", said.lower()
    if 200 <= answer.status < 300:
        if lowered.startswith(TAKEN):
            return Accepted(touch_id)
        return Unknown(f"The answer {answer.status} is not Kannel's: it does not say that it took the message.")
    if answer.status == 429 or (answer.status == 503 and lowered.startswith(BUSY)):
        return NotSent(f"Kannel takes no more at the moment ({words}).", retry_after(answer.headers, RETRY_BUSY))
    if answer.status == 408 or answer.status >= 500:
        return Unknown(f"Kannel failed while it had the message ({answer.status}: {words}).")
    if 300 <= answer.status < 400:
        words = "base_url leads to another address; write the final one in warmline.toml"
    code = next((code for begin, code in REFUSALS.items() if lowered.startswith(begin)), f"http_{answer.status}")
    return Refused(error_classes.get(code, "unknown"), code, words)
