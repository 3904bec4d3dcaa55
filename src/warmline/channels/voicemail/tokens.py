"""Signed names: of a touch, for a provider to carry back unsigned; of a recording, for a provider to fetch for a while."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from warmline.channels.email.tokens import mac, read_touch, sign_touch

#: Providers fetch within minutes; one that holds a drop until the morning within hours.
FETCHED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording that may be fetched: of which workspace, and which one."""

    workspace_id: int
    recording: UUID


def sign_drop(touch_id: str, key: bytes) -> str:
    return sign_touch(touch_id, "drop", key)


def read_drop(signed: str, key: bytes) -> str | None:
    """The touch id, or None where the token is not ours."""
    return read_touch(signed, "drop", key)


def audio_url(public_url: str, heard: Heard, until: datetime, key: bytes) -> str:
    """Where a provider fetches the recording until then. Nothing in it names the lead."""
    named = f"{heard.workspace_id}-{heard.recording.hex}-{int(until.timestamp())}"
    return f"{public_url.rstrip('/')}/a/{named}.{_mac(named, key)}.wav"


def read_audio(token: str, key: bytes, now: datetime) -> Heard | None:
    """`token` is what follows /a/. None where it is not ours, was changed, or is over."""
    named, dot, given = token.removesuffix(".wav").rpartition(".")
    if (
        not dot
        or not token.isascii()
        or not token.endswith(".wav")
        or not hmac.compare_digest(_mac(named, key).encode(), given.encode())
    ):
        return None
    workspace_id, recording, until = named.split("-")
    if datetime.fromtimestamp(int(until), UTC) <= now:
        return None
    return Heard(int(workspace_id), UUID(hex=recording))


def _mac(named: str, key: bytes) -> str:
    return base64.b32encode(mac(named.encode(), "audio", key)).decode().lower()
