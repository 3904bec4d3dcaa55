"""Keywords that nobody can text, because they are heard as STOP, HELP or START before any source is asked."""

from __future__ import annotations

from collections.abc import Callable

from .bundle import PLAYBOOKS, SETTINGS, Bundle
from .expression_parts import named_texts
from .keywords import hear
from .toml_table import find_key
from .tree import Reader
from .wordings import OptOutWords
from .words import Problem

#: By what a message is read as; "reply" is what a keyword has to be.
_HEARD = {
    "opt_out": "an opt-out",
    "help": "a wish for help, which is answered",
    "start": "a wish to hear from you again",
    "doubtful": "what may be an opt-out",
}


def unheard_keywords(bundle: Bundle, words: Callable[[], OptOutWords]) -> list[Problem]:
    """Those that sources list, and those that playbooks ask for, each at its key. `words` is asked only where there are any."""
    texts = bundle.config.channels.get("sms")
    who = texts.keywords if texts is not None else None

    def heard(word: str) -> str:
        return _HEARD.get(hear(word, words(), who).kind, "")

    problems = []
    for key, source in bundle.config.sources.items():
        place = find_key(bundle.config_source, ("sources", key, "keywords"))
        for word in source.keywords:
            if what := heard(word):
                said = f"`sources.{key}.keywords` names {word}, which is heard as {what}, and never as a keyword."
                advice = 'Tell people to text a word that asks for nothing else: keywords = ["QUOTE"].'
                problems.append(Problem(SETTINGS, *place, said, advice))
    for playbook in bundle.playbooks.values():
        when = playbook.enroll.when
        for field, operator, word in named_texts(when.source) if when else ():
            if operator != "!=" and field == "event.keyword" and (what := heard(word)):
                place = Reader("").places(playbook.source).get(("enroll", "when"), (1, 1))
                said = f"No keyword is ever `{word}`: it is heard as {what}."
                advice = "Ask for a word that a source lists and that asks for nothing else, such as QUOTE."
                problems.append(Problem(f"{PLAYBOOKS}/{playbook.key}.yaml", *place, said, advice, "warning"))
    return problems
