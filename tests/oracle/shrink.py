"""A disagreement made as small as it gets, and told so that a person sees who is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from .case import Case
from .clock import zone_of
from .draw import STARTER
from .oracle import judge
from .product import Change, answer

_PLAIN: dict[str, Any] = {
    "workspace": STARTER, "purpose": "marketing", "office": False, "id": "", "address": "ok", "recorded": True,
    "set_up": True, "person": False, "asked_at": None, "line": "mobile", "lines_asked": False, "opted_out_at": None,
    "on_call_at": None,
}  # fmt: skip


def smallest(case: Case, wrong: Callable[[Case], bool]) -> Case:
    """A case in which nothing more can be left out without the two agreeing."""
    while (smaller := next((one for one in _simpler(case) if wrong(one)), None)) is not None:
        case = smaller
    return case


def _simpler(case: Case) -> Iterator[Case]:
    for name in ("proofs", "attempts", "suppressed", "listings"):
        held = getattr(case, name)
        for index in range(len(held)):
            yield replace(case, **{name: held[:index] + held[index + 1 :]})
    if case.told_at:
        yield replace(case, changed_hands="", told_at=None)
    for name, plain in _PLAIN.items():
        if getattr(case, name) != plain:
            yield replace(case, **{name: plain})
    for zone in sorted(case.zones):
        if len(case.zones) > 1:
            yield replace(case, zones=case.zones - {zone})
    for place in sorted(case.places):
        # A state does not stand without its country.
        if len(case.places) > 1 and not any(other.startswith(f"{place}-") for other in case.places):
            yield replace(case, places=case.places - {place})
    whole = case.now.replace(second=0, microsecond=0)
    if whole != case.now:
        yield replace(case, now=whole)


def told(case: Case, change: Change | None = None) -> str:
    opinion, verdict = judge(case), answer(case, change)
    said = [one for one in verdict.findings if one.result != "pass"]
    plain = Case(STARTER, case.places, case.zones, case.now, case.channel, "marketing", False)
    known = [
        f"    {field.name} = {getattr(case, field.name)!r}"
        for field in fields(case)
        if getattr(case, field.name) != getattr(plain, field.name)
    ]
    return "\n".join([
        "The oracle and the gate disagree:",
        f"  {case.purpose} by {case.channel}, places {', '.join(sorted(case.places)) or 'none'}",
        f"  at {case.now.isoformat()}",
        *(f"    {case.now.astimezone(zone_of(zone)):%a %Y-%m-%d %H:%M:%S.%f} {zone}" for zone in sorted(case.zones)),
        *known,
        f"  oracle: {opinion.result} until {opinion.until if opinion.result == 'hold' else None}",
        *(f"    {rule}: {reason.kind} {reason.until or ''}" for rule, reason in opinion.reasons.items()),
        f"  gate:   {verdict.result} by {verdict.rule or 'nothing'} until {verdict.until}",
        *(f"    {one.rule}: {one.result} {one.until or ''} ({one.saw}; {one.flip})" for one in said),
    ])  # fmt: skip
