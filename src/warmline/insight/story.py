"""The story of one lead: what happened, every decision with the rules behind it, and what comes next.

    story(conn, workspace, "+12125550142", now)

The same values serve `warmline why`, the lead's page and the API. Nothing is stored here and nothing decided: what
comes next is what `decide` and the gate answer now, on the same history that the engine reads.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from warmline.channels import needs_recording
from warmline.core.consent import Consent, Span, Suppression, spans_of
from warmline.core.gate import Rules
from warmline.core.hours import local_clock, local_date
from warmline.core.mail_address import read_email
from warmline.core.phone import read_phone
from warmline.core.places import Zones
from warmline.core.recordings import Recordings
from warmline.core.standing import calendar_zone
from warmline.insight.foreseen import Coming, StepView, View, foresee, view_steps
from warmline.insight.lines import Line, tell
from warmline.rules.binding import places_known, policy_of, zones_known
from warmline.store import due, merges, numbers, playbooks, recordings, stories
from warmline.store.due import Known
from warmline.store.ids import lane_of
from warmline.store.stories import Record, Run, Task, Touch
from warmline.store.workspaces import Workspace

_ACTIVE = ("running", "handed_off", "parked")
_LOOK = "Look for it by name on the page Leads."


class LeadNotFoundError(Exception):
    """No lead of this workspace has that id, number or address. The text says what was looked for."""


class LeadView(msgspec.Struct, frozen=True):
    """`zone` is the calendar its days are counted in; `zones` every zone it may be in, empty when nobody knows."""

    id: UUID
    lane: int
    called: str  # the name, or whatever the lead is known by
    status: str
    owner: str | None
    owner_name: str
    company: str
    email: str | None
    phone: str | None
    source: str
    country: str
    region: str
    zone: str
    zones: tuple[str, ...]
    zone_basis: str
    fields: dict[str, Any]
    created_at: datetime


class Address(msgspec.Struct, frozen=True):
    """`kind`: phone or email."""

    kind: str
    value: str
    state: str


class Other(msgspec.Struct, frozen=True):
    """Another lead, and what it is called."""

    id: UUID
    called: str


class Playing(msgspec.Struct, frozen=True):
    """One run through a playbook, with the name and number of the version it is pinned to."""

    run: Run
    name: str
    version: int


class Story(msgspec.Struct, frozen=True):
    """`coming` is what the machine and people will do next, by time, as far as it can be told if nothing happens
    meanwhile: up to the next thing that reaches the lead. Empty: nothing will, and the lead is not open."""

    at: datetime
    lead: LeadView
    coming: tuple[Coming, ...]
    steps: tuple[StepView, ...]  # of the run that counts now, or of the last one
    lines: tuple[Line, ...]  # oldest first
    runs: tuple[Playing, ...]
    tasks: tuple[Task, ...]  # open, by due time
    touches: tuple[Touch, ...]
    consents: tuple[Consent, ...]
    addresses: tuple[Address, ...]  # newest first
    suppressions: tuple[Suppression, ...]
    ends: tuple[tuple[Span, ...], ...] = ()  # until when each of the consents speaks, by the rules of the lead's places
    became: Other | None = None  # the lead that this one has become a part of by a merge: that one lives on
    away_until: datetime | None = None  # the cadence rests until then, by the lead's out-of-office

    @property
    def held(self) -> list[tuple[Consent, tuple[Span, ...]]]:
        """Each consent with until when it speaks for what."""
        return list(zip(self.consents, self.ends, strict=True))

    @property
    def away(self) -> str:
        """What is to be said of that: `away until 3 Dec, from its out-of-office`; "" when it is not away."""
        if self.away_until is None:
            return ""
        last = local_date(self.away_until, self.lead.zone) - timedelta(days=1)
        return f"away until {last.day} {last:%b}, from its out-of-office"

    def local(self, at: datetime) -> str:
        """`at` on the lead's own clock: `Mon 23 Nov 10:00`."""
        return f"{local_date(at, self.lead.zone):%a %d %b} {local_clock(at, self.lead.zone):%H:%M}"


def story(conn: psycopg.Connection, workspace: Workspace, ref: str | UUID, now: datetime) -> Story:
    """`ref` is a lead's id, phone number or mail address. Raises LeadNotFoundError."""
    lane, lead_id = find_lead(conn, workspace, ref)
    known = due.know(conn, lane, [lead_id]).get(lead_id)
    record = stories.read_record(conn, lane, lead_id)
    if known is None or record is None:
        raise LeadNotFoundError(f"The lead {lead_id} was deleted a moment ago.")
    binding = policy_of(workspace.config, now.date()).rules(places_known(known))
    zones = zones_known(known)
    versions = playbooks.versions(conn, {run.version_id for run in record.runs})
    lead = _view(known, record, lane, workspace, zones, binding)
    run = _run_that_counts(record)
    open_tasks = sorted((task for task in record.tasks if task.status == "open"), key=lambda task: task.due_at)
    view = None
    if run is not None:
        asked = numbers.asked_of(conn, workspace)
        config = workspace.config
        heard = Recordings(needs_recording(config), recordings.made(conn, workspace.id), config.people)
        view = View(known, workspace, binding, zones, lead.zone, run, versions[run.version_id], now, heard, asked)
    away_until = view.history().away_until if view is not None else None
    consents = tuple(sorted(known.consents, key=lambda one: one.at))
    return Story(
        at=now,
        ends=tuple(spans_of(one, binding.lifetimes) for one in consents),
        away_until=away_until if away_until is not None and away_until > now else None,
        lead=lead,
        became=_became(conn, known),
        coming=foresee(view, open_tasks, record.touches),
        steps=view_steps(view),
        lines=tell(known.events, record),
        runs=tuple(
            Playing(one, versions[one.version_id].playbook.name, versions[one.version_id].version)
            for one in record.runs
        ),
        tasks=tuple(open_tasks),
        touches=tuple(record.touches),
        consents=consents,
        addresses=tuple(
            Address("email" if "@" in value else "phone", value, state)
            for value, state in reversed(known.addresses.items())
        ),
        suppressions=tuple(known.suppressions),
    )


def as_told(told: Story) -> dict[str, Any]:
    """A story as it leaves the program as JSON. What travels from the database as arrays gets its names."""
    named = {
        name: [msgspec.structs.asdict(one) for one in getattr(told, name)]
        for name in ("consents", "addresses", "suppressions")
    }
    return msgspec.structs.asdict(told) | named


def find_lead(conn: psycopg.Connection, workspace: Workspace, ref: str | UUID) -> tuple[int, UUID]:
    """Lane and id of the lead that `ref` names: its id, phone number or mail address. Raises LeadNotFoundError."""
    if isinstance(ref, str):
        try:
            ref = UUID(ref)
        except ValueError:
            return _find_by_address(conn, workspace, str(ref).strip())
    found = stories.find_lead(conn, workspace.id, ref)
    if found is None:
        raise LeadNotFoundError(f"No lead of {workspace.name} has the id {ref}. {_LOOK}")
    return found


def addresses_meant(workspace: Workspace, text: str) -> list[str]:
    """The mail address or the numbers that `text` may mean; none where it is neither. A number without a country is read as
    one of the countries that the sources are set to, in their order."""
    if "@" in text:
        return [email] if (email := read_email(text)) else []
    countries = dict.fromkeys([*(source.country for source in workspace.config.sources.values()), "US"])
    return [phone for country in countries if (phone := read_phone(text, country))]


def _find_by_address(conn: psycopg.Connection, workspace: Workspace, text: str) -> tuple[int, UUID]:
    wanted = addresses_meant(workspace, text)
    if not wanted:
        raise LeadNotFoundError(
            f"{text!r} is not a lead's id, phone number or mail address. "
            "Write it like +1 212 555 0142 or ann@example.com."
        )
    for address in dict.fromkeys(wanted):
        found = stories.find_by_address(conn, workspace.id, address)
        if found is not None:
            return found
    raise LeadNotFoundError(f"No lead of {workspace.name} has {' or '.join(dict.fromkeys(wanted))}. {_LOOK}")


def _view(known: Known, record: Record, lane: int, workspace: Workspace, zones: Zones, binding: Rules) -> LeadView:
    owner = workspace.config.people.get(known.owner or "")
    return LeadView(
        id=known.id,
        lane=lane,
        called=_called(known),
        status=known.status,
        owner=known.owner,
        owner_name=owner.name if owner else known.owner or "",
        company=known.company,
        email=known.email,
        phone=known.phone,
        source=known.source,
        country=known.country,
        region=known.region,
        zone=calendar_zone(zones, binding.office.zone),
        zones=zones.listed,
        zone_basis=zones.basis,
        fields=known.fields,
        created_at=record.created_at,
    )


def _called(known: Known) -> str:
    return f"{known.first_name} {known.last_name}".strip() or known.phone or known.email or str(known.id)


def _became(conn: psycopg.Connection, known: Known) -> Other | None:
    other = known.id if known.addresses else merges.stands_for(conn, known.id)
    found = due.know(conn, lane_of(other), [other]).get(other) if other != known.id else None
    return Other(other, _called(found)) if found is not None else None


def _run_that_counts(record: Record) -> Run | None:
    """The one that may speak; else the one that waits for its turn; else the last one."""
    for wanted in (_ACTIVE, ("scheduled",)):
        for run in record.runs:
            if run.status in wanted:
                return run
    return record.runs[-1] if record.runs else None
