"""Signed touch tokens, so that no stranger can stop, open or bounce another lead's touch by guessing an address.

A token is HMAC-SHA256 cut to 80 bits, in lower-case base32: 16 characters that survive a mail system which folds case
and fit a 64-character local part together with the touch id. Each purpose signs apart from the others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Literal

Purpose = Literal["message", "bounce", "reply", "open", "link", "unsubscribe", "drop", "audio"]

MAC_BYTES = 10


def sign_touch(touch_id: str, purpose: Purpose, key: bytes) -> str:
    """`<touch-id>.<token>`."""
    return f"{touch_id}.{base64.b32encode(mac(touch_id.encode(), purpose, key)).decode().lower()}"


def read_touch(signed: str, purpose: Purpose, key: bytes) -> str | None:
    """The touch id, or None where the token is not ours for this purpose. Case does not matter."""
    folded = signed.strip().lower()
    touch_id, dot, _ = folded.rpartition(".")
    if (
        not dot
        or not folded.isascii()
        or not hmac.compare_digest(sign_touch(touch_id, purpose, key).encode(), folded.encode())
    ):
        return None
    return touch_id


def bounce_address(touch_id: str, domain: str, key: bytes) -> str:
    """The envelope sender of a touch (VERP): whatever comes back to it names the touch."""
    return f"bounce+{sign_touch(touch_id, 'bounce', key)}@{domain}"


def reply_address(touch_id: str, domain: str, key: bytes) -> str:
    return f"reply+{sign_touch(touch_id, 'reply', key)}@{domain}"


def message_id(touch_id: str, domain: str, key: bytes) -> str:
    """The Message-ID with its angle brackets. Always the same for a touch, so it is known before the mail is sent."""
    return f"<{sign_touch(touch_id, 'message', key)}@{domain}>"


def read_address(address: str, key: bytes) -> tuple[Literal["bounce", "reply"], str] | None:
    """What a return address says: which of the two it is and the touch id. None for any other address."""
    local = address.strip().strip("<>").rpartition("@")[0]
    word, plus, signed = local.partition("+")
    match word.lower(), plus:
        case "bounce", "+":
            touch_id = read_touch(signed, "bounce", key)
            return ("bounce", touch_id) if touch_id else None
        case "reply", "+":
            touch_id = read_touch(signed, "reply", key)
            return ("reply", touch_id) if touch_id else None
        case _:
            return None


def read_message_id(value: str, key: bytes) -> str | None:
    """The touch id in a Message-ID of ours (from In-Reply-To, References or an attached bounce)."""
    return read_touch(value.strip().strip("<>").rpartition("@")[0], "message", key)


def mac(content: bytes, purpose: Purpose, key: bytes) -> bytes:
    return hmac.new(key, purpose.encode() + b"\0" + content, hashlib.sha256).digest()[:MAC_BYTES]
