"""Calls that come in: whose phone rings, who took it, and what is left when nobody did.

What happened becomes the signals `call` and `voicemail`, told by the same way in as everything else from a provider.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg

from warmline.channels.call.contract import (
    KEY,
    Answer,
    HangUp,
    Nothing,
    Offer,
    PickedUp,
    Rang,
    RangOut,
    Recorded,
    Ring,
    TakeMessage,
    Took,
    Transcribed,
)
from warmline.channels.contract import Signal
from warmline.store import address_owners, due, events, leads, playbooks, tasks
from warmline.store.ids import lane_of
from warmline.store.leads import Standing
from warmline.store.races import in_rounds
from warmline.store.workspaces import Workspace

from . import inbound
from .acts.call import asked_for_by
from .case import taken
from .messages import read_address
from .ours import caller_of_ours
from .person import person_of
from .setting import setting_of

MOST_PHONES = 10  # what a provider rings at once


#: What a person of the workspace hears who calls our own number and is no lead: there is nobody to ring.
OUR_OWN = "You called your own company's number for leads. To reach a lead, press Call now on the page of its call."

Inbound = Rang | PickedUp | Took | RangOut | Recorded | Transcribed


def hear(conn: psycopg.Connection, workspace: Workspace, heard: Inbound, now: datetime) -> Answer:
    if caller_of_ours(conn, workspace, read_address(heard.caller) or heard.caller) is not None:
        return HangUp(OUR_OWN)
    match heard:
        case Rang(call, caller):
            people = _whom_to_ring(conn, workspace, caller, now)
            return Ring(call, caller, people) if people else _missed(conn, workspace, call, caller, now)
        case PickedUp(call, caller, rep):
            return Offer(call, caller, rep, _said(conn, workspace, caller, now))
        case Took(call, caller, rep, digits):
            if digits != KEY:
                return HangUp()
            _took(conn, workspace, call, caller, rep, now)
            return Nothing()
        case RangOut(call, caller, talked):
            if talked or _was_answered(conn, workspace, call, caller):
                return HangUp()
            return _missed(conn, workspace, call, caller, now)
        case Recorded(_, caller, recording, url, seconds):
            data = {"recording": recording, "url": url, "seconds": str(seconds)}
            signal = Signal("voicemail", now, sender=caller, key=f"{recording}:left", data=data)
            inbound.receive(conn, workspace, [signal], now)
            return HangUp("Thank you. Goodbye.")
        case Transcribed(_, caller, recording, text):
            data = {"recording": recording}
            signal = Signal("voicemail", now, sender=caller, text=text, key=f"{recording}:text", data=data)
            inbound.receive(conn, workspace, [signal], now)
            return Nothing()


def _whom_to_ring(
    conn: psycopg.Connection, workspace: Workspace, caller: str, now: datetime
) -> tuple[tuple[str, str], ...]:
    """The owner's phone, or those of the first team: whoever is first. Nobody's while the office is closed, nor the one that
    calls."""
    setting = setting_of(workspace, playbooks.current(conn, workspace.id), now)
    if setting.after_hours(now):
        return ()
    config = workspace.config
    lead, calling = _lead(conn, workspace, caller, now), read_address(caller)
    team = config.teams.get(setting.default_owner.team)
    for keys in ([lead.owner] if lead and lead.owner else [], team.people if team else tuple(config.people)):
        found = [(key, config.people[key].phone) for key in keys if config.here(key)]
        if phones := tuple((key, phone) for key, phone in found if phone not in ("", calling))[:MOST_PHONES]:
            return phones
    return ()


def _said(conn: psycopg.Connection, workspace: Workspace, caller: str, now: datetime) -> str:
    lead = _lead(conn, workspace, caller, now)
    if lead is None:
        return "A caller who is not known yet. Press 1 to take the call."
    known = due.know(conn, lane_of(lead.id), [lead.id])[lead.id]
    return f"{person_of(lead).called} is calling. {asked_for_by(known.events)} Press 1 to take the call."


def _took(conn: psycopg.Connection, workspace: Workspace, call: str, caller: str, rep: str, now: datetime) -> None:
    """A person talks to the lead now. One that nobody owned belongs to whoever took the call."""
    here, before = workspace.config.here, _lead(conn, workspace, caller, now)
    signal = Signal("call", now, sender=caller, key=f"{call}:answered", data={"answered": rep})
    inbound.receive(conn, workspace, [signal], now)
    after = _lead(conn, workspace, caller, now)
    if after is None or (before is not None and here(before.owner)) or here(rep) is None:
        return
    _give(conn, workspace, after.id, rep, now)


@in_rounds()
def _give(conn: psycopg.Connection, workspace: Workspace, lead_id: UUID, rep: str, now: datetime) -> None:
    with taken(conn, workspace, lead_id, now) as case:
        if case.person.owner != rep:
            case.person.put("owner", rep)
            case.happened("assigned", owner=rep, by="call")
            tasks.give(conn, case.lane, case.id, rep)


def _missed(conn: psycopg.Connection, workspace: Workspace, call: str, caller: str, now: datetime) -> Answer:
    inbound.receive(conn, workspace, [Signal("call", now, sender=caller, key=f"{call}:missed")], now)
    return TakeMessage(call, caller, workspace.name)


def _was_answered(conn: psycopg.Connection, workspace: Workspace, call: str, caller: str) -> bool:
    address = read_address(caller)
    lead_id = address_owners.owner_of(conn, workspace.id, address)
    return lead_id is not None and events.has_key(conn, lead_id, f"{call}:answered")


def _lead(conn: psycopg.Connection, workspace: Workspace, caller: str, now: datetime) -> Standing | None:
    address = read_address(caller)
    lead_id = address_owners.owner_of(conn, workspace.id, address)
    return leads.read_one(conn, lead_id, now) if lead_id else None
