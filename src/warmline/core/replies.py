"""What a person's message asks for, told by rule: an opt-out, help, a restart, a doubtful case, or simply a reply.

The rules are data (rules/opt_out_words.yaml). What each tier is, and how often it errs: docs/opt-out.md.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import permutations
from typing import Literal

from .near import LONG, Near, once
from .wordings import OptOutWords, Pattern, Word, first_words

Kind = Literal["opt_out", "help", "start", "doubtful", "reply"]
Tier = Literal["certain", "phrase", "doubtful", ""]

_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_OTHER = re.compile(r"[^a-z0-9]+")
#: "From: Main St" alone is of somebody who moves.
_QUOTED_BELOW = re.compile(
    r"^(?:On .{5,200} wrote:|-{2,} ?Original Message ?-{2,}|_{20,}|From: .*@.*|From: .+\n(?:Sent|Date): .+)\s*$", re.M
)
_SIGNATURE = re.compile(r"^-- ?$", re.M)  # RFC 3676 4.3
_SENT_FROM = re.compile(r" (?:sent from|get outlook for|enviado desde|envoye de|envoye depuis)(?: \w+){1,6}$")
_SENTENCE_ENDS = re.compile(r"[.!?;…\n\r¡¿()\"“”]+|(?:^|\s)[-–—~|/*]+(?=\s|\w)|[^\w\s.,:'’‘ʼ`´&@#$%+=/*-]+")
_SIGN = re.compile(r"[^\w ,']")
_PARTS = re.compile(r"[,:]")
_CAPITALISED = re.compile(r"[^\W\d_][\w.'’-]*")
_LONGEST = 10_000
_LONGEST_KEYWORD = 60  # letters; with what stands around it
_LONGEST_SIGNED = 70  # letters
_LONGEST_SIGNATURE = 4  # words
_BEFORE = 60  # letters in which a negation has room


@dataclass(frozen=True, slots=True)
class Reading:
    """`tier` is how sure it is of what it says; `rule` is the stop word or the pattern's id that decided.

    A plain reply has neither. `said` is the message as it was read, `found` the part of it that decided.
    """

    kind: Kind
    tier: Tier = ""
    rule: str = ""
    said: str = ""
    found: str = ""
    entry: Word | Pattern | None = None


def read(text: str, words: OptOutWords) -> Reading:
    """The first tier that finds something decides, so that a doubt never lowers what is certain.

    Certain: the whole message is a keyword, whatever politeness, signature or slip of the fingers goes with it. Phrase: a
    keyword as a sentence of its own, or words that a reasonable person reads as a revocation, wherever they stand. Doubtful: a
    person has to read it. "Can you stop by at 5" is none of these. What stands below the line "-- " is a signature, where a
    company may tell all its readers how to leave it: an opt-out only there is a doubt.
    """
    above, *below = _SIGNATURE.split(own_words(text)[:_LONGEST], maxsplit=1)
    reading = _reading(above, words)
    if reading.kind == "reply" and below:
        found = _reading(below[0], words)
        if found.kind == "opt_out":
            return replace(found, kind="doubtful", tier="doubtful")
    return reading


def _reading(text: str, words: OptOutWords) -> Reading:
    made = _made(words)
    message = _Message(text, made)
    return (
        made.keyword(message)
        or made.signed(message)
        or made.sentence(message)
        or made.phrase(message)
        or made.half_a_keyword(message)
        or made.sign(message)
        or Reading("reply", said=message.said)
    )


def plain(text: str) -> str:
    """Lower case, accents dropped, apostrophes left out, other punctuation and symbols a space, spaces single."""
    text = text[:_LONGEST]
    if text.isascii():
        return _OTHER.sub(" ", _APOSTROPHES.sub("", text.lower())).strip()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = _APOSTROPHES.sub("", "".join(letter for letter in folded if not unicodedata.combining(letter)))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in bare).split())


def own_words(text: str) -> str:
    """A message without the one it answers: our own footer says "unsubscribe", and quoting it asks for nothing."""
    found = _QUOTED_BELOW.search(text)
    above = text[: found.start()] if found else text
    kept = "\n".join(line for line in above.splitlines() if not line.lstrip().startswith(">"))
    return kept if kept.strip() else text


#: Patterns by the words that what they find can begin with.
_Index = Mapping[str, list[tuple[Pattern, re.Pattern[str]]]]


@lru_cache(maxsize=4)
def _made(words: OptOutWords) -> _Made:
    return _Made(words)


class _Made:
    """The rules, laid out so that a message meets only those that one of its words can begin."""

    def __init__(self, words: OptOutWords) -> None:
        self._stop = {word.say: word for word in words.stop}
        self._others: dict[str, tuple[Kind, Word]] = {
            **{word.say: ("help", word) for word in words.help},
            **{word.say: ("start", word) for word in words.start},
        }
        self._joined = {say.replace(" ", ""): word for say, word in self._stop.items() if len(say) > 2}
        self._once = {once(say): word for say, word in self._stop.items() if len(say) > 2}
        self._near = Near((word.say for word in words.stop if word.typos), words.real_words)
        self._begin = frozenset(first for word in words.stop if len(first := word.say.split()[0]) > 2)
        long = [word.say for word in words.stop if word.typos and word.sentence and len(word.say) >= LONG]
        self._long_begin = frozenset(say[:3] for say in long)
        self._real = frozenset(words.real_words)
        self._signs = words.signs
        self._in_sentence = frozenset(word.say.split()[0] for word in words.stop if word.sentence)
        self._polite = _Ends(words.polite)
        self._around = _Ends((*words.polite, *words.around))
        self._not_names = frozenset((*words.not_names, *words.around))
        self._spellings = {wrong: right for wrong, right in words.spellings.items() if wrong != right}
        self._phrases = _by_first_word(words.phrases)
        self._doubtful = _by_first_word(words.doubtful)
        self._known = self._phrases.keys() | self._stop.keys()
        self._instead = _any(words.instead)
        negations = (*words.negations, *words.not_asked)
        self._not_meant = {
            language: _any(one for one in negations if one.language == language)
            for language in {pattern.language for pattern in (*words.phrases, *words.doubtful)}
        }

    def spelled(self, said: str) -> str:
        """With short forms and frequent slips put right, and a long keyword found in whatever slip it is written."""
        return " ".join(self._spelled(word) for word in said.split())

    def _spelled(self, word: str) -> str:
        if word in self._spellings:
            return self._spellings[word]
        if len(word) >= LONG and word[:3] in self._long_begin and word not in self._known:
            return self._near.find(word) or word
        return word

    def keyword(self, message: _Message) -> Reading | None:
        """When the whole message is a keyword."""
        said = message.said
        if len(said) > _LONGEST_KEYWORD:
            return None
        for one in (said, self._polite(said)):
            if one in self._others:
                kind, other = self._others[one]
                return Reading(kind, "certain", other.say, said, one, other)
        word, found = self._stop_word(said)
        return Reading("opt_out", "certain", word.say, said, found, word) if word else None

    def signed(self, message: _Message) -> Reading | None:
        """When it is a stop word with a name below, beside or before it."""
        said = message.said
        if len(said) > _LONGEST_SIGNED or self._begin.isdisjoint(message.words):
            return None
        unsigned = _SENT_FROM.sub("", said)
        if unsigned != said:
            word, found = self._stop_word(unsigned)
            return Reading("opt_out", "certain", word.say, said, found, word) if word else None
        pieces = [piece for piece in message.pieces if self._around(piece.said)]
        for piece, rest in permutations(pieces, 2) if len(pieces) == 2 else ():
            word, found = self._stop_word(piece.said)
            if word and self._is_signature(message.whole, rest):
                return Reading("opt_out", "certain", word.say, said, found, word)
        return None

    def sentence(self, message: _Message) -> Reading | None:
        """When a stop word is a sentence of its own, or stands before its first comma or after its last."""
        if self._in_sentence.isdisjoint(message.words):
            return None
        for piece in message.pieces:
            if piece.begins or piece.ends:
                word, found = self._stop_word(piece.said)
                if word and word.sentence:
                    return Reading("opt_out", "phrase", word.say, message.said, found, word)
        return None

    def phrase(self, message: _Message) -> Reading | None:
        """When words stand in it that are an opt-out wherever they stand; else when words do that leave a doubt.

        First in the whole message, as if it had no punctuation (STOP. TEXTING. ME.), then in each of its sentences, because
        what begins, ends or limits a phrase may stand in the next one and mean nothing.
        """
        found = self._search(message, message.said, 0, self._doubtful)
        if (found is None or found.kind == "doubtful") and not self._phrases.keys().isdisjoint(message.words):
            for at, sentence in message.sentences:
                again = self._search(message, sentence, at, {})
                if again and (found is None or again.kind == "opt_out"):
                    found = again
        return found

    def half_a_keyword(self, message: _Message) -> Reading | None:
        """When a stop word that people also use otherwise is a sentence of its own: "Cancel. I found somebody." """
        if self._begin.isdisjoint(message.words):
            return None
        for piece in message.pieces:
            if piece.begins and (piece.ends or piece.at == 0):
                word, found = self._stop_word(piece.said)
                if word:
                    return Reading("doubtful", "doubtful", word.say, message.said, found, word)
        return None

    def sign(self, message: _Message) -> Reading | None:
        """When there are no words, and a sign that bids one stop."""
        found = next((sign for sign in self._signs if sign in message.whole), None) if not message.said else None
        return Reading("doubtful", "doubtful", found, message.said, found) if found else None

    def _search(self, message: _Message, said: str, begin: int, doubtful: _Index) -> Reading | None:
        """`said` is the message, or the sentence of it that begins there."""
        doubt: Reading | None = None
        at = 0
        for word in said.split():
            for pattern, compiled in self._phrases.get(word, ()):
                found = compiled.match(said, at)
                if found and not message.has_before(self._not_meant[pattern.language], begin + at):
                    if not (pattern.unless_instead and self._instead.match(message.said[begin + found.end() :])):
                        return Reading("opt_out", "phrase", pattern.id, message.said, found[0], pattern)
                    doubt = doubt or Reading("doubtful", "doubtful", pattern.id, message.said, found[0], pattern)
            for pattern, compiled in doubtful.get(word, ()) if doubt is None else ():
                found = compiled.match(said, at)
                if found and not message.has_before(self._not_meant[pattern.language], begin + at):
                    doubt = Reading("doubtful", "doubtful", pattern.id, message.said, found[0], pattern)
                    break
            at += len(word) + 1
        return doubt

    def _stop_word(self, said: str) -> tuple[Word | None, str]:
        """The stop word that these words are, and the part of them that is it."""
        if not said or len(said) > _LONGEST_KEYWORD:
            return None, ""
        for one in dict.fromkeys((said, self._around(said))):
            if word := self._one_word(one):
                return word, one
        tokens = self._around(said).split()
        if len(tokens) > 1 and all(token in self._stop for token in tokens):
            return self._stop[tokens[0]], said  # STOP END CANCEL
        return None, ""

    def _one_word(self, said: str) -> Word | None:
        if not said or said in self._stop or said in self._real:
            return self._stop.get(said)
        joined = said.replace(" ", "")  # sto p
        if joined != said or " " in said:
            return self._joined.get(joined)
        return self._once.get(once(said)) or self._stop.get(self._near.find(said))

    def _is_signature(self, whole: str, rest: _Piece) -> bool:
        """Names: capitalised words that are no days, months or appointments. Where everything is in capitals that tells
        nothing, and a dash or a new line must."""
        names = _CAPITALISED.findall(rest.text)
        if not 0 < len(names) <= _LONGEST_SIGNATURE or any(letter.isdigit() for letter in rest.said):
            return False
        if any(not name[0].isupper() or plain(name) in self._not_names for name in names):
            return False
        return not whole.isupper() or any(sign in whole for sign in ("\n", " -", "—", "–"))


class _Message:
    """A message as it was written and as it is read, cut into pieces when somebody asks for them."""

    def __init__(self, whole: str, made: _Made) -> None:
        self.whole = whole
        self.said = made.spelled(plain(whole))
        self.words = self.said.split()
        self._made = made

    @cached_property
    def pieces(self) -> list[_Piece]:
        """The message cut at commas and where sentences end, each piece with where it begins in what is said."""
        found = []
        at = 0
        for sentence in _SENTENCE_ENDS.split(self.whole):
            parts = [(part, self._made.spelled(plain(part))) for part in _PARTS.split(sentence)]
            parts = [one for one in parts if one[1]]
            for index, (part, said) in enumerate(parts):
                found.append(_Piece(part, said, at, index == 0, index == len(parts) - 1))
                at += len(said) + 1
        return found

    @cached_property
    def sentences(self) -> list[tuple[int, str]]:
        """Where each begins and what it says; none when the message is a single one."""
        if not _SIGN.search(self.whole.rstrip(" .!?\n")):
            return []
        found = []
        at = 0
        for sentence in _SENTENCE_ENDS.split(self.whole):
            if said := self._made.spelled(plain(sentence)):
                found.append((at, said))
                at += len(said) + 1
        return found if len(found) > 1 else []

    @cached_property
    def _begins(self) -> list[int]:
        return [piece.at for piece in self.pieces]

    def has_before(self, these: re.Pattern[str], at: int) -> bool:
        """Whether one of these stands right before, in the same piece: "I never! Stop texting" is no "never stop"."""
        if not these.search(self.said[max(0, at - _BEFORE) : at]):
            return False
        begin = self._begins[bisect_right(self._begins, at) - 1]
        return bool(these.search(self.said[max(begin, at - _BEFORE) : at]))


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    said: str
    at: int  # where it begins in the whole message as it is read
    begins: bool  # a sentence begins with it
    ends: bool


class _Ends:
    """Takes these words off both ends of a message."""

    def __init__(self, words: Iterable[str]) -> None:
        ways = "|".join(sorted(words, key=len, reverse=True))
        self._start = re.compile(rf"^(?:(?:{ways})(?: |$))+")
        self._end = re.compile(rf"(?:(?:^| )(?:{ways}))+$")

    def __call__(self, said: str) -> str:
        return self._start.sub("", self._end.sub("", said))


def _any(patterns: Iterable[Pattern]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern.find})" for pattern in patterns))


def _by_first_word(patterns: Iterable[Pattern]) -> _Index:
    found: dict[str, list[tuple[Pattern, re.Pattern[str]]]] = {}
    for pattern in patterns:
        compiled = re.compile(pattern.find)
        for word in first_words(pattern):
            found.setdefault(word, []).append((pattern, compiled))
    return found
