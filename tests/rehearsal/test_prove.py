"""The walk finds what is wrong by the shortest way, and finds nothing in the playbooks that come with Warmline."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from tests.core.gate_facts import starter_config
from tests.core.simulator import STARTER, starter
from tests.core.worlds import playbooks
from tests.rehearsal import trials
from tests.rehearsal.trials import book, forgets, worlds
from warmline.core import gate as gates
from warmline.core.gate import Ask, Facts, Rules, Verdict
from warmline.core.playbook import Playbook
from warmline.core.settings import Caps
from warmline.rehearsal.key import Keys
from warmline.rehearsal.life import State
from warmline.rehearsal.prove import Break, Walked, prove
from warmline.rehearsal.worlds import PLACES, STARTS

KEYS = sorted(path.stem for path in (STARTER / "playbooks").glob("*.yaml"))

TEXTS = """
first:  {send: sms, template: a, at: now}
second: {send: sms, template: b, at: 'day 2, 10:00'}
third:  {send: email, template: c, at: 'day 3, 10:00'}
"""


def broken(playbook: Playbook, world: str, events: int = 2, **wrong: Any) -> Break:
    """What breaks, which nothing shorter does."""
    found = prove(playbook, worlds(playbook, world), events=events, **wrong).broken
    assert found is not None
    if found.events > 0:
        assert prove(playbook, worlds(playbook, world), events=found.events - 1, **wrong).broken is None
    return found


def last(found: Break) -> str:
    return found.story[-1].said


# --- what is wrong is found -------------------------------------------------------------------------------------------


def test_a_gate_without_quiet_hours_is_found_at_once_by_a_lead_of_the_night() -> None:
    found = broken(book(TEXTS), "new-york.night.written", gate=forgets("quiet_hours"))
    assert (found.property, found.events) == ("window", 0)
    assert found.said == "A text goes out at 21:00 on Tue 01 Dec in America/New_York, against us.fed.hours"
    assert [line.who for line in found.story] == ["lead", "out"]


def test_by_day_it_takes_a_touch_that_waits_in_the_queue_past_closing_time() -> None:
    found = broken(book(TEXTS), "new-york.workday.written", gate=forgets("quiet_hours"))
    assert (found.property, found.events) == ("window", 1)
    assert [line.said for line in found.story][1:] == ["first waits in the queue", "first by sms"]


def test_a_gate_that_asks_one_of_two_zones_is_found_in_the_other() -> None:
    found = broken(book(TEXTS), "two-zones.workday.written", gate=trials.asks_one_zone)
    assert found.property == "window"
    assert "America/New_York" in found.said


def test_a_saturday_in_rhode_island_and_a_sunday_in_texas_have_hours_of_their_own() -> None:
    late = book("text: {send: sms, template: a, at: 30 minutes}")
    for world, rule in (("rhode-island.weekend.written", "us.ri.hours"), ("texas.weekend.written", "us.tx.hours")):
        found = broken(late, world, gate=forgets("quiet_hours"))
        assert found.property == "window"
        assert rule in found.said


def test_a_law_that_counts_by_a_clock_of_its_own_is_found_to_be_overrun() -> None:
    evening = book("text: {send: sms, template: a, at: 'day 2, 20:30'}")
    found = broken(evening, "texas.workday.written", gate=trials.asks_only_the_lead_s_clock)
    assert found.property == "window"
    assert "at 21:30 on Wed 02 Dec in America/Chicago, against us.tx.hours" in found.said


def test_a_gate_that_ignores_opt_outs_is_found_by_a_stop_that_meets_a_queued_touch() -> None:
    found = broken(book(TEXTS), "new-york.workday.written", gate=forgets("opted_out"))
    assert (found.property, found.events) == ("opt-out", 2)
    said = [line.said for line in found.story]
    assert said[1:3] == ["first waits in the queue", "texts STOP"]
    assert last(found) == "first by sms"
    assert found.said == "A text goes out, although the lead texts STOP"


def test_a_stop_that_ends_texts_and_calls_leaves_mail_to_the_playbook_and_nothing_else() -> None:
    config = msgspec.structs.replace(starter_config(), opt_out="channel")
    playbook = book(TEXTS)
    (world,) = worlds(playbook, "sydney.workday.written", config=config)
    assert prove(playbook, [world], events=2).broken is None
    found = prove(playbook, [world], events=2, gate=forgets("suppressed")).broken
    assert found is not None
    assert (found.property, found.events, found.said) == (
        "opt-out", 1, "A text goes out, although the lead texts STOP",
    )  # fmt: skip


def test_a_gate_that_ignores_the_do_not_contact_list_needs_no_queue() -> None:
    found = broken(book(TEXTS), "new-york.workday.written", gate=forgets("suppressed"))
    assert (found.property, found.events) == ("opt-out", 1)
    assert "through another lead" in found.story[-2].said


def test_a_gate_that_ignores_a_human_signal_is_found_at_the_last_look() -> None:
    found = broken(book(TEXTS), "new-york.workday.written", gate=forgets("human_live"))
    assert (found.property, found.events) == ("human", 2)
    assert last(found) == "first by sms"


def test_a_decision_that_hears_no_human_is_found_even_where_it_keeps_it_from_the_gate() -> None:
    found = broken(book(TEXTS), "new-york.workday.written", decide=trials.does_not_hear)
    assert (found.property, found.events) == ("human", 1)


def test_a_cap_that_is_counted_off_by_one_is_found() -> None:
    steps = "\n".join(f"text-{n}: {{send: email, template: a{n}, at: {n} hours}}" for n in range(1, 5))
    found = broken(book(steps), "new-york.workday.written", gate=trials.counts_one_too_few)
    assert (found.property, found.events) == ("cap", 0)
    assert found.said == "4 attempts in 24 hours, and automated_per_day allows 3"


def test_a_cap_counts_a_touch_from_when_it_went_out() -> None:
    """It waits a day in the queue, and the next ones are due as it goes out."""
    steps = """
    first:  {send: email, template: a, at: now}
    second: {send: email, template: b, at: 'day 2, 10:00'}
    """
    config = replace_caps(1)
    playbook = book(steps)
    proof = prove(playbook, worlds(playbook, "new-york.workday.written", config=config), events=2)
    assert proof.broken is None


def replace_caps(most: int) -> Any:
    return msgspec.structs.replace(starter_config(), caps=Caps(automated_per_day=most))


def test_a_gate_that_ignores_consent_is_found_at_once() -> None:
    found = broken(book(TEXTS), "new-york.workday.none", gate=forgets("no_consent", "registry"))
    assert (found.property, found.events) == ("consent", 0)
    assert "A text goes out with none consent" in found.said


def test_a_consent_that_ends_while_the_playbook_runs_is_found_to_be_overrun() -> None:
    late = book("text: {send: sms, template: a, at: 'day 4, 12:00'}")
    found = broken(late, "new-york.weekend.expiring", gate=trials.never_sees_an_end)
    assert (found.property, found.events) == ("consent", 0)


def test_a_registry_that_nobody_asked_is_found() -> None:
    called = book("call: {call: owner, at: now}")
    found = broken(called, "sydney.workday.none", gate=forgets("registry"))
    assert found.property == "consent"
    assert "nobody looked the number up" in found.said


def test_a_place_whose_rules_nobody_knows_is_found() -> None:
    found = broken(book(TEXTS), "no-rules.workday.none", gate=forgets("unknown_place"))
    assert (found.property, found.events) == ("consent", 0)
    assert "nobody knows the rules of JP" in found.said


def test_a_number_of_no_zone_is_found() -> None:
    found = broken(book(TEXTS), "no-zone.holiday.written", gate=forgets("unknown_zone"))
    assert (found.property, found.events) == ("window", 0)


def test_a_step_that_is_planned_twice_is_found_with_its_two_touches() -> None:
    found = broken(book(TEXTS), "new-york.workday.written", decide=trials.plans_twice)
    assert (found.property, found.events) == ("twice", 0)
    assert [line.said for line in found.story if line.who == "out"][-1] == "first by sms"


def test_a_decision_without_end_or_without_a_next_time_is_found() -> None:
    for name, wrong in (
        ("rest", {"decide": trials.turns_round()}),
        ("rest", {"decide": trials.changes_its_mind()}),
        ("left", {"decide": trials.forgets_the_lead}),
        ("left", {"gate": trials.holds_until_now}),
    ):
        found = broken(book(TEXTS), "new-york.workday.written", **wrong)
        assert (found.property, found.events) == (name, 0)


def test_a_story_is_told_by_the_clock_of_the_lead_with_what_the_gate_had_found() -> None:
    found = broken(book(TEXTS), "honolulu.night.written", gate=forgets("quiet_hours"), events=1)
    assert found.world.startswith("honolulu.night")
    assert found.story[0].local.endswith("21:00")
    assert found.story[0].at.hour == 7  # UTC
    assert {one.rule for one in found.findings} == set(gates.LABELS) - {"quiet_hours"}


# --- the walk itself ------------------------------------------------------------------------------------------------------


def test_more_events_reach_more_states_and_the_bound_is_told() -> None:
    walks = [prove(book(TEXTS), worlds(book(TEXTS), "new-york.workday.written"), events=n) for n in range(3)]
    assert [proof.reached for proof in walks] == [0, 1, 2]
    assert walks[0].states < walks[1].states < walks[2].states
    assert all(proof.cut > 0 and proof.transitions > 0 for proof in walks)


def test_when_there_is_no_time_for_more_every_world_has_been_walked_alike() -> None:
    done: list[Walked] = []
    proof = prove(
        starter("content-download"), worlds(starter("content-download"), "new-york", "paris"), events=3,
        enough=lambda: len(done) > 11, tell=done.append,
    )  # fmt: skip
    assert proof.broken is None
    assert proof.reached == 1
    assert [one.events for one in proof.worlds] == [2, 2, *[1] * 8]
    assert all(one.complete for one in proof.worlds)
    started = prove(starter("content-download"), worlds(starter("content-download"), "new-york"), enough=lambda: True)
    assert (started.reached, len(started.worlds)) == (-1, 1)


def test_states_that_are_taken_for_one_have_one_future(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walked with a key of everything there is, the gate is asked the same questions and gives the same answers."""
    playbook = book(
        """
        ack:   {send: sms, or: email, template: a, at: now, purpose: acknowledge}
        call:  {call: owner, at: 1 hour}
        more:  {send: email, template: b, at: 30 minutes after call.missed, if: '!history.engaged'}
        """
    )

    def questions(bound: int) -> set[tuple[Any, ...]]:
        asked: set[tuple[Any, ...]] = set()

        def gate(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
            verdict = gates.check(ask, facts, rules, now)
            asked.add((ask.channel, ask.purpose, now, verdict.result, verdict.rule))
            return verdict

        assert prove(playbook, worlds(playbook, "new-york.workday.written"), events=bound, gate=gate).broken is None
        return asked

    def whole(_keys: Keys, state: State) -> Any:
        lead = (frozenset(state.lead.addresses.items()), tuple(state.lead.suppressions))
        history = msgspec.json.encode(msgspec.structs.replace(state.history, lead={}, event={}))
        return (state.now, history, str(state.seen), state.queue, state.tasks, state.ended, lead)

    with_our_key = questions(2)
    monkeypatch.setattr(Keys, "of", whole)
    assert questions(2) == with_our_key


def test_a_touch_that_waits_is_handed_over_at_edges_of_the_day_and_no_later_than_after_a_day() -> None:
    playbook = book("text: {send: sms, template: a, at: now}")
    looks: set[datetime] = set()

    def gate(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
        if ask.id:
            looks.add(now)
        return gates.check(ask, facts, rules, now)

    (world,) = worlds(playbook, "new-york.workday.written")
    assert prove(playbook, [world], events=1, gate=gate).broken is None
    clocks = {f"{at - world.start}" for at in looks}
    assert {"0:00:00", "4:00:00", "11:59:00", "12:00:00", "1 day, 0:00:00"} <= clocks
    assert max(looks) <= world.start + timedelta(days=2)


# --- the playbooks that come with Warmline ------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_a_starter_playbook_breaks_nothing_in_a_few_worlds(key: str) -> None:
    playbook = starter(key)
    proof = prove(playbook, worlds(playbook, "new-york.holiday", "two-zones.workday", "paris.clock-change"), events=1)
    assert proof.broken is None
    assert proof.reached == 1


@pytest.mark.long
@pytest.mark.parametrize("key", KEYS)
def test_a_starter_playbook_breaks_nothing_anywhere(key: str) -> None:
    """Every place, every start, every consent; and one world twice as deep."""
    playbook = starter(key)
    everywhere = [f"{where.key}.{STARTS[number % len(STARTS)]}" for number, where in enumerate(PLACES)]
    assert prove(playbook, worlds(playbook, *everywhere), events=1).broken is None
    assert prove(playbook, worlds(playbook, "new-york.holiday.written"), events=2).broken is None


@pytest.mark.long
@given(playbooks())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
def test_whatever_could_be_published_breaks_nothing_in_a_few_worlds(playbook: Playbook) -> None:
    names = ("new-york.holiday.written", "two-zones.night.written", "paris.weekend.expiring")
    assert prove(playbook, worlds(playbook, *names), events=1).broken is None
