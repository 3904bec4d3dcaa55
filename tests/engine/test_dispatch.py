"""Hand-over, one step at a time: what comes between two steps decides, and no touch leaves twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened, story
from tests.engine.hands import SECRET, FakeChannel, Hands
from warmline.channels import ChannelSettingsError
from warmline.channels.contract import Accepted, Message, NotSent, Receipt, Refused, Unknown
from warmline.engine.compose import Composer
from warmline.engine.dispatch import SETTLE, Dispatcher, Prepared, Taken
from warmline.engine.outcomes import LONGEST_PAUSE, MOST_TRIES
from warmline.engine.pacing import UNUSABLE
from warmline.intake import acts
from warmline.store import due as dues
from warmline.store.connect import AWAY, connect
from warmline.store.due import Known
from warmline.store.events import NewEvent, append
from warmline.store.ids import lane_of
from warmline.store.touches import Outcome, Ready
from warmline.store.workspaces import Workspace


@pytest.fixture
def lead(hands: Hands, workspace: Workspace) -> UUID:
    """In the pricing playbook, with the first text queued."""
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    return lead


def a_stop(hands: Hands, workspace: Workspace, lead: UUID) -> None:
    acts.opt_out(hands.conn, workspace, lane_of(lead), lead, "sam", hands.now, evidence="STOP")


def a_reply(hands: Hands, workspace: Workspace, lead: UUID) -> None:
    event = NewEvent(
        lane=lane_of(lead), lead_id=lead, workspace_id=workspace.id, kind="replied", at=hands.now, channel="sms"
    )
    append(hands.conn, [event], hands.now)


def test_a_queued_touch_goes_to_its_provider_once_and_is_sent(hands: Hands, lead: UUID) -> None:
    hands.hand_over(lead)
    hands.hand_over(lead)

    touch = hands.one("select status, provider, provider_id, address, tries, leased_until from touches")
    assert touch == ("sent", "fake", "fake-0", "+12125550123", 1, None)
    assert [message.to for message in hands.sms.took] == ["+12125550123"]
    assert "Ann" in hands.sms.took[0].text
    assert story(hands.conn, lead)[-1] == "touch.sent"


def test_the_intent_is_committed_before_the_network_is_touched(hands: Hands, dsn: str, lead: UUID) -> None:
    (one,) = hands.prepare(lead)
    with connect(dsn) as other:
        row = other.execute(
            "select status, address, body, tries, handed_at is not null, claimed_by from touches"
        ).fetchone()
    assert row == ("sending", one.message.to, one.message.text, 1, True, hands.engine)
    assert hands.sms.took == []


def test_a_stop_committed_between_the_intent_and_the_last_look_wins(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    prepared = hands.prepare(lead)
    a_stop(hands, workspace, lead)
    assert hands.last_look(prepared) == []
    assert hands.one("select status, reason from touches") == ("refused", "opted_out")
    assert hands.sms.took == []
    assert story(hands.conn, lead)[-1] == "touch.refused"


def test_a_reply_committed_between_the_intent_and_the_last_look_wins(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    prepared = hands.prepare(lead)
    a_reply(hands, workspace, lead)
    assert hands.last_look(prepared) == []
    assert hands.one("select status, reason from touches") == ("refused", "human_live")


def test_a_touch_to_a_number_that_was_corrected_meanwhile_does_not_leave(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    prepared = hands.prepare(lead)
    acts.correct_address(hands.conn, workspace, lane_of(lead), lead, "sam", hands.now, address="+12125550177")
    assert hands.last_look(prepared) == []
    assert hands.one("select status, reason from touches") == ("refused", "no_address")


def test_a_touch_of_an_enrollment_that_ended_meanwhile_does_not_leave(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    prepared = hands.prepare(lead)
    enrollment = hands.one("select id from enrollments")
    happened(hands.conn, workspace, lead, "preempted", at=hands.now, enrollment_id=enrollment)
    assert hands.last_look(prepared) == []
    assert hands.one("select status, reason from touches") == ("refused", "ended")


def test_a_touch_of_an_enrollment_that_was_parked_meanwhile_is_held_and_planned_anew_later(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    prepared = hands.prepare(lead)
    enrollment = hands.one("select id from enrollments")
    happened(hands.conn, workspace, lead, "parked", at=hands.now, enrollment_id=enrollment)
    assert hands.last_look(prepared) == []
    assert hands.one("select status, reason from touches") == ("held", "parked")

    happened(hands.conn, workspace, lead, "unparked", at=hands.now, enrollment_id=enrollment)
    hands.tick(lead)
    hands.hand_over(lead)
    assert hands.all("select status from touches where step = 'ack' order by created_at, id") == ["held", "sent"]


def test_a_channel_taken_out_of_the_settings_is_refused_and_the_next_one_has_its_turn(hands: Hands, lead: UUID) -> None:
    hands.channels = {kind: channel for kind, channel in hands.channels.items() if kind != "sms"}
    assert hands.prepare(lead) == []
    assert hands.one("select status, reason from touches") == ("refused", "channel_off")
    hands.tick(lead)
    hands.hand_over(lead)
    assert hands.all("select channel, status from touches order by id") == [("sms", "refused"), ("email", "sent")]


def test_a_channel_that_this_host_cannot_use_leaves_its_touches_queued(hands: Hands, lead: UUID) -> None:
    def unset(_: int) -> dict[str, FakeChannel]:
        raise ChannelSettingsError("sms", "auth_token", "needs TWILIO_AUTH_TOKEN, which is not set", "Set it")

    hands.dispatcher.channels = unset
    assert hands.prepare(lead) == []
    assert hands.one("select status, ready_at, tries from touches") == ("queued", hands.now + UNUSABLE, 0)
    hands.dispatcher.channels = lambda _: hands.channels
    hands.now += UNUSABLE
    hands.hand_over(lead)
    assert hands.one("select status from touches") == "sent"


def test_what_left_nothing_is_tried_again_after_growing_pauses_and_given_up_in_the_end(
    hands: Hands, lead: UUID
) -> None:
    hands.sms.answers = [NotSent("busy", timedelta(seconds=2))] * MOST_TRIES
    pauses = []
    for tries in range(1, MOST_TRIES):
        (outcome,) = hands.hand_over(lead)
        ready_at = hands.one("select ready_at from touches where status = 'queued' and tries = %s", tries)
        assert ready_at == outcome.until
        pauses.append((ready_at - hands.now).total_seconds())
        assert hands.hand_over(lead) == [], "it must not be tried before its time"
        hands.now = ready_at
    assert pauses == [2, 4, 8, 16, 32, 64, 128]
    hands.hand_over(lead)
    assert hands.one("select status, reason, tries, error from touches") == ("failed", "gave_up", MOST_TRIES, "busy")
    assert story(hands.conn, lead).count("touch.failed") == 1
    assert len(hands.sms.took) == MOST_TRIES


def test_a_pause_is_never_longer_than_an_hour(hands: Hands, lead: UUID) -> None:
    hands.sms.answers = [NotSent("closed", timedelta(minutes=50))] * 2
    hands.hand_over(lead)
    hands.now += timedelta(minutes=50)
    hands.hand_over(lead)
    assert hands.one("select ready_at from touches") == hands.now + LONGEST_PAUSE


def test_a_refusal_by_the_provider_gives_the_next_channel_its_turn(hands: Hands, lead: UUID) -> None:
    hands.sms.answers = [Refused("invalid_number", "21211", "no such number")]
    hands.hand_over(lead)
    assert hands.one("select status, reason, error from touches") == ("failed", "invalid_number", "no such number")
    hands.tick(lead)
    assert hands.all("select channel, status from touches order by id") == [("sms", "failed"), ("email", "queued")]


def test_an_opt_out_that_the_provider_knows_of_is_in_force_before_the_next_channel_has_its_turn(
    hands: Hands, lead: UUID
) -> None:
    hands.sms.answers = [Refused("opted_out", "21610", "unsubscribed recipient")]
    hands.hand_over(lead)
    assert hands.one("select status from leads") == "opted_out"
    assert set(hands.all("select value from suppressions")) == {str(lead), "+12125550123"}
    hands.tick(lead)
    assert hands.all("select channel, status from touches") == [("sms", "failed")]
    assert hands.all("select status, end_reason from enrollments") == [("ended", "opted_out")]


def test_a_number_that_the_provider_does_not_know_is_not_used_again_and_a_person_hears_of_it(
    hands: Hands, lead: UUID
) -> None:
    hands.sms.answers = [Refused("invalid_number", "21211", "no such number")]
    hands.hand_over(lead)
    assert hands.one("select state from addresses where value = '+12125550123'") == "invalid"
    assert hands.one("select count(*) from tasks where kind = 'fix' and status = 'open'") == 1


def test_no_answer_keeps_the_touch_as_it_is_until_the_provider_can_be_asked(hands: Hands, lead: UUID) -> None:
    hands.sms.answers = [Unknown("time-out")]
    hands.hand_over(lead)
    status, wait = hands.one("select status, leased_until - now() from touches")
    assert status == "sending"
    assert timedelta(0) < wait <= SETTLE
    assert "touch.unknown" not in story(hands.conn, lead)


def test_a_receipt_told_twice_and_one_of_an_earlier_try_change_nothing(hands: Hands, lead: UUID) -> None:
    (first,) = hands.last_look(hands.prepare(lead))
    hands.dispatcher.settle([hands.outcome(first, NotSent("refused connection", timedelta(seconds=1)))])
    hands.now += timedelta(seconds=1)
    (second,) = hands.last_look(hands.prepare(lead))
    late = hands.outcome(first, NotSent("the same, told late", timedelta(seconds=1)))
    hands.dispatcher.settle([late])
    assert hands.one("select status from touches") == "sending", "the second try is under way"
    sent = hands.outcome(second, Accepted("fake-9"))
    hands.dispatcher.settle([sent])
    hands.dispatcher.settle([sent])
    hands.dispatcher.settle([hands.outcome(second, Refused("unknown", "30008", "late"))])
    assert hands.one("select status, provider_id from touches") == ("sent", "fake-9")
    assert story(hands.conn, lead).count("touch.sent") == 1
    assert "touch.failed" not in story(hands.conn, lead)


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


def test_a_broken_text_of_an_enrollment_that_is_over_by_then_does_not_park_it(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    hands.dispatcher.composer = None  # type: ignore[assignment] # any error at all
    broken = hands.dispatcher.prepare([lane_of(lead)], 100).broken
    a_stop(hands, workspace, lead)
    hands.dispatcher.settle(broken)
    assert hands.one("select status, end_reason from enrollments") == ("ended", "opted_out")
    assert hands.one("select count(*) from tasks where status = 'open'") == 0


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


def test_what_came_before_the_words_were_written_counts_once_at_the_last_look(hands: Hands, lead: UUID) -> None:
    (one,) = hands.prepare(lead)
    seen, attempts = one.story.seen, dict(one.story.history.attempts)
    assert seen > 0
    assert hands.last_look([one]) == hands.last_look([one]) == [one]
    assert (one.story.seen, one.story.history.attempts) == (seen, attempts)
    one.story.go_on(dues.know(hands.conn, one.lane, [lead])[lead].events)
    assert (one.story.seen, one.story.history.enrolled) == (seen, 1)


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


def test_a_database_that_goes_away_at_the_last_look_lets_nothing_out(
    hands: Hands, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise psycopg.OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(Dispatcher, "last_look", away)
    taken = hands.dispatcher.take([lane_of(lead)], 100)
    assert taken.allowed == []
    assert isinstance(taken.away, AWAY)
    hands.dispatcher.settle(taken.settled)
    assert hands.one("select status from touches") == "queued"


def test_two_dispatchers_share_the_rate_of_one_account(hands: Hands, dsn: str, workspace: Workspace) -> None:
    leads = [a_lead_in_lane(hands, workspace, 5, number) for number in range(8)]
    hands.tick(leads[0])
    hands.sms.rate = 2
    with connect(dsn) as second:
        other = Hands(second, dsn, channels=hands.channels)
        first_went = hands.prepare(leads[0])
        second_went = other.prepare(leads[0])
    assert len(first_went) == 2, "one second's worth may go at once"
    assert second_went == [], "and the other worker finds the account used"
    waiting = hands.all("select ready_at from touches where status = 'queued'")
    assert len(waiting) == 6
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
    hands: Hands, dsn: str, lead: UUID
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

    async def run() -> None:
        async def hint(_: float) -> set[int]:
            await asyncio.sleep(0.01)
            return {lane_of(lead)}

        async def promote() -> None:
            while not demoted.took:
                await asyncio.sleep(0.01)
            await asyncio.sleep(1.5)  # long enough for a receipt to be refused
            hands.conn.execute(f"alter database {name} set default_transaction_read_only = off".encode())

        with a_process(hands, dsn) as dispatcher:
            promoting = asyncio.create_task(promote())
            with pytest.raises(AWAY):
                await dispatcher.run(hint, asyncio.Event())
            await promoting

    asyncio.run(run())
    assert hands.one("select status, provider_id from touches") == ("sent", "fake-0")
    assert len(demoted.took) == 1


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


def test_a_provider_that_takes_longer_than_the_lease_is_cut_off_before_it_is_over(hands: Hands, lead: UUID) -> None:
    (one,) = hands.last_look(hands.prepare(lead))
    hands.dispatcher.lease = timedelta(seconds=0.2)
    outcome = sent_by(hands, replace(one, claimed=monotonic(), channel=Endless()))
    assert outcome.status == "asking"
    assert "within the lease" in outcome.error


def spoiling(ill: UUID) -> Composer:
    """Writes for one lead what PostgreSQL does not take."""

    class Spoiling(Composer):
        def message(self, lane: int, touch: Ready, lead: Known, *more: Any) -> Message:
            message = super().message(lane, touch, lead, *more)
            return replace(message, text=message.text + "\x00") if lead.id == ill else message

    return Spoiling(SECRET, {})


class Endless(FakeChannel):
    """Takes the message and never answers."""

    def __init__(self) -> None:
        super().__init__("sms")

    async def send(self, message: Message) -> Receipt:
        self.took.append(message)
        await asyncio.sleep(3600)
        raise AssertionError("an hour has passed")


def sent_by(hands: Hands, one: Prepared) -> Outcome:
    async def run() -> Outcome:
        hands.dispatcher._settled = asyncio.Queue()
        await hands.dispatcher._send(one)
        return hands.dispatcher._settled.get_nowait()

    return asyncio.run(run())


@contextmanager
def a_process(hands: Hands, dsn: str) -> Iterator[Dispatcher]:
    """A dispatcher on connections of its own, that the test may cut."""
    made = hands.a_dispatcher()
    with connect(dsn, "cut look") as made.conn, connect(dsn, "cut receipts") as made.receipts:
        yield made


def two_leads_of_one_lane(hands: Hands, workspace: Workspace) -> tuple[UUID, UUID]:
    return a_lead_in_lane(hands, workspace, 7, 1), a_lead_in_lane(hands, workspace, 7, 2)


def a_lead_in_lane(hands: Hands, workspace: Workspace, lane: int, number: int) -> UUID:
    """Enrolled in pricing at Tuesday 10:30. The id is made until its lane is the wanted one."""
    phone, email = f"+1212555{number:04d}", f"ann{number}@example.com"
    with hands.conn.transaction():
        while True:
            lead = a_lead(hands.conn, workspace, phone=phone, email=email)
            if lane_of(lead) == lane:
                break
            for table, column in (("leads", "id"), ("addresses", "lead_id"), ("consents", "lead_id")):
                hands.conn.execute(f"delete from {table} where {column} = %s".encode(), (lead,))
    enrolled(hands.conn, workspace, "pricing", lead, at=TUESDAY)
    return lead
