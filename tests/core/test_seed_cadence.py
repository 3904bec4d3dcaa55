"""What good follow-up is, line by line: cadence, automation, after hours, angles. All in virtual time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.core.gate_facts import starter_gate, starter_office, starter_rules
from tests.core.simulator import LOS_ANGELES, NEW_YORK, PHOENIX, STARTER, Simulator, local, starter, template
from warmline.core.gate import Verdict
from warmline.core.history import History
from warmline.core.hours import local_clock, local_date
from warmline.core.playbook import After, Call, Send

KEYS = sorted(path.stem for path in (STARTER / "playbooks").glob("*.yaml"))

#: Where leads are, and when they ask: an ordinary Tuesday, and the days before the clock changes in spring and autumn.
MORNINGS = [
    pytest.param(zone, local(day, "11:30", zone), id=f"{zone.split('/')[1]}-{day}")
    for zone in (NEW_YORK, LOS_ANGELES, PHOENIX)
    for day in (date(2026, 6, 9), date(2026, 3, 6), date(2026, 10, 30))
]
MISSED = {"first-call": ["missed", "missed"], "reconnect": ["missed"]}
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


def pricing(zone: str, start: datetime, **more: Any) -> Simulator:
    return Simulator(starter("pricing"), start, zone, **{"answers": MISSED, **more})


# --- the cadence table ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "start"), MORNINGS)
def test_row_1_a_text_confirms_receipt_immediately(zone: str, start: datetime) -> None:
    first = pricing(zone, start).run(HOUR).lines[0]
    assert (first.at, first.what, first.channel, first.detail) == (start, "send", "sms", "ack")


def test_row_1_a_mail_confirms_receipt_when_a_text_may_not() -> None:
    def no_texts(channel: str, step: Send | Call, history: History, now: datetime) -> Verdict:
        return Verdict("refuse" if channel == "sms" else "allow", "no_consent", None, ())

    run = pricing(NEW_YORK, local(date(2026, 6, 9), "11:30", NEW_YORK), gate=no_texts).run(HOUR)
    assert run.first("ack").channel == "email"
    assert run.first("ack").at == run.start


@pytest.mark.parametrize(("zone", "start"), MORNINGS)
def test_row_2_a_person_calls_the_same_day(zone: str, start: datetime) -> None:
    run = pricing(zone, start).run(DAY)
    assert (run.first("first-call").at, run.first("first-call").channel) == (start, "call")


@pytest.mark.parametrize(("zone", "start"), MORNINGS)
def test_row_3_a_missed_call_is_followed_by_a_mail_the_same_day(zone: str, start: datetime) -> None:
    run = pricing(zone, start).run(DAY)
    assert run.first("context").channel == "email"
    assert run.first("context").at == start + 10 * MINUTE + 45 * MINUTE
    assert run.day("context") == 1


def test_row_3_a_voicemail_reached_instead_of_the_lead_is_a_missed_call() -> None:
    start = local(date(2026, 6, 9), "11:30", NEW_YORK)
    run = pricing(NEW_YORK, start, answers={"first-call": ["voicemail"]}).run(2 * HOUR)
    assert run.first("context").at == start + 55 * MINUTE


def test_row_3_a_call_that_was_answered_brings_no_mail_about_a_missed_one() -> None:
    start = local(date(2026, 6, 9), "11:30", NEW_YORK)
    run = pricing(NEW_YORK, start, answers={"first-call": ["connected"]}).run()
    assert "context" not in run.done()


@pytest.mark.parametrize(("zone", "start"), MORNINGS)
def test_row_4_a_short_text_comes_on_day_2_at_ten_in_the_leads_own_time(zone: str, start: datetime) -> None:
    run = pricing(zone, start).run(3 * DAY)
    assert (run.first("nudge").channel, run.day("nudge"), run.clock("nudge")) == ("sms", 2, time(10))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("zone", "start"), MORNINGS)
def test_row_5_a_voicemail_without_a_ring_comes_on_day_3_or_4(zone: str, start: datetime, seed: int) -> None:
    run = pricing(zone, start, seed=seed).run(5 * DAY)
    assert run.first("voicemail").channel == "voicemail"
    assert run.day("voicemail") in (3, 4)
    assert time(11) <= run.clock("voicemail") < time(16)


def test_row_5_both_days_and_different_minutes_are_drawn() -> None:
    start = local(date(2026, 6, 9), "11:30", NEW_YORK)
    runs = [pricing(NEW_YORK, start, seed=seed).run(5 * DAY) for seed in range(30)]
    assert {run.day("voicemail") for run in runs} == {3, 4}
    assert len({run.clock("voicemail") for run in runs}) > 15


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("zone", "start"), MORNINGS)
def test_row_6_another_call_with_another_angle_comes_on_day_5_or_6(zone: str, start: datetime, seed: int) -> None:
    run = pricing(zone, start, seed=seed).run(7 * DAY)
    assert run.day("reconnect") in (5, 6)
    assert run.first("reconnect").detail == "other-angle" != run.first("first-call").detail


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("zone", "start"), MORNINGS)
def test_row_7_a_mail_that_answers_a_common_objection_comes_in_week_2(zone: str, start: datetime, seed: int) -> None:
    run = pricing(zone, start, seed=seed).run(15 * DAY)
    assert run.first("insight").channel == "email"
    assert 8 <= run.day("insight") <= 14
    assert time(9) <= run.clock("insight") < time(17)
    assert run.first("insight").detail == "objection"


def test_row_7_whoever_clicked_the_first_mail_gets_a_case_that_fits_instead() -> None:
    start = local(date(2026, 6, 9), "11:30", NEW_YORK)
    run = pricing(NEW_YORK, start)
    run.later(start + 2 * HOUR, "clicked", step="context").later(start + 4 * HOUR, "released").run()
    assert run.first("insight").detail == "case-fit"


def test_row_8_a_silent_lead_re_enters_later_over_mixed_channels() -> None:
    """Pricing, then slow nurture, then the fresh start: each hands the lead to the next, and nobody is dropped."""
    first = pricing(NEW_YORK, local(date(2026, 6, 9), "11:30", NEW_YORK)).run()
    assert first.ended is not None
    assert first.ended.after == After("slow-nurture")

    nurture = Simulator(starter("slow-nurture"), first.now).run()
    assert nurture.ended is not None
    assert nurture.ended.after == After("re-entry", timedelta(days=90))
    assert nurture.now > first.now + timedelta(weeks=14)

    back = Simulator(starter("re-entry"), nurture.now + timedelta(days=90)).run()
    assert {line.channel for line in back.told("send")} == {"email", "voicemail", "sms"}
    assert back.ended is not None
    assert back.ended.after.close


def test_row_8_a_lead_that_comes_back_by_itself_is_called_the_same_day() -> None:
    start = local(date(2026, 6, 9), "11:30", NEW_YORK)
    back = Simulator(starter("re-entry"), start, event={"kind": "lead.returned"}).run()
    assert back.first("warm-call").at == start + 15 * MINUTE
    assert back.done().index("warm-call") == 0


@pytest.mark.parametrize(("zone", "start"), MORNINGS)
def test_the_whole_table_in_its_order(zone: str, start: datetime) -> None:
    run = pricing(zone, start).run()
    assert run.done() == [
        "ack", "first-call", "context", "first-call", "nudge", "voicemail", "reconnect", "insight"
    ]  # fmt: skip
    assert run.ended is not None
    assert run.ended.after.enroll == "slow-nurture"


@pytest.mark.parametrize(("zone", "start"), MORNINGS)
@pytest.mark.parametrize("key", KEYS)
def test_it_is_a_cadence_and_not_a_burst(key: str, zone: str, start: datetime) -> None:
    """No day brings more than three touches, and no two that were set by the calendar come within the same hour."""
    run = Simulator(starter(key), start, zone, event={"kind": "form.submitted", "form": ""}).run()
    by_day: dict[date, int] = {}
    for line in run.told("send"):
        day = local_date(line.at, zone)
        by_day[day] = by_day.get(day, 0) + 1
    assert max(by_day.values()) <= 3
    calendar = [line.at for line in run.told("send") if line.at - start > DAY]
    assert all(later - earlier > HOUR for earlier, later in pairwise(calendar))


# --- the automation example -------------------------------------------------------------------------------------------

TUESDAY = local(date(2026, 6, 9), "11:30", LOS_ANGELES)


def test_item_1_a_submitted_form_starts_it() -> None:
    when = starter("pricing").enroll.when
    assert when is not None
    assert when.holds({"event": {"kind": "form.submitted", "form": "pricing"}, "lead": {}})
    assert not when.holds({"event": {"kind": "form.submitted", "form": "newsletter"}, "lead": {}})
    assert not when.holds({"event": {"kind": "content.downloaded", "form": "pricing"}, "lead": {}})


def test_item_2_a_text_goes_out_immediately() -> None:
    run = pricing(LOS_ANGELES, TUESDAY).run(MINUTE)
    assert [(line.at, line.channel) for line in run.told("send")] == [(TUESDAY, "sms")]


def test_item_3_a_rep_has_the_lead_from_the_first_minute() -> None:
    playbook = starter("pricing")
    assert playbook.owner.team == "sales"
    run = pricing(LOS_ANGELES, TUESDAY).run(MINUTE)
    assert [line.step for line in run.told("ask")] == ["first-call"]
    call = playbook.step("first-call")
    assert isinstance(call, Call)
    assert call.by == "owner"


def test_item_4_a_mail_brings_context_and_next_steps() -> None:
    run = pricing(LOS_ANGELES, TUESDAY).run(DAY)
    assert (run.first("context").channel, run.first("context").detail) == ("email", "context")


def test_item_5_no_reply_brings_a_call_task_and_a_reply_brings_none() -> None:
    assert "reconnect" in pricing(LOS_ANGELES, TUESDAY).run().done()
    answered = pricing(LOS_ANGELES, TUESDAY).later(TUESDAY + 3 * HOUR, "replied", channel="sms").run()
    assert "reconnect" not in answered.done()


@pytest.mark.parametrize(("key", "call"), [("pricing", "first-call"), ("missed-call", "call-back")])
def test_item_6_a_missed_call_is_followed_by_a_voicemail_later(key: str, call: str) -> None:
    run = Simulator(starter(key), TUESDAY, LOS_ANGELES, {call: ["missed"] * 3}).run()
    last_call = max(line.at for line in run.told("ask") if line.step == call)
    assert run.first("voicemail").channel == "voicemail"
    assert run.first("voicemail").at > last_call + 12 * HOUR
    assert time(11) <= run.clock("voicemail") < time(16)


@pytest.mark.parametrize("kind", ["clicked", "replied", "called.back", "meeting.booked", "taken.over"])
@pytest.mark.parametrize("key", KEYS)
def test_item_7_a_click_or_reply_stops_the_sequence_and_hands_the_lead_to_a_person(key: str, kind: str) -> None:
    signal_at = TUESDAY + 90 * MINUTE
    run = Simulator(starter(key), TUESDAY, LOS_ANGELES).later(signal_at, kind).run()
    assert [line.at for line in run.told("hand_off")] == [signal_at]
    assert not [line for line in run.told("send", "ask") if line.at > signal_at]
    assert run.ended is None


@pytest.mark.parametrize("key", [key for key in KEYS if key not in ("slow-nurture", "re-entry")])
def test_item_8_no_engagement_at_all_moves_the_lead_into_slow_nurture(key: str) -> None:
    run = Simulator(starter(key), TUESDAY, LOS_ANGELES).run()
    assert run.ended is not None
    assert (run.ended.reason, run.ended.after.enroll) == ("finished", "slow-nurture")


def test_slow_nurture_is_slower_than_every_other_playbook() -> None:
    def pause(key: str) -> timedelta:
        sent = [line.at for line in Simulator(starter(key), TUESDAY).run().told("send", "ask")]
        return min(later - earlier for earlier, later in pairwise(sent))

    assert pause("slow-nurture") > timedelta(days=14)
    assert all(pause(key) < pause("slow-nurture") for key in KEYS if key != "slow-nurture")


# --- after hours ------------------------------------------------------------------------------------------------------

#: (the lead's zone, asked at, whose clock, the next business morning at the office, when the call may be made)
NIGHTS = [
    pytest.param(NEW_YORK, date(2026, 6, 9), "22:40", date(2026, 6, 10), "09:00", id="weekday"),
    pytest.param(NEW_YORK, date(2026, 6, 5), "19:00", date(2026, 6, 6), "10:00", id="friday: open on saturday"),
    pytest.param(NEW_YORK, date(2026, 6, 6), "15:00", date(2026, 6, 8), "09:00", id="saturday: monday"),
    pytest.param(NEW_YORK, date(2026, 9, 5), "15:00", date(2026, 9, 8), "09:00", id="labor day: tuesday"),
    pytest.param(NEW_YORK, date(2026, 3, 7), "22:00", date(2026, 3, 9), "09:00", id="over the change in spring"),
    pytest.param(NEW_YORK, date(2026, 10, 31), "22:00", date(2026, 11, 2), "09:00", id="over the change in autumn"),
    # 09:00 at the office is 06:00 in the west, where nobody is called before 08:00.
    pytest.param(LOS_ANGELES, date(2026, 6, 9), "22:40", date(2026, 6, 10), "11:00", id="los angeles"),
    pytest.param(PHOENIX, date(2026, 6, 9), "22:40", date(2026, 6, 10), "11:00", id="phoenix in summer"),
    pytest.param(PHOENIX, date(2026, 12, 1), "22:40", date(2026, 12, 2), "10:00", id="phoenix in winter"),
]


@pytest.mark.parametrize(("zone", "day", "asked", "morning", "opens"), NIGHTS)
def test_after_hours_an_instant_text_then_a_mail_then_a_call_the_next_business_morning(
    zone: str, day: date, asked: str, morning: date, opens: str
) -> None:
    start = local(day, asked, zone)
    office = starter_office(day)
    run = Simulator(
        starter("after-hours"), start, zone, gate=starter_gate(zone, starter_rules(day)), office=office,
        event={"kind": "form.submitted", "form": "pricing", "after_hours": True},
    ).run(4 * DAY)  # fmt: skip
    assert (run.first("ack").at, run.first("ack").channel) == (start, "sms")
    assert run.first("details").channel == "email"
    assert run.first("details").at == start + 5 * MINUTE
    call = run.first("morning-call").at
    assert (local_date(call, office.zone), local_clock(call, office.zone)) == (morning, time.fromisoformat(opens))
    assert run.done()[:2] == ["ack", "details"]


def test_a_call_that_waits_for_monday_is_not_given_up_for_the_text_of_sunday() -> None:
    saturday = date(2026, 6, 6)
    start = local(saturday, "16:00", NEW_YORK)
    run = Simulator(
        starter("keyword-text"), start, gate=starter_gate(NEW_YORK, starter_rules(saturday)),
        office=starter_office(saturday), event={"kind": "keyword.received"},
    ).run(3 * DAY)  # fmt: skip
    assert run.first("question").at == local(date(2026, 6, 7), "10:00", NEW_YORK)
    assert run.first("first-call").at == local(date(2026, 6, 8), "09:00", NEW_YORK)


def test_the_promise_of_a_night_lead_is_counted_from_the_moment_the_doors_open() -> None:
    start = local(date(2026, 6, 9), "22:40", NEW_YORK)
    run = Simulator(starter("after-hours"), start, gate=starter_gate(NEW_YORK, starter_rules(start.date()))).run(DAY)
    assert [(line.at, line.detail) for line in run.told("escalate")] == [
        (local(date(2026, 6, 10), "09:30", NEW_YORK), "promise")
    ]


# --- opened, and no reply ---------------------------------------------------------------------------------------------


def quote(**more: Any) -> Simulator:
    return Simulator(
        starter("opened-but-silent"), TUESDAY, LOS_ANGELES, {"call": ["missed"]}, event={"kind": "quote.requested"},
        **more,
    )  # fmt: skip


def test_opened_but_no_reply_brings_a_call_the_next_morning_and_then_a_voicemail_rather_than_another_mail() -> None:
    run = quote().later(TUESDAY + 3 * HOUR, "opened", step="quote").run()
    assert (run.day("call"), run.clock("call")) == (2, time(10))
    assert run.first("voicemail").at == run.first("call").at + 10 * MINUTE + 2 * HOUR
    after_opening = [line.channel for line in run.told("send", "ask") if line.at > TUESDAY + 3 * HOUR]
    assert after_opening[:2] == ["call", "voicemail"]
    assert {"text", "check-in"}.isdisjoint(run.done())


def test_never_opened_brings_a_text_on_another_channel() -> None:
    run = quote().run()
    assert (run.first("text").channel, run.day("text"), run.clock("text")) == ("sms", 3, time(10))
    assert "call" not in run.done()


def test_an_open_by_a_proxy_is_no_open() -> None:
    run = quote().later(TUESDAY + MINUTE, "opened", step="quote", automated="proxy").run()
    assert "call" not in run.done()
    assert "text" in run.done()


def test_opened_and_answered_brings_nothing_more_from_the_machine() -> None:
    run = quote().later(TUESDAY + 3 * HOUR, "opened", step="quote").later(TUESDAY + 4 * HOUR, "replied").run()
    assert run.done() == ["quote"]
    assert [line.detail for line in run.told("hand_off")] == ["reply"]


# --- five touches, five angles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_every_touch_of_a_silent_lead_has_an_angle_of_its_own(key: str) -> None:
    run = Simulator(starter(key), TUESDAY, LOS_ANGELES, {"first-call": ["missed"] * 3, "call": ["missed"]}).run()
    angles = [template(line.detail).angle for line in run.told("send")]
    assert len(angles) >= 3
    assert all(angles)
    assert len(set(angles)) == len(angles)


def touches_of_a_silent_pricing_lead() -> dict[str, str]:
    """Step -> the text of its touch, in the order in which the lead gets them."""
    run = pricing(LOS_ANGELES, TUESDAY).run()
    return {line.step: template(line.detail).body for line in run.told("send")}


def test_angle_1_the_first_touch_confirms_receipt_and_offers_the_next_step() -> None:
    step, text = next(iter(touches_of_a_silent_pricing_lead().items()))
    assert step == "ack"
    assert "is in" in text
    assert "Reply with a time" in text


def test_angle_2_another_asks_one_short_qualifying_question() -> None:
    text = touches_of_a_silent_pricing_lead()["nudge"]
    assert text.count("?") == 1
    assert len(text) < 240


def test_angle_3_another_shares_a_useful_detail_and_asks_nothing() -> None:
    text = touches_of_a_silent_pricing_lead()["context"]
    assert "links.prices" in text
    assert "?" not in text


def test_angle_4_another_asks_for_no_more_than_a_word_or_a_time_that_suits() -> None:
    sent = touches_of_a_silent_pricing_lead()
    assert "One word is enough" in sent["nudge"]
    assert "when it suits you" in sent["voicemail"]


def test_angle_5_the_last_touch_lets_the_lead_defer_or_opt_out() -> None:
    step, text = list(touches_of_a_silent_pricing_lead().items())[-1]
    assert step == "insight"
    assert '"later"' in text
    assert '"no thanks"' in text


def test_there_are_five_touches_and_five_angles() -> None:
    run = pricing(LOS_ANGELES, TUESDAY).run()
    assert [line.step for line in run.told("send")] == ["ack", "context", "nudge", "voicemail", "insight"]
    assert len({template(line.detail).angle for line in run.told("send")}) == 5


@pytest.mark.parametrize("key", [key for key in KEYS if key != "re-entry"])
def test_no_path_gives_up_before_the_fifth_attempt(key: str) -> None:
    """Attempts over every channel and person, up to the end of the slow nurture that follows."""
    run = Simulator(starter(key), TUESDAY, LOS_ANGELES).run()
    attempts = len(run.told("send", "ask"))
    if run.ended is not None and run.ended.after.enroll == "slow-nurture":
        attempts += len(Simulator(starter("slow-nurture"), run.now, LOS_ANGELES).run().told("send", "ask"))
    assert attempts >= 5
