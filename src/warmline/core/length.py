"""How long a message is: SMS segments as carriers bill them, and seconds as a voice speaks them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

#: 3GPP TS 23.038, default alphabet, and the extension table whose characters cost two units.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")
#: Characters of typesetting and what says the same in the default alphabet.
PLAIN = {
    "’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"', "–": "-", "—": "-", "‑": "-", "−": "-",
    "…": "...", "•": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ",
}  # fmt: skip
_WORDS_A_SECOND = 150 / 60
_SPOKEN = re.compile(r"\d|[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Segments:
    """`units` are septets (gsm7) or UTF-16 code units (ucs2); `odd` is the first character that forces ucs2, or "".

    `left` are the units that still fit into the last segment.
    """

    encoding: Literal["gsm7", "ucs2"]
    units: int
    count: int
    odd: str = ""
    left: int = 0


def segments(text: str) -> Segments:
    """SMS segments: 160 or 153 septets, 70 or 67 UTF-16 units. No segment splits an escape or a surrogate pair."""
    odd = next(iter(odd_characters(text)), "")
    if odd:
        return _packed("ucs2", (2 if ord(char) > 0xFFFF else 1 for char in text), 70, 67, odd)
    return _packed("gsm7", (2 if char in _EXTENSION else 1 for char in text), 160, 153, "")


def odd_characters(text: str) -> tuple[str, ...]:
    """The characters that force UCS-2, each once, in order."""
    return tuple(dict.fromkeys(char for char in text if char not in _BASIC and char not in _EXTENSION))


def in_plain(text: str) -> str:
    """The text in the default alphabet: what PLAIN has no equal for is left out."""
    odd = odd_characters(text)
    return text.translate({ord(char): PLAIN.get(char, "") for char in odd})


def named(char: str) -> str:
    """`’` (U+2019 right single quotation mark): characters that look alike need a name."""
    name = unicodedata.name(char, "").lower()
    seen = "" if unicodedata.category(char)[0] in "CZ" else f"`{char}` "
    return f"{seen}(U+{ord(char):04X}{' ' if name else ''}{name})"


def in_words(size: Segments) -> str:
    """1 text, GSM-7, 28 characters left. An unusual character costs two."""
    many = f"{size.count} text{'s' if size.count != 1 else ''}"
    alphabet = "GSM-7" if size.encoding == "gsm7" else f"UCS-2 because of {named(size.odd)}"
    return f"{many}, {alphabet}, {size.left} character{'s' if size.left != 1 else ''} left"


def spoken_seconds(text: str) -> float:
    """Seconds at 150 words a minute. Every digit of a number is a word, as in a phone number read aloud."""
    return len(_SPOKEN.findall(text)) / _WORDS_A_SECOND


def _packed(encoding: Literal["gsm7", "ucs2"], costs: Iterable[int], single: int, multi: int, odd: str) -> Segments:
    sizes = list(costs)
    total = sum(sizes)
    if total <= single:
        return Segments(encoding, total, 1 if total else 0, odd, single - total)
    count, room = 1, multi
    for size in sizes:
        if size > room:
            count, room = count + 1, multi
        room -= size
    return Segments(encoding, total, count, odd, room)
