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
from time import monotonic
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import psycopg
import structlog

from warmline.channels import ChannelSettingsError
from warmline.channels.contract import Channel, Message, Unknown
from warmline.core import gate
from warmline.core.standing import facts_of, history_of
from warmline.intake.inbound import learn_refusal
from warmline.store import due as dues
from warmline.store import paces, snapshots, touches, workspaces
from warmline.store.clock import real_now
from warmline.store.connect import AWAY
from warmline.store.due import Known
from warmline.store.touches import Outcome, Ready
from warmline.store.writes import Writes, save

from .catalog import Catalog, lead_zones, phone_prefix
from .compose import Composer, Unsendable
from .outcomes import again, outcome_of, outcome_of_receipt, unwritten
from .tick import BAD_ROW, park

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

#: One claim. Small, because the last look and the first byte should lie close together.
BATCH = 100

#: A time-out leaves the provider this long to show the message in its own list before it is asked.
SETTLE = timedelta(seconds=15)

#: Seconds from one round to the next while hints keep coming, and receipts are gathered for: fewer, larger commits.
GATHER = 0.008
GATHER_RECEIPTS = 0.02

#: Seconds between two looks for work that no hint told of, and for settings that were published meanwhile.
POLL = 0.5

#: How long touches wait when this host can't use their channel.
UNUSABLE = timedelta(seconds=30)

#: What ends the run of an enrollment, or for a while.
OVER = ("ended", "preempted", "parked")

Channels = Callable[[int], Mapping[str, Channel]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A touch whose intent is committed, with the words that will go."""

    lane: int
    touch: Ready
    message: Message
    channel: Channel
    until: datetime  # of the wall clock: after this somebody else may take it for lost, so it is not sent any more


@dataclass(slots=True)
class Dispatcher:
    """One per process. `now` is the business clock; leases and paces use the database's own."""

    engine: UUID
    conn: psycopg.Connection  # for claims and last looks, used by one thread at a time
    receipts: psycopg.Connection  # for receipts, used by another
    reconnect: Callable[[], psycopg.Connection]  # makes the receipts' connection anew when the database comes back
    catalog: Catalog
    channels: Channels
    composer: Composer
    now: Callable[[], datetime]
    punctual: bool = False
    in_flight: int = 400
    lease: timedelta = timedelta(seconds=60)
    _free: int = field(init=False, default=0)
    _sending: set[asyncio.Task[None]] = field(init=False, default_factory=set)
    _settled: asyncio.Queue[Outcome] = field(init=False)
    _threads: ThreadPoolExecutor = field(init=False)
    _stopping: asyncio.Event = field(init=False)

    async def run(self, hint: Callable[[float], Awaitable[set[int]]], stopping: asyncio.Event) -> None:
        """Hand over until `stopping`; then finish what is in flight and write every receipt.

        `hint(seconds)` resolves with lanes that have just got something, or with none when the time is over. Raises
        psycopg.OperationalError when the database goes away, once every receipt is written: that is, when it is back.
        """
        self._stopping = stopping
        self._free = self.in_flight
        self._settled = asyncio.Queue()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="dispatch")
        writer = asyncio.create_task(self._write_receipts())
        try:
            began = polled = 0.0
            while not stopping.is_set():
                lanes = await hint(POLL)
                if lanes and (pause := began + GATHER - monotonic()) > 0:
                    await asyncio.sleep(pause)
                    lanes |= await hint(0)
                began = monotonic()
                if not lanes or monotonic() - polled >= POLL:  # hints without end must not keep the others waiting
                    lanes = lanes | set(await self._db(self.poll))
                    polled = monotonic()
                for lane in sorted(lanes):
                    await self.hand_over(lane)
        finally:
            if self._sending:
                await asyncio.wait(self._sending)
            await self._settled.join()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._threads.shutdown()
            self.receipts.close()

    def poll(self) -> list[int]:
        """Lanes with something to hand over, by the settings as they are published now."""
        self.catalog.refresh()
        return touches.lanes_ready(self.conn, self.now())

    async def hand_over(self, lane: int) -> int:
        """Claim and send what is ready in one lane until it is empty. Returns how many touches were claimed."""
        count = 0
        while not self._stopping.is_set():
            if self._free <= 0:
                await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
                continue
            limit = min(BATCH, self._free)
            prepared, broken, more = await self._db(self.prepare, lane, limit)
            for outcome in broken:
                self._settled.put_nowait(outcome)
            try:
                allowed, denied = await self._db(self.last_look, lane, prepared)
            except AWAY:
                for one in prepared:  # nothing of it has left, so it may simply be claimed again
                    self._settled.put_nowait(again(one.lane, one.touch, self.now()))
                raise
            for outcome in denied:
                self._settled.put_nowait(outcome)
            for one in allowed:
                self._free -= 1
                task = asyncio.create_task(self._send(one))
                self._sending.add(task)
                task.add_done_callback(self._sent)
            count += len(prepared) + len(broken)
            if not more:
                break
        return count

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._free += 1
        self._sending.discard(task)

    async def _send(self, one: Prepared) -> None:
        if real_now() >= one.until:  # this process stood still: its lease may be over, and another may ask and send
            self._settled.put_nowait(again(one.lane, one.touch, self.now()))
            return
        try:
            receipt = await one.channel.send(one.message)
        except Exception as error:  # a channel that fails in an unforeseen way may have sent: unknown
            log.exception("channel.raised", channel=one.channel.provider, touch=str(one.touch.id))
            receipt = Unknown(f"{type(error).__name__}: {error}")
        self._settled.put_nowait(outcome_of_receipt(one.lane, one.touch, receipt, self.moment(one.touch)))

    def moment(self, touch: Ready) -> datetime:
        """The instant at which `touch` is looked at and sent: now, or on a fast clock when it was planned for."""
        return touch.created_at if self.punctual else self.now()

    async def _write_receipts(self) -> None:
        while True:
            batch = [await self._settled.get()]
            await asyncio.sleep(GATHER_RECEIPTS)
            while not self._settled.empty() and len(batch) < 500:
                batch.append(self._settled.get_nowait())
            while True:
                try:
                    await self._db(self.settle, batch)
                    break
                except AWAY as error:
                    # The receipts are all that proves the sends: keep them until the database is back.
                    log.warning("receipts.waiting", count=len(batch), error=str(error).strip())
                    self.receipts.close()  # a session with a server that takes no more writes would live on
                    await asyncio.sleep(1)
                except BAD_ROW:
                    # The ones that PostgreSQL refuses stay `sending`: rescue asks the provider what became of them.
                    log.exception("receipts.refused", count=len(batch))
                    if len(batch) == 1:
                        break
                    for one in batch[1:]:
                        self._settled.put_nowait(one)
                        self._settled.task_done()
                    batch = batch[:1]
            for _ in batch:
                self._settled.task_done()

    def settle(self, batch: list[Outcome]) -> None:
        """Write a batch of outcomes. A touch whose fate is unknown keeps its lease until the provider can be asked."""
        now = self.now()
        if self.receipts.closed:
            self.receipts = self.reconnect()
        asking = [one for one in batch if one.status == "asking"]
        with self.receipts.transaction():
            settled = touches.settle(self.receipts, [one for one in batch if one.status != "asking"], now)
            touches.ask_later(self.receipts, [(one.lane, one.id) for one in asking], SETTLE)
            for one in settled:
                if one.status == "failed":
                    workspace = workspaces.load(self.receipts, one.workspace_id)
                    code = str(one.data.get("code", ""))
                    learn_refusal(self.receipts, workspace, one.lane, one.id, one.reason, code, now)
                if one.park and touches.still_run(self.receipts, one.lane, [one.enrollment_id]):
                    writes = Writes(one.lane)
                    park(writes, one.enrollment_id, one.lead_id, one.workspace_id, one.park, now)
                    save(self.receipts, writes, now)

    def prepare(self, lane: int, limit: int) -> tuple[list[Prepared], list[Outcome], bool]:
        """Claim, render, commit the intent. Returns the touches, those that can't be written, and whether there is more.

        When PostgreSQL refuses the intents of many, they are tried one by one, and the culprit is set aside.
        """
        now = self.now()
        with self.conn.transaction():
            # Asked with each claim, because an engine that was cut off may come back to a database that was restored.
            if snapshots.held(self.conn) is not None:
                return [], [], False
            ready = touches.ready(self.conn, lane, now, limit)
            try:
                with self.conn.transaction():
                    prepared, broken, granted = self._intend(lane, ready, now)
            except BAD_ROW as error:
                log.warning("dispatch.one_by_one", lane=lane, error=str(error))
                prepared, broken, granted = self._intend_singly(lane, ready, now)
        return prepared, broken, len(ready) == limit and granted == len(ready)

    def _intend(self, lane: int, ready: list[Ready], now: datetime) -> tuple[list[Prepared], list[Outcome], int]:
        """Returns what is about to be handed over, what can't be written, and how many had room at their account."""
        granted = self._pace(lane, ready, now)
        known = dues.know(self.conn, lane, [touch.lead_id for touch in granted])
        until = real_now() + self.lease / 2
        composed: list[tuple[Ready, Message, Channel]] = []
        failed: list[tuple[Ready, Exception]] = []
        for touch in granted:
            try:
                composed.append((touch, *self._compose(lane, touch, known[touch.lead_id], now)))
            except Exception as error:  # noqa: BLE001 - one text that can't be written stops its lead, and no other
                failed.append((touch, error))
        intents = [
            {"id": touch.id, "address": message.to, "subject": message.subject, "body": message.text,
             "provider": channel.provider}
            for touch, message, channel in composed
        ]  # fmt: skip
        if granted:
            blank = [_blank(touch) for touch, _ in failed]
            touches.intend(self.conn, lane, [*intents, *blank], self.engine, self.lease)
        for touch in granted:
            touch.tries += 1
        prepared = [Prepared(lane, touch, message, channel, until) for touch, message, channel in composed]
        return prepared, [unwritten(lane, touch, error, now) for touch, error in failed], len(granted)

    def _intend_singly(self, lane: int, ready: list[Ready], now: datetime) -> tuple[list[Prepared], list[Outcome], int]:
        prepared: list[Prepared] = []
        broken: list[Outcome] = []
        granted = 0
        for touch in ready:
            try:
                with self.conn.transaction():
                    one, bad, count = self._intend(lane, [touch], now)
            except BAD_ROW as error:
                touches.intend(self.conn, lane, [_blank(touch)], self.engine, self.lease)
                touch.tries += 1
                one, bad, count = [], [unwritten(lane, touch, error, now)], 1
            prepared, broken, granted = [*prepared, *one], [*broken, *bad], granted + count
        return prepared, broken, granted

    def last_look(self, lane: int, prepared: list[Prepared]) -> tuple[list[Prepared], list[Outcome]]:
        """Ask the gate once more, on the stories as they are now: a STOP that came 10 ms ago wins."""
        if not prepared:
            return [], []
        known = dues.know(self.conn, lane, [one.touch.lead_id for one in prepared])
        allowed: list[Prepared] = []
        denied: list[Outcome] = []
        for one in prepared:
            now = self.moment(one.touch)
            try:
                verdict = self.look(known[one.touch.lead_id], one.touch, one.message.to, now)
            except AWAY:
                raise  # the database is away: that is nobody's fault
            except Exception as error:  # noqa: BLE001 - one lead that can't be judged is set aside, and stops no other
                denied.append(unwritten(lane, one.touch, error, now))
                continue
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
        unrecorded = site.unrecorded(touch.channel, lead.owner, touch.template)
        facts = facts_of(lead, zones, history, touch.channel, touch.channel in site.config.channels, unrecorded)
        if facts.address != to:
            facts.address = None  # it was corrected or taken away while the touch waited
        verdict = gate.check(gate.Ask(touch.channel, touch.purpose, str(touch.id)), facts, site.rules, now)  # type: ignore[arg-type] # stored kinds
        if history.ended_at is not None and verdict.result != "refuse":
            over = [one.kind for one in lead.events if one.enrollment == history.enrollment and one.kind in OVER]
            if over[-1] == "parked":  # it is planned anew when the enrollment goes on
                return gate.Verdict("hold", "parked", None, verdict.findings)
            return gate.Verdict("refuse", "ended", None, verdict.findings)
        return verdict

    def _compose(self, lane: int, touch: Ready, lead: Known, now: datetime) -> tuple[Message, Channel]:
        site = self.catalog.site(touch.workspace_id, now)
        channel = self.channels(touch.workspace_id).get(touch.channel)
        if channel is None:
            raise Unsendable("channel_off")
        version = self.catalog.version(touch.version_id)
        return self.composer.message(lane, touch, lead, site, version, touch.event), channel

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


def _blank(touch: Ready) -> dict[str, Any]:
    """The intent of a touch that has no words."""
    return {"id": touch.id, "subject": "", "body": "", "provider": ""}
