"""Until when somebody says they are away: a date in the words of an automatic reply. Pure.

Reads English, German, French and Spanish. A date is taken only where the words before it say that it ends an absence;
where nothing is sure the answer is None, and the cadence goes on as if nothing had been said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from warmline.channels.email.reading.dates import Found, find_dates

#: Nobody says today when they will be back in more than this: it is a misread date, or one long past.
FARTHEST = timedelta(days=200)
MOST_READ = 5_000  # characters

_ABSENT = re.compile(
    r"\b(?:out of|out (?:until|till|through|from|on|for|today|this|next)|i am out|i'm out|ooo|away|absen\w*"
    r"|(?:on|my|annual|parental|sick|maternity|paternity) leave|vacation|holidays?|(?:available|reachable) again"
    r"|pto|travel\w*|unavailable|not available|not in|back (?:in|on|at|by|to)|be back|i'm back|return\w*"
    r"|limited access"
    r"|not be (?:able|reading|checking|in|available)|no access|closed|offline"
    r"|urlaub\w*|abwesen\w*|nicht (?:im|erreichbar|da|am|anwesend|verfügbar)|außer haus|ausser haus|unterwegs"
    r"|zurück|wieder\b"
    r"|dienstreise|elternzeit|betriebsferien|geschlossen|krank\w*"
    r"|congés?|vacances|retour|reviens|reviendrai|rentre\w*|déplacement|indisponible|fermé\w*|injoignable|joignable"
    r"|vacaciones|fuera|ausen\w*|vuelta|vuelvo|volver\w*|regres\w*|reincorpor\w*|baja|de viaje|cerrad\w*|no estar\w*)",
    re.IGNORECASE,
)

#: What stands right before the date, strongest first.
_RETURN = re.compile(
    r"(?:(?<!get )(?<!come )(?<!getting )\bback\b(?! to you)|\b(?:return\w*|(?:available|reachable) again|resum\w+"
    r"|in the office again|wieder|zurück|de retour|mon retour|reviens|reviendrai|rentre|rentrerai|reprendrai|à nouveau"
    r"|de vuelta|vuelvo|volver\w+|regres\w+|reincorpor\w+|de nuevo|disponible a partir)\b)"
    r"(?:(?!\b(?:away|out of|closed|abwesend|geschlossen|fermé|absente?|ausente)\b)[^.!?\n;]){0,45}$",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    r"\b(?:until|untill|till|til|through|thru|up to|bis(?: einschließlich| einschl\.?| inkl\.?)?(?: zum| zu dem)?"
    r"|jusqu['’]?\s?(?:au|à|a|en)|hasta(?: el)?(?: día)?)(?: and including| (?:the )?end of| einschließlich| including)?"
    r"[\s:,]*(?:(?:the|dem|den|le|el|on|about|ca\.?|next|próximo|prochain) ){0,2}$",
    re.IGNORECASE,
)
#: What stands right after it: "on Monday I am back", "am Montag, den 7., wieder".
_AGAIN = re.compile(
    r"^,?[^.,!?\n;]{0,40}\b(?:wieder|zurück|(?:be |am |i'm )back\b(?! to you)|again|de retour|de nouveau|à nouveau"
    r"|de vuelta|de nuevo)\b",
    re.IGNORECASE,
)
#: After a date that takes the dot of its sentence with it, as "7. Dez." takes its own.
_NEW_SENTENCE = re.compile(r"\s+[A-ZÀ-ÖØ-Þ¡¿]")
#: Between the first and the last day of an absence; and before the last where the first has no month of its own.
_RANGE = re.compile(
    r"^\s*(?:,\s*)?(?:-|–|—|to|bis(?: zum)?|au|al|until|till|through|thru|und|and|a|hasta(?: el)?)\s*"
    r"(?:the |le |el |den |dem )?$",
    re.IGNORECASE,
)
_RANGE_OPEN = re.compile(
    r"\b(?:du|del|from|vom|von|desde el)\s+(?:the |den |dem )?\d{1,2}(?:\.|er|st|nd|rd|th)?"
    r"\s*(?:to|bis(?: zum)?|au|al|hasta el|-|–|through|until)\s*(?:the )?$",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|(?:have|has|had|'ve|’ve) been|used to|war|waren|gewesen|étais|était|étions|ai été|avais été"
    r"|estuve|estaba|he estado|estuvimos)\b[^.!?\n;]{0,60}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Said:
    on: date
    strength: int  # 0 the return itself, 1 "until", 2 the end of a range


def read_back_on(text: str, told_on: date, month_first: bool | None = None) -> date | None:
    """The day that was named as the end of the absence or as the return; the two can't be told apart for sure.

    `told_on` is the day of the mail. `month_first` says how its sender writes 12/3; None: to be told from the text.
    """
    text = _without_quotes(text)[:MOST_READ]
    if not _ABSENT.search(text):
        return None
    said = sorted(_said(text, told_on, month_first), key=lambda one: one.strength)
    return said[0].on if said else None


def _without_quotes(text: str) -> str:
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    return re.sub(r"[ \t\u00a0\u202f]+", " ", kept)


def _said(text: str, told_on: date, month_first: bool | None) -> Iterator[_Said]:
    """Every date of the text that ends an absence which has begun and is not over, in the order of the text."""
    found = find_dates(text, told_on, FARTHEST, month_first)
    for number, one in enumerate(found):
        earlier = found[number - 1] if number else None
        begins = earlier if earlier is not None and _RANGE.match(text[earlier.end : one.start]) else None
        strength = _strength(text, one, begins)
        if strength is None or one.on is None or not told_on <= one.on <= told_on + FARTHEST:
            continue
        if begins is not None and begins.on is not None and told_on + timedelta(days=1) < begins.on <= one.on:
            continue  # an absence that is only announced
        yield _Said(one.on, strength)


def _strength(text: str, one: Found, begins: Found | None) -> int | None:
    """How surely the date ends an absence; None: it does not."""
    start = begins.start if begins is not None else one.start
    before, after = text[max(0, start - 80) : start], text[one.end : one.end + 60]
    if text[one.end - 1] == "." and _NEW_SENTENCE.match(after):
        after = ""
    if _PAST.search(before):
        return None
    if begins is not None:
        return 2
    if _UNTIL.search(before) or _RANGE_OPEN.search(before):
        return 1
    if _RETURN.search(before) or _AGAIN.match(after):
        return 0
    return 2 if one.ends_range else None
