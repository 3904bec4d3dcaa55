from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline import rules
from warmline.core.events import Event
from warmline.core.keywords import (
    CONFIRM_WITHIN,
    HELP_AGAIN,
    Who,
    default_answers,
    hear,
    is_answered,
    is_help_answered,
    keyword_in,
    who_answers,
)  # fmt: skip
from warmline.core.length import segments
from warmline.core.rulebook import RevocationRule

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


def answered(word: str, ago: timedelta = timedelta(hours=1)) -> Event:
    return Event("keyword.answered", NOW - ago, data={"word": word})


OPTED_IN = Event("opted.in", NOW - timedelta(minutes=30))


@pytest.mark.parametrize(
    ("word", "story", "is_it"),
    [
        ("stop", [], True),
        ("stop", [answered("stop")], False),
        ("stop", [answered("help")], True),
        ("stop", [answered("stop"), OPTED_IN], True),
        ("stop", [OPTED_IN, answered("stop")], False),
        ("help", [], True),
        ("help", [answered("help", HELP_AGAIN - timedelta(seconds=1))], False),
        ("help", [answered("help", HELP_AGAIN)], True),
        ("help", [answered("stop", timedelta(0))], True),
        ("start", [answered("start")], True),
    ],
)
def test_a_keyword_is_answered_once(word, story, is_it) -> None:
    assert is_answered(word, story, NOW, NOW) is is_it


def test_an_opt_out_is_confirmed_within_five_minutes_or_never() -> None:
    assert is_answered("stop", [], NOW, NOW - CONFIRM_WITHIN)
    assert not is_answered("stop", [], NOW, NOW - CONFIRM_WITHIN - timedelta(seconds=1))
    allowed = [rule for pack in rules.packs().values() for rule in pack.rules if isinstance(rule, RevocationRule)]
    assert {rule.confirm_within_minutes for rule in allowed if rule.confirmations} == {
        CONFIRM_WITHIN.total_seconds() / 60
    }


@given(st.lists(st.sampled_from(["stop", "opted.in"]), max_size=30))
def test_between_two_opt_ins_there_is_at_most_one_confirmation(messages: list[str]) -> None:
    story: list[Event] = []
    for message in messages:
        if message == "opted.in":
            story.append(OPTED_IN)
        elif is_answered("stop", story, NOW, NOW):
            story.append(answered("stop"))
    told = ["in" if event.kind == "opted.in" else "out" for event in story]
    assert ("out", "out") not in list(pairwise(told))
    assert ("out" in told) == ("stop" in messages)


def test_twilio_answers_by_itself_and_a_gateway_of_your_own_does_not() -> None:
    assert [who_answers(name) for name in ("twilio", "kannel", "sandbox")] == ["provider", "warmline", "warmline"]


@pytest.mark.parametrize(
    ("text", "by_provider"),
    [("HELP", True), (" Info ", True), ("Help please", False), ("help!", False), ("AYUDA", False), ("aide", False)],
)
def test_a_provider_answers_the_bare_words_for_help_and_warmline_all(text: str, by_provider: bool) -> None:
    assert is_help_answered(text, "provider") is by_provider
    assert is_help_answered(text, "warmline") is True


@pytest.mark.parametrize(
    ("text", "word"),
    [("quote", "QUOTE"), ("« New  roof! » 🏠", "New roof"), ("quotes", ""), ("my quote", ""), ("", "")],
)
def test_a_keyword_of_a_source_is_the_whole_text(text: str, word: str) -> None:
    assert keyword_in(text, ["QUOTE", "New roof"]) == word


def test_the_answers_of_a_workspace_that_wrote_none_name_it_and_are_one_text_each() -> None:
    for text in default_answers("Acme Roofing", "+15550104400").values():
        assert text.startswith("Acme Roofing: ")
        assert (segments(text).encoding, segments(text).count) == ("gsm7", 1)


@pytest.mark.parametrize(("who", "kind"), [("warmline", "start"), ("provider", "start"), (None, "reply")])
def test_start_is_a_word_of_texts_and_a_reply_by_mail(who: Who | None, kind: str) -> None:
    assert hear("START", rules.opt_out_words(), who).kind == kind
