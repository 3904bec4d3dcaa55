"""Which playbook a lead enters: by rank, once, and never past an opt-out or a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline.core.condition import Condition
from warmline.core.enrol import REASON_WORDS, Active, Candidate, Chooser, Decline, Enter
from warmline.core.playbook import Again, Enroll
from warmline.core.routing import next_rep

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


def a_playbook(key: str, rank: int, when: str | None = "true", again: Again = Again()) -> Candidate:  # noqa: B008
    return Candidate(key, hash(key) % 1000, rank, Enroll(Condition(when) if when else None, rank, again))


def event(**more: Any) -> dict[str, Any]:
    return {"kind": "form.submitted", "form": "pricing", "source": "web", "keyword": "", "page": "", "campaign": "",
            "after_hours": False, "fields": {}, **more}  # fmt: skip


def lead(**more: Any) -> dict[str, Any]:
    return {"status": "open", "returning": False, "country": "US", "fields": {}, **more}


def decide(
    *playbooks: Candidate, on: Any = None, who: Any = None, active: Any = None, past: Any = (), **more: Any
) -> Any:
    return Chooser(playbooks).choose(on or event(), who or lead(), active, past, NOW, **more)


def test_the_highest_rank_wins_and_of_equals_the_first_by_key() -> None:
    found = decide(a_playbook("b", 50), a_playbook("a", 50), a_playbook("z", 40))
    assert isinstance(found, Enter)
    assert (found.candidate.key, found.preempt) == ("a", False)


def test_conditions_decide_who_is_asked() -> None:
    pricing = a_playbook("pricing", 90, 'event.kind == "form.submitted" && event.form == "pricing"')
    custom = a_playbook("slate", 95, 'lead.fields.roof == "slate"')
    assert decide(pricing, custom).candidate.key == "pricing"
    assert decide(pricing, custom, who=lead(fields={"roof": "slate"})).candidate.key == "slate"
    assert decide(pricing, on=event(form="contact")) == Decline("no_playbook")
    assert decide(a_playbook("by-hand", 99, None)) == Decline("no_playbook")


@pytest.mark.parametrize(("active", "result"), [
    (Active("p", 90), "already_running"), (Active("q", 90), "outranked"), (Active("q", 95), "outranked"),
    (Active("q", 40, handed_off=True), "human_live"),
])  # fmt: skip
def test_what_runs_is_only_interrupted_by_something_stronger(active: Active, result: str) -> None:
    assert decide(a_playbook("p", 90), active=active).reason == result
    assert decide(a_playbook("p", 90), active=Active("q", 89)) == Enter(a_playbook("p", 90), preempt=True)


@pytest.mark.parametrize(("again", "days", "enters"), [
    (Again(), 0, True), (Again(never=True), 999, False), (Again(after=timedelta(days=30)), 29, False),
    (Again(after=timedelta(days=30)), 30, True),
])  # fmt: skip
def test_the_same_playbook_again_keeps_its_pause(again: Again, days: int, enters: bool) -> None:
    found = decide(a_playbook("p", 90, again=again), past=[("p", NOW - timedelta(days=days)), ("other", NOW)])
    assert isinstance(found, Enter) is enters
    assert enters or found == Decline("too_soon", "p")


def test_a_weaker_playbook_has_its_turn_when_the_stronger_one_may_not_be_entered_yet() -> None:
    strong, weak = a_playbook("strong", 90, again=Again(never=True)), a_playbook("weak", 20)
    assert decide(strong, weak, past=[("strong", NOW)]).candidate.key == "weak"


def test_an_opt_out_and_a_person_come_before_every_playbook() -> None:
    strong = a_playbook("p", 99)
    assert decide(strong, opted_out=True) == Decline("opted_out")
    assert decide(strong, who=lead(status="handed_off")) == Decline("human_live")
    assert decide(strong, who=lead(status="won"), on=event(kind="lead.imported")) == Decline("closed")
    assert isinstance(decide(strong, who=lead(status="won")), Enter)


def test_a_condition_that_can_not_be_answered_is_told_and_does_not_stop_the_others() -> None:
    broken = a_playbook("broken", 99, "int(lead.fields.size) > 3")
    found = decide(broken, a_playbook("p", 50))
    assert isinstance(found, Enter)
    assert found.candidate.key == "p"
    assert "broken" in found.errors[0]
    alone = decide(broken)
    assert (alone.reason, len(alone.errors)) == ("no_playbook", 1)


_values = st.sampled_from(["", "pricing", "demo"])


@given(st.lists(st.tuples(_values, _values, _values, st.booleans(), _values), min_size=1, max_size=30))
def test_what_is_remembered_is_what_would_be_answered(asked: list[tuple[str, str, str, bool, str]]) -> None:
    candidates = [
        a_playbook("a", 90, 'event.form == "pricing" && lead.fields.x == "demo"'),
        a_playbook("b", 80, '"y" in event.fields && event.fields["y"] == "demo"'),
        a_playbook("c", 70, 'event.after_hours && event.form == "demo"'),
        a_playbook("d", 60, "int(event.form) > 3"),
        a_playbook("e", 50, 'lead.country == "pricing" && event.keyword != "demo"'),
        a_playbook("f", 40, 'lead.country == "demo" || event.after_hours'),
    ]
    remembering = Chooser(candidates)
    for form, x, y, after_hours, country in asked:
        on = event(form=form, after_hours=after_hours, keyword=x, fields={"y": y} if y else {})
        who = lead(country=country, fields={"x": x} if x else {})
        assert remembering.choose(on, who, None, (), NOW) == Chooser(candidates).choose(on, who, None, (), NOW)


def test_every_reason_has_its_words() -> None:
    assert set(REASON_WORDS) == {"no_playbook", "already_running", "outranked", "too_soon", "human_live", "opted_out",
                                 "closed", "repeated"}  # fmt: skip


def test_turns_go_round_the_people_who_are_there() -> None:
    team = ("sam", "jo", "kim")
    assert [next_rep(team, {"sam", "kim"}, turn) for turn in range(4)] == ["sam", "kim", "sam", "kim"]
    assert next_rep(team, set(), 3) is None
