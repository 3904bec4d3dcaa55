"""When something can change: the edges of windows, midnights, clock changes, the end of a consent, of a request's freshness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from warmline.core.gate import HoursRule
from warmline.core.hours import at_local, find_zone
from warmline.core.playbook import Call, Send
from warmline.core.schedule import due

from .key import Keys
from .life import Life, State
from .watch import as_rule, is_inside, open_minutes

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AHEAD = 6  # days in which the next opening and the next closing are looked for
#: How far time is followed for a lead that only a person can move.
PATIENCE = timedelta(days=21)
#: A touch waits at most so long in the queue.
LONGEST_WAIT = timedelta(days=1)

Edge = tuple[str, datetime]


@dataclass(slots=True)
class Instants:
    """The edges of one world, worked out once for each of its days."""

    life: Life
    keys: Keys
    changes: tuple[datetime, ...] = ()
    _edges: dict[date, tuple[Edge, ...]] = field(default_factory=dict)
    _next: dict[datetime, tuple[datetime, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.life.world
        zones = world.zones.zones or {world.zone}
        self.changes = tuple(at for zone in zones for at in _clock_changes(zone, world.start))

    def within(self, state: State, until: datetime | None) -> Iterator[datetime]:
        """The first edge of each kind after now and before `until`, each with the minute before it."""
        open_ended = until is None
        last = state.now + PATIENCE if until is None else until
        found = {at for at in self._after(state.now) if at < last}
        found.update(at for at in self._of_lead(state) if state.now < at < last)
        if open_ended:  # with a person: what comes back later finds other steps due
            found.update(self._steps_due(state))
        yield from sorted(found)

    def _after(self, at: datetime) -> tuple[datetime, ...]:
        known = self._next.get(at)
        if known is None:
            first: dict[str, datetime] = {}
            day = at.astimezone(find_zone(self.life.world.zone)).date()
            for ahead in range(-1, AHEAD):
                for kind, edge in self._of_day(day + ahead * DAY):
                    if edge > at and edge < first.get(kind, edge + MINUTE):
                        first[kind] = edge
            change = min((one for one in self.changes if one > at), default=None)
            edges = {*first.values(), *([change] if change is not None and change < at + PATIENCE else [])}
            known = self._next[at] = tuple({one for edge in edges for one in (edge - MINUTE, edge) if one > at})
        return known

    def _of_day(self, day: date) -> tuple[Edge, ...]:
        """(kind, when) of every edge on a local day: for each set of rules and each zone, openings and closings."""
        known = self._edges.get(day)
        if known is None:
            known = self._edges[day] = tuple(self._edges_of(day))
        return known

    def _edges_of(self, day: date) -> Iterator[Edge]:
        world = self.life.world
        yield "midnight", at_local(day, time(0), world.zone)
        noon = at_local(day, time(12), world.zone)
        rules, office = world.rules(noon), world.office(noon)
        bindings = {rules.hours.get(pair, ()) for pair in self._pairs()}
        for binding in bindings:
            for zone in sorted(world.zones.zones) if binding else ():
                yield from _openings(binding, zone, day)
        if any(isinstance(step, Call) for step in self.life.playbook.steps):
            yield from _openings((as_rule(office),), office.zone, day)

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for step in self.life.playbook.steps:
            if isinstance(step, Call):
                yield "call", "marketing"
            elif isinstance(step, Send):
                for channel in step.channels:
                    yield from ((channel, "marketing"), (channel, step.purpose))

    def _of_lead(self, state: State) -> Iterator[datetime]:
        for consent in state.lead.consents:
            if consent.expires_at is not None:
                yield from (consent.expires_at - MINUTE, consent.expires_at)
        rules = self.life.world.rules(state.now)
        requested = self.keys.fresh(state, rules)
        if requested is not None:
            yield from (requested + rules.fresh, requested + rules.fresh + MINUTE)

    def _steps_due(self, state: State) -> Iterator[datetime]:
        last = state.now
        for step in self.life.playbook.steps:
            one = state.history.steps.get(step.name)
            if one is None or not one.settled:
                at = due(step, self.life.playbook, state.history, state.now)
                if isinstance(at, datetime) and at > state.now:
                    yield at
                    last = max(last, at)
        yield last + DAY


@lru_cache(maxsize=65_536)  # worlds share zones, rules and days
def _openings(binding: tuple[HoursRule, ...], zone: str, day: date) -> tuple[Edge, ...]:
    """Where all rules of `binding` together open and close in `zone` on a local day."""
    today = day.weekday()
    minutes = {0}
    for rule in binding:
        table = open_minutes(rule)[today]
        minutes.update(minute for minute in range(1, len(table)) if table[minute] != table[minute - 1])
    ids = "+".join(rule.id for rule in binding)
    found = []
    for minute in minutes:
        at = at_local(day, time(minute // 60, minute % 60), zone)
        before, now = (all(is_inside(rule, zone, one) for rule in binding) for one in (at - MINUTE, at))
        if now != before:
            found.append((f"{'opens' if now else 'closes'} {ids} {zone}", at))
    return tuple(found)


def _clock_changes(zone: str, start: datetime) -> Iterator[datetime]:
    """The instants at which the clock of `zone` changes in the year from `start` on."""
    clock, at = find_zone(zone), start.replace(minute=0, second=0, microsecond=0)
    offset = at.astimezone(clock).utcoffset()
    while at < start + 366 * DAY:
        if (at + DAY).astimezone(clock).utcoffset() == offset:
            at += DAY
            continue
        at += HOUR
        if at.astimezone(clock).utcoffset() != offset:
            yield at
            offset = at.astimezone(clock).utcoffset()
