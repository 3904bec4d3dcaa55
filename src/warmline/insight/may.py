"""What may be sent to a number or a mail address at an instant, by which rules: to a lead, or to somebody not yet known."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
import psycopg

from warmline import rules
from warmline.core import gate
from warmline.core.consent import Suppression, suppressible_values
from warmline.core.gate import Facts
from warmline.core.numbers import line_of, reassigned_of, registries_of
from warmline.core.playbook import ChannelKind
from warmline.core.standing import Asked, facts_of, history_of
from warmline.insight.lines import Looked, named
from warmline.insight.story import addresses_meant
from warmline.rules.binding import Somebody, places_known, policy_of, zones_known
from warmline.store import address_owners, due, numbers, suppressions
from warmline.store.due import Known
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace

BY_PHONE: tuple[ChannelKind, ...] = ("sms", "call", "voicemail")


#: Of an instant that may be asked about: the gate looks years back from it, and days ahead.
YEARS = range(1971, 2200)


class UnreadableError(Exception):
    """It is no phone number, mail address, place or time. The text says what to write."""


class Channel(msgspec.Struct, frozen=True):
    """The gate's word on marketing by one channel."""

    channel: str
    result: str
    rule: str
    until: datetime | None
    findings: tuple[Looked, ...]


class May(msgspec.Struct, frozen=True):
    """`packs` names the rules that bind; `lead` is None for an address that is nobody's yet."""

    at: datetime
    address: str
    lead: UUID | None
    called: str
    places: tuple[str, ...]
    zones: tuple[str, ...]
    basis: str
    packs: str
    channels: tuple[Channel, ...]


def may(
    conn: psycopg.Connection, workspace: Workspace, text: str, at: datetime, *, region: str = "", country: str = ""
) -> May:
    """`region` and `country` count for an address that is nobody's yet. Raises UnreadableError."""
    address = _read(workspace, text)
    if at.year not in YEARS:
        raise UnreadableError(
            f"Nobody knows the rules of the year {at.year}. Name a time from {YEARS[0]} to {YEARS[-1]}."
        )
    _check_place(region.upper(), country.upper())
    by_mail = "@" in address
    owner = address_owners.owner_of(conn, workspace.id, address)
    lead = due.know(conn, lane_of(owner), [owner])[owner] if owner else None
    somebody = lead or Somebody(None if by_mail else address, region.upper(), country.upper())
    policy, places, zones = policy_of(workspace.config, at.date()), places_known(somebody), zones_known(somebody)
    bound = policy.rules(places)
    channels: tuple[ChannelKind, ...] = ("email",) if by_mail else BY_PHONE
    if lead is not None:
        channels = (*BY_PHONE, "email")
    asked = numbers.asked_of(conn, workspace)
    found = []
    for channel in channels:
        on = channel == "call" or channel in workspace.config.channels
        if lead is not None:
            facts = _of_lead(lead, channel, on, at, policy.office.zone, asked)
        else:
            kept = suppressions.in_force(conn, workspace.id, suppressible_values((), [address]))
            out = [
                Suppression(o.scope, o.value, o.reason, o.at, tuple(o.channels)) for some in kept.values() for o in some
            ]
            phone = None if by_mail else address
            told = numbers.of_number(conn, workspace.id, phone) if phone else []
            facts = Facts(
                address, "ok", zones.zones, zones.basis, suppressions=out, channel_on=on,
                registries=registries_of(phone, told, asked.files), reassigned=reassigned_of(told),
                line=line_of(phone, told), lines_asked=asked.lines,
            )  # fmt: skip
        verdict = gate.check(gate.Ask(channel, office=False), facts, bound, at)
        found.append(Channel(channel, verdict.result, verdict.rule, verdict.until, named(verdict.findings)))
    called = f"{lead.first_name} {lead.last_name}".strip() if lead else ""
    return May(
        at, address, owner, called, tuple(sorted(places or policy.home)), zones.listed, zones.basis,
        bound.version.partition(";")[0], tuple(found),
    )  # fmt: skip


def _of_lead(lead: Known, channel: str, on: bool, at: datetime, zone: str, asked: Asked) -> Facts:
    history = history_of("", 0, at, zone, {}, {}, lead.events)
    return facts_of(lead, zones_known(lead), history, channel, on, asked)


def _check_place(region: str, country: str) -> None:
    known = rules.regions()
    if region and region not in known.states:
        raise UnreadableError(f"{region[:20]!r} is no state. Write it with its country, such as US-FL or CA-ON.")
    if country and country not in known.countries:
        raise UnreadableError(f"{country[:20]!r} is no country. Write its two letters, such as CA.")


def _read(workspace: Workspace, text: str) -> str:
    meant = addresses_meant(workspace, text)
    if not meant:
        raise UnreadableError(
            f"{text[:60]!r} is no phone number or mail address. Write one such as +12125550123 or ann@example.com."
        )
    return meant[0]
