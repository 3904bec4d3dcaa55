"""The words that take consent back: what a pattern may look like. What the lists say is tested in tests/rules."""

from __future__ import annotations

import msgspec
import pytest

from warmline import rules
from warmline.core.wordings import spell_out


def test_a_pattern_names_groups_that_exist_and_begins_with_its_words() -> None:
    words = rules.opt_out_words()
    for find, told in (
        (r"\b(?:stop) {nothing}", "there is no group 'nothing'"),
        (r"stop (?:it)", "begins with its first words"),
    ):
        broken = msgspec.structs.replace(words.phrases[0], find=find)
        with pytest.raises(ValueError, match=told):
            spell_out(msgspec.structs.replace(words, phrases=(broken,)))
