from __future__ import annotations

import pytest

from tests.builders import starter_files
from warmline import rules
from warmline.core.bundle import read_bundle
from warmline.core.unheard import unheard_keywords


def found(word: str, provider: str = "kannel", ask: str = "QUOTE") -> list[str]:
    """What is said of a source that lists `word`, and of a playbook that asks for `ask`."""
    files = starter_files()
    texts = f'[channels.sms]\nprovider = "{provider}"'
    files["warmline.toml"] = files["warmline.toml"].replace('[channels.sms]\nprovider = "sandbox"', texts)
    files["warmline.toml"] += f'\n[sources.sign]\nevent = "keyword.received"\nkeywords = ["{word}"]\n'
    head, _, steps = files["playbooks/pricing.yaml"].partition("enroll:")
    steps = steps[steps.index("\npromise") :]
    files["playbooks/pricing.yaml"] = f"{head}enroll: {{when: 'event.keyword == \"{ask}\"', rank: 90}}{steps}"
    bundle = read_bundle(files).bundle
    assert bundle is not None
    return [str(one) for one in unheard_keywords(bundle, rules.opt_out_words)]


@pytest.mark.parametrize(
    ("word", "heard"),
    [
        ("STOP", "an opt-out"),
        ("Stop.", "an opt-out"),
        ("cancelar", "an opt-out"),
        ("INFO", "a wish for help"),
        ("start", "a wish to hear"),
        ("wrong number", "what may be an opt-out"),
    ],
)
def test_a_word_that_is_heard_as_something_else_is_no_keyword(word: str, heard: str) -> None:
    (said,) = found(word)
    assert f"names {word}, which is heard as {heard}" in said
    assert said.startswith("warmline.toml:")


@pytest.mark.parametrize("word", ["ESTIMATE", "NEW ROOF", "YES"])
def test_any_other_word_may_be_one(word: str) -> None:
    assert found(word) == []


def test_a_cry_for_help_that_the_provider_does_not_answer_may_be_one() -> None:
    assert found("AYUDA", "twilio") == []
    assert len(found("AYUDA")) == len(found("INFO", "twilio")) == 1


def test_a_playbook_that_asks_for_such_a_word_is_told_where() -> None:
    (said,) = found("ESTIMATE", ask="HELP")
    assert said.startswith("playbooks/pricing.yaml:")
    assert "warning: No keyword is ever `HELP`: it is heard as a wish for help, which is answered." in said
