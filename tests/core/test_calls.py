"""What callbacks tell of a call only grows, whatever their order; and nobody is taken for talked to on a guess."""

from __future__ import annotations

import itertools
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline.core.calls import ANSWERED_BY, LEGS, LONGEST_MESSAGE, NOT_ANSWERED, OVER, Facts

WORDS = st.builds(
    Facts,
    detects=st.just(True),
    rep=st.sampled_from(LEGS),
    connected=st.booleans(),
    lead=st.sampled_from(LEGS),
    answered_by=st.sampled_from(ANSWERED_BY),
    seconds=st.integers(0, 400),
    code=st.sampled_from(["", "13224", "21211"]),
)

#: A call that a machine took, as it is told.
MACHINE = (
    Facts(rep="ringing"), Facts(rep="answered"), Facts(connected=True), Facts(lead="ringing"), Facts(lead="answered"),
    Facts(answered_by="machine"), Facts(lead="ended", seconds=31), Facts(rep="ended"),
)  # fmt: skip


def fold(words: list[Facts] | tuple[Facts, ...], detects: bool = True) -> Facts:
    return reduce(Facts.join, words, Facts(detects=detects))


@given(st.lists(WORDS, max_size=8), st.randoms(use_true_random=False), st.data())
def test_doubled_and_reordered_words_come_to_the_same(words: list[Facts], random: object, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(words), max_size=4)) if words else []
    shuffled = data.draw(st.permutations([*words, *again]))
    assert fold(shuffled) == fold(words)


@given(st.lists(WORDS, max_size=6), WORDS)
def test_no_word_leads_back(words: list[Facts], late: Facts) -> None:
    before, after = fold(words), fold([*words, late])
    assert LEGS.index(after.rep) >= LEGS.index(before.rep)
    assert LEGS.index(after.lead) >= LEGS.index(before.lead)
    assert after.over or not before.over


@given(WORDS)
def test_a_call_settles_by_itself_only_when_nobody_was_talked_to(facts: Facts) -> None:
    if facts.settles:
        assert facts.lead in NOT_ANSWERED or (facts.lead == "ended" and facts.answered_by == "machine")
        assert facts.lead in NOT_ANSWERED or facts.seconds <= LONGEST_MESSAGE


def test_every_order_of_a_machines_call_ends_as_a_voicemail() -> None:
    for order in itertools.islice(itertools.permutations(MACHINE), 0, 40_320, 97):
        told = fold(order)
        assert (told.status, told.outcome, told.settles) == ("ended", "voicemail", True)


def test_a_call_that_is_over_before_anybody_says_who_answered_waits_for_the_person() -> None:
    told = fold([Facts(connected=True), Facts(lead="ended", seconds=40), Facts(rep="ended")])
    assert (told.outcome, told.settles, told.concluded) == ("", False, False)
    assert fold([told, Facts(answered_by="machine")]).settles


def test_without_detection_an_answered_call_is_a_talk_that_a_person_confirms() -> None:
    told = fold([Facts(lead="ended", seconds=40)], detects=False)
    assert (told.outcome, told.settles) == ("connected", False)


@pytest.mark.parametrize("answered_by", ["unknown", "fax"])
def test_what_the_detection_can_not_say_is_left_to_the_person(answered_by: str) -> None:
    told = fold([Facts(lead="ended", seconds=40, answered_by=answered_by)])  # type: ignore[arg-type]
    assert (told.outcome, told.settles, told.concluded) == ("", False, True)


def test_a_long_call_with_a_machine_is_left_to_the_person() -> None:
    told = fold([Facts(lead="ended", seconds=LONGEST_MESSAGE + 1, answered_by="machine")])
    assert (told.outcome, told.settles) == ("voicemail", False)


@pytest.mark.parametrize(
    ("told", "asks"),
    [
        (Facts(lead="ended", seconds=40, answered_by="human"), True),
        (Facts(lead="ended", seconds=40, answered_by="unknown"), True),
        (Facts(lead="answered", rep="ended"), True),
        (Facts(lead="ended", seconds=LONGEST_MESSAGE + 1, answered_by="machine"), True),
        (Facts(lead="ended", seconds=30, answered_by="machine"), False),
        (Facts(lead="no_answer"), False),
        (Facts(connected=True, rep="ended"), False),
    ],
)
def test_the_person_is_asked_unless_it_is_certain_that_nobody_was_reached(told: Facts, asks: bool) -> None:
    assert fold([told]).asks is asks


@pytest.mark.parametrize("leg", sorted(OVER))
def test_a_rep_who_did_not_press_the_key_uses_up_no_attempt(leg: str) -> None:
    told = fold([Facts(rep=leg)])  # type: ignore[arg-type]
    assert (told.status, told.outcome, told.settles, told.concluded) == ("ended", "", False, True)
