"""The lead wants no more contact: written at once, without waiting for the tick (invariants 3 and 8)."""

from __future__ import annotations

from typing import Any

from warmline.rules.binding import places_known
from warmline.store import suppressions
from warmline.store.ids import new_id

from .case import Case
from .judge import REVIEW_WITHIN


def opt_out(
    case: Case, *, reason: str, evidence: str, address: str, channel: str, key: str | None = None, **data: Any
) -> None:
    """Suppress the person and the address it came from, and take back what is planned.

    On every channel, unless the workspace keeps channels apart and no rule of the lead's places says otherwise: then the
    playbook goes on with the channels that are left. `reason`: opted_out (the lead's word) or unsubscribed (the lead's
    click). What is being handed over at this moment meets the suppression at its last look. A running playbook ends at its
    next look, which the event brings forward.
    """
    if channels := _ended_by(case, channel):
        _suppress(case, "person", str(case.id), reason, evidence, channels)
        if address:
            _suppress(case, "address", address, reason, evidence, channels)
        case.happened(
            "opted.out", channel=channel, key=key, reason=reason, address=address, text=evidence[:2000],
            channels=list(channels), **data,
        )  # fmt: skip
        waited = "read_reply" in case.person.tasks
        case.cancel_tasks("opted_out", kinds=("call", "read_reply") if "call" in channels else ("read_reply",))
        decide = f"{case.person.called} wants no more {_WORDS[channels]}: decide what comes next"
        if waited:  # the doubt has frozen the playbook, and only a person hands the lead back to it
            case.ask("review", decide, case.office_time(REVIEW_WITHIN))
        else:
            case.leave_nobody_behind(decide)
        return
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


#: Ways of reaching somebody that end together: whoever writes STOP to a text wants no call by a machine either.
_TOGETHER = (("sms", "voicemail", "call"), ("email",))
_WORDS = {_TOGETHER[0]: "calls and texts", _TOGETHER[1]: "mail"}


def _ended_by(case: Case, channel: str) -> tuple[str, ...]:
    """The channels that an opt-out by `channel` ends; empty: all."""
    if case.workspace.config.opt_out == "all":
        return ()
    if channel in case.setting.policy.rules(places_known(case.person)).withdraws_all:
        return ()
    return next((some for some in _TOGETHER if channel in some), ())


def _suppress(case: Case, scope: str, value: str, reason: str, evidence: str, channels: tuple[str, ...] = ()) -> None:
    row = {
        "id": new_id(), "workspace_id": case.workspace.id, "scope": scope, "value": value, "channels": list(channels),
        "reason": reason, "evidence": evidence[:2000], "at": case.now,
    }  # fmt: skip
    suppressions.add(case.conn, [row])
