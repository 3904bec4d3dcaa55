"""Which step works: whose answer it was, and what the numbers let one say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline.core.review import ENOUGH, KINDS, TALK, Review, Run, StepReview, Told, rate, remarks, weigh

STEPS = ("ack", "call", "nudge")


def told(
    kind: str, at: float, step: str = "", *, run: str | None = "r", channel: str = "sms", outcome: str = ""
) -> Told:
    return Told(kind, at, run, step, channel, outcome or None)


def a_run(*lines: Told, run: str = "r", source: str = "pricing", status: str = "running", reason: str = "") -> Run:
    return Run(run, source, 0.0, status, reason, list(lines))


def steps(*runs: Run) -> dict[str, StepReview]:
    return {step.name: step for step in weigh(runs, STEPS).steps}


def test_a_reply_that_names_a_step_is_that_steps_and_any_other_the_last_ones() -> None:
    sent = [told("touch.sent", 1, "ack"), told("touch.sent", 5, "nudge")]
    assert steps(a_run(*sent, told("replied", 9, "ack")))["ack"].answers == {"replied": 1}
    assert steps(a_run(*sent, told("called.back", 9)))["nudge"].answers == {"called.back": 1}


def test_of_several_answers_the_first_counts() -> None:
    found = steps(
        a_run(
            told("touch.sent", 1, "ack"), told("clicked", 2, "ack"), told("touch.sent", 3, "nudge"), told("replied", 4)
        )
    )
    assert (found["ack"].answers, found["nudge"].answers) == ({"clicked": 1}, {})


def test_a_talk_in_a_call_of_ours_is_an_answer_and_a_call_that_nobody_took_is_none() -> None:
    missed = told("task.done", 2, "call", channel="call", outcome="missed")
    talked = told("task.done", 3, "call", channel="call", outcome="connected")
    found = steps(a_run(missed, talked), a_run(missed, run="r"))
    assert (found["call"].reached, found["call"].answers) == (2, {TALK: 1})


def test_an_answer_to_another_playbook_or_to_nothing_is_not_this_ones() -> None:
    other = told("touch.sent", 3, "ack", run="other")
    found = weigh([a_run(told("touch.sent", 1, "ack"), other, told("replied", 4)), a_run(told("replied", 1))], STEPS)
    assert found.answered.count == 0
    assert found.steps[0].reached == 1


def test_an_answer_after_the_run_has_ended_is_still_its_last_steps() -> None:
    late = a_run(told("touch.sent", 1, "nudge"), told("replied", 9, run=None), status="ended", reason="completed")
    found = weigh([late], STEPS)
    assert found.steps[2].answers == {"replied": 1}
    assert (found.ended, found.under_way) == ({"completed": 1}, 0)


def test_whoever_answers_a_step_has_got_it_whatever_was_told_of_its_way() -> None:
    found = steps(a_run(told("clicked", 2, "ack")))
    assert (found["ack"].reached, found["ack"].answered.share) == (1, 1.0)


def test_who_opts_out_does_so_after_the_last_step() -> None:
    found = weigh([a_run(told("touch.sent", 1, "ack"), told("touch.sent", 2, "nudge"), told("opted.out", 3))], STEPS)
    assert [step.opted_out for step in found.steps] == [0, 0, 1]
    assert (found.opted_out, found.answered.count) == (1, 0)


def test_a_step_of_an_earlier_version_comes_last() -> None:
    assert [step.name for step in weigh([a_run(told("touch.sent", 1, "old"))], STEPS).steps] == [*STEPS, "old"]


def test_times_are_medians_from_the_beginning_of_the_run() -> None:
    some = [a_run(told("touch.sent", at, "ack"), told("replied", at * 10, "ack")) for at in (1.0, 2.0, 9.0)]
    found = weigh(some, STEPS)
    assert (found.first_touch, found.first_answer) == (2.0, 20.0)
    assert (weigh([]).first_touch, weigh([]).answered.share) == (None, None)


LINES = st.lists(
    st.builds(
        Told,
        st.sampled_from(KINDS),
        st.floats(0, 1e6),
        st.sampled_from(["r", "other", None]),
        st.sampled_from(["", *STEPS]),
        st.sampled_from(["sms", "email", "call", ""]),
        st.sampled_from(["connected", "missed", None]),
    ),
    max_size=30,
)


@given(st.lists(LINES, max_size=6))
def test_whatever_happened_each_run_has_one_answer_at_most_and_the_steps_add_up(stories: list[list[Told]]) -> None:
    found = weigh([a_run(*lines) for lines in stories], STEPS)
    assert sum(sum(step.answers.values()) for step in found.steps) == found.answered.count <= found.runs == len(stories)
    assert sum(step.meetings for step in found.steps) == found.meetings
    assert sum(step.opted_out for step in found.steps) == found.opted_out
    for step in found.steps:
        assert step.answered.count <= step.reached
        assert max(step.reached, step.delivered, step.failed, step.refused, step.left) <= len(stories)
        assert sum(step.channels.values()) <= step.reached


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # scipy 1.17.1: scipy.stats.binomtest(count, of).proportion_ci(method="wilson")
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (8, 100, 0.0411, 0.1500), (10, 10, 0.7225, 1.0)],
)
def test_an_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    found = rate(count, of)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_within_its_interval(count: int, of: int) -> None:
    found = rate(min(count, of), of)
    assert found.share is not None
    assert 0 <= found.low <= found.share + 1e-12
    assert found.share - 1e-12 <= found.high <= 1


@pytest.mark.parametrize(
    ("step", "about"),
    [
        (StepReview("nudge", reached=ENOUGH, answered=rate(0, ENOUGH)), "silent"),
        (StepReview("nudge", reached=40, opted_out=5, answered=rate(4, 40)), "drives away"),
        (StepReview("nudge", reached=50, failed=5, answered=rate(9, 50)), "does not arrive"),
        (StepReview("nudge", reached=9, refused=10, answered=rate(1, 9)), "refused"),
        (StepReview("call", reached=20, left=10, answered=rate(5, 20)), "left"),
    ],
)
def test_what_speaks_against_a_step_is_said_once_there_is_enough_of_it(step: StepReview, about: str) -> None:
    (found,) = remarks(Review(steps=[step]))
    assert (found.step, found.about) == (step.name, about)
    assert found.said
    assert found.do


def test_of_few_nothing_is_said() -> None:
    few = StepReview(
        "nudge", reached=ENOUGH - 1, opted_out=4, failed=4, refused=9, left=9, answered=rate(0, ENOUGH - 1)
    )
    assert remarks(Review(steps=[few])) == []
