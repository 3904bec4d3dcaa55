"""What the providers of ringless voicemail have in common."""

from __future__ import annotations

import re

from warmline.channels.contract import Refused

NO_RECORDING = Refused("sender_config", "no_recording", "The touch carries no recording to play.")
LONGEST_DETAIL = 300


def key_of(words: str) -> str:
    """A reason in words as the key of a class: "Invalid phone number." -> "invalid_phone_number"."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:60]
