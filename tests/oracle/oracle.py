"""The second opinion: what may be done in a case, by the table alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Literal, NamedTuple

import numpy as np

from . import table
from .case import Case, Proof, Workspace
from .clock import MINUTE, Bound, Opening, bounds_of, is_open, opens, zone_of

#: As far as a hold is walked out. What opens later, or never, is left to a person.
HORIZON_DAYS = 30


class Reason(NamedTuple):
    """`until`: the first whole minute at which it no longer holds; None: nobody but a person ends it."""

    kind: Literal["hold", "refuse"]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    result: Literal["allow", "hold", "refuse"]
    reasons: dict[str, Reason]

    @classmethod
    def of(cls, reasons: dict[str, Reason]) -> Opinion:
        kinds = {reason.kind for reason in reasons.values()}
        return cls("refuse" if "refuse" in kinds else "hold" if kinds else "allow", reasons)

    @property
    def until(self) -> datetime | None:
        """When a hold is worth another look: the latest end of its reasons."""
        ends = [reason.until for reason in self.reasons.values()]
        return max((end for end in ends if end is not None), default=None) if None not in ends else None


@dataclass(slots=True)
class Law:
    """Every row that binds in some places on a day."""

    hours: dict[str, list[tuple[Opening, str]]] = field(default_factory=dict)
    answers_bound: bool = False
    asked: dict[tuple[str, str], str] = field(default_factory=dict)
    caps: list[tuple[tuple[str, ...], int, timedelta]] = field(default_factory=list)
    lifetimes: dict[tuple[str, str], int] = field(default_factory=dict)
    answered_within: timedelta = timedelta(0)
    registries: list[tuple[str, frozenset[str], int, frozenset[str]]] = field(default_factory=list)
    changed_hands: list[tuple[frozenset[str], frozenset[str]]] = field(default_factory=list)
    unwritten: bool = False
    clocks: dict[tuple[str, frozenset[str]], frozenset[Bound]] = field(default_factory=dict)  # kept once put together


def _all_places() -> dict[str, frozenset[str]]:
    rows = (
        *table.HOURS, *table.CAREFUL_HOURS, *table.CONSENT, *table.CAPS, *table.CAREFUL_CAPS, *table.LIFETIMES,
        *table.REGISTRIES, *table.CHANGED_HANDS,
    )  # fmt: skip
    return {row[0]: frozenset(table.SAME.get(row[0], row[0]).split()) for row in rows}


#: Which places the rows of each name are for.
COVERS = _all_places()
WRITTEN = frozenset(place for places in COVERS.values() for place in places)


@lru_cache(maxsize=4096)
def law_of(workspace: Workspace, places: frozenset[str], on: date) -> Law:
    places = places or frozenset(workspace.home)
    law = Law(answers_bound=not workspace.answers_at_night)
    law.unwritten = any("-" not in place and place not in WRITTEN for place in places)

    binding = {name for name, covered in COVERS.items() if places & covered and on >= table.SINCE.get(name, date.min)}

    for name, channels, hours, calendar, extra in (*table.HOURS, *(table.CAREFUL_HOURS if workspace.careful else ())):
        if name in binding:
            for channel in channels.split():
                law.hours.setdefault(channel, []).append((Opening(hours, calendar), extra))
    for name, channels, purpose, level in table.CONSENT:
        if name in binding:
            for channel in channels.split():
                law.asked[channel, purpose] = _stricter(level, law.asked.get((channel, purpose), "none"))
    law.caps += [
        (("sms", "email", "voicemail"), workspace.per_day, timedelta(days=1)),
        (("sms", "email", "voicemail"), workspace.per_week, timedelta(days=7)),
    ]
    for name, channels, count, hours_ in (*table.CAPS, *(table.CAREFUL_CAPS if workspace.careful else ())):
        if name in binding:
            law.caps.append((tuple(channels.split()), count, timedelta(hours=hours_)))
    for name, channels, level, months in table.LIFETIMES:
        if name in binding:
            for channel in channels.split():
                law.lifetimes[channel, level] = min(months, law.lifetimes.get((channel, level), months))
    for name, channels, registry, days, lifted_by in table.REGISTRIES:
        if name in binding:
            law.registries.append((registry, frozenset(channels.split()), days, frozenset(lifted_by.split())))
    for name, channels, lifted_by in table.CHANGED_HANDS:
        if name in binding:
            law.changed_hands.append((frozenset(channels.split()), frozenset(lifted_by.split())))
    within = [minutes for name, minutes in table.ANSWERED_WITHIN.items() if name in binding]
    law.answered_within = timedelta(minutes=min(within, default=0))
    law.answers_bound |= not binding.isdisjoint(table.NIGHT_BINDS_ANSWERS.split())
    return law


def _stricter(one: str, other: str) -> str:
    ranked = (*table.LEVELS, table.BARRED)
    return max(one, other, key=ranked.index)


def judge(case: Case) -> Opinion:
    law = law_of(case.workspace, case.places, case.now.date())
    purpose = case.purpose
    if purpose == "acknowledge" and (case.asked_at is None or case.asked_at + law.answered_within < case.now):
        purpose = "marketing"
    reasons: dict[str, Reason] = {}

    if case.opted_out_at is not None:
        reasons["opted_out"] = Reason("refuse")
    if any(not channels or case.channel in channels for channels in case.suppressed):
        reasons["suppressed"] = Reason("refuse")
    if case.person:
        reasons["human_live"] = Reason("refuse")
    elif case.on_call_at is not None:
        reasons["human_live"] = Reason("hold", case.now + timedelta(minutes=5))
    if not case.set_up:
        reasons["channel_off"] = Reason("refuse")
    if case.channel == "voicemail" and not case.recorded:
        reasons["no_recording"] = Reason("hold")
    if case.address in ("", "invalid", "bounced") or (case.address == "not_sms_capable" and case.channel == "sms"):
        reasons["no_address"] = Reason("refuse")
    if line := _line(case):
        reasons["line"] = line
    if law.unwritten:
        reasons["unknown_place"] = Reason("hold")
    proofs = [proof for proof in case.proofs if _counts(proof, case, law, purpose)]
    levels = {proof.level for proof in proofs}
    if not _enough(case, law, purpose, levels):
        reasons["no_consent"] = Reason("refuse")
    if purpose == "marketing" and any(
        case.channel in channels and not levels & lifted_by and not _looked_up(case, registry, days)
        for registry, channels, days, lifted_by in law.registries
    ):
        reasons["registry"] = Reason("refuse")
    if case.channel != "email" and (kind := _number(case, law, proofs, levels)):
        reasons["reassigned"] = Reason(kind)

    clocks = clocks_of(case, law, purpose)
    if clocks is None:
        reasons["unknown_zone"] = Reason("hold")
    elif clocks and not is_open(clocks, case.now):
        reasons["quiet_hours"] = Reason("hold", opens(clocks, case.now, HORIZON_DAYS))
    office = office_of(case)
    if office and not is_open(office, case.now):
        reasons["office_hours"] = Reason("hold", opens(office, case.now, HORIZON_DAYS))
    if purpose != "acknowledge":
        ends = [_free(counted, most, case.now) for counted, most in _counted(case, law)]
        if busy := [end for end in ends if end is not None]:
            reasons["attempt_cap"] = Reason("hold", max(busy))

    return Opinion.of(reasons)


# --- proofs -----------------------------------------------------------------------------------------------------------


def _enough(case: Case, law: Law, purpose: str, levels: set[str]) -> bool:
    asked = law.asked.get((case.channel, purpose))
    if asked is None and not law.asked:
        return law.unwritten  # of a place that nobody wrote down a person decides, as unknown_place says
    if asked is None or asked == table.BARRED:
        return False
    return any(table.LEVELS.index(level) >= table.LEVELS.index(asked) for level in ("none", *levels))


def _counts(proof: Proof, case: Case, law: Law, purpose: str) -> bool:
    if case.channel not in proof.channels or case.now < proof.at:
        return False
    if proof.purpose not in ("marketing", purpose):
        return False
    if proof.speaks_for == "another" and case.address and proof.level not in table.RELATIONS:
        return False
    months = law.lifetimes.get((case.channel, proof.level))
    ends = [end for end in (proof.ends, months and months_on(proof.at, months)) if end]
    return all(case.now < end for end in ends)


def _looked_up(case: Case, registry: str, days: int) -> bool:
    """Whether a copy that is young enough says that the number is not in the registry."""
    # choice: the latest calendar day of all clocks counts, so a copy is never taken to be younger than it is.
    today = max([case.now.date(), *(case.now.astimezone(zone_of(zone)).date() for zone in case.zones)])
    oldest = today - timedelta(days=days)
    return any(one.registry == registry and not one.listed and one.day >= oldest for one in case.listings)


def _number(case: Case, law: Law, proofs: list[Proof], levels: set[str]) -> Literal["hold", "refuse", ""]:
    """What stands in the way of a number that may not be the lead's any more."""
    if case.told_at is not None and not _given_since(case.told_at, case, proofs):
        said: Mapping[str, Literal["hold", "refuse", ""]] = {"yes": "refuse", "no_data": "hold", "no": ""}
        return said[case.changed_hands]
    # choice: a relation that came with another number says nothing of who has this one.
    levels = {proof.level for proof in proofs if proof.speaks_for != "another" or not case.address} & levels
    asked = any(case.channel in channels and not levels & lifted_by for channels, lifted_by in law.changed_hands)
    return "hold" if asked else ""


def months_on(at: datetime, months: int) -> datetime:
    """The same day of a later month; where there is none, the last one that there is."""
    year, month, day = at.year, at.month, at.day
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    while True:
        try:
            return at.replace(year=year, month=month, day=day)
        except ValueError:
            day -= 1


def _given_since(told_at: datetime, case: Case, proofs: list[Proof]) -> bool:
    """Whether the lead gave its best proof after it was told, and with this number or none: another says nothing of it."""
    if not proofs:
        return False
    ranks = {proof: (table.LEVELS.index(proof.level), proof.at) for proof in proofs}
    best = max(ranks.values())
    return best[1] > told_at and any(
        rank == best and (proof.speaks_for != "another" or not case.address) for proof, rank in ranks.items()
    )


def _line(case: Case) -> Reason | None:
    """What a number is that is asked to take a text. An answer that is on its way is waited for, from minute to minute."""
    if case.channel != "sms":
        return None
    if case.line in ("landline", "invalid"):
        return Reason("refuse")
    if not case.lines_asked or case.line in ("mobile", "voip"):
        return None
    return Reason("hold") if case.line == "unknown" else Reason("hold", _whole(case.now + MINUTE))


def _whole(at: datetime) -> datetime:
    """The first whole minute from an instant on."""
    return at if at == (whole := at.replace(second=0, microsecond=0)) else whole + MINUTE


# --- clocks -----------------------------------------------------------------------------------------------------------


def clocks_of(case: Case, law: Law, purpose: str) -> frozenset[Bound] | None:
    """Every clock that must show open hours; none at all where no hours bind. None: they bind, and no clock is known."""
    openings = law.hours.get(case.channel, []) if purpose == "marketing" or law.answers_bound else []
    if not openings:
        return frozenset()
    if not case.zones:
        return None
    known = law.clocks.get((case.channel, case.zones))
    if known is None:
        known = law.clocks[case.channel, case.zones] = bounds_of(openings, case.zones)
    return known


def office_of(case: Case) -> frozenset[Bound]:
    if case.channel != "call" or not case.office:
        return frozenset()
    return _office(case.workspace)


@cache
def _office(own: Workspace) -> frozenset[Bound]:
    calendar = "US" if own.federal_days_off else ""
    return frozenset((Bound(Opening(own.office, calendar, True, own.days_off), own.clock),))


# --- counts -----------------------------------------------------------------------------------------------------------


def _counted(case: Case, law: Law) -> list[tuple[list[datetime], int]]:
    """For each cap on the channel: when each attempt that it counts drops out, and how many there may be."""
    return [
        ([one.at + per for one in case.attempts if one.channel in channels and one.id != case.id], most)
        for channels, most, per in law.caps
        if case.channel in channels
    ]


def _free(ends: list[datetime], most: int, now: datetime) -> datetime | None:
    """The first whole minute with less than `most` attempts still counting. None: it is so now."""
    if sum(now < end for end in ends) < most:
        return None
    start = now.replace(second=0, microsecond=0)
    last = max(-((start - end) // MINUTE) for end in ends)
    counting = np.zeros(last + 1, np.uint8)  # for each minute from `start` on
    for end in ends:
        counting[: max(0, -((start - end) // MINUTE))] += 1
    return start + int(np.argmax(counting < most)) * MINUTE


# --- the end of everything --------------------------------------------------------------------------------------------


def walk(case: Case, limit: int) -> datetime | None:
    """The first minute at which every clock, the office and every cap let the touch out, one minute after the other."""
    law = law_of(case.workspace, case.places, case.now.date())
    clocks, office = clocks_of(case, law, "marketing"), office_of(case)
    if clocks is None:
        return None
    at = case.now
    for _ in range(limit):
        if (
            is_open(clocks, at)
            and is_open(office, at)
            and all(sum(at < end for end in ends) < most for ends, most in _counted(case, law))
        ):
            return at
        at = at.replace(second=0, microsecond=0) + MINUTE
    return None
