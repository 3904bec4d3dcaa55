"""What a person settles on the list of things that need attention: parked, unknown, quarantined."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import psycopg
from msgspec.structs import replace

from warmline.channels.contract import Signal
from warmline.store import enrollments, quarantine, receipts
from warmline.store.quarantine import Kept
from warmline.store.races import in_rounds
from warmline.store.workspaces import Workspace

from ..accept import accept
from ..inbound import receive_one
from ..messages import UnplacedError
from ..sources import parse
from ..submission import Origin, Rejected, Submission
from .following import ActError, in_hand

#: Made now and not at the first replay: two threads that make the first decoder of a type at once end the process
#: (msgspec 0.22).
_SIGNAL = msgspec.json.Decoder(Signal)


@in_rounds()
def replay_parked(
    conn: psycopg.Connection, workspace: Workspace, lane: int, enrollment_id: UUID, who: str, now: datetime
) -> None:
    """The cause is gone: the playbook goes on from where it stopped."""
    lead_id = enrollments.lead_of(conn, workspace.id, lane, enrollment_id)
    if lead_id is None:
        raise ActError("This workspace has no such run of a playbook. Look at the list again.")
    with in_hand(conn, workspace, lane, lead_id, now) as case:
        run = case.person.run
        if run is None or run.id != enrollment_id or run.status != "parked":
            raise ActError(
                "It is not parked any more: somebody was faster, or the lead moved on. Look at the list again."
            )
        to = "handed_off" if case.person.status == "handed_off" else "running"
        enrollments.resume(conn, lane, enrollment_id, now, to)
        case.happened("unparked", who=who)
        case.cancel_tasks("unparked", who, ("parked",))


@in_rounds()
def settle_unknown(
    conn: psycopg.Connection,
    workspace: Workspace,
    lane: int,
    touch_id: UUID,
    who: str,
    now: datetime,
    *,
    status: Literal["sent", "failed"],
) -> None:
    """A person found out what became of a touch. It is never sent again; the playbook goes on knowing."""
    touch = receipts.find(conn, workspace.id, lane, touch_id)
    if touch is None:
        raise ActError("This workspace has no such touch.")
    with in_hand(conn, workspace, lane, touch.lead_id, now) as case:
        if not receipts.move(conn, touch, status, ("unknown",)):
            raise ActError(
                "What became of it is known by now: somebody has said so, or the provider. Nothing was changed."
            )
        more: dict[str, Any] = {"reason": "settled", "last": touch.last} if status == "failed" else {}
        case.happened(
            f"touch.{status}", enrollment=touch.enrollment_id, step=touch.step, channel=touch.channel, touch=touch.id,
            who=who, **more,
        )  # fmt: skip
        if not case.has_unknown():
            case.cancel_tasks("settled", who, ("unknown",))
            case.leave_nobody_behind(f"Decide what {case.person.called} gets next")


@in_rounds()
def replay_quarantine(
    conn: psycopg.Connection, workspace: Workspace, kept_id: UUID, body: str | None, who: str, now: datetime
) -> None:
    """Let a corrected body in, as if it came now, with the consent of the day on which it did; None: the body as it is kept,
    when the settings were at fault.

    Raises ActError with what is still wrong; the correction is kept.
    """
    wrong = ""
    with conn.transaction():
        kept = _hold(conn, workspace, kept_id)
        body = kept.body if body is None else body
        door, _, name = kept.door.partition(":")
        wrong = (
            _replay_source(conn, workspace, kept, name, body, now)
            if door == "source"
            else _replay_signal(conn, workspace, body, now)
        )
        if wrong:
            quarantine.explain(conn, kept_id, wrong, body)
        else:
            quarantine.settle(conn, kept_id, "replayed", who, now)
    if wrong:
        raise ActError(f"It still can't be read. {wrong}")


def dismiss_quarantine(conn: psycopg.Connection, workspace: Workspace, kept_id: UUID, who: str, now: datetime) -> None:
    """It is of no use; it stays on record as dismissed."""
    with conn.transaction():
        _hold(conn, workspace, kept_id)
        quarantine.settle(conn, kept_id, "dismissed", who, now)


def erase_quarantine(conn: psycopg.Connection, workspace: Workspace, kept_id: UUID, who: str, now: datetime) -> None:
    """It is of somebody who was erased: what it says is gone for good, settled or not, and that it came stays."""
    with conn.transaction():
        if quarantine.hold(conn, workspace.id, kept_id) is None:
            raise ActError("This workspace has no such item in quarantine. Look at the list again.")
        quarantine.erase_one(conn, kept_id, who, now)


def _hold(conn: psycopg.Connection, workspace: Workspace, kept_id: UUID) -> Kept:
    kept = quarantine.hold(conn, workspace.id, kept_id)
    if kept is None or kept.status != "open":
        raise ActError(
            "It is not in quarantine: it is settled already, or not of this workspace. Look at the list again."
        )
    return kept


def _replay_source(
    conn: psycopg.Connection, workspace: Workspace, kept: Kept, name: str, body: str, now: datetime
) -> str:
    source = workspace.config.sources.get(name)
    if source is None:
        return f"The source {name} is gone. Add [sources.{name}] to warmline.toml and publish it."
    context = {key: str(value) for key, value in kept.context.items() if key in ("ip", "user_agent", "url")}
    origin = Origin(**context, body=body, content_type=kept.content_type)
    parsed = parse(source, workspace.config, origin, body.encode("utf-8", "replace"))
    if parsed.problems:
        return " ".join(one.reason for one in parsed.problems)
    results = accept(conn, workspace, [_as_it_came(one, kept.received_at) for one in parsed.submissions], now)
    return " ".join(one.reason for one in results if isinstance(one, Rejected))


def _as_it_came(one: Submission, received_at: datetime) -> Submission:
    """What the lead agreed to was agreed to then: an opt-out since is younger. Of a list nobody knows when it was."""
    if one.kind == "lead.imported":
        return one
    dated = tuple(replace(given, at=received_at) if given.at is None else given for given in one.consents)
    return replace(one, consents=dated)


def _replay_signal(conn: psycopg.Connection, workspace: Workspace, body: str, now: datetime) -> str:
    """A provider's request can't be corrected, because its signature covers what is wrong: it is told anew."""
    try:
        signal = _SIGNAL.decode(body.encode("utf-8", "replace"))
    except msgspec.DecodeError as error:
        example = '{"kind": "inbound", "at": "2026-11-24T15:30:00Z", "sender": "+12125550123", "text": "..."}'
        return f"It is no signal: {error}. Write what the provider meant, such as {example}"
    try:
        receive_one(conn, workspace, signal, now)
    except UnplacedError as error:
        return str(error)
    return ""
