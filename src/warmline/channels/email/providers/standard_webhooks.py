"""Standard Webhooks: how Resend signs, by way of Svix. Source: github.com/standard-webhooks/standard-webhooks, spec 1.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from warmline.channels.contract import BadSignature
from warmline.channels.email.providers.relay import time_of
from warmline.channels.secrets import Secret

TOLERANCE = timedelta(minutes=5)
PREFIXES = ("webhook-", "svix-")  # the same three headers under the standard's name and Svix's


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[Secret], now: datetime) -> str:
    """The message's id, the same over its repeats. Raises BadSignature."""
    prefix = next((one for one in PREFIXES if f"{one}signature" in headers), "")
    if not prefix:
        raise BadSignature("The request carries no webhook-signature.")
    message_id, timestamp = headers.get(f"{prefix}id", ""), headers.get(f"{prefix}timestamp", "")
    if not timestamp.isdecimal() or abs(now - time_of(timestamp, now + TOLERANCE * 2)) > TOLERANCE:
        raise BadSignature(
            "The request was signed more than 5 minutes ago, or ahead of time. Is this machine's clock right?"
        )
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "replace") + body
    given = [one.partition(",") for one in headers[f"{prefix}signature"].split(" ")]
    for secret in secrets:
        right = base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest())
        for version, _, signature in given:
            if version == "v1" and hmac.compare_digest(right, signature.encode("utf-8", "replace")):
                return message_id
    raise BadSignature("The signature does not fit this request. Check signing_key in warmline.toml.")


def key_of(secret: Secret) -> bytes:
    """The bytes of a `whsec_...`. Raises ValueError."""
    try:
        return base64.b64decode(secret.reveal().removeprefix("whsec_"), validate=True)
    except binascii.Error as wrong:
        raise ValueError("is not base64 after whsec_") from wrong
