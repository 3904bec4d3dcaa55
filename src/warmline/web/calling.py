"""The phone on the page of a call: the button that lets the provider ring, and how far the call is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..channels import ChannelSettingsError
from ..intake import acts
from ..intake.calls import note_receipt
from ..store import calls
from ..store.calls import Call
from ..store.connect import AWAY
from ..store.pages.tasks import Task
from ..store.races import LOST
from . import dialers
from .asking import Ask

_log = logging.getLogger("warmline.web")

#: So long the page looks for news of a call that is over or lost.
WORTH_WAITING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Phone:
    """`words` say how far the last call is; `moves`: look again soon; `sandbox`: nothing rings, somebody plays the lead."""

    can_call: bool
    words: str = ""
    tone: str = ""
    moves: bool = False
    sandbox: bool = False
    at: datetime | None = None


def phone_of(ask: Ask, task: Task) -> Phone | None:
    """None where nobody dials by button: no [channels.call], or the task is no call."""
    table = ask.workspace.config.channels.get("call")
    if table is None or task.kind != "call":
        return None
    call = next(iter(_placed(ask, task)), None)
    live = call is not None and call.live and not call.lost
    words, tone = _told(call) if call else ("", "")
    return Phone(
        can_call=task.status == "open" and not live,
        words=words,
        tone=tone,
        moves=call is not None and (live or _may_be_told_of(call, ask.now)),
        sandbox=table.provider == "sandbox" and live,
        at=call.placed_at if call else None,
    )


def _may_be_told_of(call: Call, now: datetime) -> bool:
    """A call whose fate, or whose answerer, is not known yet: callbacks take their time and any order."""
    open_ended = call.status == "unknown" or (call.status == "ended" and call.connected and not call.facts.concluded)
    return open_ended and now - call.placed_at < WORTH_WAITING


def call_now(ask: Ask, task: Task) -> None:
    """Ring. Raises acts.ActError with what is in the way; acts.CallRefused when it is the gate."""
    try:
        dialer = dialers.known(ask.workspace)
    except ChannelSettingsError as error:
        raise acts.ActError(str(error)) from error
    placing = acts.begin_call(
        ask.conn, ask.workspace, task.lane, task.id, ask.person.key, ask.now, dialer=dialer
    )  # committed: from here on a phone may ring
    receipt = dialers.place(ask.workspace, placing)
    try:
        note_receipt(ask.conn, ask.workspace, placing.ref, receipt, ask.now)
    except (*AWAY, *LOST):  # the phone rings all the same, and the provider tells how the call goes on
        _log.warning("what the provider answered to call %s could not be written down", placing.ref)


def outcome_told(ask: Ask, task: Task) -> str:
    """What the form begins with: the outcome of the last call, where the phone knows it, or of the last that reached
    somebody."""
    placed = _placed(ask, task)
    reached = [one for one in placed if one.facts.asks]
    return next((one.outcome for one in (*reached, *placed)), "")


def is_in_doubt(ask: Ask, task: Task) -> bool:
    """The phone finished the task by itself, or it ran out although somebody answered: whoever was on it knows better."""
    return acts.is_in_doubt(task.status, _placed(ask, task))


def _placed(ask: Ask, task: Task) -> list[Call]:
    return calls.of_task(ask.conn, ask.workspace_id, task.lane, task.id)


def _told(call: Call) -> tuple[str, str]:
    if call.lost or call.status == "unknown":
        return _unheard(call), "wait"
    match call.status:
        case "placing":
            return "Asking the provider…", "info"
        case "ringing":
            return "Your phone is ringing. Take it and press 1.", "info"
        case "answered":
            return "Press 1 on your phone to connect.", "info"
        case "dialling":
            return "The lead's phone is ringing…", "info"
        case "talking":
            return _answered(call), "good"
        case "not_placed":
            return f"No phone rang. {call.detail}", "bad"
    return _over(call)


def _unheard(call: Call) -> str:
    if call.connected or call.lead_leg:
        return "The lead's phone was dialled, and then nothing more was heard of the call. Say below how it went."
    if call.rep_leg:
        return "Your phone rang, and then nothing more was heard of the call. The lead's phone did not ring."
    return "Nobody can say whether a phone rang: the provider did not answer. Look at your phone before you try again."


def _answered(call: Call) -> str:
    return {
        "machine": "Connected. It sounds like a machine.",
        "fax": "Connected. It sounds like a fax.",
    }.get(call.answered_by, "Connected.")


def _over(call: Call) -> tuple[str, str]:
    """Of a call that ended."""
    if call.reason and not call.connected:
        return f"Not connected. {call.detail}", "bad"
    if not call.connected:
        return "You did not take the call, so the lead's phone did not ring. The attempt is not used up.", "wait"
    match call.outcome:
        case "missed":
            return {
                "busy": "Busy.",
                "failed": "The call could not be put through.",
                "canceled": "Hung up before anybody answered.",
            }.get(call.lead_leg, "No answer."), "wait"
        case "voicemail":
            return f"A machine answered ({call.seconds} s).", "wait"
        case "connected":
            return f"You talked ({call.seconds} s). Say below what comes next.", "good"
    return "The call is over. Say below how it went.", "info"
