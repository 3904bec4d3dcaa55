"""Calls of which something was not heard in its time: whoever placed them is asked what became of them.

What the provider says is heard as its callbacks would have been, so that one which comes after all changes nothing. Only
where it can't say is a call given up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import psycopg
import structlog

from warmline.channels.call.contract import CannotSay, Heard
from warmline.store import calls, workspaces
from warmline.store.calls import Lost
from warmline.store.races import in_rounds
from warmline.store.workspaces import Workspace

from .call_story import give_up
from .calls import SILENT, hear
from .case import NoSuchLeadError, taken
from .messages import UnplacedError

log = structlog.get_logger()

#: Asked about at once.
MOST = 10

#: For so long nobody else asks about a call or gives it up; asking takes less.
LEASE = timedelta(seconds=60)

Told = Sequence[Heard] | CannotSay


def settle_lost(
    conn: psycopg.Connection, ask: Callable[[Sequence[Lost]], Sequence[Told]], now: Callable[[], datetime]
) -> int:
    """Ask about some that are lost, in no transaction, and hear what is said of each. Returns how many they were."""
    lost = calls.take_lost(conn, MOST, LEASE)
    told = ask(lost) if lost else ()
    for call, said in zip(lost, told, strict=True):
        try:
            _settle(conn, workspaces.load(conn, call.workspace_id), call, said, now())
        except (NoSuchLeadError, UnplacedError):
            continue  # erased meanwhile, and its calls with it
        except psycopg.OperationalError:
            raise  # the database is away: once it is back they are asked about again
        except Exception:
            # One lead that can't be written holds up no other.
            log.exception("call.not_settled", call=str(call.id))
    return len(lost)


def _settle(conn: psycopg.Connection, workspace: Workspace, call: Lost, told: Told, now: datetime) -> None:
    if isinstance(told, CannotSay) and call.lost:
        _give_up(conn, workspace, call, told.why, now)
        return
    for heard in () if isinstance(told, CannotSay) else told:
        hear(conn, workspace, heard, now)
    calls.ask_again(conn, call, SILENT)


@in_rounds()
def _give_up(conn: psycopg.Connection, workspace: Workspace, lost: Lost, why: str, now: datetime) -> None:
    with taken(conn, workspace, lost.lead_id, now) as case:
        call = calls.still_unheard(conn, lost)
        if call is not None:
            give_up(case, call, why)
