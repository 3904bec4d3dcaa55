"""A reply that may be an opt-out and that nobody has read: after nine days it is taken for one.

A withdrawal in any reasonable words is to be honoured within ten business days (47 CFR 64.1200(a)(10)); nine days of the
calendar end before them, whatever holidays lie between.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import structlog

from warmline.store import tasks, workspaces
from warmline.store.races import in_rounds
from warmline.store.tasks import Unread

from .case import NoSuchLeadError, taken
from .opt_out import opt_out, suppress_address

log = structlog.get_logger()

UNREAD = timedelta(days=9)
MOST = 100  # of each lane at a time


def withdraw_unread(conn: psycopg.Connection, now: datetime) -> int:
    """Take every doubtful reply that nobody read in time for an opt-out. Each is a transaction of its own."""
    found = tasks.unread(conn, now - UNREAD, MOST)
    for one in found:
        try:
            _withdraw(conn, one, now)
        except psycopg.OperationalError:
            raise  # the database is away: all stays as it is
        except Exception:
            # One lead that can't be written holds up no other; its automation stays frozen, and this is tried again.
            log.exception("reply.not_withdrawn", lead=str(one.lead_id))
    return len(found)


@in_rounds()
def _withdraw(conn: psycopg.Connection, one: Unread, now: datetime) -> None:
    workspace = workspaces.load(conn, one.workspace_id)
    try:
        with taken(conn, workspace, one.lead_id, now) as case:
            if tasks.still_open(conn, one.lane, one.id):
                for address in (case.person.phone, case.person.email):
                    if address:
                        suppress_address(case, address, "opted_out", one.note)
                opt_out(
                    case, reason="opted_out", evidence=one.note, address="", channel="", rule="unread for nine days"
                )  # fmt: skip
    except NoSuchLeadError:
        return  # erased meanwhile, and its tasks with it
