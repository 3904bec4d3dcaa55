"""Hand-over, one step at a time: what comes between two steps decides, and no touch leaves twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, happened, story
from tests.engine.hands import FakeChannel, Hands
from warmline.channels import ChannelSettingsError
from warmline.channels.contract import Accepted, Message, NotSent, Receipt, Refused, Unknown
from warmline.engine.dispatch import SETTLE, UNUSABLE, Dispatcher
from warmline.engine.outcomes import LONGEST_PAUSE, MOST_TRIES
from warmline.intake import acts
from warmline.store.connect import AWAY, connect
from warmline.store.events import NewEvent, append
from warmline.store.ids import lane_of
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

    class Spoiling:
        def message(self, lane: int, touch: object, lead: object, *more: object) -> Message:
            message = Hands(hands.conn, hands.dsn).dispatcher.composer.message(lane, touch, lead, *more)  # type: ignore[arg-type]
            text = message.text + "\x00" if str(ill) == message.lead_id else message.text
            return Message(message.touch_id, message.channel, message.to, text, message.lead_id)

    hands.dispatcher.composer = Spoiling()  # type: ignore[assignment]
    hands.hand_over(well)
    assert hands.one("select status from touches where lead_id = %s", well) == "sent"
    assert hands.one("select status from touches where lead_id = %s", ill) == "held"
    assert hands.one("select status from enrollments where lead_id = %s", ill) == "parked"


def test_a_broken_text_of_an_enrollment_that_is_over_by_then_does_not_park_it(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    hands.dispatcher.composer = None  # type: ignore[assignment] # any error at all
    _, broken, _ = hands.dispatcher.prepare(lane_of(lead), 100)
    a_stop(hands, workspace, lead)
    hands.dispatcher.settle(broken)
    assert hands.one("select status, end_reason from enrollments") == ("ended", "opted_out")
    assert hands.one("select count(*) from tasks where status = 'open'") == 0


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
            while prepared := mine.dispatcher.prepare(9, 3)[0]:
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
