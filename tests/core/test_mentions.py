"""An address is found however it was typed, and no other one for it."""

from __future__ import annotations

import re

import pytest

from warmline.core.mentions import mention_of, mention_of_name


def found(address: str, text: str) -> bool:
    return re.search(mention_of(address), text, re.IGNORECASE) is not None


@pytest.mark.parametrize(
    "text",
    [
        "+12125550123", "2125550123", "(212) 555-0123", "1-212-555.0123", "+1 212 555 0123", "No lead has '+12125550123'.",
        "phone_number=%2B1%20212%20555%200123&x=1", '{"phone": "212\\u00a0555 0123"}'.replace("\\u00a0", "\u00a0"),
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert found("+12125550123", text)


@pytest.mark.parametrize("text", ["+12125550124", "21255501234", "212555012", "212 and 555 and 0123", ""])
def test_another_number_is_not_taken_for_it(text: str) -> None:
    assert not found("+12125550123", text)


def test_a_number_of_a_country_with_a_zero_in_front_at_home_is_found() -> None:
    assert found("+442071838750", "call 020 7183 8750")
    assert found("+393331234567", "333 123 4567")


@pytest.mark.parametrize(
    "text", ["ann.lee@example.com", "Ann.Lee@Example.com", "<ann.lee@example.com>", "email=ann.lee%40example.com&x"]
)
def test_a_mail_address_is_found_however_it_is_written(text: str) -> None:
    assert found("ann.lee@example.com", text)


@pytest.mark.parametrize(
    "text", ["joann.lee@example.com", "annxlee@example.com", "ann.lee@example.comb", "j.ann.lee@example.com"]
)
def test_another_mail_address_is_not_taken_for_it(text: str) -> None:
    assert not found("ann.lee@example.com", text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I am Zelda van Quux", True), ("Quux, Zelda", True), ('{"first_name":"zelda","last_name":"QUUX"}', True),
        ("name=Zelda+Quux&x=1", True), ("name=Zelda%20Quux", True), ("Zelda Quuxley", False), ("Griselda Quux", False),
        ("Zelda" + " " * 60 + "Quux", False),
    ],
)  # fmt: skip
def test_a_name_is_found_by_its_first_word_and_its_last(text: str, told: bool) -> None:
    named = mention_of_name("Zelda van Quux")
    assert named is not None
    assert (re.search(named, text, re.IGNORECASE) is not None) is told


def test_a_single_word_may_be_anybodys_name() -> None:
    assert mention_of_name("Zelda") is None
