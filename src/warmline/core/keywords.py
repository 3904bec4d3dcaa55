"""STOP, HELP and START by text: which is answered, and with what words. Each is answered once, by us or by the provider.
And the words of a source, such as QUOTE, by which a stranger becomes a lead.

An answer is the body of the answer to the provider's own request, so it never waits, and it passes no gate: the law allows
one text that confirms an opt-out, at once (rules/jurisdictions/us_federal.yaml, us.fed.revocation). It sells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from .events import Event
from .replies import Reading, plain, read
from .wordings import OptOutWords

Word = Literal["stop", "help", "start"]
Who = Literal["provider", "warmline"]
WORDS: tuple[Word, ...] = get_args(Word)

#: Who answers unless `keywords` says otherwise. Twilio answers by itself, unless its support has switched that off.
ANSWERED_BY: Mapping[str, Who] = {"twilio": "provider"}

#: What a provider that answers by itself takes for HELP: these words and not a letter more.
#: Source: help.twilio.com, "Twilio support for opt-out keywords".
ANSWERED_HELP = frozenset({"help", "info"})

#: So soon after the opt-out its confirmation goes, or never: later it would be one more text to somebody who wants none.
#: 47 CFR 64.1200(a)(12), us.fed.revocation.
CONFIRM_WITHIN = timedelta(minutes=5)

#: Somebody who asks for help again so soon has our answer before them already; a reply loop of two machines ends here.
HELP_AGAIN = timedelta(minutes=10)


def who_answers(provider: str) -> Who:
    return ANSWERED_BY.get(provider, "warmline")


def hear(text: str, words: OptOutWords, who: Who | None) -> Reading:
    """What a message asks for. A wish for help that nobody answers is a reply, which a person reads, and so is START where it
    is no text. `who` answers texts; None where the message is no text."""
    reading = read(text, words)
    if reading.kind == "help" and (who is None or not is_help_answered(text, who)):
        return replace(reading, kind="reply")
    if reading.kind == "start" and who is None:
        return replace(reading, kind="reply")
    return reading


def is_help_answered(text: str, who: Who) -> bool:
    """Whether anybody answers a text that asks for help. Where nobody does it is a person's to answer."""
    return who == "warmline" or text.strip().lower() in ANSWERED_HELP


def default_answers(name: str, phone: str = "") -> dict[Word, str]:
    """The words of a workspace that has written none. `phone` is the business's own number, for HELP."""
    reach = f"Reply here or call {phone}, and a person answers." if phone else "Reply here, and a person answers."
    return {
        "stop": f"{name}: You are opted out and get no more messages from us. Reply START to hear from us again.",
        "help": f"{name}: {reach} Msg and data rates may apply. Reply STOP to end.",
        "start": f"{name}: You will hear from us again. Reply HELP for help or STOP to end.",
    }


def keyword_in(text: str, listed: Iterable[str]) -> str:
    """The one of these words that is the whole text, whatever its case and what signs stand around it; "" for none."""
    said = plain(text)
    return next((word for word in listed if said and plain(word) == said), "")


def is_answered(word: Word, story: Sequence[Event], now: datetime, said_at: datetime) -> bool:
    """Whether this keyword, written at `said_at`, gets an answer now. `story` has at least the lead's keyword.answered and
    opted.in, in order.

    An opt-out is confirmed once, within CONFIRM_WITHIN, and again only after the lead had opted in anew. HELP is answered,
    but not twice within HELP_AGAIN. START is answered whenever it lifted an opt-out, and only then does this get asked.
    """
    match word:
        case "stop":
            confirmed = False
            for event in story:
                if event.kind == "opted.in":
                    confirmed = False
                elif _answered(event) == "stop":
                    confirmed = True
            return not confirmed and now - said_at <= CONFIRM_WITHIN
        case "help":
            return all(now - event.at >= HELP_AGAIN for event in story if _answered(event) == "help")
        case "start":
            return True


def _answered(event: Event) -> str:
    return str(event.data.get("word", "")) if event.kind == "keyword.answered" else ""
