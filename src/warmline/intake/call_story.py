"""What the story hears of a call that was placed from the page: that the lead's phone is dialled, and that it is over.

Between the two the lead is on the phone with a person. So every call that was dialled comes to an end in the story, one of
which nothing is heard any more too.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from warmline.core.calls import Facts
from warmline.store import calls
from warmline.store.calls import Call
from warmline.store.ids import lane_of

from .case import Case


def dialled(case: Case, call: Call, *, again: bool = False) -> None:
    """`again`: it was given up, and has been heard of since."""
    case.happened(
        "call.dialled", enrollment=call.enrollment_id, step=call.step, channel="call",
        key=None if again else f"call:{call.id.hex}:dialled", who=call.rep, call=str(call.id), task=str(call.task_id),
    )  # fmt: skip


def moved(case: Case, call: Call, before: Facts) -> None:
    """The call is over, or what became of it is known better than before. A leg may be told late, and who answered too."""
    after = call.facts
    if not after.over or _told(after) == _told(before):
        return
    known = f"ended:{after.outcome or 'open'}" if before.over else "ended"
    _ended(case, call, f"call:{call.id.hex}:{known}")


def give_up_lost(case: Case, lead_id: UUID) -> None:
    """Calls of the lead of which nothing is heard any more stand in no one's way. `lead_id` is whose they are: the lead in
    hand, or one that has become a part of it since."""
    for call in calls.lost_of_lead(case.conn, case.workspace.id, lane_of(lead_id), lead_id):
        give_up(case, call)


def give_up(case: Case, call: Call, why: str = "") -> None:
    """Nothing is heard of it any more, so it is `unknown`. `why`: the reason that its provider could not say either."""
    call.status = "unknown"
    if call.connected:
        call.detail = why
    calls.write(case.conn, call, case.now, timedelta(0))
    if call.connected:
        _ended(case, call, None)


def _ended(case: Case, call: Call, key: str | None) -> None:
    case.happened(
        "call.ended", enrollment=call.enrollment_id, step=call.step, channel="call", key=key, who=call.rep,
        call=str(call.id), outcome=call.outcome, how=how(call), seconds=call.seconds, answered_by=call.answered_by,
        asks=call.facts.asks,
    )  # fmt: skip


def _told(facts: Facts) -> tuple[bool, str, bool]:
    return facts.over, facts.outcome, facts.asks


def how(call: Call) -> str:
    """In words, for the story and the note."""
    if call.reason and not call.connected:
        return f"not connected, {call.detail or call.reason}"
    if not call.connected:
        return "our own phone was not taken, so the lead's did not ring"
    if call.status == "unknown":
        return "nothing more was heard of it" + (f", and {call.detail}" if call.detail else "")
    took = f" after {call.seconds} s" if call.seconds else ""
    match call.lead_leg:
        case "" | "ringing":
            return "hung up, and nobody told what became of the lead's phone"
        case "no_answer":
            return "no answer"
        case "busy":
            return "busy"
        case "failed":
            return f"the call failed{f' ({call.code})' if call.code else ''}"
        case "canceled":
            return "hung up before anybody answered"
        case _ if call.answered_by == "machine":
            return f"a machine answered, over{took}"
        case _ if call.answered_by == "human":
            return f"a person answered, over{took}"
    return f"somebody or something answered, over{took}"
