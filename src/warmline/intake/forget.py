"""Erasing a lead: what tells who it was is gone, its wish not to be contacted stays under a token."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg

from warmline.core.tokens import tokens_of
from warmline.store import erasure, suppressions
from warmline.store.ids import new_id
from warmline.store.workspaces import Workspace

from .case import taken


def forget(conn: psycopg.Connection, workspace: Workspace, lead_id: UUID, who: str, now: datetime) -> int:
    """One transaction. Returns how many addresses stay known by a token. Raises case.NoSuchLeadError.

    Whoever asks to be erased wants no more contact: its addresses are suppressed under their tokens, and any of them that
    comes in again is suppressed from the first moment on. Backups keep what they hold until they are deleted.
    """
    with taken(conn, workspace, lead_id, now) as case:
        case.stop("opted_out")
        case.cancel_tasks("erased", who)
        case.end_runs("opted_out")
        addresses = sorted(case.person.addresses)
        names = {address: token for token, address in tokens_of(workspace.token_key, addresses).items()}
        person = suppressions.stored(conn, workspace.id, [str(lead_id)])
        erasure.hide(conn, workspace.id, {**names, str(lead_id): str(lead_id)}, now)
        rows = [
            {
                "id": new_id(), "workspace_id": workspace.id, "scope": "address", "value": token, "channels": [],
                "reason": person[0].reason if person else "erased", "evidence": "", "at": now, "who": who,
            }
            for token in names.values()
        ]  # fmt: skip
        suppressions.add(conn, rows)
        case.events.clear()  # what was written above is told by this one
        case.happened("erased", who=who)
        case.person.changed = False  # its row is emptied here, and not written back
        erasure.empty(conn, lead_id, addresses, now)
    return len(names)
