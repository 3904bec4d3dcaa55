"""What a provider of mail is to the channel, and how it and we name a touch to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from warmline.channels.contract import Callback, Signal
from warmline.channels.email.posted import Posted
from warmline.channels.email.tokens import read_address, read_message_id, read_touch, sign_touch

Reader = Callable[[Callback, Posted], list[Signal]]


class Relay(Protocol):
    """One provider's account. A door is the last part of /hooks/email/...; its reader raises BadSignature or BadCallback."""

    name: str
    signed: Mapping[str, Reader]  # doors whose requests prove by themselves who sent them
    secret: Mapping[str, Reader]  # doors behind /hooks/email/{hook_secret}/

    def headers(self, mark: str) -> Mapping[str, str]:
        """Headers that make the provider carry `mark` (letters, digits, - and _) back with whatever it tells of the mail."""
        ...


def mark_of(touch_id: str, key: bytes) -> str:
    """The touch as providers carry it. It is signed: a webhook without a signature may name no touch but by this."""
    # SES takes nothing but letters, digits, - and _ in a tag: docs.aws.amazon.com/ses, event-publishing-send-email.
    return sign_touch(touch_id, "message", key).replace(".", "_")


def touch_of(posted: Posted, mark: str, *message_ids: str) -> str:
    """The touch that a provider's event is about, by our mark, else by our Message-ID. "" when it is no mail of ours.

    Never by the recipient's address: a bounce of somebody else's mail to a lead says nothing of a touch.
    """
    found = read_touch(mark.replace("_", "."), "message", posted.token_key)
    for value in message_ids:
        found = found or read_message_id(value, posted.token_key)
    return found or ""


def envelope_to(posted: Posted, addresses: Iterable[str]) -> str:
    """Which of these an inbound mail came to: a return address of ours comes first, however it was forwarded."""
    given = [address.strip() for address in addresses if address.strip()]
    return next((one for one in given if read_address(one, posted.token_key)), given[0] if given else "")


def time_of(told: str, now: datetime) -> datetime:
    """When it happened, by the provider's clock (epoch seconds or ISO 8601), never later than now; else now."""
    try:
        if told.replace(".", "", 1).isdecimal():
            at = datetime.fromtimestamp(float(told), UTC)
        else:
            at = datetime.fromisoformat(told)
    except (ValueError, OverflowError, OSError):
        return now
    return min(at, now) if at.tzinfo is not None else now
