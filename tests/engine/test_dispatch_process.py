"""A process that hands over: beside others, stopped, stalled, and without its database."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.engine.hands import FakeChannel, Hands, a_lead_in_lane, a_process
from tests.waiting import PATIENCE, comes_about
from warmline.channels.contract import Accepted, Message, NotSent, Receipt, Refused
from warmline.engine.dispatch import Dispatcher, Prepared
from warmline.intake import acts
from warmline.store import leads
from warmline.store.connect import AWAY, connect
from warmline.store.ids import lane_of
from warmline.store.touches import Outcome
from warmline.store.workspaces import Workspace


def test_a_database_that_goes_away_at_the_last_look_lets_nothing_out(
    hands: Hands, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise psycopg.OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(Dispatcher, "last_look", away)
    taken = hands.dispatcher.take([lane_of(lead)], 100)
    assert taken.allowed == []
    assert isinstance(taken.failed, AWAY)
    hands.dispatcher.settle(taken.settled)
    assert hands.one("select status from touches") == "queued"


def test_a_last_look_that_fails_in_an_unforeseen_way_lets_nothing_out_and_leaves_nothing_in_doubt(
    hands: Hands, dsn: str, workspace: Workspace, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent is committed. Left at that, rescue would ask about a mail that nobody has written, and then a person."""

    def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Dispatcher, "last_look", fail)

    async def hint(_: float) -> set[int]:
        await asyncio.sleep(0.01)
        return {lane_of(lead)}

    with a_process(hands, dsn) as dispatcher, pytest.raises(RuntimeError):
        asyncio.run(asyncio.wait_for(dispatcher.run(hint, asyncio.Event()), 10))
    assert hands.sms.took == []
    assert hands.one("select status, tries, excused from touches") == ("queued", 1, 1)


def test_two_dispatchers_share_the_rate_of_one_account(hands: Hands, dsn: str, workspace: Workspace) -> None:
    leads = [a_lead_in_lane(hands, workspace, 5, number) for number in range(8)]
    hands.tick(leads[0])
    hands.sms.rate = 1 / 60  # no machine is so slow that the other's turn has come
    with connect(dsn) as second:
        other = Hands(second, dsn, channels=hands.channels)
        first_went = hands.prepare(leads[0])
        second_went = other.prepare(leads[0])
    assert len(first_went) == 1, "one may always go"
    assert second_went == [], "and the other worker finds the account used"
    waiting = hands.all("select ready_at from touches where status = 'queued'")
    assert len(waiting) == 7
    assert all(at > hands.now for at in waiting)


def test_two_dispatchers_never_claim_the_same_touch(hands: Hands, dsn: str, workspace: Workspace) -> None:
    leads = [a_lead_in_lane(hands, workspace, 9, number) for number in range(40)]
    hands.tick(leads[0])
    claimed: list[str] = []

    def work() -> None:
        with connect(dsn) as conn:
            mine = Hands(conn, dsn, channels=hands.channels)
            while prepared := mine.dispatcher.prepare([9], 3).prepared:
                claimed.extend(one.message.touch_id for one in prepared)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claimed) == len(set(claimed)) == 40


def test_receipts_are_kept_while_the_database_is_away_and_written_when_it_is_back(
    hands: Hands, dsn: str, lead: UUID
) -> None:
    """The connections are cut while a message is in flight; its receipt must reach the database all the same."""

    class Slow(FakeChannel):
        async def send(self, message: Message) -> Receipt:
            answer = await super().send(message)
            hands.conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'cut%%'"
            )
            return answer

    slow = Slow()
    hands.channels = {"sms": slow}

    async def run() -> None:
        async def hint(_: float) -> set[int]:
            await asyncio.sleep(0.01)
            return {lane_of(lead)}

        with a_process(hands, dsn) as dispatcher, pytest.raises(psycopg.OperationalError):
            await dispatcher.run(hint, asyncio.Event())

    asyncio.run(run())
    assert hands.one("select status, provider_id from touches") == ("sent", "fake-0")
    assert len(slow.took) == 1


def test_receipts_are_kept_while_the_server_takes_no_writes_as_after_a_failover(
    hands: Hands, dsn: str, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = hands.conn.info.dbname

    class Demoted(FakeChannel):
        async def send(self, message: Message) -> Receipt:
            answer = await super().send(message)
            hands.conn.execute(f"alter database {name} set default_transaction_read_only = on".encode())
            hands.conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'cut%%'"
            )
            return answer

    demoted = Demoted()
    hands.channels = {"sms": demoted}
    settle, refused = Dispatcher.settle, []

    def settled(dispatcher: Dispatcher, outcomes: list[Outcome]) -> None:
        try:
            settle(dispatcher, outcomes)
        except psycopg.errors.ReadOnlySqlTransaction:
            refused.append(outcomes)
            raise

    monkeypatch.setattr(Dispatcher, "settle", settled)

    async def run() -> None:
        async def hint(_: float) -> set[int]:
            await asyncio.sleep(0.01)
            return {lane_of(lead)}

        async def promote() -> None:
            await comes_about(lambda: refused, "a receipt that is refused")
            hands.conn.execute(f"alter database {name} set default_transaction_read_only = off".encode())

        with a_process(hands, dsn) as dispatcher:
            promoting = asyncio.create_task(promote())
            with pytest.raises(AWAY):
                await dispatcher.run(hint, asyncio.Event())
            await promoting

    asyncio.run(run())
    assert hands.one("select status, provider_id from touches") == ("sent", "fake-0")
    assert len(demoted.took) == 1


def test_receipts_are_written_together_or_not_at_all_though_one_is_of_a_lead_that_was_merged(
    hands: Hands, dsn: str, workspace: Workspace, lead: UUID
) -> None:
    """What a refusal says of an address is for the lead that the merged one became: it is sought within the transaction."""
    other, keep = (a_lead_in_lane(hands, workspace, lane_of(lead), number) for number in (1, 2))
    hands.tick(other)
    sent = {one.touch.lead_id: one for one in hands.last_look(hands.prepare(lead))}
    acts.merge(hands.conn, workspace, keep, lead, "kim", hands.now)
    refused = hands.outcome(sent[lead], Refused("invalid_number", "30005", "no such number"))
    with a_process(hands, dsn) as dispatcher:
        dispatcher.settle([hands.outcome(sent[other], Accepted("theirs-1")), refused])
    assert hands.one("select status, provider_id from touches where lead_id = %s", other) == ("sent", "theirs-1")
    assert hands.one("select status from touches where lead_id = %s", lead) == "failed"
    assert hands.one("select addresses->>'+12125550123' from leads where id = %s", keep) == "invalid"


def test_what_a_refusal_says_of_a_lead_that_was_merged_on_and_on_is_said_of_the_last_one(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    (one,) = hands.last_look(hands.prepare(lead))
    gone = lead
    for number in range(1, 10):
        keep = a_lead_in_lane(hands, workspace, 3, number)
        acts.merge(hands.conn, workspace, keep, gone, "kim", hands.now)
        gone = keep
    hands.dispatcher.settle([hands.outcome(one, Refused("opted_out", "21610", "unsubscribed"))])
    assert hands.one("select status from touches where lead_id = %s", lead) == "failed"
    assert hands.one("select status from leads where id = %s", gone) == "opted_out"


def test_a_receipt_that_fails_in_an_unforeseen_way_keeps_no_other_from_being_written(
    hands: Hands, dsn: str, workspace: Workspace, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    other = a_lead_in_lane(hands, workspace, lane_of(lead), 1)
    hands.tick(other)
    hands.sms.answers = [Refused("opted_out", "21610", "unsubscribed")]
    monkeypatch.setattr("warmline.engine.dispatch.learn_refusal", fail)

    async def run() -> None:
        stopping = asyncio.Event()

        async def hint(_: float) -> set[int]:
            if len(hands.sms.took) == 2:
                stopping.set()
            await asyncio.sleep(0.01)
            return {lane_of(lead)}

        with a_process(hands, dsn) as dispatcher:
            await asyncio.wait_for(dispatcher.run(hint, stopping), PATIENCE)

    asyncio.run(run())
    assert sorted(hands.all("select status from touches")) == ["sending", "sent"]


def test_a_receipt_whose_lesson_is_lost_in_a_ring_is_written_again_with_the_lesson(
    hands: Hands, dsn: str, workspace: Workspace, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider knows of an opt-out. PostgreSQL ends the transaction that takes it down, as one of a ring."""
    other = a_lead_in_lane(hands, workspace, lane_of(lead), 1)
    hands.tick(other)
    batch = [
        hands.outcome(one, Refused("opted_out", "21610", "unsubscribed"))
        for one in hands.last_look(hands.prepare(lead))
    ]
    real, held = leads.hold, []

    def hold(conn: psycopg.Connection, *given: Any) -> Any:
        held.append(None)
        if len(held) == 2:
            conn.execute("do $$ begin raise exception 'a ring' using errcode = 'deadlock_detected'; end $$").fetchone()
        return real(conn, *given)

    monkeypatch.setattr(leads, "hold", hold)
    with a_process(hands, dsn) as dispatcher:
        with pytest.raises(psycopg.errors.DeadlockDetected):
            dispatcher.settle(batch)
        dispatcher.receipts.close()  # as the writer of receipts does, who tries again then
        dispatcher.settle(batch)
        dispatcher.receipts.close()
    assert hands.all("select status from leads where id = any(%s)", [lead, other]) == ["opted_out", "opted_out"]


def test_a_stop_finishes_what_is_in_flight_and_claims_nothing_more(
    hands: Hands, dsn: str, workspace: Workspace
) -> None:
    leads = [a_lead_in_lane(hands, workspace, 3, number) for number in range(5)]
    hands.tick(leads[0])
    stopping = asyncio.Event()

    class Slow(FakeChannel):
        async def send(self, message: Message) -> Receipt:
            stopping.set()
            await asyncio.sleep(0.05)
            return await super().send(message)

    slow = Slow()
    hands.channels = {"sms": slow}

    async def run() -> None:
        async def hint(_: float) -> set[int]:
            await asyncio.sleep(0)
            return {3}

        with a_process(hands, dsn) as dispatcher:
            dispatcher.in_flight = 2
            await dispatcher.run(hint, stopping)

    asyncio.run(run())
    assert len(slow.took) == 2
    assert sorted(hands.all("select status from touches")) == ["queued", "queued", "queued", "sent", "sent"]


def test_a_process_that_stood_still_past_its_lease_sends_nothing(hands: Hands, dsn: str, lead: UUID) -> None:
    hands.lease = timedelta(0)  # over before anything can leave
    rounds = 0

    async def run() -> None:
        stopping = asyncio.Event()

        async def hint(_: float) -> set[int]:
            nonlocal rounds
            rounds += 1
            if rounds == 5:
                stopping.set()
            return {lane_of(lead)}

        with a_process(hands, dsn) as dispatcher:
            await dispatcher.run(hint, stopping)

    asyncio.run(run())
    assert hands.sms.took == []
    assert hands.one("select status, tries > 0 from touches") == ("queued", True)


def test_a_process_that_stood_still_sends_nothing_even_if_its_clock_was_set_back(hands: Hands, lead: UUID) -> None:
    (one,) = hands.last_look(hands.prepare(lead))
    hours_left = replace(one, claimed=one.claimed - hands.lease.total_seconds(), until=one.until + timedelta(hours=1))
    assert sent_by(hands, hours_left).status == "queued"
    assert hands.sms.took == []


def test_a_provider_that_takes_longer_than_the_lease_is_cut_off_before_it_is_over(
    hands: Hands, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = hands.last_look(hands.prepare(lead))
    shorten_the_lease(hands, monkeypatch)
    outcome = sent_by(hands, replace(one, claimed=monotonic(), channel=Endless()))
    assert outcome.status == "asking"
    assert "within the lease" in outcome.error


def test_what_certainly_had_not_left_when_it_was_cut_off_goes_back_in_the_queue(
    hands: Hands, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Patient(FakeChannel):
        """Is kept waiting, and knows when it is cut off that nothing has left."""

        async def send(self, message: Message) -> Receipt:
            try:
                return await Endless().send(message)
            except asyncio.CancelledError:
                return NotSent("no connection in time", timedelta(seconds=1), counts=False)

    (one,) = hands.last_look(hands.prepare(lead))
    shorten_the_lease(hands, monkeypatch)
    outcome = sent_by(hands, replace(one, claimed=monotonic(), channel=Patient()))
    hands.dispatcher.settle([outcome])
    assert hands.one("select status, tries, excused from touches") == ("queued", 1, 1)


class Endless(FakeChannel):
    """Takes the message and never answers."""

    def __init__(self) -> None:
        super().__init__("sms")

    async def send(self, message: Message) -> Receipt:
        self.took.append(message)
        await asyncio.sleep(3600)
        raise AssertionError("an hour has passed")


def shorten_the_lease(hands: Hands, patch: pytest.MonkeyPatch) -> None:
    """A busy machine may take half of such a lease before it begins to send; that it does not send then is another test."""
    hands.dispatcher.lease = timedelta(seconds=0.2)
    patch.setattr(Prepared, "is_late", lambda *_: False)


def sent_by(hands: Hands, one: Prepared) -> Outcome:
    async def run() -> Outcome:
        hands.dispatcher._settled = asyncio.Queue()
        await hands.dispatcher._send(one)
        return hands.dispatcher._settled.get_nowait()

    return asyncio.run(run())
