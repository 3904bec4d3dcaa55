"""One touch over the network: a connection, one more look when that had to be opened first, and then the message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

import structlog

from warmline.channels.contract import Channel, Message, NotSent, OpensFirst, Receipt, Refused, Unknown
from warmline.store.clock import real_now
from warmline.store.touches import Outcome, Ready

from .last_look import Story

log = structlog.get_logger()

T = TypeVar("T")
L = TypeVar("L", NotSent, Unknown)

RETRY_UNOPENED = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A touch whose intent is committed, with the words that will go and the lead's story as it was read for them."""

    lane: int
    touch: Ready
    message: Message
    channel: Channel
    story: Story
    claimed: float  # time.monotonic
    until: datetime  # of the wall clock: after this somebody else may take it for lost, so it is not sent any more

    def is_late(self, lease: timedelta) -> bool:
        """This process stood still: its lease may be over, and another may ask and send. Two clocks are asked, for one
        of them may have been set back meanwhile, and the other stands still while the machine sleeps."""
        return real_now() >= self.until or monotonic() >= self.claimed + lease.total_seconds() / 2


async def send(
    one: Prepared, lease: timedelta, look_again: Callable[[Prepared], Awaitable[Outcome | None]]
) -> Receipt | Outcome:
    """`look_again` says what stands against it by now; None when nothing does. A receipt, or that."""
    channel = one.channel
    if not isinstance(channel, OpensFirst):
        return await _in_time(one, lease, channel.send(one.message), Unknown)
    line = await _in_time(one, lease, channel.open_line(), _unopened)
    if isinstance(line, Refused | NotSent):
        return line
    taken = False
    try:
        if line.fresh and (denied := await look_again(one)) is not None:
            return denied
        taken = True  # whatever becomes of the message, the line sees to itself now
        return await _in_time(one, lease, line.send(one.message), Unknown)
    finally:
        if not taken:
            line.leave()


def _unopened(detail: str) -> NotSent:
    """However a connection fails to be opened, nothing has left by it."""
    return NotSent(detail, RETRY_UNOPENED)


async def _in_time(one: Prepared, lease: timedelta, work: Awaitable[T], failed: Callable[[str], L]) -> T | L:
    """Cut off before the lease is over: who asks the provider then must not be overtaken by this very request. `failed` is
    what an end without an answer means."""
    answer: T | L
    try:
        async with asyncio.timeout_at(one.claimed + lease.total_seconds()) as limit:
            answer = await work
    except TimeoutError:
        answer = failed(f"No answer came within the lease of {lease.total_seconds():g} s.")
    except Exception as error:
        log.exception("channel.raised", channel=one.channel.provider, touch=str(one.touch.id))
        answer = failed(f"{type(error).__name__}: {error}")
    if limit.expired():
        log.warning(
            "channel.cut", channel=one.channel.provider, lease=lease.total_seconds(),
            advice="engines need a longer --lease",
        )  # fmt: skip
    return answer
