"""Words with a slip in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline.core.near import Near, once, slips

NEAR = Near(["stop", "cancel", "unsubscribe"], never=["shop", "cancer"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stpo", "stop"), ("stp", "stop"), ("stiop", "stop"), ("stap", "stop"), ("stop", "stop"), ("cancle", "cancel"),
        ("unsubcirbe", "unsubscribe"), ("unsubscribe", "unsubscribe"),
        ("shop", ""), ("cancer", ""), ("spot", ""), ("subscribe", "unsubscribe"), ("so", ""), ("", ""), ("x" * 5000, ""),
    ],
)  # fmt: skip
def test_one_slip_is_read_over_and_two_in_a_long_word(said: str, meant: str) -> None:
    assert NEAR.find(said) == meant


def test_what_could_be_two_words_is_neither() -> None:
    assert Near(["stap", "stop"], never=()).find("step") == ""


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_slips_are_counted_the_same_both_ways_and_none_means_the_same_word(one: str, other: str) -> None:
    assert slips(one, other) == slips(other, one)
    assert (slips(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= slips(one, other) <= max(len(one), len(other))


def test_letters_changed_about_are_one_slip() -> None:
    assert (slips("stpo", "stop"), slips("spot", "stop"), slips("sto", "stop"), slips("stoop", "stop")) == (1, 2, 1, 1)


def test_runs_of_a_letter_are_one() -> None:
    assert once("sttooopp") == "stop"
