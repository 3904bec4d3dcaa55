"""What people write, and what it asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline import rules
from warmline.core.replies import plain, read

WORDS = rules.opt_out_words()


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop. ",
        "stop!!!",
        "“STOP”",
        "please stop",
        "Stop please",
        "STOP, thanks",
        "ＳＴＯＰ",
        "Stop 🛑",
        "UNSUBSCRIBE",
        "arrêt",
        "Opt-out",
        "opt out",
        "Quit",
        "END",
        "cancel",
        "STOPALL",
        "no más",
        "Stop texting me",
        "please don't text me anymore",
        "take me off your list",
        "remove my number",
        "Leave me alone!",
        "I never signed up for this, stop calling",
    ],
)
def test_an_opt_out_is_heard(text: str) -> None:
    assert read(text, WORDS).kind == "opt_out"


@pytest.mark.parametrize(
    "text",
    [
        "can you stop by at 5",
        "Can you stop by tomorrow?",
        "don't stop",
        "when does it end",
        "when does the offer end?",
        "cancel my 3pm and move it to 4",
        "what time do you quit for the day",
        "Don't stop calling until you reach me",
        "the bus stop is right there",
        "yes",
        "Sounds good, thanks",
        "I stopped at your office",
        "non-stop rain here",
        "",
    ],
)
def test_what_only_sounds_like_one_is_a_reply(text: str) -> None:
    assert read(text, WORDS).kind == "reply"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("HELP", "help"),
        ("info", "help"),
        ("START", "start"),
        ("unstop", "start"),
        ("not interested", "doubtful"),
        ("wrong number", "doubtful"),
        ("who is this?", "doubtful"),
        ("I will talk to my lawyer", "doubtful"),
    ],
)
def test_help_start_and_doubt_are_told_apart(text: str, kind: str) -> None:
    assert read(text, WORDS).kind == kind


def test_every_pattern_of_the_rules_finds_what_it_says_and_misses_what_it_says() -> None:
    for pattern in (*WORDS.phrases, *WORDS.doubtful):
        for text in pattern.hits:
            assert read(text, WORDS).kind in ("opt_out", "doubtful"), text
    for word in WORDS.stop:
        assert read(word.say.upper() + "!", WORDS).kind == "opt_out"


def test_an_opt_out_only_below_the_line_of_a_signature_is_a_doubt() -> None:
    assert read("Yes, call me.\n-- \nAnn\nTo leave us reply UNSUBSCRIBE. Unsubscribe", WORDS).kind == "doubtful"
    assert read("-- \nplease unsubscribe me", WORDS).kind == "doubtful"
    assert read("STOP\n-- \nAnn Lee", WORDS).kind == "opt_out"
    assert read("Stop texting me.\n-- \nAnn Lee", WORDS).kind == "opt_out"
    assert read("Yes, call me.\n-- \nAnn Lee\nIs this a bot?", WORDS).kind == "reply"


@pytest.mark.parametrize("above", ["From: Main St\nTo: Oak St", "Hi Sam\n" + "_" * 12])
def test_what_looks_like_half_of_a_quote_cuts_off_no_opt_out(above: str) -> None:
    assert read(f"Hello,\n{above}\nPlease stop emailing me.", WORDS).kind == "opt_out"


@pytest.mark.parametrize("head", ["From: Sam <sam@acme.test>", "From: Sam\nSent: Tuesday", "_" * 32 + "\nFrom: Sam"])
def test_the_head_of_a_mail_cuts_off_what_it_quotes(head: str) -> None:
    assert read(f"Yes, call me at 4.\n\n{head}\nSubject: Roof\n\nReply STOP to opt out", WORDS).kind == "reply"


def test_our_own_words_quoted_below_a_reply_ask_for_nothing() -> None:
    mail = "Yes, call me at 4.\n\nOn Tue, Nov 24, 2026 Sam <sam@acme.test> wrote:\n> Reply STOP\n> stop texting me"
    assert read(mail, WORDS).kind == "reply"
    assert read("> STOP", WORDS).kind == "opt_out"  # nothing but the quote: then it is what was said


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    assert read(text, WORDS).kind in ("opt_out", "help", "start", "doubtful", "reply")
    assert plain(plain(text)) == plain(text)
