"""What engine tests turn by hand: a channel that answers as told, a clock, and one dispatcher step at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal
from uuid import UUID

import psycopg

from tests.builders import TUESDAY, a_lead, enrolled
from warmline.channels.contract import Accepted, Callback, Channel, Kind, Message, Receipt, Reply, Signal
from warmline.engine.catalog import Catalog
from warmline.engine.compose import Composer
from warmline.engine.dispatch import Dispatcher, Prepared
from warmline.engine.outcomes import outcome_of_receipt
from warmline.engine.rescue import rescue
from warmline.engine.tick import Ticked, tick
from warmline.intake import acts
from warmline.store.connect import connect
from warmline.store.ids import LANES, lane_of, new_id
from warmline.store.touches import Outcome
from warmline.store.workspaces import Workspace

SECRET = b"a secret of tests, thirty-two bytes"


class FakeChannel:
    """Takes everything, unless `answers` holds something else to say; `found` is what it says when it is asked."""

    provider = "fake"
    account = "ours"

    def __init__(self, kind: Kind = "sms", rate: float = 1000) -> None:
        self.kind: Kind = kind
        self.rate = rate
        self.most: int | None = None
        self.reply = Reply()
        self.took: list[Message] = []
        self.answers: list[Receipt] = []
        self.found: Accepted | Literal["absent", "cannot_say"] = "cannot_say"
        self.asked: list[tuple[Message, datetime]] = []

    async def send(self, message: Message) -> Receipt:
        answer = self.answers.pop(0) if self.answers else Accepted(f"fake-{len(self.took)}")
        self.took.append(message)
        return answer

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:
        self.asked.append((message, since))
        return self.found

    def read(self, callback: Callback, now: datetime) -> list[Signal]:  # noqa: ARG002
        return []

    async def close(self) -> None:
        return None


def all_channels() -> dict[str, Channel]:
    return {"sms": FakeChannel("sms"), "email": FakeChannel("email"), "voicemail": FakeChannel("voicemail")}


@dataclass
class Hands:
    """One engine, moved step by step."""

    conn: psycopg.Connection
    dsn: str
    now: datetime = TUESDAY
    channels: Mapping[str, Channel] = field(default_factory=all_channels)
    engine: UUID = field(default_factory=new_id)
    lease: timedelta = timedelta(seconds=60)

    def __post_init__(self) -> None:
        self.dispatcher = self.a_dispatcher()

    def a_dispatcher(self) -> Dispatcher:
        return Dispatcher(
            engine=self.engine, conn=self.conn, receipts=self.conn, reconnect=partial(connect, self.dsn),
            catalog=Catalog(self.conn), channels=lambda _, kind: self.channels.get(kind), composer=Composer(SECRET, {}),
            now=lambda: self.now, lease=self.lease,
        )  # fmt: skip

    @property
    def sms(self) -> FakeChannel:
        channel = self.channels["sms"]
        assert isinstance(channel, FakeChannel)
        return channel

    def tick(self, lead: UUID) -> Ticked:
        return tick(self.conn, lane_of(lead), self.now, Catalog(self.conn))

    def prepare(self, lead: UUID) -> list[Prepared]:
        claimed = self.dispatcher.prepare([lane_of(lead)], 100)
        self.dispatcher.settle(claimed.broken)
        return claimed.prepared

    def last_look(self, prepared: list[Prepared]) -> list[Prepared]:
        allowed, denied = self.dispatcher.last_look(prepared)
        self.dispatcher.settle(denied)
        return allowed

    def send(self, allowed: list[Prepared]) -> list[Outcome]:
        return [self.outcome(one, asyncio.run(one.channel.send(one.message))) for one in allowed]

    def outcome(self, one: Prepared, receipt: Receipt) -> Outcome:
        return outcome_of_receipt(one.lane, one.touch, receipt, self.now)

    def hand_over(self, lead: UUID) -> list[Outcome]:
        """All four steps for the lane of a lead."""
        outcomes = self.send(self.last_look(self.prepare(lead)))
        self.dispatcher.settle(outcomes)
        return outcomes

    def rescue(self) -> int:
        return asyncio.run(
            rescue(
                self.conn,
                self.engine,
                lambda _, kind: self.channels.get(kind),
                lambda: self.now,
                list(range(LANES)),
                self.lease,
            )
        )

    def lease_runs_out(self, ago: timedelta = timedelta(0)) -> None:
        """As if the process had gone that long ago, and its lease were over."""
        self.conn.execute(
            "update touches set leased_until = now() - interval '1 second', handed_at = now() - %s"
            " where status = 'sending'",
            (max(ago, timedelta(seconds=1)),),
        )

    def one(self, query: str, *params: Any) -> Any:
        """The one row of a query; of one column, its value."""
        row = self.conn.execute(query.encode(), params).fetchone()
        return row[0] if row and len(row) == 1 else row

    def all(self, query: str, *params: Any) -> list[Any]:
        rows = self.conn.execute(query.encode(), params).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]


def a_stop(hands: Hands, workspace: Workspace, lead: UUID) -> None:
    acts.opt_out(hands.conn, workspace, lane_of(lead), lead, "sam", hands.now, evidence="STOP")


@contextmanager
def a_process(hands: Hands, dsn: str) -> Iterator[Dispatcher]:
    """A dispatcher on connections of its own, that the test may cut."""
    made = hands.a_dispatcher()
    with connect(dsn, "cut look") as made.conn, connect(dsn, "cut receipts") as made.receipts:
        yield made


def a_lead_in_lane(hands: Hands, workspace: Workspace, lane: int, number: int, *, by_mail: bool = False) -> UUID:
    """Enrolled in pricing at Tuesday 10:30; `by_mail`: it has no phone. The id is made until its lane is the wanted one."""
    phone, email = None if by_mail else f"+1212555{number:04d}", f"ann{number}@example.com"
    with hands.conn.transaction():
        while True:
            lead = a_lead(hands.conn, workspace, phone=phone, email=email)
            if lane_of(lead) == lane:
                break
            for table, column in (("leads", "id"), ("consents", "lead_id")):
                hands.conn.execute(f"delete from {table} where {column} = %s".encode(), (lead,))
    enrolled(hands.conn, workspace, "pricing", lead, at=TUESDAY)
    return lead
