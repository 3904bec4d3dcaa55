"""Consent: one proof that a lead allowed a channel for a purpose. And its opposite, a suppression."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Level = Literal["none", "inquiry", "purchase", "express", "express_written"]

#: Ascending. A proof of a higher level serves wherever a lower one is asked (the federal consent matrix, us_federal.yaml).
RANK: dict[str, int] = {"none": 0, "inquiry": 1, "purchase": 2, "express": 3, "express_written": 4}

LEVEL_WORDS: dict[str, str] = {
    "none": "no consent",
    "inquiry": "an inquiry of the lead's own",
    "purchase": "a purchase",
    "express": "express consent",
    "express_written": "express written consent",
}


class Consent(msgspec.Struct, frozen=True, array_like=True):
    """One record of the ledger. `wording` names the exact text shown; the text itself is stored beside it."""

    level: Level
    channels: tuple[str, ...]
    at: datetime
    expires_at: datetime | None = None
    wording: str = ""
    source: str = ""


class Suppression(msgspec.Struct, frozen=True, array_like=True):
    """A stored do-not-contact that is in force. No channels named: every channel."""

    scope: Literal["person", "address", "domain"]
    value: str
    reason: str
    at: datetime
    channels: tuple[str, ...] = ()


def best(consents: list[Consent], channel: str, now: datetime) -> Consent | None:
    """The strongest proof for `channel` in force at `now`; of equals the latest."""
    found: Consent | None = None
    for consent in consents:
        if channel not in consent.channels or consent.at > now:
            continue
        if consent.expires_at is not None and now >= consent.expires_at:
            continue
        if found is None or (RANK[consent.level], consent.at) > (RANK[found.level], found.at):
            found = consent
    return found
