"""Hand-over of touches of several leads and lanes at once: one that fails takes none of the others along."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_workspace, story
from tests.engine.hands import SECRET, Hands, a_lead_in_lane, a_process, a_stop
from warmline.channels.contract import Message
from warmline.engine.compose import Composer
from warmline.engine.dispatch import Dispatcher, Taken
from warmline.intake import acts
from warmline.store.due import Known
from warmline.store.ids import lane_of
from warmline.store.touches import Ready
from warmline.store.workspaces import Workspace


def test_a_template_that_cannot_be_rendered_parks_its_lead_and_the_others_go(hands: Hands) -> None:
    text = "---\nangle: first answer\nsubject: 'Hello'\n---\nYou have {{ lead.fields.rooms }} rooms. STOP to opt out.\n"
    workspace = a_workspace(hands.conn, {"templates/ack.txt": text})
    hands.dispatcher = hands.a_dispatcher()
    lane_mates = two_leads_of_one_lane(hands, workspace)
    well, ill = lane_mates
    hands.conn.execute("""update leads set fields = '{"rooms": "4"}' where id = %s""", (well,))
    hands.tick(well)
    hands.hand_over(well)

    assert [message.lead_id for message in hands.sms.took] == [str(well)]
    assert hands.one("select status, error like '%%rooms%%' from enrollments where lead_id = %s", ill) == (
        "parked",
        True,
    )
    assert hands.one("select status from touches where lead_id = %s", ill) == "held"
    assert hands.one("select kind, status from tasks where lead_id = %s and kind = 'parked'", ill) == ("parked", "open")

    hands.conn.execute("""update leads set fields = '{"rooms": "7"}' where id = %s""", (ill,))
    enrollment = hands.one("select id from enrollments where lead_id = %s", ill)
    acts.replay_parked(hands.conn, workspace, lane_of(ill), enrollment, "sam", hands.now)
    hands.tick(ill)
    hands.hand_over(ill)
    assert [message.lead_id for message in hands.sms.took] == [str(well), str(ill)]
    assert "7 rooms" in hands.sms.took[-1].text


def test_words_that_postgresql_refuses_park_only_their_own_lead(hands: Hands, workspace: Workspace) -> None:
    well, ill = two_leads_of_one_lane(hands, workspace)
    hands.tick(well)
    hands.dispatcher.composer = spoiling(ill)
    hands.hand_over(well)
    assert hands.one("select status from touches where lead_id = %s", well) == "sent"
    assert hands.one("select status from touches where lead_id = %s", ill) == "held"
    assert hands.one("select status from enrollments where lead_id = %s", ill) == "parked"


def test_touches_of_several_lanes_are_prepared_together_and_all_leave(hands: Hands, workspace: Workspace) -> None:
    leads = [a_lead_in_lane(hands, workspace, lane, lane) for lane in (3, 9, 12)]
    for lead in leads:
        hands.tick(lead)
    taken = hands.dispatcher.take([3, 9, 12], 100)
    assert sorted(one.lane for one in taken.allowed) == [3, 9, 12]
    assert (taken.settled, taken.more) == ([], set())
    hands.dispatcher.settle(hands.send(taken.allowed))
    assert hands.all("select status, tries from touches") == [("sent", 1)] * 3
    assert {story(hands.conn, lead)[-1] for lead in leads} == {"touch.sent"}


def test_a_stop_in_one_of_several_lanes_wins_and_the_others_leave(hands: Hands, workspace: Workspace) -> None:
    leads = {lane: a_lead_in_lane(hands, workspace, lane, lane) for lane in (3, 9)}
    for lead in leads.values():
        hands.tick(lead)
    prepared = hands.dispatcher.prepare([3, 9], 100).prepared
    a_stop(hands, workspace, leads[3])
    assert [one.lane for one in hands.last_look(prepared)] == [9]
    assert hands.all("select status, reason from touches order by lane") == [("refused", "opted_out"), ("sending", "")]


def test_each_lane_has_its_share_of_a_batch_and_it_is_told_which_hold_more(hands: Hands, workspace: Workspace) -> None:
    for number, lane in enumerate((3, 3, 3, 9)):
        hands.tick(a_lead_in_lane(hands, workspace, lane, number))
    claimed = hands.dispatcher.prepare([3, 9], 4)
    assert sorted(one.lane for one in claimed.prepared) == [3, 3, 9]
    assert claimed.more == {3}


def test_words_that_postgresql_refuses_stop_no_lead_of_another_lane(hands: Hands, workspace: Workspace) -> None:
    well, ill = a_lead_in_lane(hands, workspace, 3, 1), a_lead_in_lane(hands, workspace, 9, 2)
    for lead in (well, ill):
        hands.tick(lead)
    hands.dispatcher.composer = spoiling(ill)
    claimed = hands.dispatcher.prepare([3, 9], 100)
    assert [one.touch.lead_id for one in claimed.prepared] == [well]
    hands.dispatcher.settle(claimed.broken)
    assert hands.all("select status, tries from touches order by lane") == [("sending", 1), ("held", 1)]


@pytest.mark.parametrize("distributed", [False, True])
def test_lanes_with_little_go_together_and_a_full_one_keeps_nobody_waiting(
    hands: Hands, dsn: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, distributed: bool
) -> None:
    for number in range(7):
        hands.tick(a_lead_in_lane(hands, workspace, 3 if number else 9, number))
    stopping = asyncio.Event()
    batches: list[list[int]] = []
    take = Dispatcher.take

    def taken(dispatcher: Dispatcher, lanes: list[int], limit: int) -> Taken:
        batches.append(list(lanes))
        return take(dispatcher, lanes, limit)

    monkeypatch.setattr(Dispatcher, "take", taken)

    async def run() -> None:
        hints = [{3, 9}]

        async def hint(_: float) -> set[int]:
            if len(hands.sms.took) == 7:
                stopping.set()
            await asyncio.sleep(0.001)
            return hints.pop() if hints else set()

        with a_process(hands, dsn) as dispatcher:
            dispatcher.in_flight, dispatcher.distributed = 4, distributed
            await dispatcher.run(hint, stopping)

    asyncio.run(run())
    assert batches[:2] == ([[3], [9]] if distributed else [[3, 9], [3]])
    assert sorted(hands.all("select status from touches")) == ["sent"] * 7


def spoiling(ill: UUID) -> Composer:
    """Writes for one lead what PostgreSQL does not take."""

    class Spoiling(Composer):
        def message(self, lane: int, touch: Ready, lead: Known, *more: Any) -> Message:
            message = super().message(lane, touch, lead, *more)
            return replace(message, text=message.text + "\x00") if lead.id == ill else message

    return Spoiling(SECRET, {})


def two_leads_of_one_lane(hands: Hands, workspace: Workspace) -> tuple[UUID, UUID]:
    return a_lead_in_lane(hands, workspace, 7, 1), a_lead_in_lane(hands, workspace, 7, 2)
