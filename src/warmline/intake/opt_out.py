"""The lead wants no more contact: written at once, without waiting for the tick (invariants 3 and 8)."""

from __future__ import annotations

from typing import Any

from warmline.store import suppressions
from warmline.store.ids import new_id

from .case import Case


def opt_out(
    case: Case, *, reason: str, evidence: str, address: str, channel: str, key: str | None = None, **data: Any
) -> None:
    """Suppress the person and the address it came from, on every channel, and take back what is planned.

    `reason`: opted_out (the lead's word) or unsubscribed (the lead's click). What is being handed over at this moment
    meets the suppression at its last look. A running playbook ends at its next look, which the event brings forward.
    """
    _suppress(case, "person", str(case.id), reason, evidence)
    if address:
        suppress_address(case, address, reason, evidence)
    case.happened("opted.out", channel=channel, key=key, reason=reason, address=address, text=evidence[:2000], **data)
    case.stop("opted_out")
    case.cancel_tasks("opted_out")
    case.end_runs("opted_out")
    case.person.put("status", "opted_out")


def suppress_address(case: Case, address: str, reason: str, evidence: str) -> None:
    """Nobody of this workspace contacts the address again, whichever lead holds it."""
    _suppress(case, "address", address, reason, evidence)


def _suppress(case: Case, scope: str, value: str, reason: str, evidence: str) -> None:
    row = {
        "id": new_id(), "workspace_id": case.workspace.id, "scope": scope, "value": value, "channels": [],
        "reason": reason, "evidence": evidence[:2000], "at": case.now,
    }  # fmt: skip
    suppressions.add(case.conn, [row])
