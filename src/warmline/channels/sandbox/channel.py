"""The sandbox inside this process: a message is taken by a callable, and nothing leaves."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from warmline.channels.contract import (
    Accepted,
    BadSignature,
    Callback,
    Kind,
    Message,
    NotSent,
    Receipt,
    Refused,
    Reply,
    Signal,
    Unknown,
)
from warmline.channels.sandbox.behaviour import Behaviour, FollowUp, conduct

Outbox = Callable[[Message], str]
Listener = Callable[[Signal], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class World:
    """What a sandbox in this process lives in: who hears what its leads do, and a clock that may run fast."""

    listener: Listener
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]


LINK = re.compile(r"https?://[^\s<>\"']+")


def forget(message: Message) -> str:
    """An outbox that keeps nothing: the touch itself, in the database, is what the pages show."""
    return f"sandbox-{message.touch_id}"


class SandboxChannel:
    """`outbox` takes a message and answers with its id. What leads do comes to `listener`, if there is one, later.

    `clock` and `sleep` are the world's: a run with the clock turned faster passes its own.
    """

    provider = "sandbox"
    account = "of this process"
    most = None
    reply = Reply()

    def __init__(
        self,
        kind: Kind,
        outbox: Outbox = forget,
        *,
        behaviour: Behaviour | None = None,
        listener: Listener | None = None,
        error_classes: Mapping[str, str] | None = None,
        rate: float = 10,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.kind: Kind = kind
        self.rate = rate
        self._outbox = outbox
        self._behaviour = behaviour or Behaviour()
        self._listener = listener
        self._error_classes = error_classes or {}
        self._clock = clock
        self._sleep = sleep
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._telling: set[asyncio.Task[None]] = set()

    async def send(self, message: Message) -> Receipt:
        seen = (message.to, message.text)
        does = conduct(self._behaviour, self.kind, message.to, message.text, self._attempts[seen])
        self._attempts[seen] += 1
        if does.delay:
            await self._sleep(does.delay)
        if does.verdict == "busy":
            return NotSent("The sandbox is told to be busy.", timedelta(seconds=self._behaviour.retry_after))
        if does.verdict == "refuse":
            return Refused(
                self._error_classes.get(does.code, "unknown"), does.code, "The sandbox is told to refuse this."
            )
        provider_id = self._outbox(message)
        for number, follow_up in enumerate(does.follow_ups):
            self._tell_later(message, provider_id, follow_up, number)
        if does.verdict == "silent":
            return Unknown("The sandbox is told to take this and never answer.")
        return Accepted(provider_id)

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:  # noqa: ARG002
        """What a process knew went with it."""
        return "cannot_say"

    def read(self, callback: Callback, now: datetime) -> list[Signal]:  # noqa: ARG002
        raise BadSignature("The sandbox inside this process sends no callbacks.")

    async def close(self) -> None:
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    def _tell_later(self, message: Message, provider_id: str, follow_up: FollowUp, number: int) -> None:
        listener = self._listener
        if listener is None:
            return

        async def tell() -> None:
            await self._sleep(follow_up.after)
            signal = self._signal(message, provider_id, follow_up)
            if signal is not None:
                await listener(signal)

        task = asyncio.create_task(tell(), name=f"sandbox {message.touch_id} {number}")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _signal(self, message: Message, provider_id: str, follow_up: FollowUp) -> Signal | None:
        links = LINK.findall(message.text)
        if follow_up.event == "clicked" and not links:
            return None
        from_lead = follow_up.event in ("inbound", "call", "unsubscribed")
        return Signal(
            kind=follow_up.event,
            at=self._clock(),
            touch_id="" if follow_up.event == "inbound" and self.kind == "sms" else message.touch_id,
            provider_id=provider_id,
            sender=message.to if from_lead else "",
            recipient="sandbox" if from_lead else message.to,
            text=follow_up.text,
            reason=self._error_classes.get(follow_up.code, "unknown") if follow_up.code else "",
            code=follow_up.code,
            key=f"{provider_id}:{follow_up.name}",
            data={"url": links[0]} if follow_up.event == "clicked" else {},
        )
