"""Twilio's webhooks in our words.

Source: twilio.com/docs/messaging/guides/webhook-request and .../track-outbound-message-status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from warmline.channels.contract import BadCallback, Callback, Signal
from warmline.channels.given_ids import read_id
from warmline.channels.signature import Fields
from warmline.core.lead import clean
from warmline.core.media import Media, is_link

#: Still in Twilio's own hands: nothing is said of the message yet.
ON_THE_WAY = frozenset({"accepted", "scheduled", "queued", "sending"})
#: What a status says, in our words.
MEANS = {
    "sent": "sent",
    **dict.fromkeys(("delivered", "read", "partially_delivered"), "delivered"),
    **dict.fromkeys(("undelivered", "failed", "canceled"), "failed"),
}

MOST_MEDIA = 10  # Twilio sends no more
MOST_TYPE = 100  # characters


def read_signals(
    callback: Callback, fields: Fields, account: str, error_classes: Mapping[str, str], now: datetime
) -> list[Signal]:
    """`fields` are already verified. Fields we do not know are kept in `data`: Twilio adds some. Raises BadCallback."""
    named = dict(fields)
    try:
        "".join(value for pair in fields for value in pair).encode()
    except UnicodeEncodeError:
        raise BadCallback("A field of the callback is not UTF-8.") from None
    if callback.method == "GET":
        raise BadCallback("Twilio tells this by HTTP GET. In Twilio's console, set this webhook to HTTP POST.")
    sid = read_id(named.get("MessageSid") or named.get("SmsSid") or "")
    if not sid:
        raise BadCallback("The callback names no MessageSid.")
    if named.get("AccountSid", account) != account:
        raise BadCallback("The callback belongs to another Twilio account than account_sid in warmline.toml.")
    match callback.tail.strip("/"):
        case "status":
            touch = parse_qs(urlsplit(callback.url).query).get("touch", [""])[0]
            return _status(sid, touch, named, error_classes, now)
        case "inbound":
            return [_inbound(sid, named, now)]
        case tail:
            raise BadCallback(
                f"Twilio callbacks go to .../status or .../inbound, and this one came to .../{tail[:60]}."
            )


def _status(
    sid: str, touch: str, named: Mapping[str, str], error_classes: Mapping[str, str], now: datetime
) -> list[Signal]:
    status = (named.get("MessageStatus") or named.get("SmsStatus") or "").lower()
    if status in ON_THE_WAY:
        return []
    if status not in MEANS:
        raise BadCallback(f'The message status "{status[:40]}" is not known here.')
    failed = MEANS[status] == "failed"
    code = named.get("ErrorCode", "") or (status if failed else "")
    return [
        Signal(
            kind=MEANS[status],
            at=now,
            touch_id=touch,
            provider_id=sid,
            sender=named.get("From", ""),
            recipient=named.get("To", ""),
            reason=error_classes.get(code, "unknown") if failed else "",
            code=code,
            key=f"{sid}:{status}",
            data={**named, "status": status},
        )
    ]


def _inbound(sid: str, named: Mapping[str, str], now: datetime) -> Signal:
    sender, recipient = named.get("From", ""), named.get("To", "")
    if not sender or not recipient:
        raise BadCallback("The inbound message does not say who wrote it to whom (From, To).")
    return Signal(
        kind="inbound",
        at=now,
        provider_id=sid,
        sender=sender,
        recipient=recipient,
        text=named.get("Body", ""),
        key=f"{sid}:inbound",
        data=dict(named) | _handled(named.get("OptOutType", "")),
        media=tuple(_media(named)),
    )


def _media(named: Mapping[str, str]) -> Iterator[Media]:
    """What came with the text lies at Twilio, by one address each."""
    for number in range(MOST_MEDIA):
        url = clean(named.get(f"MediaUrl{number}", ""))
        if is_link(url):
            yield Media(url, clean(named.get(f"MediaContentType{number}", ""))[:MOST_TYPE])


def _handled(kind: str) -> dict[str, str]:
    """Twilio's own opt-out handling took the text for STOP, START or HELP, by whatever words it was told, and answered."""
    return {"answered_by": "twilio", "asks": kind.lower()} if kind else {}
