"""What a person does with a lead."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg

from warmline import rules
from warmline.core.enrol import CLOSED
from warmline.core.hours import UnknownZone, find_zone
from warmline.core.lead import clean
from warmline.core.phone import example_of
from warmline.store import address_owners, tasks
from warmline.store.races import LostRaceError, in_rounds
from warmline.store.workspaces import Workspace

from .. import opt_out as opting
from ..erased import bring_back
from .contact import read_contact
from .following import ActError, close_lead, enter, hand_back, in_hand

MOST_NOTE = 4_000


@in_rounds()
def take_over(
    conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, who: str, now: datetime
) -> None:
    """The person has the lead from now on; nothing automated goes out any more."""
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        if case.person.status != "open":
            raise ActError(f"The lead is {_word(case.person.status)}, so there is nothing to take over.")
        if who in workspace.config.people and case.person.owner != who:
            case.person.put("owner", who)
            case.happened("assigned", owner=who, by="takeover")
        case.happened("taken.over", who=who)
        case.stop("human_live")
        case.person_takes_over("takeover", f"Taken over by {who}")


@in_rounds()
def release(conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, who: str, now: datetime) -> None:
    """Back to the playbook."""
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        if case.person.status not in ("handed_off", "open"):
            raise ActError(f"The lead is {_word(case.person.status)}: open it again first.")
        hand_back(case, who)


@in_rounds()
def close(
    conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, who: str, now: datetime, *, status: str
) -> None:
    """`status`: won or lost."""
    if status not in ("won", "lost"):
        raise ActError(f"{status[:20]!r} is no way to close a lead. Choose won or lost.")
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        if case.person.status not in ("open", "handed_off"):
            raise ActError(
                f"The lead is {_word(case.person.status)} already. Open it again first to close it otherwise."
            )
        close_lead(case, status, who)


@in_rounds()
def reopen(conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, who: str, now: datetime) -> None:
    """A closed lead is open again, and a person decides what it gets."""
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        if case.person.status not in CLOSED:
            raise ActError(f"The lead is {_word(case.person.status)}, so it can't be opened again.")
        case.person.put("status", "open")
        case.happened("changed", status="open", who=who)
        case.needs_owner()
        case.leave_nobody_behind(f"Opened again: decide what {case.person.called} gets next")


@in_rounds()
def enroll(
    conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, who: str, now: datetime, *, playbook: str
) -> None:
    """Into that playbook, now."""
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        enter(case, playbook, who)


@in_rounds()
def opt_out(
    conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, who: str, now: datetime, *, evidence: str
) -> None:
    """The lead told a person that it wants no more contact: on no channel, as the page says, whichever it used."""
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        if case.person.status == "opted_out":
            raise ActError("The lead has opted out already; nothing goes out to it.")
        said = clean(evidence) or f"told {who}"
        for address in (case.person.phone, case.person.email):
            if address:
                opting.suppress_address(case, address, "opted_out", said)
        opting.opt_out(case, reason="opted_out", evidence=said, address="", channel="", who=who)


@in_rounds()
def reassign(
    conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, who: str, now: datetime, *, owner: str
) -> None:
    """Another owner, for the lead and all its open tasks."""
    if owner not in workspace.config.people:
        known = ", ".join(workspace.config.people)
        raise ActError(f"There is nobody called {owner[:60]!r}. There are: {known}.")
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        case.person.put("owner", owner)
        case.happened("assigned", owner=owner, by=who)
        tasks.give(conn, case.lane, case.id, owner)


@in_rounds()
def set_zone(
    conn: psycopg.Connection,
    workspace: Workspace,
    lane: int,
    lead_id: UUID,
    who: str,
    now: datetime,
    *,
    region: str = "",
    time_zone: str = "",
) -> None:
    """Where the lead is, as a person knows it. "" leaves what is there."""
    region, time_zone = clean(region).upper(), clean(time_zone)
    if not region and not time_zone:
        raise ActError("Name a region such as US-NY, or a time zone such as America/New_York.")
    if region and region not in rules.regions().states:
        raise ActError(f"{region[:20]} is no region known here. Write country and state, such as US-NY or CA-ON.")
    try:
        if time_zone:
            find_zone(time_zone)
    except UnknownZone as error:
        raise ActError(str(error)) from error
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        said = {name: value for name, value in (("region", region), ("time_zone", time_zone)) if value}
        for name, value in said.items():
            case.person.put(name, value)
        case.happened("changed", who=who, fields=said)
        case.cancel_tasks("changed", who, ("fix",))
        case.leave_nobody_behind(f"Decide what {case.person.called} gets next")


@in_rounds()
def correct_address(
    conn: psycopg.Connection, workspace: Workspace, lane: int, lead_id: UUID, who: str, now: datetime, *, address: str
) -> None:
    """A phone number or mail address in place of the present one, which stays in the story. A relation to the person, such
    as an inquiry, goes with it; permission that was given for the old one does not."""
    named = read_contact(address, workspace)
    if isinstance(named, str) or named.scope == "domain":
        raise ActError(
            f"{address[:60]!r} is no phone number or mail address. Write: {example_of('US')} or ann@example.com"
        )
    value = named.value
    kind = "email" if "@" in value else "phone"
    with conn.transaction():
        # The address before the lead, as intake takes them.
        claimed = address_owners.claim(conn, workspace.id, {value: lead_id})()
        owner = lead_id if claimed else address_owners.hold(conn, workspace.id, [value]).get(value)
        if owner is None:
            raise LostRaceError  # whoever had it was forgotten between the two
        with in_hand(conn, workspace, lane, lead_id, now) as case:
            if owner not in (lead_id, case.id):
                raise ActError(
                    f"{value} belongs to another lead ({owner}). Work on that one, or correct it there first."
                )
            if owner != case.id:  # claimed for a lead that has become a part of this one
                address_owners.give(conn, workspace.id, {value: case.id})
            case.person.add_address(value)
            case.person.mark_address(value, "ok")
            bring_back(conn, workspace, value)
            before = case.person.email if kind == "email" else case.person.phone
            case.person.put(kind, value)
            case.happened("changed", who=who, fields={kind: value}, before=before or "")
            case.cancel_tasks("changed", who, ("fix",))
            case.leave_nobody_behind(f"Decide what {case.person.called} gets next")


@in_rounds()
def add_note(
    conn: psycopg.Connection,
    workspace: Workspace,
    lane: int,
    lead_id: UUID,
    who: str,
    now: datetime,
    *,
    note: str,
    once: str = "",
) -> None:
    """A line in the lead's story. `once` names the form it was written in: sent twice, it is one line."""
    text = clean(note)[:MOST_NOTE]
    if not text:
        raise ActError("The note is empty. Write what there is to know.")
    key = f"note:{who}:{once}" if once else None
    with in_hand(conn, workspace, lane, lead_id, now, key) as case:
        if key not in case.known_keys:
            case.happened("changed", key=key, who=who, note=text)


def _word(status: str) -> str:
    return {"handed_off": "with a person", "opted_out": "opted out"}.get(status, status)
