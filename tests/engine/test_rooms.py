"""What waits for a connection waits in the queue: before its last look, with no lease, and in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from tests.e2e.support import PATIENCE
from tests.engine.hands import FakeChannel, Hands, a_lead_in_lane, a_process, a_stop
from tests.waiting import comes_about
from warmline.channels.contract import Kind, Message, Receipt
from warmline.engine import dispatch
from warmline.engine.catalog import Catalog
from warmline.engine.hints import AsyncHints
from warmline.engine.rooms import Rooms
from warmline.store.touches import Room
from warmline.store.workspaces import Workspace


class Narrow(FakeChannel):
    """Sends `most` at once, and none of them is through before `open`."""

    def __init__(self, kind: Kind, most: int) -> None:
        super().__init__(kind)
        self.most = most
        self.began: list[Message] = []
        self.at_once = self.most_at_once = 0
        self.open = asyncio.Event()

    async def send(self, message: Message) -> Receipt:
        self.began.append(message)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.open.wait()
        await asyncio.sleep(0)
        self.at_once -= 1
        return await super().send(message)


def running(hands: Hands, dsn: str, body: Callable[[AsyncHints], Awaitable[None]], in_flight: int = 400) -> None:
    """A dispatcher at work while `body` goes on; then it is stopped."""

    async def run() -> None:
        hints, stopping = AsyncHints(asyncio.get_running_loop()), asyncio.Event()
        with a_process(hands, dsn) as dispatcher:
            dispatcher.in_flight = in_flight
            dispatcher.catalog = Catalog(dispatcher.conn)
            work = asyncio.create_task(dispatcher.run(hints.take, stopping))
            try:
                async with asyncio.timeout(PATIENCE):
                    await body(hints)
            finally:
                for channel in hands.channels.values():
                    if isinstance(channel, Narrow):
                        channel.open.set()
                stopping.set()
                hints.wake()
                await work

    asyncio.run(run())


def queued(hands: Hands, workspace: Workspace, *lanes: int, by_mail: bool = False, first: int = 0) -> list[UUID]:
    """A lead for each of `lanes`, whose first touch is queued."""
    leads = [
        a_lead_in_lane(hands, workspace, lane, number, by_mail=by_mail) for number, lane in enumerate(lanes, first)
    ]
    for lead in leads:
        hands.tick(lead)
    return leads


def test_a_stop_reaches_what_waits_for_a_connection(hands: Hands, dsn: str, workspace: Workspace) -> None:
    leads = queued(hands, workspace, 3, 3, 3)
    channel = Narrow("sms", most=1)
    hands.channels = {"sms": channel}

    async def body(hints: AsyncHints) -> None:
        hints.add({3})
        await comes_about(lambda: channel.at_once == 1)
        for lead in leads:
            await asyncio.to_thread(a_stop, hands, workspace, lead)
        channel.open.set()
        await comes_about(lambda: not hands.one("select count(*) from touches where status in ('queued', 'sending')"))

    running(hands, dsn, body)
    assert len(channel.began) == 1
    assert sorted(hands.all("select status from touches")) == ["refused", "refused", "sent"]


def test_what_waits_for_a_connection_has_no_lease_that_could_run_out(
    hands: Hands, dsn: str, workspace: Workspace
) -> None:
    queued(hands, workspace, 3, 3, 9)
    channel = Narrow("sms", most=1)
    hands.channels = {"sms": channel}
    told: list[tuple[str, int]] = []

    async def body(hints: AsyncHints) -> None:
        hints.add({3, 9})
        await comes_about(lambda: channel.at_once == 1)
        told.extend(hands.all("select status, tries from touches order by status"))

    running(hands, dsn, body)
    assert told == [("queued", 0), ("queued", 0), ("sending", 1)]


def test_as_many_go_at_once_as_the_channel_can_send_and_the_next_as_soon_as_one_is_through(
    hands: Hands, dsn: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "POLL", 3600)  # nothing is found by looking again and again
    queued(hands, workspace, *(3, 9, 12) * 3)
    channel = Narrow("sms", most=2)
    hands.channels = {"sms": channel}

    async def body(hints: AsyncHints) -> None:
        hints.add({3, 9, 12})
        await comes_about(lambda: channel.at_once == 2)
        channel.open.set()
        await comes_about(lambda: len(channel.took) == 9)

    running(hands, dsn, body)
    assert channel.most_at_once == 2
    assert hands.all("select status, tries from touches") == [("sent", 1)] * 9


def test_however_much_waits_for_a_slow_channel_the_others_of_its_lane_go(
    hands: Hands, dsn: str, workspace: Workspace
) -> None:
    """Mails came first and more of them than may be in flight; their server does not answer."""
    queued(hands, workspace, *[3] * 8, by_mail=True)
    queued(hands, workspace, 3, first=100)
    mail, sms = Narrow("email", most=2), FakeChannel("sms")
    hands.channels = {"email": mail, "sms": sms}

    async def body(hints: AsyncHints) -> None:
        hints.add({3})
        await comes_about(lambda: len(sms.took) == 1)
        assert mail.at_once == 2

    running(hands, dsn, body, in_flight=4)


def test_what_waits_for_the_rate_of_its_account_is_in_nobodys_way_either(hands: Hands, workspace: Workspace) -> None:
    queued(hands, workspace, *[3] * 6, by_mail=True)
    queued(hands, workspace, 3, first=100)
    hands.channels = {"email": FakeChannel("email", rate=1), "sms": FakeChannel("sms")}
    first = hands.dispatcher.prepare([3], 2)
    second = hands.dispatcher.prepare([3], 2)
    assert [one.touch.channel for one in first.prepared] == ["email"]
    assert first.more == {3}
    assert [one.touch.channel for one in second.prepared] == ["sms"]


def test_what_is_tried_one_by_one_takes_no_more_of_an_account_than_has_room(hands: Hands, workspace: Workspace) -> None:
    queued(hands, workspace, 3, 3, 3)
    channel = FakeChannel("sms")
    channel.most = 2
    hands.channels = {"sms": channel}
    claimed = hands.dispatcher._one_by_one([3], 10, hands.now)
    assert len(claimed.prepared) == 2
    assert claimed.full == {(workspace.id, "sms")}
    assert sorted(hands.all("select status from touches")) == ["queued", "sending", "sending"]


def test_lanes_that_were_left_are_looked_at_in_turn_one_for_each_touch_that_may_go() -> None:
    rooms = Rooms(most={(1, "email"): 2})
    rooms.under_way[1, "email"] = 2
    rooms.leave(rooms.full(), [3, 9, 12])
    assert rooms.opened() == set()
    assert rooms.within(100) == [Room(1, "email", 0)]
    rooms.under_way[1, "email"] -= 1
    assert rooms.opened() == {3}
    rooms.leave([(1, "email")], [3])  # it holds more
    assert rooms.opened() == {9}
    rooms.under_way[1, "email"] -= 1
    assert rooms.opened() == {12, 3}
    assert rooms.left == {}


def test_a_channel_without_a_limit_of_its_own_is_never_full() -> None:
    rooms, sms, mail = Rooms(), FakeChannel("sms"), FakeChannel("email")
    mail.most = 5
    rooms.under_way[1, "sms"] = rooms.under_way[1, "email"] = 5
    assert rooms.of((1, "sms"), sms) is None
    assert rooms.of((1, "email"), mail) == 0
    assert rooms.full() == {(1, "email")}
    mail.most = None  # new settings
    assert rooms.of((1, "email"), mail) is None
    assert rooms.full() == set()
