"""What binds a touch: the rules of every place a lead may be in, combined, and the workspace's own tighter choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from .hours import NO_HOLIDAYS, Week
from .playbook import Office


@dataclass(frozen=True, slots=True)
class HoursRule:
    """`closed` are dates without any hours. `zone`: the hours bind by its clock beside the lead's own."""

    id: str
    week: Week
    cite: str
    closed: frozenset[date] = NO_HOLIDAYS
    zone: str = ""

    def __hash__(self) -> int:
        """Equal rules have equal ids, and a week is slow to hash: what is open when is asked for every touch."""
        return hash((self.id, self.cite))


@dataclass(frozen=True, slots=True)
class ConsentRule:
    id: str
    level: str
    cite: str


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` attempts in any `per`, over the channels named, across all playbooks."""

    id: str
    channels: tuple[str, ...]
    count: int
    per: timedelta
    cite: str


@dataclass(frozen=True, slots=True)
class Scrub:
    """Marketing by these channels asks a registry, in a file of at most `days`, unless a proof of a level in `unless` is
    in force."""

    id: str
    registry: str
    channels: tuple[str, ...]
    days: int
    unless: tuple[str, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """Marketing by these channels must know that the number has not changed hands, unless a proof of a level in `unless`
    is in force."""

    id: str
    channels: tuple[str, ...]
    unless: tuple[str, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What binds, combined from jurisdictions and the workspace's own tighter choices. Immutable and versioned."""

    version: str
    hours: Mapping[tuple[str, str], tuple[HoursRule, ...]]
    consent: Mapping[tuple[str, str], ConsentRule]
    caps: tuple[Cap, ...]
    office: Office
    fresh: timedelta  # an acknowledgement answers the lead's own request within this, or it is marketing
    lifetimes: Mapping[tuple[str, str], int] = field(default_factory=dict)  # months a proof lasts, by channel and level
    scrubs: tuple[Scrub, ...] = ()
    numbers: tuple[NumberCheck, ...] = ()
    withdraws_all: frozenset[str] = frozenset()  # channels by which a withdrawal ends every channel, by law
    unknown: tuple[str, ...] = ()  # countries that the lead may be in and whose rules nobody has written down

    def lasts(self, level: str, channels: Iterable[str]) -> int | None:
        """Months that a proof for these channels lasts: as long as the one it ends for first. None: it does not end."""
        months = [self.lifetimes[channel, level] for channel in channels if (channel, level) in self.lifetimes]
        return min(months, default=None)
