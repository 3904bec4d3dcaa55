"""Touches whose worker is gone, or whose provider never answered: ask the provider, and where it can't say, ask a person.

Never a second send on a guess. Only a provider that is sure the message is not there puts a touch back in the queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

import psycopg
import structlog

from warmline.channels import ChannelSettingsError
from warmline.channels.contract import Accepted, Message
from warmline.core.lead import storable
from warmline.intake.case import taken
from warmline.intake.inbound import learn_fate
from warmline.store import touches, workspaces
from warmline.store.clock import real_now
from warmline.store.connect import AWAY
from warmline.store.ids import new_id, touch_ref
from warmline.store.touches import Outcome, Ready
from warmline.store.writes import open_tasks

from .outcomes import again, outcome_of
from .pacing import Channels

log = structlog.get_logger()

BATCH = 50

#: A touch, and what became of it; None where it is too early to tell.
Asked = tuple[Ready, Outcome | None]

#: A message may take its time to show in the provider's list: a provider that can't say is asked again for this long.
ASK_FOR = timedelta(seconds=90)
ASK_EVERY = timedelta(seconds=15)


async def rescue(
    conn: psycopg.Connection,
    engine: UUID,
    channels: Channels,
    now: Callable[[], datetime],
    lanes: list[int],
    lease: timedelta,
    ask_for: timedelta = ASK_FOR,
) -> int:
    """Settle what is stale in `lanes`; nobody else asks within `lease`. Returns how many touches that were.

    Whatever the database makes it wait for, it waits in a thread: what this loop sends meanwhile has its time, too.
    """
    count = 0
    for lane in lanes:
        while stale := await asyncio.to_thread(_take, conn, lane, engine, lease, channels):
            answers = await asyncio.gather(*(_ask(lane, touch, channel, now(), ask_for) for touch, channel in stale))
            asked = [(touch, answer) for (touch, _), answer in zip(stale, answers, strict=True)]
            await asyncio.to_thread(_settle, conn, lane, asked, now())
            count += len(stale)
    return count


def _take(
    conn: psycopg.Connection, lane: int, engine: UUID, lease: timedelta, channels: Channels
) -> list[tuple[Ready, Askable | None]]:
    return [(touch, _channel(channels, touch)) for touch in touches.take_stale(conn, lane, engine, lease, BATCH)]


def _settle(conn: psycopg.Connection, lane: int, asked: Sequence[Asked], now: datetime) -> None:
    try:
        _write(conn, lane, asked, now)
    except AWAY:
        raise
    except Exception:
        # One that can't be written holds up no other: it is asked about again, and the log says why.
        log.exception("rescue.not_settled", touches=[str(touch.id) for touch, _ in asked])
        for one in asked if len(asked) > 1 else ():
            _settle(conn, lane, [one], now)


def _write(conn: psycopg.Connection, lane: int, asked: Sequence[Asked], now: datetime) -> None:
    with conn.transaction():
        settled = touches.settle(conn, [outcome for _, outcome in asked if outcome is not None], now)
        for one in settled:
            if one.status == "unknown":
                _ask_a_person(conn, one, now)
            if one.was_unknown:
                learn_fate(conn, workspaces.load(conn, one.workspace_id), one.lead_id, now)
        later = [(lane, touch.id, touch.tries) for touch, outcome in asked if outcome is None]
        touches.ask_later(conn, later, ASK_EVERY)


class Askable(Protocol):
    """The part of a channel that knows what arrived."""

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]: ...


class _NotHere:
    """The account can't be used on this host (a variable is not set here, say). Another engine may ask meanwhile."""

    async def find(self, message: Message, since: datetime) -> Literal["cannot_say"]:  # noqa: ARG002
        return "cannot_say"


def _channel(channels: Channels, touch: Ready) -> Askable | None:
    """Whom to ask. None where nobody can be asked any more: the channel is gone, or another account has taken the place of
    the one that may have the touch, and would be sure not to have it."""
    try:
        channel = channels(touch.workspace_id, touch.channel)
    except ChannelSettingsError as error:
        log.error("channel.unusable", workspace=touch.workspace_id, channel=touch.channel, error=str(error))
        return _NotHere()
    if channel is None or touch.provider not in ("", channel.provider) or touch.account not in ("", channel.account):
        return None
    return channel


async def _ask(lane: int, touch: Ready, channel: Askable | None, now: datetime, ask_for: timedelta) -> Outcome | None:
    """What became of the touch; None when it is too early to tell."""
    handed_at = touch.handed_at or touch.created_at
    message = Message(
        touch_id=touch_ref(lane, touch.id), channel=touch.channel, to=touch.address or "", text=touch.body,  # type: ignore[arg-type] # stored kinds
        subject=touch.subject, lead_id=str(touch.lead_id),
    )  # fmt: skip
    answer: Accepted | str = "cannot_say"
    if channel is not None:
        try:
            answer = await channel.find(message, handed_at)
        except Exception as error:  # noqa: BLE001 - a provider that can't be asked is one that can't say
            log.warning("rescue.find_failed", touch=str(touch.id), error=str(error))
    if isinstance(answer, Accepted):
        outcome = outcome_of(lane, touch, "sent", now, data={"found": "the provider has it"})
        outcome.provider_id = storable(answer.provider_id)
        return outcome
    if answer == "absent":
        return again(lane, touch, now)
    if channel is not None and real_now() - handed_at < ask_for:
        return None
    return outcome_of(lane, touch, "unknown", now)


def _ask_a_person(conn: psycopg.Connection, one: Outcome, now: datetime) -> None:
    """In the transaction that says so of the touch; of a lead that was merged meanwhile, for the one it became. Of one that
    was erased nobody can find it out."""
    with taken(conn, workspaces.load(conn, one.workspace_id), one.lead_id, now) as case:
        if case.is_erased:
            return
        task = {
            "lane": case.lane, "id": new_id(), "lead_id": case.id, "workspace_id": one.workspace_id,
            "enrollment_id": one.enrollment_id if case.id == one.lead_id else None, "kind": "unknown",
            "due_at": now + timedelta(days=1), "opened_at": now,
            "title": f"Did the {one.channel} of step {one.step} reach the lead? The provider can't say",
        }  # fmt: skip
        open_tasks(conn, [task])
