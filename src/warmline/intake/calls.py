"""Calls that were placed for people: what the provider answers, tells and asks on the way, and what follows from it.

Every word is heard under the lock of the call's lead. Facts only grow (core/calls.py), so late, doubled and reordered
words change nothing. Nobody reached, for certain: the task is finished as missed or voicemail, by the same act as on its
page, and the playbook goes on. Everything else waits for the person who was on the phone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg

from warmline.channels.call.contract import (
    KEY,
    Answer,
    Connect,
    Detected,
    HangUp,
    Heard,
    LegMoved,
    Nothing,
    Pressed,
)
from warmline.channels.contract import Accepted, NotSent, Receipt, Refused
from warmline.core.calls import Facts
from warmline.core.lead import storable
from warmline.store import calls, tasks
from warmline.store.calls import Call
from warmline.store.ids import read_touch_ref
from warmline.store.races import in_rounds
from warmline.store.workspaces import Workspace

from . import call_story, rings
from .acts import ActError, CallRefused, complete_call
from .asking import may_call
from .case import Case, taken
from .messages import UnplacedError

#: Without news for so long the provider is asked, and where it can't say nobody knows any more what became of a call. A talk
#: itself may last.
SILENT = timedelta(minutes=5)
TALK = timedelta(hours=4)


@in_rounds()
def note_receipt(conn: psycopg.Connection, workspace: Workspace, ref: str, receipt: Receipt, now: datetime) -> None:
    """What the provider answered when the call was placed. No answer leaves it `unknown`, unless it was heard of since."""
    with _in_hand(conn, workspace, ref, now) as (_, call):
        match receipt:
            case Accepted(provider_id):
                call.provider_id = call.provider_id or storable(provider_id)
                call.status = call.facts.status
            case Refused(reason, _, detail) if not _heard_of(call):
                call.status, call.reason, call.detail = "not_placed", reason, storable(detail)
            case NotSent(detail) if not _heard_of(call):
                call.status, call.reason, call.detail = "not_placed", "not_sent", storable(detail)
            case _ if not _heard_of(call):
                call.status, call.detail = "unknown", storable(getattr(receipt, "detail", ""))
        _write(conn, call, now)


def hear(conn: psycopg.Connection, workspace: Workspace, heard: Heard, now: datetime) -> Answer:
    """Take one word of the provider in and say what it is to do. Raises UnplacedError for a call that is not ours."""
    match heard:
        case LegMoved(ref, "rep", leg, _, code, provider_id):
            learn(conn, workspace, ref, Facts(rep=leg, code=code), now, provider_id)
        case LegMoved(ref, _, leg, seconds, code, provider_id):
            learn(conn, workspace, ref, Facts(lead=leg, seconds=seconds, code=code), now, provider_id)
        case Detected(ref, answered_by):
            learn(conn, workspace, ref, Facts(answered_by=answered_by), now)
        case Pressed():
            return _pressed(conn, workspace, heard, now)
        case _:
            return rings.hear(conn, workspace, heard, now)
    return Nothing()


@in_rounds()
def learn(
    conn: psycopg.Connection, workspace: Workspace, ref: str, news: Facts, now: datetime, provider_id: str = ""
) -> None:
    with conn.transaction():
        with _in_hand(conn, workspace, ref, now) as (case, call):
            before, lived = call.facts, call.live
            after = before.join(news)
            _know(call, after, provider_id)
            _write(conn, call, now)
            call_story.moved(case, call, before)
            if call.live and call.connected and not lived:
                call_story.dialled(case, call, again=True)
        if after.settles and not before.settles:
            _settle(conn, workspace, call, now)


@in_rounds()
def _pressed(conn: psycopg.Connection, workspace: Workspace, heard: Pressed, now: datetime) -> Answer:
    """The rep is on the phone and wants the lead. The gate is asked once more: minutes may have passed."""
    if heard.digits != KEY:
        return HangUp("Goodbye.")
    with _in_hand(conn, workspace, heard.ref, now) as (case, call):
        call_story.give_up_lost(case, call.lead_id)
    with _in_hand(conn, workspace, heard.ref, now) as (case, call):
        if call.provider_id not in ("", heard.provider_id) or call.facts.over:
            return HangUp("This call is over. Please start again from the task.")
        if calls.another_lives(conn, call):  # this one was given up, and the button was pressed again
            _know(call, call.facts.join(Facts(rep="answered")), heard.provider_id)
            _write(conn, call, now)
            return HangUp("Another call for this task is under way. Take that one, or start again when it is over.")
        if not call.connected:
            task = tasks.hold(conn, workspace.id, call.lane, call.task_id)
            if task is None or task.status != "open":
                return HangUp("The task is done or no longer needed. Nobody was called.")
            verdict = may_call(conn, workspace, case.id, call.lead_phone, now, call.enrollment_id)
            if verdict.result != "allow":
                call.reason, call.detail = verdict.rule, str(CallRefused(verdict))
                _write(conn, call, now)
                return HangUp(call.detail)
            call_story.dialled(case, call)
        # Asked again by a provider that got no answer, it gets the same one: this leg follows only one of them.
        _know(call, call.facts.join(Facts(rep="answered", connected=True)), heard.provider_id)
        _write(conn, call, now)
        return Connect(heard.ref, call.lead_phone)


@contextmanager
def _in_hand(conn: psycopg.Connection, workspace: Workspace, ref: str, now: datetime) -> Iterator[tuple[Case, Call]]:
    """The call with its lead, both locked. Raises UnplacedError when this workspace has no such call."""
    try:
        lane, call_id = read_touch_ref(ref)
    except ValueError:
        raise UnplacedError(f"{ref[:60]!r} names no call.") from None
    found = calls.find(conn, workspace.id, lane, call_id)
    if found is None:
        raise UnplacedError("It names no call of this workspace.")
    with taken(conn, workspace, found.lead_id, now) as case:
        call = calls.find(conn, workspace.id, lane, call_id)  # anew: it may have moved before the lock was ours
        if call is None:
            raise UnplacedError("The call was forgotten a moment ago.")
        yield case, call


def _settle(conn: psycopg.Connection, workspace: Workspace, call: Call, now: datetime) -> None:
    """Nobody was talked to: what a person would choose on the page. Where the task is over already, or the playbook
    leaves nobody with the lead, a person has said or will say what comes next. So where another call for the task has
    reached somebody, and while another lasts."""
    placed = calls.of_task(conn, workspace.id, call.lane, call.task_id)
    if any(one.live or one.facts.asks for one in placed if one.id != call.id):
        return
    note = f"Told by the phone: {call_story.how(call)}"
    try:
        complete_call(conn, workspace, call.lane, call.task_id, call.rep, now, outcome=call.outcome, note=note)
    except ActError:
        return
    call.settled = True
    _write(conn, call, now)


def _know(call: Call, facts: Facts, provider_id: str) -> None:
    call.rep_leg, call.connected, call.lead_leg = facts.rep, facts.connected, facts.lead
    call.answered_by, call.seconds, call.code = facts.answered_by, facts.seconds, facts.code
    call.status, call.outcome = facts.status, facts.outcome
    call.provider_id = call.provider_id or provider_id


def _heard_of(call: Call) -> bool:
    return call.facts != replace(Facts(), detects=call.detects)


def _write(conn: psycopg.Connection, call: Call, now: datetime) -> None:
    if call.live and calls.another_lives(conn, call):
        call.status = "unknown"  # it was given up, and another took its place: what is told of it is kept all the same
    ask = SILENT if call.live or call.facts.misses else None
    calls.write(conn, call, now, TALK if call.status == "talking" else SILENT, ask)
