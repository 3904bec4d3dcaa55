"""Hand touches over: intent committed, one last look, then the network, then receipts in batches.

1. `prepare` claims ready touches of a lane, renders them and commits the intent (status `sending`, with a lease).
2. `last_look` reads the leads' stories once more, after that commit, and asks the gate again. What it refuses has not
   left. Only milliseconds lie between this look and the first byte on the wire.
3. Each message goes to its channel, hundreds at once. A crash from here on leaves `sending`; `rescue` asks the provider.
4. Receipts are written in batches and wake the leads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import psycopg
import structlog

from warmline.channels import ChannelSettingsError
from warmline.channels.contract import Accepted, Channel, Message, NotSent, Receipt, Refused, Unknown
from warmline.core import gate
from warmline.core.standing import facts_of, history_of
from warmline.store import due as dues
from warmline.store import paces, touches
from warmline.store.due import Known
from warmline.store.touches import Outcome, Ready
from warmline.store.writes import Writes, save

from .catalog import Catalog, lead_zones, phone_prefix
from .compose import Composer, Unsendable
from .tick import park

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

#: One claim. Small, because the last look and the first byte should lie close together.
BATCH = 100

#: After this many tries that certainly left nothing, a touch has failed.
MOST_TRIES = 8

#: A time-out leaves the provider this long to show the message in its own list before it is asked.
SETTLE = timedelta(seconds=15)

#: How long touches wait when this host can't use their channel.
UNUSABLE = timedelta(seconds=30)

Channels = Callable[[int], Mapping[str, Channel]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A touch whose intent is committed, with the words that will go."""

    lane: int
    touch: Ready
    message: Message
    channel: Channel


@dataclass(slots=True)
class Dispatcher:
    """One per process. `now` is the business clock; leases and paces use the database's own."""

    engine: UUID
    conn: psycopg.Connection  # for claims and last looks, used by one thread at a time
    receipts: psycopg.Connection  # for receipts, used by another
    catalog: Catalog
    channels: Channels
    composer: Composer
    now: Callable[[], datetime]
    in_flight: int = 400
    lease: timedelta = timedelta(seconds=60)
    _free: int = field(init=False, default=0)
    _sending: set[asyncio.Task[None]] = field(init=False, default_factory=set)
    _settled: asyncio.Queue[Outcome] = field(init=False)
    _threads: ThreadPoolExecutor = field(init=False)

    async def run(self, hint: Callable[[float], Awaitable[set[int]]], stopping: asyncio.Event) -> None:
        """Hand over until `stopping`; then finish what is in flight and write every receipt.

        `hint(seconds)` resolves with lanes that have just got something, or with none when the time is over.
        """
        self._free = self.in_flight
        self._settled = asyncio.Queue()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="dispatch")
        writer = asyncio.create_task(self._write_receipts())
        try:
            while not stopping.is_set():
                lanes = await hint(0.5) or set(await self._db(touches.lanes_ready, self.conn, self.now()))
                for lane in sorted(lanes):
                    await self.hand_over(lane)
            if self._sending:
                await asyncio.wait(self._sending)
            await self._settled.join()
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._threads.shutdown()

    async def hand_over(self, lane: int) -> int:
        """Claim and send what is ready in one lane until it is empty. Returns how many touches were claimed."""
        count = 0
        while True:
            while self._free <= 0:
                await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            limit = min(BATCH, self._free)
            prepared, broken, more = await self._db(self.prepare, lane, limit)
            allowed, denied = await self._db(self.last_look, lane, prepared)
            for outcome in (*broken, *denied):
                self._settled.put_nowait(outcome)
            for one in allowed:
                self._free -= 1
                task = asyncio.create_task(self._send(one))
                self._sending.add(task)
                task.add_done_callback(self._sent)
            count += len(prepared) + len(broken)
            if not more:
                return count

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._free += 1
        self._sending.discard(task)

    async def _send(self, one: Prepared) -> None:
        try:
            receipt = await one.channel.send(one.message)
        except Exception as error:  # noqa: BLE001 - a channel that fails in an unforeseen way may have sent: unknown
            log.exception("channel.raised", channel=one.channel.provider, touch=str(one.touch.id))
            receipt = Unknown(f"{type(error).__name__}: {error}")
        self._settled.put_nowait(self.outcome(one, receipt))

    def outcome(self, one: Prepared, receipt: Receipt) -> Outcome:
        """What a receipt means for the touch. Only what certainly left nothing is ever tried again."""
        now = self.now()
        touch = one.touch
        base = outcome_of(one.lane, touch, "sent", now)
        match receipt:
            case Accepted(provider_id):
                base.provider_id = provider_id
            case Refused(reason, code, detail):
                base.status, base.event, base.reason = "failed", "touch.failed", reason
                base.error, base.data = detail, {"code": code, "detail": detail}
            case NotSent(detail, retry_after) if touch.tries + 1 < MOST_TRIES:
                base.status, base.event, base.error = "queued", "", detail
                base.until = now + retry_after * 2**touch.tries
            case NotSent(detail, _):
                base.status, base.event, base.reason, base.error = "failed", "touch.failed", "gave_up", detail
                base.data = {"detail": detail}
            case Unknown(detail):
                base.status, base.event, base.error = "asking", "", detail
        return base

    async def _write_receipts(self) -> None:
        while True:
            batch = [await self._settled.get()]
            while not self._settled.empty() and len(batch) < 500:
                batch.append(self._settled.get_nowait())
            while True:
                try:
                    await self._db(self.settle, batch)
                    break
                except psycopg.OperationalError as error:
                    # The receipts are all that proves the sends: keep them until the database is back.
                    log.warning("receipts.waiting", count=len(batch), error=str(error))
                    await asyncio.sleep(1)
            for _ in batch:
                self._settled.task_done()

    def settle(self, batch: list[Outcome]) -> None:
        """Write a batch of outcomes. A touch whose fate is unknown keeps its lease until the provider can be asked."""
        now = self.now()
        asking = [one for one in batch if one.status == "asking"]
        with self.receipts.transaction():
            touches.settle(self.receipts, [one for one in batch if one.status != "asking"], now)
            touches.ask_later(self.receipts, [(one.lane, one.id) for one in asking], SETTLE)
            for one in batch:
                if one.park:
                    writes = Writes(one.lane)
                    park(writes, one.enrollment_id, one.lead_id, one.workspace_id, one.park, now)
                    save(self.receipts, writes, now)

    def prepare(self, lane: int, limit: int) -> tuple[list[Prepared], list[Outcome], bool]:
        """Claim, render, commit the intent. Returns the touches, those that can't be written, and whether there is more."""
        now = self.now()
        with self.conn.transaction():
            ready = touches.ready(self.conn, lane, now, limit)
            granted = self._pace(lane, ready, now)
            known = dues.know(self.conn, lane, [touch.lead_id for touch in granted])
            prepared: list[Prepared] = []
            broken: list[Outcome] = []
            for touch in granted:
                try:
                    prepared.append(self._compose(lane, touch, known[touch.lead_id], now))
                except Unsendable as error:
                    broken.append(outcome_of(lane, touch, "refused", now, reason=error.reason))
                except Exception as error:  # noqa: BLE001 - one text that can't be written stops its lead, and no other
                    broken.append(
                        outcome_of(lane, touch, "held", now, reason="error", park=f"{type(error).__name__}: {error}")
                    )
            intents = [
                {"id": one.touch.id, "address": one.message.to, "subject": one.message.subject, "body": one.message.text,
                 "provider": one.channel.provider}
                for one in prepared
            ] + [{"id": one.id, "subject": "", "body": "", "provider": ""} for one in broken]  # fmt: skip
            if intents:
                touches.intend(self.conn, lane, intents, self.engine, self.lease)
        return prepared, broken, len(ready) == limit and len(granted) == len(ready)

    def last_look(self, lane: int, prepared: list[Prepared]) -> tuple[list[Prepared], list[Outcome]]:
        """Ask the gate once more, on the stories as they are now: a STOP that came 10 ms ago wins."""
        if not prepared:
            return [], []
        now = self.now()
        known = dues.know(self.conn, lane, [one.touch.lead_id for one in prepared])
        allowed: list[Prepared] = []
        denied: list[Outcome] = []
        for one in prepared:
            verdict = self.look(known[one.touch.lead_id], one.touch, one.message.to, now)
            if verdict.result == "allow":
                allowed.append(one)
                continue
            finding = next((one for one in verdict.findings if one.rule == verdict.rule), None)
            outcome = outcome_of(
                lane, one.touch, "held" if verdict.result == "hold" else "refused", now, reason=verdict.rule,
                data={"saw": finding.saw, "flip": finding.flip} if finding else {},
            )  # fmt: skip
            denied.append(outcome)
        return allowed, denied

    def look(self, lead: Known, touch: Ready, to: str, now: datetime) -> gate.Verdict:
        site = self.catalog.site(touch.workspace_id, now)
        zones = lead_zones(phone_prefix(lead.phone), lead.time_zone, lead.region, lead.country)
        history = history_of(str(touch.enrollment_id), 0, touch.started_at, site.rules.office.zone, {}, {}, lead.events)
        if history.ended_at is not None:
            return gate.Verdict("refuse", "ended", None, ())
        facts = facts_of(lead, zones, history, touch.channel, touch.channel in site.config.channels)
        if facts.address != to:
            facts.address = None  # it was corrected or taken away while the touch waited
        return gate.check(gate.Ask(touch.channel, touch.purpose, str(touch.id)), facts, site.rules, now)  # type: ignore[arg-type] # stored kinds

    def _compose(self, lane: int, touch: Ready, lead: Known, now: datetime) -> Prepared:
        site = self.catalog.site(touch.workspace_id, now)
        channel = self.channels(touch.workspace_id).get(touch.channel)
        if channel is None:
            raise Unsendable("channel_off")
        version = self.catalog.version(touch.version_id)
        return Prepared(lane, touch, self.composer.message(lane, touch, lead, site, version, touch.event), channel)

    def _pace(self, lane: int, ready: list[Ready], now: datetime) -> list[Ready]:
        """Those whose account has room now; the others are put off until theirs has."""
        granted: list[Ready] = []
        for workspace_id, kind in sorted({(touch.workspace_id, touch.channel) for touch in ready}):
            mine = [touch for touch in ready if (touch.workspace_id, touch.channel) == (workspace_id, kind)]
            try:
                channel = self.channels(workspace_id).get(kind)
            except ChannelSettingsError as error:
                # This host can't use the account (a variable is not set here, say). Nothing is refused for that: the
                # touches wait, another host may take them, and the log says what to write.
                log.error("channel.unusable", workspace=workspace_id, channel=kind, error=str(error))
                touches.postpone(self.conn, lane, [{"id": touch.id, "ready_at": now + UNUSABLE} for touch in mine])
                continue
            if channel is None:  # taken out of warmline.toml meanwhile: nothing to pace, `_compose` refuses
                granted += mine
                continue
            count, wait = paces.take(self.conn, workspace_id, kind, len(mine), channel.rate)
            granted += mine[:count]
            if late := mine[count:]:
                touches.postpone(self.conn, lane, [{"id": touch.id, "ready_at": now + wait} for touch in late])
        return granted

    async def _db(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **kwargs))


def outcome_of(
    lane: int,
    touch: Ready,
    status: str,
    now: datetime,
    *,
    reason: str = "",
    park: str = "",
    data: dict[str, Any] | None = None,
) -> Outcome:
    """An outcome of `touch`, with the event that the story gets for it."""
    return Outcome(
        lane=lane, id=touch.id, lead_id=touch.lead_id, workspace_id=touch.workspace_id, enrollment_id=touch.enrollment_id,
        step=touch.step, channel=touch.channel, last=touch.last, status=status, at=now, event=f"touch.{status}",
        reason=reason, error=park, park=park, data=data or {},
    )  # fmt: skip
