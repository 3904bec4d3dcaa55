"""What a person wrote themselves: the mail without the one it answers, without signature, without "Sent from my ..."."""

from __future__ import annotations

import re

from mailparser_reply import EmailReplyParser

MOST_READ = 20_000  # characters: who writes more than this above a quote has said it by then
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "da", "sv", "pl", "cs"]

#: Where the mail that is answered begins. The library knows most; these are what it misses or wants in one line.
_BEGINS = re.compile(
    r"^[ \t>]*(?:"
    r"-{2,} ?(?:original message|forwarded message|ursprüngliche nachricht|message d'origine|mensaje original) ?-{2,}"
    r"|_{20,}[ \t]*$"
    r"|on\b[^\n]{4,120}(?:\n[^\n]{1,120})?\bwrote:[ \t]*$"
    r"|am\b[^\n]{4,120}(?:\n[^\n]{1,120})?\bschrieb\b[^\n]{0,80}:[ \t]*$"
    r"|le\b[^\n]{4,120}(?:\n[^\n]{1,120})?\ba écrit ?:[ \t]*$"
    r"|el\b[^\n]{4,120}(?:\n[^\n]{1,120})?\bescribió:[ \t]*$"
    r"|\*?(?:from|von|de|da|van) ?:\*?[^\n]{1,200}\n[ \t>]*\*?(?:sent|date|gesendet|datum|envoyé|enviado|fecha|to|an) ?:"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNATURE = re.compile(r"^--[ \t]?$", re.MULTILINE)
_SENT_FROM = re.compile(
    r"^[ \t]*(?:sent from my|sent from (?:outlook|yahoo|mail for)|get outlook for|von meinem .{1,40} gesendet"
    r"|gesendet (?:von|mit) |envoyé de (?:mon|ma)|enviado desde mi)[^\n]{0,80}$",
    re.IGNORECASE | re.MULTILINE,
)


def own_words(text: str) -> str:
    """The person's own words; "" where they wrote none. Whoever answers below or between the quote is heard too."""
    text = text[:MOST_READ].strip()
    above = _above(text)
    if not above:
        above = _unquoted(text)
    ended = _end_at(_SENT_FROM, _end_at(_SIGNATURE, above)).strip()
    return _without_signature(ended)


def _above(text: str) -> str:
    """What stands above the first quote."""
    found = _BEGINS.search(text)
    return _unquoted(text[: found.start()] if found else text)


def _unquoted(text: str) -> str:
    """Without quoted lines and the lines that announce them."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith((">", "|>")))
    return _BEGINS.sub("", kept).strip()


def _end_at(end: re.Pattern[str], text: str) -> str:
    """Up to there, unless nothing would be left of what was written."""
    found = end.search(text)
    return text[: found.start()] if found and text[: found.start()].strip() else text


def _without_signature(text: str) -> str:
    """Greetings, names and disclaimers below, as the library finds them in many languages."""
    replies = EmailReplyParser(languages=list(LANGUAGES)).read(text).replies
    cut = (replies[0].body if replies else "").strip()
    # It takes "Thanks, ..." for a greeting even where it begins the message: then the words are worth more than the cut.
    return cut if len(cut) >= min(len(text), 20) else text
