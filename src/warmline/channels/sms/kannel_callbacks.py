"""What Kannel tells us, in our words: delivery reports (dlr-url) and texts of people (get-url of a sms-service).

Source: Kannel user guide 1.4.5, "SMS Delivery Reports" and "sms-service"; SMPP 3.4, appendix B, for the SMSC's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from urllib.parse import parse_qsl, urlsplit

from warmline.channels.contract import BadCallback, Callback, Signal
from warmline.channels.given_ids import read_id
from warmline.core.lead import clean
from warmline.core.phone import read_told

DELIVERED, FAILED, BUFFERED, SUBMITTED, REJECTED = "1", "2", "4", "8", "16"
#: What a report says, in our words. One that is buffered is still Kannel's own, and says nothing.
MEANS = {DELIVERED: "delivered", FAILED: "failed", REJECTED: "failed", SUBMITTED: "sent"}

#: What %C may name. Kannel's own word for the GSM alphabet stands for what it has made UTF-8 of.
CHARSETS = {
    "": "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8", "GSM": "utf-8", "ASCII": "utf-8", "UTF-16BE": "utf-16-be",
    "UCS-2": "utf-16-be", "ISO-8859-1": "latin-1", "WINDOWS-1252": "cp1252", "CP1252": "cp1252",
}  # fmt: skip
_STAT = re.compile(r"\bstat:\s*([A-Z]+)", re.IGNORECASE)
_ERR = re.compile(r"\berr:\s*([0-9A-Za-z]+)", re.IGNORECASE)
_NACK = re.compile(r"\bNACK/(0x[0-9a-f]{8})", re.IGNORECASE)
_SECONDS = re.compile(rb"[1-9][0-9]{0,10}")
_MOST_FIELDS = 50

#: A text from so far in the future comes from a clock that is wrong.
CLOCKS_DIFFER = timedelta(minutes=1)


def read_signals(
    callback: Callback, what: str, country: str, error_classes: Mapping[str, str], now: datetime
) -> list[Signal]:
    """The secret in the address has been checked. `country` is where a sender without "+" dials. Raises BadCallback."""
    fields = _fields(callback)
    match what:
        case "dlr":
            return _report(fields, error_classes, now)
        case "inbound":
            return [_inbound(fields, country, now)]
        case _:
            raise BadCallback(f"Kannel tells us things at .../dlr or .../inbound, and this came to .../{what[:40]}.")


def code_of(said: str) -> str:
    """The SMSC's reason as a code: the command status of a refusal, or the state of a receipt with its error number.

    "NACK/0x0000000b/Invalid Destination Address" is "0x0000000b"; "... stat:UNDELIV err:001 ..." is "UNDELIV:001".
    Error numbers belong to the SMSC, so the state alone is what a class can be told by.
    """
    refused = _NACK.search(said)
    if refused:
        return refused[1].lower()
    stat, err = _STAT.search(said), _ERR.search(said)
    parts = [found[1] for found in (stat, err) if found]
    return ":".join([parts[0].upper(), *parts[1:]]) if parts else ""


def _report(fields: Mapping[str, bytes], error_classes: Mapping[str, str], now: datetime) -> list[Signal]:
    named = {name: value.decode("utf-8", "replace") for name, value in fields.items()}
    touch, status = read_id(named.get("touch", "")), named.get("st", "")
    if not touch:
        raise BadCallback("The delivery report names no touch. dlr-url must be the one that came with the message.")
    if status == BUFFERED:
        return []
    if status not in MEANS:
        raise BadCallback(f'The delivery report is of the kind "{status[:20]}", which is not known here.')
    failed = MEANS[status] == "failed"
    code = (code_of(named.get("said", "")) or f"dlr_{status}") if failed else ""
    state = code.partition(":")[0]
    return [
        Signal(
            kind=MEANS[status],
            at=now,
            touch_id=touch,
            provider_id=touch,  # the id that the receipt of the hand-over has, too
            reason=error_classes.get(code, error_classes.get(state, "unknown")) if failed else "",
            code=code,
            key=f"{touch}:dlr:{status}",
            data={"status": status, "said": named.get("said", ""), "smsc_id": named.get("id", "")},
        )
    ]


def _inbound(fields: Mapping[str, bytes], country: str, now: datetime) -> Signal:
    charset = fields.get("charset", b"").decode("ascii", "replace").upper()
    if charset not in CHARSETS:
        known = ", ".join(name for name in CHARSETS if name)
        raise BadCallback(f'The text is in the charset "{charset[:40]}", and known here are {known}.')
    try:
        text = fields.get("text", b"").decode(CHARSETS[charset])
        sender, recipient = (clean(fields.get(name, b"").decode()) for name in ("from", "to"))
        message = read_id(fields.get("id", b"").decode())
    except UnicodeDecodeError:
        raise BadCallback(f"The text can't be read as {charset or 'UTF-8'}.") from None
    if not sender or not recipient or not message:
        raise BadCallback("The text of a person does not say who wrote it to whom (from, to), or has no id.")
    return Signal(
        kind="inbound", at=_written_at(fields, now), provider_id=message, sender=read_told(sender, country) or sender,
        recipient=recipient, text=text, key=f"{message}:inbound:{_said(fields)}",
    )  # fmt: skip


def _said(fields: Mapping[str, bytes]) -> str:
    """Part of the key: a gateway that gives all its texts one id would have a STOP taken for the text before it."""
    return blake2b(fields.get("text", b"") + b"\0" + fields.get("ts", b""), digest_size=8).hexdigest()


def _written_at(fields: Mapping[str, bytes], now: datetime) -> datetime:
    """When Kannel got the text (%T, Unix seconds): it may have waited for hours to tell us. Now where it doesn't say, or
    says what can't be."""
    told = fields.get("ts", b"").strip()
    if not _SECONDS.fullmatch(told):
        return now
    at = datetime.fromtimestamp(int(told), UTC)
    return now if at > now + CLOCKS_DIFFER else min(at, now)


def _fields(callback: Callback) -> dict[str, bytes]:
    """The query's fields as bytes: a text may be in any charset."""
    query = urlsplit(callback.url).query
    try:
        pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadCallback(f"The request has more than {_MOST_FIELDS} fields.") from None
    return {name: value.encode("latin-1") for name, value in pairs}
