"""From what is stored of a lead to what `decide` and the gate read. One place, so that no two callers differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from .consent import Consent, Suppression
from .events import Event
from .gate import Facts
from .history import History, fold, kept
from .numbers import NumberFact, RegistryFile, line_of, reassigned_of, registries_of
from .places import Zones, primary_zone
from .values import LeadLike as Person
from .values import values_of


class LeadLike(Person, Protocol):
    """The stored lead, as store.due.Known has it."""

    consents: list[Consent]
    suppressions: list[Suppression]
    numbers: list[NumberFact]

    @property
    def addresses(self) -> Mapping[str, str]: ...  # each with its state


def history_of(
    enrollment: str,
    seed: int,
    started_at: datetime,
    zone: str,
    lead: Mapping[str, Any],
    event: Mapping[str, Any],
    events: Iterable[Event],
) -> History:
    """The fold of a lead's story, seen from one enrollment. `zone` is the calendar that days are counted in."""
    return fold(History(enrollment, seed, started_at, zone, lead, event), events)


def catch_up(
    folded: History, seed: int, zone: str, lead: LeadLike, reads: frozenset[str], event: Mapping[str, Any]
) -> tuple[History, msgspec.Raw | None]:
    """Fold in the events that came after an earlier fold. Returns the history, and what to keep of it: None when there
    was nothing new. `reads` are the values of the lead that conditions ask for."""
    fold(folded, lead.events)
    folded.seed, folded.zone = seed, zone
    keep = kept(folded) if lead.events else None
    if reads:
        folded.lead = {**values_of(lead), "returning": folded.enrolled > 1}
    folded.event = event
    return folded, keep


def calendar_zone(zones: Zones, office_zone: str) -> str:
    """Which calendar day it is for a lead: its own zone, or the office's while nobody knows. The gate still holds."""
    return primary_zone(zones) or office_zone


@dataclass(frozen=True, slots=True)
class Asked:
    """What a workspace has asked the world about numbers: the registries' files, and whether it asks about each line."""

    files: tuple[RegistryFile, ...] = ()
    lines: bool = False


def facts_of(
    lead: LeadLike, zones: Zones, history: History, channel: str, channel_on: bool, asked: Asked, unrecorded: str = ""
) -> Facts:
    """What the gate knows for one channel. `unrecorded`: see `Recordings.lacking`."""
    by_mail = channel == "email"
    value = lead.email if by_mail else lead.phone
    live = history.signal or ("hand-off" if lead.status == "handed_off" else "")
    return Facts(
        address=value,
        address_state=lead.addresses.get(value or "", "ok"),
        zones=zones.zones,
        zone_basis=zones.basis,
        consents=lead.consents,
        suppressions=lead.suppressions,
        opted_out_at=history.opted_out_at,
        human_live=live or ("a doubtful reply waits to be read" if history.doubtful_at else ""),
        on_call=min(history.on_call.values(), default=None),
        requested_at=history.requested_at,
        attempts=history.attempts,
        channel_on=channel_on,
        unrecorded=unrecorded,
        registries={} if by_mail else registries_of(value, lead.numbers, asked.files),
        reassigned=None if by_mail else reassigned_of(lead.numbers),
        line=None if by_mail else line_of(value, lead.numbers),
        lines_asked=asked.lines,
    )
