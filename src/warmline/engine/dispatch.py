"""Hand touches over: intent committed, one last look, then the network, then receipts in batches.

1. `prepare` claims ready touches of a few lanes, no more of an account than its channel can send at once, renders them and
   commits the intent (status `sending`, with a lease).
2. `last_look` reads what happened to the leads since, after that commit, and asks the gate again. What it refuses has not
   left. Only milliseconds lie between this look and the first byte on the wire.
3. Each message goes to its channel, hundreds at once. Where a connection has to be opened first, which may take seconds,
   the look is taken once more when it is there. A crash from here on leaves `sending`; `rescue` asks the provider.
4. Receipts are written in batches and wake the leads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import inf
from time import monotonic
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import psycopg
import structlog

from warmline.channels.contract import Channel, Message, Receipt
from warmline.intake.inbound import learn_fate, learn_refusal
from warmline.store import due as dues
from warmline.store import snapshots, touches, workspaces
from warmline.store.clock import real_now
from warmline.store.connect import AWAY
from warmline.store.due import Known
from warmline.store.pipeline import together, transaction
from warmline.store.touches import Outcome, Ready
from warmline.store.writes import Writes, save

from .catalog import Catalog
from .compose import Composer, Unsendable
from .last_look import Story, look_once_more, story_of
from .outcomes import again, outcome_of, outcome_of_receipt, unwritten
from .pacing import Channels, share_out
from .rooms import Account, Rooms
from .sending import Prepared, send
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

#: What a fault of ours kept from being looked at is claimed again after this.
FAULT = timedelta(seconds=30)

#: Seconds between two looks for work that no hint told of, and for settings that were published meanwhile.
POLL = 0.5


@dataclass(slots=True)
class Claimed:
    """What `prepare` came to: touches about to go, those that can't be written, and the lanes that hold more of them."""

    prepared: list[Prepared] = field(default_factory=list)
    broken: list[Outcome] = field(default_factory=list)
    more: set[int] = field(default_factory=set)
    full: set[Account] = field(default_factory=set)  # may have left touches behind, for want of a connection


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be sent, what is settled without, and of what there may be more. `failed`: why no look could be taken, mostly
    because the database went away."""

    allowed: list[Prepared]
    settled: list[Outcome]
    more: set[int]
    failed: Exception | None = None
    full: set[Account] = field(default_factory=set)


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
    distributed: bool = False  # leads' tables are spread over a cluster: a transaction concerns one lane
    in_flight: int = 400
    lease: timedelta = timedelta(seconds=60)
    _free: int = field(init=False, default=0)
    _rooms: Rooms = field(init=False, default_factory=Rooms)
    _sending: set[asyncio.Task[None]] = field(init=False, default_factory=set)
    _settled: asyncio.Queue[Outcome] = field(init=False)
    _conn_in_use: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
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
            began = polled = -inf
            much: list[int] = []  # lanes that hold more than their share of a batch: in turn, a batch of one at a time
            while not stopping.is_set():
                lanes = await hint(0 if much else GATHER if self._rooms.left else POLL)
                lanes = lanes | self._rooms.opened()
                if lanes and (pause := began + GATHER - monotonic()) > 0:
                    await asyncio.sleep(pause)
                    lanes |= await hint(0)
                began = monotonic()
                # Hints without end must not keep the others waiting.
                if not (lanes or much or self._rooms.left) or began - polled >= POLL:
                    lanes = lanes | set(await self._on_conn(self.poll))
                    polled = monotonic()
                few = sorted(lanes.difference(much))
                for some in [[lane] for lane in few] if self.distributed else [few] if few else []:
                    much += await self.hand_over(some)
                if much:
                    much += await self.hand_over([much.pop(0)])
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

    async def hand_over(self, lanes: Sequence[int]) -> list[int]:
        """Claim and send what is ready in these lanes, one batch of all of them. Returns the lanes that hold more."""
        while self._free <= 0:
            if self._stopping.is_set():
                return []
            await asyncio.sleep(GATHER)
        limit = min(BATCH, self._free)
        taken = await self._on_conn(self.take, lanes[:limit], limit)
        for outcome in taken.settled:
            self._settled.put_nowait(outcome)
        if taken.failed is not None:
            raise taken.failed
        for one in taken.allowed:
            account = (one.touch.workspace_id, one.touch.channel)
            self._free -= 1
            self._rooms.under_way[account] += 1
            task = asyncio.create_task(self._send(one))
            self._sending.add(task)
            task.add_done_callback(partial(self._sent, account))
        self._rooms.leave(taken.full, lanes[:limit])
        return [*sorted(taken.more), *lanes[limit:]]

    def _sent(self, account: Account, task: asyncio.Task[None]) -> None:
        self._free += 1
        self._rooms.under_way[account] -= 1
        self._sending.discard(task)

    async def _send(self, one: Prepared) -> None:
        if one.is_late(self.lease):
            done: Receipt | Outcome = again(one.lane, one.touch, self.now())
        else:
            done = await send(one, self.lease, self._look_again)
        if not isinstance(done, Outcome):
            done = outcome_of_receipt(one.lane, one.touch, done, self.moment(one.touch))
        self._settled.put_nowait(done)

    async def _look_again(self, one: Prepared) -> Outcome | None:
        """What stands against a touch by now, seconds after the others of its batch."""
        try:
            allowed, denied = await self._on_conn(self.last_look, [one])
        except AWAY:
            allowed, denied = [], []
        except Exception:
            log.exception("dispatch.look_failed", touch=str(one.touch.id))
            return again(one.lane, one.touch, self.now(), FAULT)
        if denied:
            return denied[0]
        if not allowed or one.is_late(self.lease):  # nothing of it has left, so it may simply be claimed again
            return again(one.lane, one.touch, self.now())
        return None

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
                except Exception:
                    # The ones that PostgreSQL refuses, or a fault of ours, stay `sending`: rescue asks the provider what became
                    # of them. Whatever it is, the others must be written: they are all that proves the sends.
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
        with transaction(self.receipts):
            settled = touches.settle(self.receipts, [one for one in batch if one.status != "asking"], now)
            touches.ask_later(self.receipts, [(one.lane, one.id, one.tries) for one in asking], SETTLE)
            for one in settled:
                if one.status == "failed":
                    workspace = workspaces.load(self.receipts, one.workspace_id)
                    code = str(one.data.get("code", ""))
                    learn_refusal(self.receipts, workspace, one.lane, one.id, one.reason, code, now)
                if one.was_unknown:
                    workspace = workspaces.load(self.receipts, one.workspace_id)
                    learn_fate(self.receipts, workspace, one.lead_id, now)
                if one.park and touches.still_run(self.receipts, one.lane, [one.enrollment_id]):
                    writes = Writes(one.lane)
                    park(writes, one.enrollment_id, one.lead_id, one.workspace_id, one.park, now)
                    save(self.receipts, writes, now)

    def take(self, lanes: Sequence[int], limit: int) -> Taken:
        """Claim up to `limit` touches of these lanes, commit the intent, and only then take the last look."""
        claimed = self.prepare(lanes, limit)
        try:
            allowed, denied = self.last_look(claimed.prepared)
        except Exception as error:  # noqa: BLE001 - nothing of it has left, so it may simply be claimed again
            after = timedelta(0) if isinstance(error, AWAY) else FAULT
            back = [again(one.lane, one.touch, self.now(), after) for one in claimed.prepared]
            return Taken([], claimed.broken + back, set(), error)
        return Taken(allowed, claimed.broken + denied, claimed.more, full=claimed.full)

    def prepare(self, lanes: Sequence[int], limit: int) -> Claimed:
        """Claim, render, commit the intent: one transaction, and three round trips however many lanes there are.

        Each lane has its share of `limit`, and of an account the oldest go for which it has room. When PostgreSQL refuses the
        intents of many, they are tried one by one, and the culprit is set aside.
        """
        now, share = self.now(), max(1, limit // len(lanes))
        rooms, term = self._rooms.for_a_claim(), self._term()
        try:
            with transaction(self.conn):
                asked = touches.ask_ready(self.conn, lanes, now, share, rooms.within(share))
                # Asked with each claim, because an engine that was cut off may come back to a database that was restored.
                if snapshots.held(self.conn) is not None:
                    return Claimed()
                ready = touches.told_ready(asked)
                claimed = self._intend(ready, rooms, term, now)
        except BAD_ROW as error:
            log.warning("dispatch.one_by_one", lanes=list(lanes), error=str(error))
            return self._one_by_one(lanes, share, now)
        self._rooms.learn(rooms)
        # What had no room is passed over by the next claim, or was put off: behind it there may be others that have.
        claimed.more, claimed.full = {lane for lane, mine in ready.items() if len(mine) == share}, rooms.full()
        return claimed

    def _term(self) -> tuple[float, datetime]:
        """When a claim begins, and until when what it takes may be sent. Asked before its transaction: the lease runs from
        there, whatever it waits for."""
        return monotonic(), real_now() + self.lease / 2

    def _intend(
        self, ready: Mapping[int, list[Ready]], rooms: Rooms, term: tuple[float, datetime], now: datetime
    ) -> Claimed:
        granted = share_out(self.conn, self.channels, rooms, ready, now)
        done = Claimed()
        for lane, mine in granted.items():
            intents: list[dict[str, Any]] = []
            for touch, lead in mine:
                try:
                    message, channel, story = self._compose(lane, touch, lead, now)
                except Exception as error:  # noqa: BLE001 - one text that can't be written stops its lead, and no other
                    intents.append(_blank(touch))
                    touch.tries += 1
                    done.broken.append(unwritten(lane, touch, error, now))
                    continue
                intents.append(
                    {"id": touch.id, "address": message.to, "subject": message.subject, "body": message.text,
                     "provider": channel.provider, "account": channel.account}
                )  # fmt: skip
                touch.tries += 1
                done.prepared.append(Prepared(lane, touch, message, channel, story, *term))
            if intents:
                touches.intend(self.conn, lane, intents, self.engine, self.lease)
        return done

    def _one_by_one(self, lanes: Sequence[int], share: int, now: datetime) -> Claimed:
        """A transaction for each touch, so that what PostgreSQL refuses of one takes nothing of the others along."""
        done, rooms = Claimed(), self._rooms.for_a_claim()
        for lane in lanes:
            for _ in range(share):
                term = self._term()
                with self.conn.transaction():
                    held = snapshots.held(self.conn)
                    ready = [] if held else touches.ready(self.conn, lane, now, 1, rooms.within(1))
                    if not ready:
                        break
                    (touch,) = ready
                    tries = touch.tries
                    try:
                        with self.conn.transaction():
                            one = self._intend({lane: ready}, rooms, term, now)
                    except BAD_ROW as error:
                        touches.intend(self.conn, lane, [_blank(touch)], self.engine, self.lease)
                        touch.tries = tries + 1
                        one = Claimed(broken=[unwritten(lane, touch, error, now)])
                done.prepared += one.prepared
                done.broken += one.broken
            else:
                done.more.add(lane)
        self._rooms.learn(rooms)
        done.full = rooms.full()
        return done

    def last_look(self, prepared: Sequence[Prepared]) -> tuple[list[Prepared], list[Outcome]]:
        """Ask the gate once more, on the stories as they are now: a STOP that came 10 ms ago wins."""
        lanes: dict[int, dict[UUID, int]] = {}
        for one in prepared:
            mine = lanes.setdefault(one.lane, {})
            mine[one.touch.lead_id] = min(one.story.seen, mine.get(one.touch.lead_id, one.story.seen))
        with together(self.conn):
            known = dues.know_lanes(self.conn, {lane: list(mine.items()) for lane, mine in lanes.items()})
        allowed: list[Prepared] = []
        denied: list[Outcome] = []
        for one in prepared:
            now = self.moment(one.touch)
            try:
                site = self.catalog.site(one.touch.workspace_id, now)
                verdict = look_once_more(known[one.touch.lead_id], one.touch, one.story, one.message.to, site, now)
            except AWAY:
                raise  # the database is away: that is nobody's fault
            except Exception as error:  # noqa: BLE001 - one lead that can't be judged is set aside, and stops no other
                denied.append(unwritten(one.lane, one.touch, error, now))
                continue
            if verdict.result == "allow":
                allowed.append(one)
                continue
            finding = next((one for one in verdict.findings if one.rule == verdict.rule), None)
            outcome = outcome_of(
                one.lane, one.touch, "held" if verdict.result == "hold" else "refused", now, reason=verdict.rule,
                data={"saw": finding.saw, "flip": finding.flip} if finding else {},
            )  # fmt: skip
            denied.append(outcome)
        return allowed, denied

    def _compose(self, lane: int, touch: Ready, lead: Known, now: datetime) -> tuple[Message, Channel, Story]:
        site = self.catalog.site(touch.workspace_id, now)
        channel = self.channels(touch.workspace_id, touch.channel)
        if channel is None:
            raise Unsendable("channel_off")
        version = self.catalog.version(touch.version_id)
        message = self.composer.message(lane, touch, lead, site, version, touch.event)
        return message, channel, story_of(touch, lead, site.policy.office.zone)

    async def _on_conn(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """On the connection for claims and looks, one after the other."""
        async with self._conn_in_use:
            return await self._db(work, *args, **kwargs)

    async def _db(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **kwargs))


def _blank(touch: Ready) -> dict[str, Any]:
    """The intent of a touch that has no words. Without any address it would be one of somebody who was erased."""
    return {"id": touch.id, "address": "", "subject": "", "body": "", "provider": "", "account": ""}
