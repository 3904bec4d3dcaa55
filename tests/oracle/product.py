"""The same question put to the product, on its real path: warmline.toml, the packs, their combining, the gate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, cast

from warmline import rules
from warmline.core.consent import Consent, Level, Suppression
from warmline.core.gate import Ask, Facts, Reassigned, Registry, Rules, Verdict, check
from warmline.core.places import places_of, zones_of
from warmline.core.playbook import ChannelKind, Purpose
from warmline.core.policy import Policy
from warmline.core.settings import Config, parse_settings
from warmline.rules.binding import policy_of

from .case import Case, Proof, Workspace
from .oracle import HORIZON_DAYS, Opinion, judge

Answer = Literal["no", "yes", "no_data"]
Change = Callable[[Rules], Rules]
MINUTE = timedelta(minutes=1)
THIS = "somebody"

#: The gate looks a fortnight ahead from each opening that it finds; past that it may leave a hold to a person.
SEEN_AHEAD = timedelta(days=14)


@lru_cache(maxsize=64)
def config_of(workspace: Workspace) -> Config:
    days = [f'"{day}"' for day in workspace.days_off] + ['"us"'] * workspace.federal_days_off
    sources = [f'[sources.from-{country.lower()}]\nform = "a"\ncountry = "{country}"\n' for country in workspace.home]
    read = parse_settings(f"""
[workspace]
name = "{workspace.name}"
time_zone = "America/New_York"
postal_address = "1 Main St, Springfield, IL 62701"
[office]
hours = "{workspace.office}"
time_zone = "{workspace.clock}"
holidays = [{", ".join(days)}]
[caps]
automated_per_day = {workspace.per_day}
automated_per_week = {workspace.per_week}
[compliance]
profile = "{"conservative" if workspace.careful else "statutory"}"
[acknowledge]
at_night = {"true" if workspace.answers_at_night else "false"}
{"".join(sources)}""")
    assert read.config is not None, read.problems
    return read.config


@lru_cache(maxsize=512)
def policy(workspace: Workspace, on: date) -> Policy:
    return policy_of(config_of(workspace), on)


def located(
    phone: str | None, region: str | None = None, zone: str | None = None
) -> tuple[frozenset[str], frozenset[str]]:
    """Places and zones of a lead of the United States, by the real area codes."""
    codes, regions = rules.area_codes(), rules.regions()
    country = "US" if region else None
    return (
        places_of(phone, region, country, codes, regions),
        zones_of(phone, zone, region, country, codes, regions).zones,
    )


def answer(case: Case, change: Change | None = None, on: date | None = None) -> Verdict:
    """What the gate says. `change` puts other rules in place of those that bind; `on` is another day's law."""
    bound = policy(case.workspace, on or case.now.date()).rules(case.places)
    facts = Facts(
        address=THIS if case.address else None,
        address_state=case.address or "ok",
        zones=case.zones,
        zone_basis="stated",
        consents=[_consent(proof) for proof in case.proofs],
        suppressions=[Suppression("person", "somebody", "asked", case.now, only) for only in case.suppressed],
        opted_out_at=case.opted_out_at,
        human_live="reply" if case.person else "",
        on_call=case.on_call_at,
        requested_at=case.asked_at,
        attempts={one.id: (one.at, one.channel) for one in case.attempts},
        channel_on=case.set_up,
        registries={one.registry: Registry(one.day, one.listed) for one in case.listings},
        reassigned=Reassigned(cast("Answer", case.changed_hands), case.told_at) if case.told_at else None,
        line=case.line or None,
        lines_asked=case.lines_asked,
        unrecorded="" if case.recorded else "nobody has recorded it",
    )
    ask = Ask(cast("ChannelKind", case.channel), cast("Purpose", case.purpose), case.id, case.office)
    return check(ask, facts, change(bound) if change else bound, case.now)


def _consent(proof: Proof) -> Consent:
    given = {"": "", "this": THIS, "another": "somebody else"}[proof.speaks_for]
    return Consent(
        cast("Level", proof.level), proof.channels, proof.at, proof.ends, phone=given, email=given,
        purpose=cast("Purpose", proof.purpose),
    )  # fmt: skip


def differs(case: Case, change: Change | None = None) -> bool:
    """Whether the two disagree."""
    return not agree(case, judge(case), answer(case, change))


def agree(case: Case, opinion: Opinion, verdict: Verdict) -> bool:
    found = {one.rule: one for one in verdict.findings if one.result != "pass"}
    if opinion.result != verdict.result or opinion.reasons.keys() != found.keys():
        return False
    for rule, reason in opinion.reasons.items():
        if found[rule].result != reason.kind or not _same_end(case.now, reason.until, found[rule].until):
            return False
    if verdict.result == "allow":
        return verdict.rule == "" and verdict.until is None
    if verdict.result == "refuse":
        return opinion.reasons[verdict.rule].kind == "refuse" and verdict.until is None
    # Of several holds the one that decides ends last, and one without an end outlasts them all.
    ends = [one.until for one in found.values()]
    latest = max((end for end in ends if end is not None), default=None) if None not in ends else None
    return verdict.until == latest == found[verdict.rule].until


def _same_end(now: datetime, walked: datetime | None, said: datetime | None) -> bool:
    """The oracle walks from minute to minute: it arrives at the first whole minute from the end on."""
    if said is None:
        return walked is None or walked - now > SEEN_AHEAD
    if walked is None:
        return said - now > timedelta(days=HORIZON_DAYS)
    return said > now and said <= walked < said + MINUTE
