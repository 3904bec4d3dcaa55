"""The prover's own eyes: the same answers as core where both are right, from other code."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.gate_facts import starter_rules
from tests.core.test_invariants import STARTS, ZONES
from tests.rehearsal.trials import book, worlds
from warmline.core import gate as gates
from warmline.core.consent import Consent
from warmline.core.decide import decide
from warmline.core.gate import HoursRule
from warmline.core.hours import Week, Window, is_open
from warmline.rehearsal.instants import Instants
from warmline.rehearsal.key import Keys
from warmline.rehearsal.life import Life
from warmline.rehearsal.watch import Broken, Out, Seen, goes_out, is_inside, once_only, rests_on_something
from warmline.rehearsal.worlds import CONSENTS, PLACES
from warmline.rehearsal.worlds import STARTS as KINDS

NEW_YORK = frozenset({"America/New_York"})
NOON = datetime(2026, 6, 9, 16, 0, tzinfo=UTC)
RULES = starter_rules(NOON.date())
WRITTEN = [Consent("express_written", ("sms", "email", "voicemail", "call"), NOON - timedelta(days=1))]

clocks = st.builds(time, st.integers(0, 23), st.sampled_from((0, 1, 30, 59)))
windows = st.lists(st.builds(Window, clocks, clocks), max_size=2).map(tuple)
weeks = st.tuples(*[windows] * 7)
moments = st.builds(lambda day, minute: day + timedelta(minutes=minute), st.sampled_from(STARTS), st.integers(0, 2879))


@given(weeks, st.sampled_from(ZONES), moments, st.booleans())
def test_minute_by_minute_a_week_is_open_when_core_says_so(week: Week, zone: str, at: datetime, shut: bool) -> None:
    # A window that began the evening before ends at midnight where the next day is closed, in both.
    closed = frozenset({at.date()}) if shut else frozenset()
    assert is_inside(HoursRule(repr(week), week, "", closed), zone, at) == is_open(week, zone, at, closed)


def broken(seen: Seen, channel: str = "sms", purpose: str = "marketing", at: datetime = NOON, **other: object) -> str:
    known = {"zones": NEW_YORK, "consents": WRITTEN, **other}
    try:
        goes_out(seen, channel, purpose, known["zones"], known["consents"], RULES, at)  # type: ignore[arg-type]
    except Broken as found:
        return found.name
    return ""


def test_a_touch_by_day_with_consent_may_go_out() -> None:
    assert broken(Seen()) == ""


@pytest.mark.parametrize(
    ("name", "seen", "known"),
    [
        ("window", Seen(), {"at": NOON + timedelta(hours=9)}),
        ("window", Seen(), {"zones": frozenset()}),
        ("window", Seen(), {"zones": NEW_YORK | {"Pacific/Honolulu"}}),
        ("opt-out", Seen(gone=(("sms", "the lead texts STOP"),)), {}),
        ("opt-out", Seen(gone=(("call", "the lead texts STOP"),)), {"channel": "call"}),
        ("human", Seen(live="the lead replies"), {}),
        ("human", Seen(live="the lead replies", requested_at=NOON), {"purpose": "acknowledge"}),
        ("consent", Seen(), {"consents": []}),
        ("consent", Seen(), {"consents": [Consent("express_written", ("sms",), NOON, NOON)]}),
        ("consent", Seen(), {"consents": [Consent("inquiry", ("sms",), NOON)]}),
        ("cap", Seen(attempts=tuple((NOON - timedelta(hours=n), "email") for n in range(3))), {}),
    ],
)
def test_what_must_not_go_out_is_told(name: str, seen: Seen, known: dict[str, object]) -> None:
    assert broken(seen, **known) == name  # type: ignore[arg-type]


def test_a_person_may_call_whoever_a_person_has() -> None:
    assert broken(Seen(live="the lead replies"), "call") == ""


def test_an_acknowledgement_is_one_only_while_the_request_is_fresh() -> None:
    night = NOON + timedelta(hours=9)
    assert broken(Seen(requested_at=night - timedelta(minutes=15)), "sms", "acknowledge", night) == ""
    assert broken(Seen(requested_at=night - timedelta(minutes=16)), "sms", "acknowledge", night) == "window"
    assert broken(Seen(), "sms", "acknowledge", night) == "window"


def test_a_step_goes_out_again_only_by_another_channel_when_the_one_before_failed() -> None:
    with pytest.raises(Broken, match="where it went out before"):
        once_only(Seen(out=(("ack", Out("sms", "1", failed=True)),)), "ack", "sms")
    with pytest.raises(Broken, match="went out by sms before"):
        once_only(Seen(out=(("ack", Out("sms", "1")),)), "ack", "email")
    once_only(Seen(out=(("ack", Out("sms", "1", failed=True)),)), "ack", "email")
    once_only(Seen(out=(("other", Out("sms", "1")),)), "ack", "sms")


def test_a_lead_with_nothing_ahead_and_nobody_who_has_a_task_is_left_behind() -> None:
    for due_at, task, queued, left in (
        (None, False, False, True),
        (NOON, True, True, True),
        (None, True, False, False),
        (None, False, True, False),
        (NOON + timedelta(seconds=1), False, False, False),
    ):
        if left:
            with pytest.raises(Broken):
                rests_on_something(NOON, due_at, task, queued)
        else:
            rests_on_something(NOON, due_at, task, queued)


# --- worlds and instants ------------------------------------------------------------------------------------------------


def test_every_pair_of_a_place_a_consent_and_a_start_is_in_a_world() -> None:
    names = [one.name.split(".") for one in worlds(book("text: {send: sms, template: a, at: now}"))]
    assert len(names) == len(PLACES) * len(KINDS)
    assert len({(place, when) for place, when, _ in names}) == len(PLACES) * len(KINDS)
    assert len({(place, consent) for place, _, consent in names}) == len(PLACES) * len(CONSENTS)
    assert len({(when, consent) for _, when, consent in names}) == len(KINDS) * len(CONSENTS)


def test_worlds_start_on_edges_of_the_lead_s_own_calendar() -> None:
    some = worlds(book("text: {send: sms, template: a, at: now}"), "new-york", "sydney.clock-change", "texas.weekend")
    starts = {one.name.rpartition(".")[0]: f"{one.start:%a %d %b %Y %H:%M}" for one in some}
    assert starts == {
        "new-york.workday": "Tue 01 Dec 2026 14:00",
        "new-york.night": "Wed 02 Dec 2026 02:00",
        "new-york.clock-change": "Sun 14 Mar 2027 01:59",
        "new-york.holiday": "Fri 25 Dec 2026 01:59",
        "new-york.weekend": "Sat 28 Nov 2026 15:00",
        "sydney.clock-change": "Sat 03 Apr 2027 09:59",
        "texas.weekend": "Sun 29 Nov 2026 17:00",
    }


def test_time_stops_at_edges_of_windows_the_office_and_the_day_and_a_minute_before() -> None:
    playbook = book("text: {send: sms, template: a, at: now, purpose: acknowledge}\ncall: {call: owner, at: now}")
    (world,) = worlds(playbook, "new-york.workday.written")
    life = Life(playbook, world, gates.check, decide)
    state = life.begins()
    state.due_at = world.start + timedelta(days=1)
    found = [f"{at:%H:%M}" for at in Instants(life, Keys(life)).within(state, state.due_at)]
    assert found == [
        "14:15", "14:16",  # the request is no longer fresh
        "22:29", "22:30",  # the office closes
        "01:59", "02:00",  # the window of the law closes
        "04:59", "05:00",  # midnight
        "12:59", "13:00",  # the window opens
        "13:59",  # a minute before the office does
    ]  # fmt: skip
