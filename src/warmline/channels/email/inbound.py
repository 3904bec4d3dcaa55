"""One mail that came in, in our words: a bounce, a delay, a complaint, an auto-reply, or what a person wrote. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.utils import parseaddr

from warmline.channels.contract import BadCallback, Signal
from warmline.channels.email.tokens import read_address, read_message_id


def read_mail(
    raw: bytes,
    key: bytes,
    error_classes: Mapping[str, str],  # noqa: ARG001
    now: datetime,
    envelope_to: str = "",
    envelope_from: str | None = None,  # noqa: ARG001
) -> list[Signal]:
    """Raises BadCallback, with the reason, and nothing else."""
    mail = message_from_bytes(raw)
    found = read_address(envelope_to or str(mail.get("To", "")), key)
    touch = found[1] if found else read_message_id(str(mail.get("In-Reply-To", "")), key) or ""
    sender = parseaddr(str(mail.get("From", "")))[1]
    if not sender:
        raise BadCallback("The mail says neither who wrote it nor which of ours it answers.")
    return [Signal("inbound", now, touch_id=touch, sender=sender, text=str(mail.get_payload()))]
