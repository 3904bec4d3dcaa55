"""What Drop Cowboy's answers and results mean: pure readings of bytes.

Result, POSTed once to callback_url, unsigned, 10 s to answer (docs/concepts/send-results.md of Drop-Cowboy/dropcowboy):

    {"drop_id", "phone_number", "attempt_date", "status": "success" | "failure", "reason", "reason_code" (today's interface
     only), "dnc", "spam", "product_cost", "network": {"name", "type"}, "foreign_id"}
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from warmline.channels.contract import Accepted, BadCallback, NotSent, Receipt, Refused, Signal, Unknown
from warmline.channels.email.providers.report import read_json
from warmline.channels.http import Answer, retry_after
from warmline.channels.voicemail.drops import LONGEST_DETAIL, key_of
from warmline.channels.voicemail.tokens import read_drop

RETRY_BUSY = timedelta(seconds=5)


def read_receipt(answer: Answer, touch_id: str, error_classes: Mapping[str, str], secret: str) -> Receipt:
    """`status: queued` is accepted, 429 never was, other 4xx were refused. A 5xx may hide a drop on its way.

    The older interface names no drop in its answer; what it knows the drop by is our touch, so that is its id then.
    `secret` is blotted out of whatever they say: one of the interfaces takes it in the body, and an error may quote it.
    """
    found = answer.json()
    fields = found if isinstance(found, Mapping) else {}
    code = str(fields.get("reason_code") or fields.get("status_code") or f"http_{answer.status}")
    said = next((fields[name] for name in ("reason", "message", "error", "detail") if fields.get(name)), "")
    words = str(said or "no reason given").replace(secret, "***")[:LONGEST_DETAIL]
    if answer.status == 429:
        return NotSent(f"Drop Cowboy takes no more at the moment ({words}).", retry_after(answer.headers, RETRY_BUSY))
    if 200 <= answer.status < 300:
        if str(fields.get("status", "")).lower() == "queued":
            return Accepted(str(fields.get("message_id") or fields.get("drop_id") or touch_id))
        return Unknown(f"The answer {answer.status} does not say that the drop is queued ({words}).")
    if answer.status == 408 or answer.status >= 500:
        return Unknown(f"Drop Cowboy failed while it had the drop ({code}: {words}).")
    if 300 <= answer.status < 400:
        words = "base_url leads to another address; write the final one in warmline.toml"
    return Refused(error_classes.get(code, "unknown"), code, words)


def read_result(body: bytes, key: bytes, error_classes: Mapping[str, str], now: datetime) -> list[Signal]:
    """One signal for the drop, and one before it when the person wants no more contact (`dnc`). Raises BadCallback."""
    told = read_json(body)
    if not isinstance(told, Mapping):
        raise BadCallback("The result is not a JSON object.")
    touch_id = read_drop(str(told.get("foreign_id") or ""), key)
    if touch_id is None:
        raise BadCallback("The foreign_id of the result is none that this workspace signed.")
    status = str(told.get("status") or "").lower()
    if status not in ("success", "failure"):
        raise BadCallback(f'The result\'s status "{status[:40]}" is not known here.')
    drop = str(told.get("drop_id") or "")
    phone = str(told.get("phone_number") or "")
    opted_out = told.get("dnc") is True or str(told.get("dnc")).lower() == "true"
    code = _code(told) if status == "failure" else ""
    outcome = Signal(
        kind="delivered" if status == "success" else "failed",
        at=now,
        touch_id=touch_id,
        provider_id=drop,
        recipient=phone,
        text=str(told.get("reason") or ""),
        reason="" if not code else "opted_out" if opted_out else error_classes.get(code, "unknown"),
        code=code,
        key=f"drop:{touch_id}:{status}",
        data=_facts(told),
    )
    if not opted_out:
        return [outcome]
    stop = Signal(
        kind="unsubscribed",
        at=now,
        touch_id=touch_id,
        provider_id=drop,
        text="Drop Cowboy reports that this person wants no more contact (dnc)",
        key=f"drop:{touch_id}:dnc",
    )
    return [stop, outcome]


def _code(told: Mapping[str, object]) -> str:
    """The number where there is one: they promise to keep numbers and may change words. Else the words as a key."""
    number = str(told.get("reason_code") or told.get("status_code") or "")
    return number if number not in ("", "0") else key_of(str(told.get("reason") or "")) or "failure"


def _facts(told: Mapping[str, object]) -> dict[str, str]:
    """What a person may want to know of the drop later: when, over whose network, at what price."""
    network = told.get("network")
    named = network if isinstance(network, Mapping) else {}
    found = {
        "attempted_at": told.get("attempt_date"),
        "network": named.get("name"),
        "network_type": named.get("type"),
        "cost": told.get("product_cost"),
        "spam": "yes" if told.get("spam") is True else None,
    }
    return {name: str(value)[:200] for name, value in found.items() if value not in (None, "")}
