"""The engine: what has just become due is decided here, what has gathered by processes of its own; an event loop hands over.

Any number of engines may run.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import inf
from pathlib import Path
from uuid import UUID

import psycopg
import structlog

from warmline.garbage import calm_the_collector
from warmline.intake.unread import withdraw_unread
from warmline.intake.visits import settle_due
from warmline.logs import plain_logs
from warmline.store import answers, beats, snapshots, touches
from warmline.store import due as dues
from warmline.store.clock import Clock, read_clock
from warmline.store.connect import AWAY, connect
from warmline.store.distributed import is_distributed
from warmline.store.ids import new_id

from .accounts import Accounts, sandbox_world
from .calls import ask_about_calls
from .catalog import Catalog
from .compose import Composer
from .decider import Decider
from .dispatch import Dispatcher
from .hints import AsyncHints, Hints, listen
from .mailbox import Place, Watchers
from .numbers import Asker
from .rescue import ASK_FOR, rescue
from .seal import seal_all
from .tick import BATCH, start_scheduled, tick_lanes

log = structlog.get_logger()

IDLE = 0.5  # seconds between two polls when no hint comes
GATHER = 0.008  # seconds from one look to the next while hints keep coming: a commit for each lead would cost more
POLL = 0.25  # seconds between two polls while hints keep coming
REFRESH = 1.0  # seconds until a new setting or playbook is noticed
HELD = 1.0  # seconds between two looks whether a restored database may go on
BEAT = 5.0  # seconds between two signs of life
UPKEEP = 1.0  # seconds between two rounds of what no lead waits for
RESCUE = 2.0  # seconds between two looks for stale touches


@dataclass(frozen=True, slots=True)
class Options:
    """How one engine process runs. `secret` signs the tokens in links and return paths; every process needs the same."""

    dsn: str
    secret: bytes
    environ: Mapping[str, str]
    lease: timedelta = timedelta(seconds=60)
    ask_for: timedelta = ASK_FOR
    in_flight: int = 400
    folder: Path = Path()  # of the workspace, for the files it names
    deciders: int = 2  # processes, while much is due; PostgreSQL works for one while the other decides


def run(options: Options) -> None:
    """Run until SIGTERM or SIGINT; then take no more, finish what is in flight, and return."""
    calm_the_collector()
    plain_logs()
    asyncio.run(Engine(options).run())


class Engine:
    """Wires the parts of one process together."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.id: UUID = new_id()
        self.stopping = threading.Event()
        self.hints = Hints()
        self.backlog = Hints()
        self.said_held = False
        with connect(options.dsn, "warmline engine") as conn:
            self.clock: Clock = read_clock(conn)
            self.distributed = is_distributed(conn)

    def now(self) -> datetime:
        return self.clock.now()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self.ready = AsyncHints(loop)
        self.stop_async = asyncio.Event()
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, self.stop)
        threads = [threading.Thread(target=listen, args=(self.options.dsn, self.hints, self.stopping), name="listen")]
        for name, work in (("watch", self.watch), ("upkeep", self.upkeep)):
            threads.append(threading.Thread(target=self.forever, args=(name, work), name=name))
        count = range(self.options.deciders)
        threads += [threading.Thread(target=self.work_off, name=f"decider {number}") for number in count]
        for thread in threads:
            thread.start()
        log.info("engine.started", engine=str(self.id), pid=os.getpid())
        try:
            await asyncio.gather(
                self.dispatch_forever(), self.rescue_forever(), self.beat_forever(), self.mailboxes_forever()
            )
        finally:
            self.stop()
            for thread in threads:
                await asyncio.to_thread(thread.join)
            log.info("engine.stopped", engine=str(self.id))

    def stop(self) -> None:
        self.stopping.set()
        self.hints.add(())
        self.backlog.add(())
        self.stop_async.set()
        self.ready.wake()

    def is_held(self, conn: psycopg.Connection) -> bool:
        """Whether the database was restored and nobody has said yet that it is the live one: then nothing is done."""
        held = snapshots.held(conn)
        said, self.said_held = self.said_held, held is not None
        if held is not None and not said:
            log.warning(
                "engine.held", restored_at=held.restored_at.isoformat(), taken_at=held.taken_at.isoformat(),
                what="this database was restored from a backup; `warmline resume` lets the engines go on",
            )  # fmt: skip
        return held is not None

    # --- deciding --------------------------------------------------------------------------------------------------

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Whatever is raised within is said, and the engine goes on a second later: nothing is lost, all stays due."""
        try:
            yield
        except AWAY as error:
            log.warning("tick.database_away", error=str(error).strip())
            self.stopping.wait(1)
        except Exception:
            # A bug outside any one lead, or a process that decides and was killed.
            log.exception("tick.failed")
            self.stopping.wait(1)

    def forever(self, name: str, work: Callable[[psycopg.Connection, Catalog], None]) -> None:
        """Run `work` on a connection of its own until the engine stops, anew whenever the database has been away."""
        while not self.stopping.is_set():
            with self.going_on(), connect(self.options.dsn, f"warmline {name}") as conn:
                if self.is_held(conn):
                    self.stopping.wait(HELD)
                    continue
                catalog = Catalog(conn, punctual=self.clock.speed > 1)
                catalog.warm(self.now())
                work(conn, catalog)

    def watch(self, conn: psycopg.Connection, catalog: Catalog) -> None:
        """Look at what has just become due, all lanes together; lanes that hold much are left to `work_off`."""
        began = polled = refreshed = -inf
        while not self.stopping.is_set():
            lanes = self.hints.take(0) or self.hints.take(self.idle_seconds(conn))
            if lanes and (pause := began + GATHER - time.monotonic()) > 0:
                self.stopping.wait(pause)
                lanes |= self.hints.take(0)
            began = time.monotonic()
            # Hints come first, for speed; the poll takes in everything else, for certainty.
            self.look_at(conn, catalog, sorted(lanes))
            if not lanes or time.monotonic() - polled > POLL:
                polled = time.monotonic()
                settle_due(conn, self.now())
                for lane in dues.lanes_scheduled(conn, self.now()):
                    start_scheduled(conn, lane, self.now())
                self.look_at(conn, catalog, dues.lanes_due(conn, self.now()))
            if time.monotonic() - refreshed > REFRESH:
                refreshed = time.monotonic()
                catalog.refresh()
                self.clock = read_clock(conn)

    def look_at(self, conn: psycopg.Connection, catalog: Catalog, lanes: list[int]) -> None:
        # Of tables that are spread over a cluster, a transaction concerns one lane: it is one node's then.
        for some in [[lane] for lane in lanes] if self.distributed else [lanes] if lanes else []:
            share = max(1, BATCH // len(some))
            done = tick_lanes(conn, some, self.now(), catalog, share)
            self.ready.add(lane for lane, one in done.items() if one.touches)
            self.backlog.add(lane for lane, one in done.items() if one.looked_at == share)

    def work_off(self) -> None:
        """Have lanes that hold much ticked by a process, one at a time, in full batches until they are empty."""
        decider = Decider(self.options.dsn)
        try:
            while not self.stopping.is_set():
                lane = self.backlog.take_one(IDLE)
                if lane is None:
                    decider.rest()
                    continue
                with self.going_on():
                    done = decider.tick(lane, self.now(), punctual=self.clock.speed > 1)
                    self.ready.add((lane,) if done.touches else ())
                    self.backlog.add((lane,) if done.looked_at == BATCH else ())
        finally:
            decider.close()

    def upkeep(self, conn: psycopg.Connection, catalog: Catalog) -> None:
        """What no lead waits for: the ledger, unread replies, lost calls, look-ups of numbers, old answers."""
        asker = Asker(conn, catalog, self.now, self.options.folder)
        works: list[Callable[[], object]] = [
            asker.ask,
            lambda: seal_all(conn, self.now),
            lambda: withdraw_unread(conn, self.now()),
            lambda: ask_about_calls(conn, catalog, self.options.environ, self.now),
            lambda: answers.drop_old(conn, self.now()),
        ]
        while not self.stopping.wait(UPKEEP):
            catalog.refresh()
            for work in works:
                try:
                    work()
                except AWAY:
                    raise
                except Exception:
                    # A bug in one of them. What it does is still to be done a second later, and the others go on.
                    log.exception("upkeep.failed")

    def idle_seconds(self, conn: psycopg.Connection) -> float:
        """How long to wait for a hint: until the next due instant, so that a fast clock keeps its appointments too."""
        upcoming = dues.next_due(conn)
        if upcoming is None:
            return IDLE
        # What is overdue may be in another worker's hands: look again soon, and do not spin on it.
        return max(GATHER, min(IDLE, self.clock.real_seconds((upcoming - self.now()).total_seconds())))

    # --- handing over ----------------------------------------------------------------------------------------------

    async def dispatch_forever(self) -> None:
        while not self.stop_async.is_set():
            try:
                with (
                    connect(self.options.dsn, "warmline look") as conn,
                    connect(self.options.dsn, "warmline receipts") as receipts,
                ):
                    if self.is_held(conn):
                        await self.rest(HELD)
                        continue
                    catalog = Catalog(conn)
                    catalog.warm(self.now())
                    world = sandbox_world(self.options.dsn, lambda: self.clock)
                    accounts = Accounts(catalog, self.options.environ, self.options.secret, self.now, world)
                    again = partial(connect, self.options.dsn, "warmline receipts")
                    dispatcher = Dispatcher(
                        engine=self.id, conn=conn, receipts=receipts, reconnect=again, catalog=catalog, channels=accounts.of,
                        composer=Composer(self.options.secret, self.options.environ), now=self.now,
                        punctual=self.clock.speed > 1, distributed=self.distributed,
                        in_flight=self.options.in_flight, lease=self.options.lease,
                    )  # fmt: skip
                    try:
                        await dispatcher.run(self.ready.take, self.stop_async)
                    finally:
                        await accounts.close()
            except AWAY as error:
                log.warning("dispatch.database_away", error=str(error).strip())
                await asyncio.sleep(1)
            except Exception:
                # A bug outside any one touch. Nothing is lost: leases run out and rescue asks. Say it loudly and go on.
                log.exception("dispatch.failed")
                await asyncio.sleep(1)

    async def rescue_forever(self) -> None:
        while not self.stop_async.is_set():
            try:
                with await asyncio.to_thread(connect, self.options.dsn, "warmline rescue") as conn:
                    if self.is_held(conn):
                        await self.rest(HELD)
                        continue
                    catalog = Catalog(conn)
                    catalog.warm(self.now())
                    accounts = Accounts(catalog, self.options.environ, self.options.secret, self.now)
                    try:
                        while not self.stop_async.is_set():
                            await asyncio.to_thread(catalog.refresh)
                            lanes = await asyncio.to_thread(touches.lanes_stale, conn)
                            await rescue(
                                conn, self.id, accounts.of, self.now, lanes, self.options.lease, self.options.ask_for
                            )
                            await self.rest(RESCUE)
                    finally:
                        await accounts.close()
            except AWAY as error:
                log.warning("rescue.database_away", error=str(error).strip())
                await asyncio.sleep(1)
            except Exception:
                # A bug outside any one touch. Nothing is lost: leases run out and rescue asks. Say it loudly and go on.
                log.exception("rescue.failed")
                await asyncio.sleep(1)

    async def mailboxes_forever(self) -> None:
        place = Place(self.options.dsn, self.options.secret, self.options.environ, self.now)
        watchers = Watchers(place)
        try:
            while not self.stop_async.is_set():
                try:
                    with await asyncio.to_thread(connect, self.options.dsn, "warmline mailboxes") as conn:
                        while not self.stop_async.is_set():
                            if self.is_held(conn):  # the mails belong to the original, which may be at work
                                await asyncio.to_thread(watchers.close)
                                await self.rest(HELD)
                                continue
                            await asyncio.to_thread(watchers.look, conn)
                            await self.rest(REFRESH)
                except psycopg.OperationalError as error:
                    log.warning("mailboxes.database_away", error=str(error).strip())
                    await asyncio.sleep(1)
                except Exception:
                    # A bug outside any one mailbox. Mails stay where they are; the engine's other work goes on.
                    log.exception("mailboxes.failed")
                    await asyncio.sleep(1)
        finally:
            await asyncio.to_thread(watchers.close)

    async def beat_forever(self) -> None:
        while not self.stop_async.is_set():
            try:
                with await asyncio.to_thread(connect, self.options.dsn, "warmline beat") as conn:
                    while not self.stop_async.is_set():
                        await asyncio.to_thread(beats.beat, conn, self.id, socket.gethostname(), os.getpid())
                        await self.rest(BEAT)
                    beats.leave(conn, self.id)
            except AWAY:
                await asyncio.sleep(1)

    async def rest(self, seconds: float) -> None:
        """Sleep, but not through a stop."""
        try:
            await asyncio.wait_for(self.stop_async.wait(), seconds)
        except TimeoutError:
            return
