"""The published set of texts: every opt-out is heard, and what only sounds like one is not taken for one."""

from __future__ import annotations

import itertools
import re
import time

from hypothesis import given
from hypothesis import strategies as st

from warmline import rules
from warmline.core.replies import plain, read
from warmline.core.wordings import first_words

from .opt_out_measure import PAGE as DOCUMENT
from .opt_out_measure import as_read, false_doubts, false_opt_outs, missed, page, tables, texts

WORDS = rules.opt_out_words()
BY_KIND = {kind: [one for one in texts() if one.kind == kind] for kind in ("opt_out", "doubtful", "reply")}


def test_the_set_is_large_and_half_of_it_are_traps() -> None:
    known = texts()
    assert len({one.id for one in known}) == len({one.text for one in known}) == len(known) > 1000
    assert 0.49 < sum(one.trap for one in known) / len(known) < 0.6
    assert sum(one.part != "rules" for one in known) > 250
    for one in known:
        tiers = {"opt_out": ("certain", "phrase"), "doubtful": ("doubtful",), "reply": ("",)}.get(
            one.kind, ("certain",)
        )
        assert one.tier in tiers, one
        assert not (one.trap and one.kind == "opt_out"), one


def test_no_opt_out_is_missed() -> None:
    assert missed(texts(), as_read, "certain") == []
    assert missed(texts(), as_read, "phrase") == []


def test_less_than_two_in_a_hundred_are_taken_for_an_opt_out() -> None:
    others = [one for one in texts() if one.kind != "opt_out"]
    assert len(false_opt_outs(texts(), as_read)) < 0.02 * len(others)


def test_doubts_are_told_from_replies() -> None:
    assert len(missed(texts(), as_read, "doubtful")) < 0.05 * len(BY_KIND["doubtful"])
    assert len(false_doubts(texts(), as_read)) < 0.02 * len(BY_KIND["reply"])


def test_each_text_is_read_in_the_tier_that_it_is_labelled_with() -> None:
    wrong = [(one.id, one.text) for one in texts() if read(one.text, WORDS).tier != one.tier]
    assert wrong == []


def test_the_document_says_what_is_measured() -> None:
    assert tables() in DOCUMENT.read_text("utf-8")
    assert page() == DOCUMENT.read_text("utf-8")


# --- what holds for any text ------------------------------------------------------------------------------------------

sampled = st.sampled_from


@given(
    sampled(BY_KIND["doubtful"]), sampled([one for one in BY_KIND["opt_out"] if one.tier == "phrase"]), st.booleans()
)
def test_a_doubt_never_lowers_an_opt_out(doubt: object, certain: object, first: bool) -> None:
    said = [one.text.rstrip(" .!?") for one in (doubt, certain)]  # type: ignore[attr-defined]
    assert read(". ".join(said if first else reversed(said)), WORDS).kind == "opt_out"


@given(
    sampled(WORDS.stop), sampled(["{}", "{}!!!", "  {} \n", "“{}”", "{} 🛑", "Please {}", "{} thanks", "*{}*", "{}..."])
)
def test_a_keyword_counts_however_it_is_dressed(word: object, dress: str) -> None:
    for said in (word.say, word.say.upper(), word.say.title()):  # type: ignore[attr-defined]
        reading = read(dress.format(said), WORDS)
        assert (reading.kind, reading.tier) == ("opt_out", "certain")


@given(sampled(WORDS.real_words))
def test_a_word_of_its_own_is_no_slip(word: str) -> None:
    assert read(word, WORDS).kind != "opt_out"


def test_help_and_start_are_taken_as_they_are_written_only() -> None:
    for word in (*WORDS.help, *WORDS.start):
        assert read(word.say, WORDS).kind in ("help", "start")
        slip = word.say[:-2] + word.say[-1] + word.say[-2]
        assert read(slip, WORDS).kind == "reply"


def test_no_pattern_repeats_without_an_end_or_within_a_repeat() -> None:
    """So that the time for a text grows with its length and no more. `\\w+ ` is the one repeat: it ends with its word."""
    for pattern in (*WORDS.phrases, *WORDS.doubtful, *WORDS.negations, *WORDS.not_asked):
        bare = re.sub(r"\(\?:\\w\+ \)|\(\?: \\w\+\)|\\[wd]\+", "_", pattern.find)
        assert not re.search(r"(?<!\\)[*+]|\{\d*,\}", bare), pattern.find
        assert all(int(most) <= 7 for most in re.findall(r"\{\d,(\d+)\}", bare)), pattern.find
        assert not re.search(r"\{\d,\d+\}\)[*+{]", bare), pattern.find


def test_every_pattern_is_tried_where_it_can_begin() -> None:
    """A message meets a pattern only at the words it begins with; nothing that a search would find is lost by that."""
    for pattern in (*WORDS.phrases, *WORDS.doubtful):
        begin = first_words(pattern)
        for one in texts():
            for found in re.finditer(pattern.find, plain(one.text)):
                assert found[0].split()[0] in begin


HOSTILE = [
    "stop ", "do not ", "dont ever ", "please ", "i never ", "stop, ", "s t o p ", "a", "uns", "unsubscrib", "no. ", "take my ",
    "\n", ">", "On ", "-- ", "stop\n", "ne me ", "no me ", "dont want to ", "stop texting you ", "é", "🛑",
    "if you dont ", "mm hm ",
]  # fmt: skip


def test_no_text_is_slow_to_read() -> None:
    """Twice the text takes about twice the time: many times that would be a pattern that tries everything. Best of three."""

    def seconds(text: str) -> float:
        spans = []
        for _ in range(3):
            began = time.process_time()
            read(text, WORDS)
            spans.append(time.process_time() - began)
        return min(spans)

    for one, other in itertools.product(HOSTILE, ("", "stop you ")):
        short, long = ((one * size)[:size] + other for size in (1_000, 8_000))
        assert seconds(long) < 40 * seconds(short) + 0.02, one


@given(st.lists(sampled(HOSTILE), max_size=40).map("".join))
def test_hostile_texts_are_read_as_something(text: str) -> None:
    assert read(text, WORDS).kind in ("opt_out", "help", "start", "doubtful", "reply")
