"""Touches whose worker is gone: the provider is asked, and nothing is ever sent on a guess."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from tests.builders import a_lead, enrolled, story
from tests.engine.hands import Hands, a_lead_in_lane
from tests.waiting import held_up
from warmline.channels import ChannelSettingsError
from warmline.channels.contract import Accepted, Receipt, Refused, Signal, Unknown
from warmline.engine import rescue as rescuing
from warmline.engine.rescue import ASK_FOR, rescue
from warmline.intake import acts
from warmline.intake.forget import forget
from warmline.intake.inbound import receive
from warmline.store import measures
from warmline.store.ids import lane_of, new_id
from warmline.store.pages import attention, today
from warmline.store.touches import Outcome
from warmline.store.workspaces import Workspace


class Unusable(dict):  # type: ignore[type-arg]
    def get(self, *_: object) -> object:
        raise ChannelSettingsError("sms", "auth_token", "needs TWILIO_AUTH_TOKEN, which is not set", "Set it")


@pytest.fixture
def lead(hands: Hands, workspace: Workspace) -> UUID:
    """Its first text was on its way when the process died."""
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    hands.last_look(hands.prepare(lead))
    return lead


def test_a_touch_is_left_alone_while_its_lease_runs(hands: Hands, lead: UUID) -> None:
    assert hands.rescue() == 0
    assert hands.one("select status from touches") == "sending"


def test_what_the_provider_has_is_sent_and_never_handed_over_again(hands: Hands, lead: UUID) -> None:
    hands.lease_runs_out()
    hands.sms.found = Accepted("theirs-1")
    assert hands.rescue() == 1
    assert hands.one("select status, provider_id, leased_until from touches") == ("sent", "theirs-1", None)
    assert story(hands.conn, lead)[-1] == "touch.sent"
    assert hands.hand_over(lead) == []


def test_what_the_provider_has_is_sent_whatever_letters_its_name_of_it_has(hands: Hands, lead: UUID) -> None:
    hands.lease_runs_out()
    hands.sms.found = Accepted("theirs\0-1")
    hands.rescue()
    assert hands.one("select status, provider_id from touches") == ("sent", "theirs-1")


def test_one_touch_that_can_not_be_settled_holds_up_no_other(
    hands: Hands, workspace: Workspace, lead: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = a_lead_in_lane(hands, workspace, lane_of(lead), 7)
    hands.tick(other)
    hands.last_look(hands.prepare(other))
    hands.lease_runs_out(ago=ASK_FOR)
    asked = rescuing._ask_a_person

    def ask(conn: psycopg.Connection, one: Outcome, now: datetime) -> None:
        if one.lead_id == lead:
            raise ValueError("a fault of ours")
        asked(conn, one, now)

    monkeypatch.setattr(rescuing, "_ask_a_person", ask)
    assert hands.rescue() == 2
    assert hands.one("select status from touches where lead_id = %s", lead) == "sending"
    assert hands.one("select status from touches where lead_id = %s", other) == "unknown"
    assert hands.one("select lead_id from tasks where kind = 'unknown'") == other


def test_what_waits_for_a_lead_keeps_the_engine_from_nothing_else(
    hands: Hands, dsn: str, workspace: Workspace, lead: UUID
) -> None:
    """Somebody holds the lead whose touch nobody knows of. Meanwhile the engine's loop goes on: it sends, and hears a stop."""
    hands.lease_runs_out(ago=ASK_FOR)
    hands.conn.execute("begin")
    hands.conn.execute("select from leads where id = %s for update", (lead,))

    def work(own: psycopg.Connection) -> bool:
        async def both() -> bool:
            lanes, channels = [lane_of(lead)], lambda _, kind: hands.channels.get(kind)
            asking = asyncio.create_task(rescue(own, hands.engine, channels, lambda: hands.now, lanes, hands.lease))
            while not waits.is_set():
                await asyncio.sleep(0.01)
            free = not asking.done()
            went_on.set()
            await asking
            return free

        return asyncio.run(both())

    waits, went_on = threading.Event(), threading.Event()
    with held_up(hands.conn, dsn, work) as done:
        waits.set()
        assert went_on.wait(10), "the loop stood still"
    assert done.result()
    assert hands.one("select status from touches") == "unknown"


def test_what_the_provider_is_sure_not_to_have_goes_back_in_the_queue_and_out(hands: Hands, lead: UUID) -> None:
    hands.lease_runs_out()
    hands.sms.found = "absent"
    hands.rescue()
    assert hands.one("select status from touches") == "queued"
    hands.hand_over(lead)
    assert hands.one("select status, tries from touches") == ("sent", 2)
    assert len(hands.sms.took) == 1


def test_a_provider_that_cannot_say_is_asked_again_before_a_person_is(hands: Hands, lead: UUID) -> None:
    hands.lease_runs_out(ago=timedelta(seconds=20))
    hands.rescue()
    assert hands.one("select status from touches") == "sending"
    hands.lease_runs_out(ago=ASK_FOR)
    hands.rescue()
    assert hands.one("select status from touches") == "unknown"
    assert len(hands.sms.asked) == 2


def test_what_nobody_can_tell_is_shown_to_a_person_and_never_sent_again(hands: Hands, lead: UUID) -> None:
    hands.lease_runs_out(ago=ASK_FOR)
    assert hands.rescue() == 1
    assert hands.one("select status from touches") == "unknown"
    assert hands.one("select kind, status from tasks where kind = 'unknown'") == ("unknown", "open")
    assert story(hands.conn, lead)[-1] == "touch.unknown"
    for _ in range(3):
        hands.tick(lead)
        assert hands.rescue() == 0
        assert hands.hand_over(lead) == []
    assert hands.sms.took == []


def test_the_provider_is_asked_for_what_came_in_since_the_hand_over(hands: Hands, lead: UUID) -> None:
    hands.conn.execute("update touches set created_at = now() - interval '3 days'")
    hands.lease_runs_out(ago=timedelta(seconds=70))
    hands.rescue()
    ((message, since),) = hands.sms.asked
    (handed_at, body) = hands.one("select handed_at, body from touches")
    assert (since, message.text) == (handed_at, body)


def test_a_time_out_is_asked_about_once_it_has_settled(hands: Hands, workspace: Workspace, lead: UUID) -> None:
    hands.conn.execute("update touches set status = 'queued', leased_until = null")
    hands.sms.answers = [Unknown("time-out")]
    hands.hand_over(lead)
    assert hands.rescue() == 0
    hands.lease_runs_out(ago=timedelta(seconds=20))
    hands.sms.found = Accepted("theirs-2")
    assert hands.rescue() == 1
    assert hands.one("select status, provider_id from touches") == ("sent", "theirs-2")
    assert len(hands.sms.took) == 1


def test_a_provider_that_took_the_place_of_the_one_it_was_handed_to_has_no_say_and_a_person_looks(
    hands: Hands, lead: UUID
) -> None:
    hands.sms.provider, hands.sms.found = "another", "absent"
    hands.lease_runs_out()
    assert hands.rescue() == 1
    assert hands.one("select status from touches") == "unknown"
    assert hands.one("select status from tasks where kind = 'unknown'") == "open"
    assert hands.sms.asked == []
    assert hands.hand_over(lead) == []


def test_another_account_of_the_same_provider_has_no_say_and_a_person_looks(hands: Hands, lead: UUID) -> None:
    """account_sid was changed in warmline.toml while the text was on its way: the new account is sure not to have it."""
    hands.sms.account, hands.sms.found = "another", "absent"
    hands.lease_runs_out()
    assert hands.rescue() == 1
    assert hands.one("select status from touches") == "unknown"
    assert hands.sms.asked == []
    assert hands.hand_over(lead) == []


def test_a_touch_that_an_earlier_version_handed_over_names_no_account_and_is_asked_about(
    hands: Hands, lead: UUID
) -> None:
    hands.conn.execute("update touches set account = ''")
    hands.sms.found = Accepted("theirs-1")
    hands.lease_runs_out()
    assert hands.rescue() == 1
    assert hands.one("select status from touches") == "sent"


def test_an_engine_that_can_not_use_the_channel_leaves_the_question_to_one_that_can(hands: Hands, lead: UUID) -> None:
    usable, hands.channels = hands.channels, Unusable()
    hands.lease_runs_out(ago=timedelta(seconds=60))
    assert hands.rescue() == 1
    assert hands.one("select status from touches") == "sending"
    hands.channels = usable
    hands.lease_runs_out(ago=timedelta(seconds=75))
    hands.sms.found = Accepted("theirs-1")
    hands.rescue()
    assert hands.one("select status from touches") == "sent"


def test_a_channel_that_is_gone_or_unusable_here_stops_neither_rescue_nor_the_others(hands: Hands, lead: UUID) -> None:
    hands.channels = Unusable()
    hands.lease_runs_out(ago=ASK_FOR)
    assert hands.rescue() == 1
    assert hands.one("select status from touches") == "unknown"


def test_a_receipt_that_comes_while_the_provider_is_asked_is_the_one_that_counts(
    hands: Hands, workspace: Workspace, lead: UUID
) -> None:
    """The callback says delivered before the answer "absent" is written: nothing goes back in the queue."""
    hands.lease_runs_out()
    touch = hands.one("select lane || '-' || replace(id::text, '-', '') from touches")

    async def find(*_: object) -> str:
        receive(hands.conn, workspace, [Signal("delivered", hands.now, touch_id=touch, key="d")], hands.now)
        return "absent"

    hands.sms.find = find  # type: ignore[method-assign, assignment]
    hands.rescue()
    assert hands.one("select status from touches") == "delivered"
    assert hands.hand_over(lead) == []


def test_a_late_receipt_of_what_was_unknown_ends_the_task_to_look_for_it(hands: Hands, lead: UUID) -> None:
    """The process was frozen between the provider's answer and its receipt."""
    late = answered(hands, lead, Accepted("theirs-3"))
    hands.lease_runs_out(ago=ASK_FOR)
    hands.rescue()
    assert open_tasks(hands) == ["unknown"]
    hands.dispatcher.settle([late])
    assert hands.one("select status, provider_id from touches") == ("sent", "theirs-3")
    assert hands.one("select status, outcome from tasks where kind = 'unknown'") == ("cancelled", "settled")
    assert story(hands.conn, lead)[-2:] == ["touch.sent", "task.cancelled"]


def test_the_task_stays_while_another_touch_of_the_lead_is_unknown(hands: Hands, lead: UUID) -> None:
    late = answered(hands, lead, Refused("unknown", "30008", "it did not arrive"))
    hands.lease_runs_out(ago=ASK_FOR)
    hands.rescue()
    another_unknown(hands)
    hands.dispatcher.settle([late])
    assert sorted(hands.all("select status from touches")) == ["failed", "unknown"]
    assert open_tasks(hands) == ["unknown"]


def test_a_lead_that_had_only_that_task_gets_another_look_of_a_person(hands: Hands, lead: UUID) -> None:
    late = answered(hands, lead, Accepted("theirs-4"))
    hands.lease_runs_out(ago=ASK_FOR)
    hands.rescue()
    hands.conn.execute("update enrollments set status = 'ended', due_at = null, ended_at = now()")
    hands.conn.execute("update tasks set status = 'cancelled', done_at = now() where step <> ''")
    hands.dispatcher.settle([late])
    assert open_tasks(hands) == ["review"]


def test_a_rescuer_that_was_frozen_with_the_answer_ends_the_task_too(
    hands: Hands, dsn: str, workspace: Workspace, lead: UUID
) -> None:
    hands.lease_runs_out(ago=ASK_FOR)

    async def find(*_: object) -> Accepted:
        """While one waits for the answer its lease runs out, and another is told that nobody can say."""
        hands.lease_runs_out(ago=ASK_FOR)
        with psycopg.connect(dsn, autocommit=True) as conn:
            other = Hands(conn, dsn)
            await asyncio.to_thread(other.rescue)
        assert open_tasks(hands) == ["unknown"]
        return Accepted("theirs-5")

    hands.sms.find = find  # type: ignore[method-assign]
    hands.rescue()
    assert hands.one("select status, provider_id from touches") == ("sent", "theirs-5")
    assert open_tasks(hands) == []


@pytest.fixture
def keep(hands: Hands, workspace: Workspace) -> UUID:
    return a_lead(hands.conn, workspace, phone="+12125550177", email=None)


def of_kind_unknown(hands: Hands) -> list[tuple[UUID, str]]:
    found: list[tuple[UUID, str]] = hands.all(
        "select lead_id, status from tasks where kind = 'unknown' order by opened_at, id"
    )
    return found


def test_what_nobody_can_tell_of_a_lead_that_was_merged_is_asked_of_the_one_it_became_and_once_found_out_no_more(
    hands: Hands, workspace: Workspace, lead: UUID, keep: UUID
) -> None:
    acts.merge(hands.conn, workspace, keep, lead, "kim", hands.now)
    hands.lease_runs_out(ago=ASK_FOR)
    hands.rescue()
    assert of_kind_unknown(hands) == [(keep, "open")]
    lane, touch = hands.one("select lane, id from touches")
    acts.settle_unknown(hands.conn, workspace, lane, touch, "kim", hands.now, status="sent")
    assert of_kind_unknown(hands) == [(keep, "cancelled")]


def test_a_question_from_before_the_merge_goes_with_the_lead_and_stays_until_nothing_of_either_is_unknown(
    hands: Hands, workspace: Workspace, lead: UUID, keep: UUID
) -> None:
    hands.lease_runs_out(ago=ASK_FOR)
    hands.rescue()
    acts.merge(hands.conn, workspace, keep, lead, "kim", hands.now)
    assert of_kind_unknown(hands) == [(lead, "cancelled"), (keep, "open")]
    another_unknown(hands)
    lane, first, second = hands.one("select min(lane), min(id::text)::uuid, max(id::text)::uuid from touches")
    acts.settle_unknown(hands.conn, workspace, lane, first, "kim", hands.now, status="sent")
    assert of_kind_unknown(hands)[1] == (keep, "open")
    acts.settle_unknown(hands.conn, workspace, lane, second, "kim", hands.now, status="failed")
    assert of_kind_unknown(hands)[1] == (keep, "cancelled")


@pytest.mark.parametrize("when", ["before", "after"])
def test_nobody_is_asked_what_became_of_a_touch_of_somebody_who_was_erased(
    hands: Hands, workspace: Workspace, lead: UUID, when: str
) -> None:
    hands.lease_runs_out(ago=ASK_FOR)
    if when == "after":
        hands.rescue()
    forget(hands.conn, workspace, lead, "kim", hands.now)
    hands.rescue()
    assert hands.one("select status from touches") == "unknown"
    assert open_tasks(hands) == []
    assert attention.unknown(hands.conn, workspace.id) == []
    assert measures.set_aside(hands.conn, workspace.id)["unknown"] == 0
    assert today.counts(hands.conn, workspace.id, "sam", hands.now).attention == 0


def another_unknown(hands: Hands) -> None:
    """A touch of the same lead of which nobody can say, either, whether it left."""
    hands.conn.execute(
        """insert into touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template,
          address, status, ready_at, created_at) select lane, %s, lead_id, workspace_id, enrollment_id, version_id, 'nudge',
          channel, purpose, template, address, 'unknown', ready_at, created_at from touches""",
        (new_id(),),
    )


def answered(hands: Hands, lead: UUID, receipt: Receipt) -> Outcome:
    """The receipt of the try that is under way, not written yet."""
    hands.conn.execute("update touches set status = 'queued', leased_until = null")
    (one,) = hands.last_look(hands.prepare(lead))
    return hands.outcome(one, receipt)


def open_tasks(hands: Hands) -> list[str]:
    """Beside the playbook's own."""
    found: list[str] = hands.all("select kind from tasks where status = 'open' and step = ''")
    return found


def test_two_rescuers_ask_about_a_touch_once(hands: Hands, dsn: str, lead: UUID) -> None:
    hands.lease_runs_out()
    with psycopg.connect(dsn, autocommit=True) as conn:
        other = Hands(conn, dsn, channels=hands.channels)
        assert (hands.rescue(), other.rescue()) == (1, 0)
    assert len(hands.sms.asked) == 1
