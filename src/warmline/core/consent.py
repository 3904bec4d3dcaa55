"""Consent: one proof that a lead allowed a channel for a purpose. And its opposite, a suppression."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from .months import add_months
from .playbook import Purpose

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

#: Months that a proof lasts, by channel and level: what the rules of a place say (gate.Rules.lifetimes).
Lifetimes = Mapping[tuple[str, str], int]


class Consent(msgspec.Struct, frozen=True, array_like=True):
    """One record of the ledger. `wording` names the exact text shown; the text itself is stored beside it.

    `phone` and `email` are the addresses given with it: permission speaks for no other. Empty: none was given with it.
    """

    level: Level
    channels: tuple[str, ...]
    at: datetime
    expires_at: datetime | None = None
    wording: str = ""
    source: str = ""
    phone: str = ""
    email: str = ""
    purpose: Purpose = "marketing"

    def ends(self, channel: str, lifetimes: Lifetimes) -> datetime | None:
        """When it runs out for a channel: by itself, or by the rules of the place if they end it sooner."""
        months = lifetimes.get((channel, self.level))
        if months is None:
            return self.expires_at
        end = add_months(self.at, months)
        return end if self.expires_at is None else min(end, self.expires_at)

    def speaks_for(self, channel: str, address: str | None) -> bool:
        """Permission is given for an address; an inquiry or a purchase is a relation to the person, wherever it is reached."""
        if RANK[self.level] < RANK["express"]:
            return True
        given = self.email if channel == "email" else self.phone
        return not given or address is None or given == address

    def was_given_with(self, phone: str | None) -> bool:
        """Whether it may have come with this number: not where it came with another one."""
        return not self.phone or phone is None or self.phone == phone


class Span(msgspec.Struct, frozen=True):
    """Until when a proof speaks for these channels. None: it does not end."""

    channels: tuple[str, ...]
    until: datetime | None


def spans_of(consent: Consent, lifetimes: Lifetimes) -> tuple[Span, ...]:
    """A proof may end for one channel before it does for another: in the order of its channels."""
    found: dict[datetime | None, tuple[str, ...]] = {}
    for channel in consent.channels:
        end = consent.ends(channel, lifetimes)
        found[end] = (*found.get(end, ()), channel)
    return tuple(Span(channels, end) for end, channels in found.items())


class Suppression(msgspec.Struct, frozen=True, array_like=True):
    """A stored do-not-contact that is in force. No channels named: every channel."""

    scope: Literal["person", "address", "domain"]
    value: str
    reason: str
    at: datetime
    channels: tuple[str, ...] = ()


def suppressible_values(leads: Iterable[UUID], addresses: Collection[str]) -> set[str]:
    """Every value under which a suppression of these leads and addresses may stand: both, and the domains of mail."""
    domains = (address.rpartition("@")[2] for address in addresses if "@" in address)
    return {*map(str, leads), *addresses, *domains}


#: Proofs of one lead.
Proofs = Sequence[Consent]


def in_force(
    consents: Iterable[Consent], channel: str, purpose: str, address: str | None, now: datetime, lifetimes: Lifetimes
) -> Proofs:
    """The proofs that speak for `channel`, `purpose` and `address` at `now`."""
    return [
        consent
        for consent in consents
        if channel in consent.channels
        and consent.at <= now
        and consent.purpose in ("marketing", purpose)
        and consent.speaks_for(channel, address)
        and ((end := consent.ends(channel, lifetimes)) is None or now < end)
    ]


def strongest(proofs: Proofs) -> Consent | None:
    """Of equals the latest; of those given together always the same one, in whatever order they are known."""
    found: Consent | None = None
    for consent in proofs:
        if found is None:
            found = consent
            continue
        one, other = (RANK[consent.level], consent.at), (RANK[found.level], found.at)
        if one > other or (one == other and _told_apart(consent) > _told_apart(found)):
            found = consent
    return found


def latest(consents: Iterable[Consent], now: datetime) -> Consent | None:
    """The last proof given, for whatever channel, in force or not; of one moment the strongest, and of equals always the
    same one."""
    given = [consent for consent in consents if consent.at <= now and consent.level != "none"]
    return max(given, key=lambda one: (one.at, RANK[one.level], *_told_apart(one)), default=None)


def _told_apart(consent: Consent) -> tuple[object, ...]:
    """An order of proofs of one level and moment. A form may ask for several, and the database knows no first."""
    end = consent.expires_at
    return (
        consent.channels, consent.wording, consent.source, consent.phone, consent.email, consent.purpose, end is None,
        end or consent.at,
    )  # fmt: skip
