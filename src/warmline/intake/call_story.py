"""What the story hears of a call that was placed from the page: that the lead's phone is dialled, and that it is over.

Between the two the lead is on the phone with a person. So every call that was dialled comes to an end in the story, one of
which nothing is heard any more too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import structlog

from warmline.core.calls import Facts
from warmline.store import calls, workspaces
from warmline.store.calls import Call
from warmline.store.ids import lane_of
from warmline.store.races import in_rounds

from .case import Case, NoSuchLeadError, taken

log = structlog.get_logger()

MOST = 100  # of each lane at a time


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


def give_up(case: Case, lead_id: UUID) -> None:
    """Calls of the lead of which nothing is heard any more are `unknown`: they stand in no one's way. `lead_id` is whose
    they are: the lead in hand, or one that has become a part of it since."""
    for call in calls.lost_of_lead(case.conn, case.workspace.id, lane_of(lead_id), lead_id):
        call.status = "unknown"
        calls.write(case.conn, call, case.now, timedelta(0))
        if call.connected:
            _ended(case, call, None)


def give_up_lost(conn: psycopg.Connection, now: datetime) -> int:
    """Give up every call that is lost, each lead in a transaction of its own. Returns how many leads that were."""
    found = calls.leads_lost(conn, MOST)
    for workspace_id, lead_id in found:
        try:
            _give_up_of(conn, workspace_id, lead_id, now)
        except NoSuchLeadError:
            continue  # erased meanwhile, and its calls with it
        except psycopg.OperationalError:
            raise  # the database is away: all stays as it is
        except Exception:
            # One lead that can't be written holds up no other.
            log.exception("call.not_given_up", lead=str(lead_id))
    return len(found)


@in_rounds()
def _give_up_of(conn: psycopg.Connection, workspace_id: int, lead_id: UUID, now: datetime) -> None:
    with taken(conn, workspaces.load(conn, workspace_id), lead_id, now) as case:
        give_up(case, lead_id)


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
        return "nothing more was heard of it"
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
