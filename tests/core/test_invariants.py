"""What holds for every playbook, every order of events and every clock. `-m long` looks fifty times as hard."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.core.gate_facts import starter_rules
from tests.core.simulator import NEW_YORK, OFFICE
from tests.core.weeks import every_day
from tests.core.worlds import (
    DAY,
    HOUR,
    PEOPLE,
    STARTS,
    ZONES,
    World,
    playbooks,
    rules_at,
    starts,
    stories,
    worlds,
)
from warmline.core.consent import RANK, Consent, Suppression
from warmline.core.decide import Ask as DoAsk
from warmline.core.decide import Decision, End, Reach, decide
from warmline.core.events import SIGNAL_OF, Event
from warmline.core.gate import Ask, Cap, Facts, HoursRule, Reassigned, Registry, Rules, check
from warmline.core.history import REQUESTS, History, fold, kept
from warmline.core.hours import Window
from warmline.core.playbook import Call, Playbook, Send
from warmline.rules.binding import Somebody, places_known

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
HARD = settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))


def begun(start: datetime, seed: int = 7) -> History:
    return History("run", seed, start, NEW_YORK)


# --- a whole life -----------------------------------------------------------------------------------------------------


def one_touch_a_step(world: World) -> None:
    """Never two touches for one step without a refusal, a failure or a hold of the first in between."""
    out: dict[str, str | None] = {}
    over: set[str] = set()
    for event in world.events:
        if event.enrollment != "run" or not event.kind.startswith("touch.") or str(event.touch).startswith("stray"):
            continue
        if event.kind == "touch.planned":
            assert event.step not in over, f"{event.step} had been handed over"
            assert out.get(event.step) is None, f"{event.step} was still in flight"
            out[event.step] = event.touch
        elif event.kind in ("touch.sent", "touch.unknown"):
            over.add(event.step)
        elif event.touch == out.get(event.step) and event.kind != "touch.delivered":
            out[event.step] = None


def one_task_at_a_time(world: World) -> None:
    """A call is asked for at most as often as the playbook says, and never twice at once."""
    asked: dict[str, int] = {}
    waiting: set[str] = set()
    for event in world.events:
        if event.enrollment != "run" or not event.step:
            continue
        if event.kind == "task.opened":
            assert event.step not in waiting
            waiting.add(event.step)
            asked[event.step] = asked.get(event.step, 0) + 1
            step = world.playbook.step(event.step)
            assert asked[event.step] <= (step.attempts if isinstance(step, Call) else 1)
        elif event.kind.startswith("task."):
            waiting.discard(event.step)


def nothing_after_a_person_spoke(world: World) -> None:
    """Nothing automated goes out after a human signal or a doubtful reply until somebody hands the lead back."""
    silent = gone = False
    for event in world.events:
        ours = event.enrollment == "run" or event.at >= world.start
        if (event.kind in SIGNAL_OF and ours and not event.data.get("automated")) or event.kind == "doubtful":
            silent = True
        elif event.kind == "released":
            silent = False
        elif event.kind == "opted.out":
            gone = True
        elif event.kind == "opted.in":
            gone = False
        elif event.kind in ("touch.planned", "task.opened") and event.enrollment == "run" and event.step:
            assert not silent, f"{event.kind} {event.step} after a human signal"
            assert not gone, f"{event.kind} {event.step} after an opt-out"


SHUT = (time(0), time(0))
#: Hours of some states for texts, calls and voicemails alike, Monday first (compliance.md, section 2).
LAWS: dict[str, tuple[tuple[time, time], ...]] = {
    "US-FL": ((time(8), time(20)),) * 7,
    "US-TX": (*((time(9), time(21)),) * 6, (time(12), time(21))),
    "US-RI": (*((time(9), time(18)),) * 5, (time(10), time(17)), SHUT),
    "US-UT": (*((time(8), time(21)),) * 6, SHUT),
}


def nothing_outside_the_window(world: World) -> None:
    """Texts, voicemails and calls only from 08:00 to 21:00 in every zone the lead may be in, save a fresh answer."""
    for line in world.told("send", "ask"):
        step = world.playbook.step(line.step)
        if line.channel in ("", "email") or fresh_answer(world, step, line.at):
            continue
        assert world.zones, f"{line.step} by {line.channel} to a lead of unknown zone"
        for zone in world.zones:
            clock = line.at.astimezone(ZoneInfo(zone)).time()
            assert time(8) <= clock < time(21), f"{line.step} at {clock} in {zone}"
            for place in world.places & LAWS.keys():
                opens, ends = LAWS[place][line.at.astimezone(ZoneInfo(zone)).weekday()]
                assert opens <= clock < ends, f"{line.step} at {clock} in {zone}, {place}"


def never_above_a_cap(world: World) -> None:
    """Three automated attempts in any day, seven in any week, over all playbooks."""
    attempts: dict[str | None, datetime] = {}
    for event in world.events:
        if event.kind == "touch.planned":
            step = world.playbook.step(event.step)
            if event.enrollment == "run" and not fresh_answer(world, step, event.at):
                assert sum(at > event.at - DAY for at in attempts.values()) < 3
                assert sum(at > event.at - 7 * DAY for at in attempts.values()) < 7
            attempts[event.touch] = event.at
        elif event.kind in ("touch.refused", "touch.held"):
            attempts.pop(event.touch, None)


def only_where_consent_is(world: World) -> None:
    for line in world.told("send", "ask"):
        assert not line.channel or line.channel in world.channels


def every_stored_decision_replays(world: World) -> None:
    """Playbook, events seen, seed and instant are all that it took."""
    for seen, at, decision in world.decisions:
        told = fold(begun_as(world), world.events[:seen])
        assert decide(world.playbook, told, at, world.office) == decision


def a_kept_fold_goes_on_as_if_it_had_seen_everything(world: World) -> None:
    """What a look keeps, read back and folded on, is the fold of the whole story: at every look of this life."""
    whole = fold(History("run", world.seed, world.start), world.events)
    for seen, _, _ in world.decisions:
        half = kept(fold(History("run", world.seed, world.start), world.events[:seen]))
        assert fold(msgspec.json.decode(half, type=History), world.events[seen:]) == whole


def what_is_not_drawn_would_have_changed_nothing(world: World) -> None:
    """`decide` draws dates only of steps that may come first; drawing all of them gives the same answers."""
    for seen, at, decision in world.decisions:
        told = fold(begun_as(world), world.events[:seen])
        with patch("warmline.core.decide.comes_after", lambda *_: False):
            assert decide(world.playbook, told, at, world.office) == decision


def it_rested_well(world: World) -> None:
    """Every look ended in something to wait for: an instant ahead, an open matter, or the end."""
    for seen, at, decision in world.decisions:
        rests(fold(begun_as(world), world.events[:seen]), decision, at)


def begun_as(world: World) -> History:
    return History("run", world.seed, world.start, world.zone, world.lead, world.event)


def fresh_answer(world: World, step: Any, at: datetime) -> bool:
    if not isinstance(step, Send) or step.purpose != "acknowledge":
        return False
    asked = [event.at for event in world.events if event.kind in REQUESTS and event.at <= at]
    return bool(asked) and at - max(asked) <= timedelta(minutes=15)


def rests(told: History, decision: Decision, now: datetime) -> None:
    assert decision.next_at is None or decision.next_at > now
    if decision.actions or decision.end is not None or decision.next_at is not None:
        return
    open_matter = told.handed_off_at is not None or told.doubtful_at is not None
    assert open_matter or any(state.in_flight for state in told.steps.values() if not state.settled)


LIFE: tuple[Callable[[World], None], ...] = (
    one_touch_a_step,
    one_task_at_a_time,
    nothing_after_a_person_spoke,
    nothing_outside_the_window,
    never_above_a_cap,
    only_where_consent_is,
    every_stored_decision_replays,
    a_kept_fold_goes_on_as_if_it_had_seen_everything,
    what_is_not_drawn_would_have_changed_nothing,
    it_rested_well,
)


@given(worlds())
@QUICK
def test_the_invariants_hold_through_any_life_of_a_lead(world: World) -> None:
    for invariant in LIFE:
        invariant(world)


@pytest.mark.long
@given(worlds())
@HARD
def test_the_invariants_hold_through_thousands_of_lives(world: World) -> None:
    for invariant in LIFE:
        invariant(world)


# --- decide, whatever was written -------------------------------------------------------------------------------------


@st.composite
def situations(draw: st.DrawFn, *, quiet: bool = False) -> tuple[Playbook, datetime, list[Event], datetime]:
    book, start = draw(playbooks()), draw(starts)
    events = draw(stories(book, start, quiet=quiet))
    return book, start, events, start + timedelta(minutes=draw(st.integers(0, 30 * 1440)))


@given(situations())
@QUICK
def test_decide_always_rests_on_something(situation: tuple[Playbook, datetime, list[Event], datetime]) -> None:
    book, start, events, now = situation
    told = fold(begun(start), events)
    rests(told, decide(book, told, now, OFFICE), now)


@given(situations())
@QUICK
def test_decide_is_the_same_twice_and_changes_nothing(
    situation: tuple[Playbook, datetime, list[Event], datetime],
) -> None:
    book, start, events, now = situation
    told, again = fold(begun(start), events), fold(begun(start), list(events))
    assert told == again
    before = deepcopy(told)
    assert decide(book, told, now, OFFICE) == decide(book, again, now, OFFICE)
    assert told == before


@given(situations(), st.data())
@QUICK
def test_kinds_that_nobody_knows_change_nothing(
    situation: tuple[Playbook, datetime, list[Event], datetime], data: st.DataObject
) -> None:
    book, start, events, now = situation
    strange = [Event(kind, now, 0, "run", book.steps[0].name, "sms", "a") for kind in ("x", "touch.x", "task.x", "")]
    mixed = list(events)
    for event in strange:
        mixed.insert(data.draw(st.integers(0, len(mixed))), event)
    plain, more = fold(begun(start), events), fold(begun(start), mixed)
    assert decide(book, more, now, OFFICE) == decide(book, plain, now, OFFICE)


@given(worlds(), st.data())
@QUICK
def test_receipts_that_come_again_later_change_no_decision(world: World, data: st.DataObject) -> None:
    told = world.events
    again = list(told)
    for event in told:
        if event.kind in ("touch.sent", "touch.failed", "touch.delivered", "touch.unknown", "opened"):
            again.insert(data.draw(st.integers(again.index(event) + 1, len(again))), event)
    once, twice = fold(begun_as(world), told), fold(begun_as(world), again)
    for later in (0 * HOUR, 3 * DAY):
        at = world.now + later
        assert decide(world.playbook, twice, at, OFFICE) == decide(world.playbook, once, at, OFFICE)


@given(situations(), st.integers(1, 10_000))
@QUICK
def test_an_opt_out_ends_whatever_was_going_on(
    situation: tuple[Playbook, datetime, list[Event], datetime], after: int
) -> None:
    book, start, events, now = situation
    kept = [event for event in events if event.kind != "opted.in"]
    told = fold(begun(start), [Event("opted.out", start, 0, None), *kept])
    decision = decide(book, told, now + timedelta(minutes=after), OFFICE)
    assert decision.actions == ()
    assert decision.end is not None
    assert (decision.end.reason, decision.end.after.enroll) == ("opted_out", "")


@given(situations(quiet=True), st.sampled_from([*SIGNAL_OF, "doubtful"]))
@QUICK
def test_after_a_human_signal_only_the_hand_over_is_left(
    situation: tuple[Playbook, datetime, list[Event], datetime], kind: str
) -> None:
    book, start, events, now = situation
    told = fold(begun(start), [*events, Event(kind, now, 0, "run")])
    names = [type(action).__name__ for action in decide(book, told, now, OFFICE).actions]
    assert names == ([] if kind == "doubtful" else ["HandOver"])


@given(situations(quiet=True))
@QUICK
def test_time_alone_brings_every_lead_to_an_end_or_to_something_open(
    situation: tuple[Playbook, datetime, list[Event], datetime],
) -> None:
    """After a year nothing waits for the calendar any more."""
    book, start, events, _ = situation
    told = fold(begun(start), events)
    decision = decide(book, told, start + timedelta(days=366), OFFICE)
    open_matter = any(state.in_flight for state in told.steps.values())
    assert decision.actions or isinstance(decision.end, End) or open_matter


@given(data=st.data())
@QUICK
def test_an_absence_makes_nothing_happen_that_would_not_have_happened_anyway(data: st.DataObject) -> None:
    book, start = data.draw(playbooks()), data.draw(starts)
    told = data.draw(stories(book, start, quiet=True))
    at = start + timedelta(minutes=data.draw(st.integers(0, 30 * 1440)))
    note = {"automated": "auto_submitted", "until": (at.date() + data.draw(st.integers(-3, 90)) * DAY).isoformat()}
    here = fold(begun(start), told)
    gone = fold(begun(start), [*told, Event("replied", at, 99, "run", "", "email", None, note)])
    without, with_it = decide(book, here, at, OFFICE), decide(book, gone, at, OFFICE)
    assert set(with_it.actions) <= set(without.actions)
    assert with_it.end is None or with_it.end == without.end
    if gone.away_until is not None and at < gone.away_until:
        for one in with_it.actions:
            assert not isinstance(one, Reach) or one.step.purpose == "acknowledge"
            assert not (isinstance(one, DoAsk) and isinstance(one.step, Call))
        assert without.next_at is None or with_it.next_at is not None
        again = decide(book, gone, gone.away_until, OFFICE)
        assert again == decide(book, here, gone.away_until, OFFICE)


# --- the gate only ever narrows ---------------------------------------------------------------------------------------

asks = st.builds(
    Ask,
    st.sampled_from(("sms", "email", "voicemail", "call")),
    st.sampled_from(("marketing", "acknowledge")),
    st.sampled_from(("", "t0")),
    st.booleans(),
)
moments = st.builds(lambda day, minute: day + timedelta(minutes=minute), st.sampled_from(STARTS), st.integers(0, 2879))
consents = st.builds(
    Consent,
    st.sampled_from(("inquiry", "express", "express_written")),
    st.sets(st.sampled_from(("sms", "email", "voicemail", "call")), min_size=1).map(tuple),
    st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    st.none() | moments,
)
suppressions = st.builds(
    Suppression, st.sampled_from(("person", "address", "domain")), st.just("x"), st.just("stop"), st.just(STARTS[0]),
    st.sets(st.sampled_from(("sms", "email"))).map(tuple),
)  # fmt: skip
hours_rules = st.builds(
    lambda start, end: HoursRule("added", every_day(Window(time(start), time(end))), ""),
    st.integers(0, 23),
    st.integers(0, 23),
)


@st.composite
def gate_questions(draw: st.DrawFn) -> tuple[Ask, Facts, Rules, datetime]:
    now = draw(moments)
    attempts = {
        f"t{n}": (now - timedelta(hours=draw(st.integers(0, 200))), "sms") for n in range(draw(st.integers(0, 8)))
    }
    written = Consent("express_written", ("sms", "email", "voicemail", "call"), now - DAY)
    facts = Facts(
        address="x",
        address_state=draw(st.sampled_from(("ok", "ok", "ok", "bounced"))),
        zones=draw(st.frozensets(st.sampled_from(ZONES), max_size=3)),
        zone_basis="stated",
        consents=draw(st.lists(consents, max_size=2)) + ([written] if draw(st.booleans()) else []),
        suppressions=draw(st.lists(suppressions, max_size=1)) if draw(st.integers(0, 3)) == 0 else [],
        human_live=draw(st.sampled_from(("", "", "", "reply"))),
        on_call=draw(st.none() | st.just(now - timedelta(minutes=3))),
        requested_at=draw(st.none() | st.just(now - timedelta(minutes=5))),
        attempts=attempts,
    )
    somebody = draw(st.none() | st.sampled_from(PEOPLE).map(lambda one: Somebody(*one)))
    places = places_known(somebody) if somebody else frozenset({"US"})
    return draw(asks), facts, rules_at(now.date(), places), now


#: After every moment that is drawn, so that no consent is newer than an answer of then.
LATE = max(STARTS) + timedelta(days=366)
LISTED = Registry(LATE.date(), listed=True)

NARROWER: dict[str, Callable[[Facts, Rules, st.DataObject], tuple[Facts, Rules]]] = {
    "an hours rule": lambda facts, rules, data: (facts, with_hours(rules, data.draw(hours_rules))),
    "a zone": lambda facts, rules, data: (
        msgspec.structs.replace(facts, zones=facts.zones | {data.draw(st.sampled_from(ZONES))}) if facts.zones else facts, rules
    ),
    "no zone": lambda facts, rules, _: (msgspec.structs.replace(facts, zones=frozenset()), rules),
    "a suppression": lambda facts, rules, data: (
        msgspec.structs.replace(facts, suppressions=[*facts.suppressions, data.draw(suppressions)]), rules
    ),
    "one consent less": lambda facts, rules, _: (msgspec.structs.replace(facts, consents=facts.consents[1:]), rules),
    "a cap": lambda facts, rules, data: (
        facts, replace(rules, caps=(*rules.caps, Cap("added", ("sms", "email"), data.draw(st.integers(1, 3)), DAY, "")))
    ),
    "an attempt": lambda facts, rules, data: (
        msgspec.structs.replace(facts, attempts={**facts.attempts, "more": (data.draw(moments), "email")}), rules
    ),
    "an opt-out": lambda facts, rules, _: (msgspec.structs.replace(facts, opted_out_at=STARTS[0]), rules),
    "a registry that lists it": lambda facts, rules, _: (
        msgspec.structs.replace(facts, registries=dict.fromkeys((one.registry for one in rules.scrubs), LISTED)), rules
    ),
    "a number that changed hands": lambda facts, rules, data: (
        msgspec.structs.replace(facts, reassigned=Reassigned(data.draw(st.sampled_from(("yes", "no_data"))), LATE)), rules
    ),
    "a landline": lambda facts, rules, _: (msgspec.structs.replace(facts, line="landline"), rules),
    "shorter proofs": lambda facts, rules, data: (
        facts, replace(rules, lifetimes={**rules.lifetimes, **shorter(rules, data.draw(st.integers(0, 3)))})
    ),
    "a call under way": lambda facts, rules, data: (msgspec.structs.replace(facts, on_call=data.draw(moments)), rules),
    "a person": lambda facts, rules, _: (msgspec.structs.replace(facts, human_live="reply"), rules),
}  # fmt: skip


def shorter(rules: Rules, months: int) -> dict[tuple[str, str], int]:
    pairs = [(channel, level) for channel in ("sms", "email", "voicemail", "call") for level in RANK]
    return {pair: min(months, rules.lifetimes.get(pair, months)) for pair in pairs}


def with_hours(rules: Rules, more: HoursRule) -> Rules:
    """One more rule, for every channel and purpose, as a further jurisdiction would bring it."""
    pairs = [
        (channel, purpose)
        for channel in ("sms", "email", "voicemail", "call")
        for purpose in ("marketing", "acknowledge")
    ]
    return replace(rules, hours={pair: (*rules.hours.get(pair, ()), more) for pair in pairs})


@pytest.mark.parametrize("what", NARROWER)
@given(question=gate_questions(), data=st.data())
@settings(QUICK, max_examples=40)
def test_adding_a_bound_or_taking_away_a_ground_never_allows(
    what: str, question: tuple[Ask, Facts, Rules, datetime], data: st.DataObject
) -> None:
    ask, facts, rules, now = question
    before = check(ask, facts, rules, now)
    after = check(ask, *NARROWER[what](facts, rules, data), now)
    assert not (after.result == "allow" and before.result != "allow")
    assert not (after.result == "hold" and before.result == "refuse")


@given(gate_questions())
@QUICK
def test_check_is_the_same_twice_and_changes_nothing(question: tuple[Ask, Facts, Rules, datetime]) -> None:
    ask, facts, rules, now = question
    before = deepcopy(facts)
    assert check(ask, facts, rules, now) == check(ask, facts, rules, now)
    assert facts == before


@given(gate_questions())
@QUICK
@example(question=(Ask("sms"), Facts(), starter_rules(STARTS[0].date()), STARTS[0]))
def test_a_hold_names_an_instant_ahead_at_which_its_own_rule_is_open(
    question: tuple[Ask, Facts, Rules, datetime],
) -> None:
    ask, facts, rules, now = question
    for finding in check(ask, facts, rules, now).findings:
        if finding.until is not None:
            assert finding.until > now
            then = check(ask, facts, rules, finding.until)
            held_by = [one.rule for one in then.findings if one.result != "pass"]
            # A call ends when it ends: that is looked at again, and open as soon as it is over.
            if ask.purpose == "marketing" and finding.rule != "human_live":
                assert finding.rule not in held_by


@given(gate_questions())
@QUICK
def test_a_lead_of_unknown_zone_gets_nothing_that_has_hours(question: tuple[Ask, Facts, Rules, datetime]) -> None:
    ask, facts, rules, now = question
    verdict = check(ask, msgspec.structs.replace(facts, zones=frozenset()), rules, now)
    fresh = ask.purpose == "acknowledge" and facts.requested_at is not None
    if ask.channel != "email" and not fresh:
        assert verdict.result != "allow"
