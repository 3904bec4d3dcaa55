"""One question to the gate, in the oracle's own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True, eq=False)
class Workspace:
    """A business's own choices, in the words of the table. Its warmline.toml is written from them (product.py)."""

    name: str
    careful: bool
    answers_at_night: bool
    per_day: int
    per_week: int
    office: str  # "mon-fri 09:00-17:30, sat 10:00-14:00"
    clock: str
    days_off: tuple[date, ...] = ()
    federal_days_off: bool = False
    home: tuple[str, ...] = ("US",)


class Proof(NamedTuple):
    level: str
    channels: tuple[str, ...]
    at: datetime
    ends: datetime | None
    speaks_for: str = ""  # the address given with it: "" none, "this" one, or "another"
    purpose: str = "marketing"  # "acknowledge": for answers only


class Listing(NamedTuple):
    """What the copy of a registry says of the number, and the day that the copy is of."""

    registry: str
    day: date
    listed: bool


class Attempt(NamedTuple):
    id: str
    at: datetime
    channel: str


@dataclass(slots=True)
class Case:
    workspace: Workspace
    places: frozenset[str]
    zones: frozenset[str]
    now: datetime
    channel: str
    purpose: str
    office: bool = True
    id: str = ""
    address: str = "ok"  # "" none known, or the state of the one there is
    recorded: bool = True
    set_up: bool = True
    person: bool = False
    on_call_at: datetime | None = None
    asked_at: datetime | None = None
    opted_out_at: datetime | None = None
    suppressed: tuple[tuple[str, ...], ...] = ()  # the channels of each, none: all
    proofs: tuple[Proof, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    listings: tuple[Listing, ...] = ()
    changed_hands: str = ""  # "" nobody asked, else "no", "yes" or "no_data"
    told_at: datetime | None = None
    line: str = ""  # the kind of line of a number, as far as known
    lines_asked: bool = False
