"""Which of the touches that are ready may go now, by the rates and connections of their accounts; with all that is known of
their leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import structlog

from warmline.channels import ChannelSettingsError
from warmline.channels.contract import Channel
from warmline.store import due as dues
from warmline.store import paces, touches
from warmline.store.due import Known
from warmline.store.touches import Ready

from .rooms import Account, Rooms

log = structlog.get_logger()

#: How long touches wait when this host can't use their channel.
UNUSABLE = timedelta(seconds=30)

#: For how long at most this process passes over an account whose rate is used up: others share it, and settings change.
PASSED_OVER = timedelta(seconds=1)

#: The channel of a workspace, by its kind; None where it has none. Raises ChannelSettingsError: not on this host.
Channels = Callable[[int, str], Channel | None]
Row = dict[str, Any]


def share_out(
    conn: psycopg.Connection, channels: Channels, rooms: Rooms, ready: Mapping[int, list[Ready]], now: datetime
) -> dict[int, list[tuple[Ready, Known]]]:
    """Those whose account has room now, by lane, each with its lead, and counted in `rooms`.

    Of the others, those for which there is no connection stay as they are, and those whose rate is used up are put off until
    it is not. In the caller's transaction, which holds the accounts until it ends. In a pipeline one round trip.
    """
    accounts: dict[Account, list[tuple[int, Ready]]] = {}
    for lane, mine in ready.items():
        for touch in mine:
            accounts.setdefault((touch.workspace_id, touch.channel), []).append((lane, touch))
    asked: dict[Account, tuple[psycopg.Cursor[Any], float]] = {}
    going: list[tuple[int, Ready]] = []
    late: dict[int, list[Row]] = {}
    for account, waiting in sorted(accounts.items()):  # in one order, because each is locked
        waiting.sort(key=lambda one: one[1].created_at)
        try:
            channel = channels(*account)
        except ChannelSettingsError as error:
            # This host can't use the account (a variable is not set here, say). Nothing is refused for that: the
            # touches wait, another host may take them, and the log says what to write.
            log.error("channel.unusable", workspace=account[0], channel=account[1], error=str(error))
            _put_off(late, waiting, now + UNUSABLE)
            continue
        if channel is None:  # taken out of warmline.toml meanwhile: nothing to pace, and nobody will send it
            going += waiting
            continue
        waiting = accounts[account] = waiting[: rooms.of(account, channel)]
        if waiting:
            asked[account] = paces.ask(conn, *account), channel.rate
    chances = [one for account, (_, rate) in asked.items() for one in accounts[account][: paces.most(rate)]]
    known = _know(conn, [*going, *chances])
    for account, (answer, rate) in asked.items():
        waiting = accounts[account]
        count, wait = paces.grant(conn, answer, *account, len(waiting), rate)
        going += waiting[:count]
        rooms.under_way[account] += count
        if count < len(waiting):
            _put_off(late, waiting[count:], now + wait)
            rooms.rests[account] = monotonic() + min(wait, PASSED_OVER).total_seconds()
    for lane, rows in late.items():
        touches.postpone(conn, lane, rows)
    granted: dict[int, list[tuple[Ready, Known]]] = {lane: [] for lane in ready}
    for lane, touch in going:
        granted[lane].append((touch, known[touch.lead_id]))
    return granted


def _put_off(late: dict[int, list[Row]], which: Iterable[tuple[int, Ready]], until: datetime) -> None:
    for lane, touch in which:
        late.setdefault(lane, []).append({"id": touch.id, "ready_at": until})


def _know(conn: psycopg.Connection, which: Iterable[tuple[int, Ready]]) -> dict[UUID, Known]:
    leads: dict[int, dict[UUID, int]] = {}
    for lane, touch in which:
        leads.setdefault(lane, {})[touch.lead_id] = 0
    return dues.know_lanes(conn, {lane: list(mine.items()) for lane, mine in leads.items()})
