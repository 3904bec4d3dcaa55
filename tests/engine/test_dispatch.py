"""Hand-over, one step at a time: what comes between two steps decides, and no touch leaves twice."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from uuid import UUID

import psycopg

from tests.builders import happened, story
from tests.engine.hands import FakeChannel, Hands, a_stop
from tests.waiting import held_up
from warmline.channels import ChannelSettingsError
from warmline.channels.contract import Accepted, NotSent, Refused, Unknown
from warmline.engine.dispatch import SETTLE, Prepared
from warmline.engine.outcomes import LONGEST_PAUSE, MOST_TRIES, MOST_TRIES_EVER, NO_OTHER_WAY
from warmline.engine.pacing import UNUSABLE
from warmline.intake import acts
from warmline.store import due as dues
from warmline.store import paces
from warmline.store.clock import real_now
from warmline.store.connect import connect
from warmline.store.events import NewEvent, append
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace


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


def test_a_lease_begins_before_whatever_its_claim_waits_for(hands: Hands, dsn: str, lead: UUID) -> None:
    """Another process stands still in the middle of its claim. The lease in the database runs meanwhile, and who sends must
    not think that it had just begun: another may ask the provider about the touch as soon as it is over."""

    def prepare(own: psycopg.Connection) -> list[Prepared]:
        hands.dispatcher.conn = own
        return hands.prepare(lead)

    hands.dispatcher.catalog.warm(hands.now)
    hands.conn.execute("begin")
    paces.ask(hands.conn, hands.one("select workspace_id from leads"), "sms")
    with held_up(hands.conn, dsn, prepare) as done:
        waited_till, waited_until = monotonic(), real_now()
    (one,) = done.result()
    assert one.claimed <= waited_till
    assert one.until <= waited_until + hands.lease / 2


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
    def unset(_: int, _kind: str) -> FakeChannel:
        raise ChannelSettingsError("sms", "auth_token", "needs TWILIO_AUTH_TOKEN, which is not set", "Set it")

    hands.dispatcher.channels = unset
    assert hands.prepare(lead) == []
    assert hands.one("select status, ready_at, tries from touches") == ("queued", hands.now + UNUSABLE, 0)
    hands.dispatcher.channels = lambda _, kind: hands.channels.get(kind)
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


def test_where_there_is_no_other_channel_a_provider_may_be_away_for_an_afternoon(hands: Hands, lead: UUID) -> None:
    hands.conn.execute("update touches set last = true")
    began = hands.now
    hands.sms.answers = [NotSent("no connection", timedelta(seconds=5))] * MOST_TRIES_EVER
    while True:
        (outcome,) = hands.hand_over(lead)
        if outcome.status != "queued":
            break
        hands.now = outcome.until
    assert (outcome.status, outcome.reason) == ("failed", "gave_up")
    assert NO_OTHER_WAY <= hands.now - began < NO_OTHER_WAY + LONGEST_PAUSE
    assert MOST_TRIES < len(hands.sms.took) < MOST_TRIES_EVER / 2


def test_a_clock_that_stands_still_ends_the_tries_all_the_same(hands: Hands, lead: UUID) -> None:
    hands.conn.execute("update touches set last = true, tries = %s", (MOST_TRIES_EVER - 2,))
    hands.sms.answers = [NotSent("no connection", timedelta(0))] * 3
    assert [hands.hand_over(lead)[0].status for _ in range(2)] == ["queued", "failed"]


def test_tries_that_were_broken_off_on_our_side_bring_a_touch_no_nearer_to_being_given_up(
    hands: Hands, lead: UUID
) -> None:
    cut = NotSent("no connection in time", timedelta(seconds=1), counts=False)
    busy = NotSent("busy", timedelta(seconds=1))
    hands.sms.answers = [cut] * (MOST_TRIES + 2) + [busy] * (MOST_TRIES - 1)
    for tries in range(1, 2 * MOST_TRIES + 2):
        (outcome,) = hands.hand_over(lead)
        assert (outcome.status, outcome.tries) == ("queued", tries)
        assert hands.now < outcome.until <= hands.now + LONGEST_PAUSE
        hands.now = outcome.until
    hands.hand_over(lead)
    assert hands.one("select status, tries, excused from touches") == ("sent", 2 * MOST_TRIES + 2, MOST_TRIES + 2)


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
    assert hands.one("select addresses->>'+12125550123' from leads where addresses->>'+12125550123' <> ''") == "invalid"
    assert hands.one("select count(*) from tasks where kind = 'fix' and status = 'open'") == 1


def test_a_receipt_counts_whatever_letters_the_provider_answers_with(hands: Hands, lead: UUID) -> None:
    """NUL, and half of a character: no database takes them. Unwritten, the text would be sent again and again."""
    hands.sms.answers = [Refused("unknown", "30008\0", "no \0\ud83d route")]
    hands.hand_over(lead)
    assert hands.one("select status, error from touches") == ("failed", "no ? route")


def test_no_answer_keeps_the_touch_as_it_is_until_the_provider_can_be_asked(hands: Hands, lead: UUID) -> None:
    hands.sms.answers = [Unknown("time-out")]
    hands.hand_over(lead)
    status, wait = hands.one("select status, leased_until - now() from touches")
    assert status == "sending"
    assert timedelta(0) < wait <= SETTLE
    assert "touch.unknown" not in story(hands.conn, lead)


def test_no_answer_to_an_earlier_try_leaves_the_lease_of_this_one_alone(hands: Hands, lead: UUID) -> None:
    (first,) = hands.last_look(hands.prepare(lead))
    hands.dispatcher.settle([hands.outcome(first, NotSent("refused connection", timedelta(0)))])
    hands.last_look(hands.prepare(lead))
    hands.dispatcher.settle([hands.outcome(first, Unknown("time-out, told late"))])
    (wait,) = hands.all("select leased_until - now() from touches where status = 'sending' and tries = 2")
    assert wait > SETTLE


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


def test_why_a_text_could_not_be_written_is_kept_with_its_touch_which_has_no_address_yet(
    hands: Hands, lead: UUID
) -> None:
    hands.dispatcher.composer = None  # type: ignore[assignment] # any error at all
    assert hands.prepare(lead) == []
    assert hands.one("select status, error from touches") == (
        "held", "AttributeError: 'NoneType' object has no attribute 'message'",
    )  # fmt: skip


def test_a_broken_text_of_an_enrollment_that_is_over_by_then_does_not_park_it(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    hands.dispatcher.composer = None  # type: ignore[assignment] # any error at all
    broken = hands.dispatcher.prepare([lane_of(lead)], 100).broken
    a_stop(hands, workspace, lead)
    hands.dispatcher.settle(broken)
    assert hands.one("select status, end_reason from enrollments") == ("ended", "opted_out")
    assert hands.one("select count(*) from tasks where status = 'open'") == 0


def test_what_came_before_the_words_were_written_counts_once_at_the_last_look(hands: Hands, lead: UUID) -> None:
    (one,) = hands.prepare(lead)
    seen, attempts = one.story.seen, dict(one.story.history.attempts)
    assert seen > 0
    assert hands.last_look([one]) == hands.last_look([one]) == [one]
    assert (one.story.seen, one.story.history.attempts) == (seen, attempts)
    one.story.go_on(dues.know(hands.conn, one.lane, [lead])[lead].events)
    assert (one.story.seen, one.story.history.enrolled) == (seen, 1)
