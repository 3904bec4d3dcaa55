"""Erasing a lead: what tells who it was is gone, its wish not to be contacted stays under a token."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from uuid import UUID

import psycopg

from warmline.core.mentions import mention_of
from warmline.core.tokens import tokens_of
from warmline.store import erasure, ledger, merges, quarantine, suppressions
from warmline.store.ids import lane_of, new_id
from warmline.store.races import LostRaceError, in_rounds
from warmline.store.workspaces import Workspace

from .case import hold_all, taken


@in_rounds()
def forget(conn: psycopg.Connection, workspace: Workspace, lead_id: UUID, who: str, now: datetime) -> int:
    """One transaction. Returns how many addresses stay known by a token. Raises case.NoSuchLeadError.

    A lead that was merged is erased with the other: whichever of the two is named, they are one person.

    Whoever asks to be erased wants no more contact: its addresses are suppressed under their tokens, and any of them that
    comes in again is suppressed from the first moment on. What waits in quarantine and names one of them is emptied and put
    aside. Backups keep what they hold until they are deleted.
    """
    with conn.transaction(), ExitStack() as held:
        parts = sorted(merges.one_person(conn, lead_id), key=lambda one: (lane_of(one), one))
        hold_all(conn, workspace, parts, now)
        if merges.one_person(conn, lead_id) != set(parts):
            raise LostRaceError  # it was merged a moment ago
        cases = [held.enter_context(taken(conn, workspace, one, now, follow=False)) for one in parts]
        for case in cases:
            case.stop("opted_out")
            case.cancel_tasks("erased", who)
            case.end_runs("opted_out")
        addresses = sorted({value for case in cases for value in case.person.addresses})
        names = {address: token for token, address in tokens_of(workspace.token_key, addresses).items()}
        themselves = {str(one): str(one) for one in parts}
        ledger.hold(conn, ledger.FIRST_LANE)  # before suppressions, as who seals them does
        person = suppressions.stored(conn, workspace.id, themselves)
        erasure.hide(conn, workspace.id, {**names, **themselves}, now)
        rows = [
            {
                "id": new_id(), "workspace_id": workspace.id, "scope": "address", "value": token, "channels": [],
                "reason": person[0].reason if person else "erased", "evidence": "", "at": now, "who": who,
            }
            for token in names.values()
        ]  # fmt: skip
        suppressions.add(conn, rows)
        quarantine.erase(conn, workspace.id, [mention_of(one) for one in addresses], now)
        for case in cases:
            case.events.clear()  # what was written above is told by this one
            case.happened("erased", who=who)
            case.person.changed = False  # its row is emptied here, and not written back
            erasure.empty(conn, case.id, sorted(case.person.addresses), now)
    return len(names)
