"""The words that ask for consent, and those that take it back.

The shapes of rules/consent_wordings.yaml and rules/opt_out_words.yaml. What the words say of a message: replies.py.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from .consent import Level
from .playbook import ChannelKind
from .rulebook import Entry, File

# --- words that ask for consent -------------------------------------------------------------------------------------


class Wording(Entry, frozen=True, kw_only=True):
    """Ready words beside a box. `texts` by language; {seller}, {privacy} and {terms} are to be filled in."""

    version: str
    level: Level
    channels: tuple[ChannelKind, ...]
    texts: dict[str, str]

    def filled(self, language: str, seller: str, privacy: str = "", terms: str = "") -> str:
        """Raises KeyError for a language it is not in."""
        text = self.texts[language].format(seller=seller, privacy=privacy, terms=terms)
        return " ".join(text.split())


class WordingFile(File, frozen=True, kw_only=True):
    """A wording's key is its channels and its level, so that whoever lacks a consent can name the words that ask for it."""

    wordings: dict[str, Wording]


# --- opt-out language -----------------------------------------------------------------------------------------------

Language = Literal["en", "es", "fr"]


class Word(Entry, frozen=True, kw_only=True):
    """A word that counts when it is the whole message, written as core/replies.py reads: lower case, no accents.

    `sentence`: also when it is one whole sentence of a longer message. `typos`: also when it is written with a slip.
    """

    say: str
    language: Language
    sentence: bool = False
    typos: bool = False


class Pattern(Entry, frozen=True, kw_only=True):
    """A regular expression searched in the plain text, with texts it must and must not find (checked by the tests).

    `{name}` stands for the group of that name. It begins with its first words, in brackets and without signs, so that it
    is tried only where one of them stands; and it has no repeat without an end, so that no text makes it slow.
    """

    id: str = ""  # "en.stop-contacting"; "" for what only stands beside another
    find: str
    unless_instead: bool = False  # another way asked for right after makes it a doubt: "Don't text me. Call me."
    language: Language
    hits: tuple[str, ...]
    misses: tuple[str, ...] = ()


class OptOutWords(File, frozen=True, kw_only=True, eq=False):
    """`eq=False`: one is the same as itself only, so that what is worked out of it can be kept beside it."""

    polite: tuple[str, ...]  # leave a keyword that keyword
    around: tuple[str, ...]  # leave a stop word that stop word
    not_names: tuple[str, ...]  # capitalised, and no signature
    signs: tuple[str, ...]  # a doubt, where they are all that somebody sent
    spellings: dict[str, str]  # read as another, wherever they stand
    real_words: tuple[str, ...]  # near a stop word, and no slip
    groups: dict[str, str]  # what {name} in a pattern stands for
    stop: tuple[Word, ...]
    help: tuple[Word, ...]
    start: tuple[Word, ...]
    negations: tuple[Pattern, ...]  # right before a phrase or a doubt, they make it the contrary
    not_asked: tuple[Pattern, ...]  # right before a phrase or a doubt, they make it another's, or a thing of the past
    instead: tuple[Pattern, ...]  # right after a phrase, they ask for another way
    phrases: tuple[Pattern, ...]  # an opt-out wherever they stand
    doubtful: tuple[Pattern, ...]  # freeze automation and ask a person


def spell_out(words: OptOutWords) -> OptOutWords:
    """With every {name} replaced by its group. Raises ValueError for a name that is none, and for a pattern without head."""

    def group(found: re.Match[str]) -> str:
        if found[1] not in words.groups:
            raise ValueError(f"there is no group {found[1]!r}")
        return words.groups[found[1]]

    def whole(pattern: Pattern) -> Pattern:
        return msgspec.structs.replace(pattern, find=_GROUP.sub(group, pattern.find))

    phrases, doubtful = (tuple(map(whole, one)) for one in (words.phrases, words.doubtful))
    for pattern in (*phrases, *doubtful):
        first_words(pattern)
    return msgspec.structs.replace(words, phrases=phrases, doubtful=doubtful)


def first_words(pattern: Pattern) -> frozenset[str]:
    """The words that a text found by this pattern can begin with. Raises ValueError when its head can't be read."""
    head = _HEAD.match(pattern.find)
    if head is None:
        raise ValueError(rf"{pattern.id}: a pattern begins with its first words: \b(?:one|another) or ^(?:one|another)")
    return frozenset(way.split()[0] for way in head[1].split("|"))


_GROUP = re.compile(r"\{([a-z_]+)\}")
_HEAD = re.compile(r"(?:\\b|\^)\(\?:([a-z0-9 |]+)\)")
