"""What the gate is asked, and all that is known of the lead for the question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from .consent import Consent, Suppression
from .playbook import ChannelKind, Purpose


class Ask(msgspec.Struct, frozen=True):
    """The touch as the gate sees it. `id` lets the last look leave the touch itself out of the count."""

    channel: ChannelKind
    purpose: Purpose = "marketing"
    id: str = ""
    office: bool = True  # a call that may be made outside office hours says False; the law's hours bind it all the same


@dataclass(frozen=True, slots=True)
class Registry:
    """A do-not-contact registry as we have it: the day its file is of, and whether the number stands in it."""

    as_of: date
    listed: bool


@dataclass(frozen=True, slots=True)
class Reassigned:
    """Whether a number has changed hands since the consent, as a look-up said. "no_data": it could not say."""

    answer: Literal["no", "yes", "no_data"]
    at: datetime


class Facts(msgspec.Struct):
    """All that is known of the lead for this question. Empty or None means not known, and that narrows."""

    address: str | None = None
    address_state: str = "ok"  # ok | invalid | not_sms_capable | bounced | unsure
    zones: frozenset[str] = frozenset()
    zone_basis: str = "unknown"
    consents: list[Consent] = []
    suppressions: list[Suppression] = []
    opted_out_at: datetime | None = None
    human_live: str = ""  # the signal, or who has the lead
    requested_at: datetime | None = None
    attempts: Mapping[str, tuple[datetime, str]] = {}
    channel_on: bool = True
    unrecorded: str = ""  # the recording that a voicemail would play and that nobody has made, in words
    registries: Mapping[str, Registry] = {}  # those whose file covers the number
    reassigned: Reassigned | None = None  # None: nobody has asked
    line: str | None = None  # numbers.Line; None: nobody has asked
    lines_asked: bool = False  # the workspace asks about the line of every number
    on_call: datetime | None = None  # since when a person is on the phone with the lead, or lets it ring
