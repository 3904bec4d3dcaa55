"""What a person's message asks for, told by rule: an opt-out, help, a restart, a doubtful case, or simply a reply."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from .rulebook import OptOutWords

Kind = Literal["opt_out", "help", "start", "doubtful", "reply"]

_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_QUOTED_BELOW = re.compile(r"^(?:On .{5,200} wrote:|-{2,} ?Original Message ?-{2,}|_{10,}|From: .+)\s*$", re.M)
_POLITE_END = re.compile(r"(?: (?:please|pls|plz|thanks|thank you|thx|gracias|por favor|merci|svp|s il vous plait))+$")
_POLITE_START = re.compile(r"^(?:(?:please|pls|plz|por favor|svp) )+")
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Reading:
    """`rule` is the word or pattern that decided ("" for a plain reply); `tier` is how sure it is of what it says."""

    kind: Kind
    rule: str = ""
    tier: Literal["word", "phrase", "doubtful", ""] = ""


def read(text: str, words: OptOutWords) -> Reading:
    """A word counts when it is the whole message; a phrase wherever it stands. "Can you stop by at 5" is neither."""
    said = plain(own_words(text))
    bare = _POLITE_START.sub("", _POLITE_END.sub("", said))
    kinds: tuple[tuple[Kind, tuple[object, ...]], ...] = (
        ("opt_out", words.stop),
        ("help", words.help),
        ("start", words.start),
    )
    for kind, list_of in kinds:
        for word in list_of:
            if getattr(word, "say", "") in (said, bare):
                return Reading(kind, bare, "word")
    for pattern in words.phrases:
        if re.search(pattern.find, said):
            return Reading("opt_out", pattern.find, "phrase")
    for pattern in words.doubtful:
        if re.search(pattern.find, said):
            return Reading("doubtful", pattern.find, "doubtful")
    return Reading("reply")


def plain(text: str) -> str:
    """Lower case, accents dropped, apostrophes left out, other punctuation and symbols a space, spaces single."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text[:_LONGEST]).casefold())
    bare = _APOSTROPHES.sub("", "".join(letter for letter in folded if not unicodedata.combining(letter)))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in bare).split())


def own_words(text: str) -> str:
    """A message without the one it answers: our own footer says "unsubscribe", and quoting it asks for nothing."""
    found = _QUOTED_BELOW.search(text)
    above = text[: found.start()] if found else text
    kept = "\n".join(line for line in above.splitlines() if not line.lstrip().startswith(">"))
    return kept if kept.strip() else text
