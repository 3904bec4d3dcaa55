"""Who opened a mail or followed a link in it: the person, or a machine that looks at mail before or instead of them.

Pure. A machine that says so, or can be nothing else, is known at once. A click that comes soon after the mail is doubtful:
it counts when HOLD has passed and nothing that came meanwhile speaks against it. Privacy signals (Sec-GPC, DNT) are not
looked at: whoever sends them and clicks is a person (mautic/mautic#17187 lost those).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

#: The number of the link that nobody can see (channels/email/tracking.py).
HIDDEN = "255"

#: Sooner than this after the hand-over no person has read anything.
TOO_FAST = timedelta(seconds=2)
#: Gateways fetch the links of a mail at delivery and in the minutes after it (mautic/mautic#16263): clicks are doubtful.
EARLY = timedelta(minutes=10)
#: A doubtful click counts after this.
HOLD = timedelta(seconds=10)
#: Two links of one mail so close together, or three within HOLD, are nobody's hand.
TWO_LINKS = timedelta(seconds=2)
#: What came with a burst goes on for so long, from the same address and program; a person a minute later counts.
AFTER_BURST = timedelta(seconds=30)
#: Who followed the hidden link is a machine for so long before and after.
AROUND_HIDDEN = timedelta(minutes=10)

#: How a machine gave itself away -> the words for it.
WAYS: Mapping[str, str] = {
    "head_request": "asked for the head of the page only",
    "odd_method": "came with a method that no browser uses",
    "prefetch": "was fetched in advance, before anybody clicked",
    "no_agent": "named no program",
    "image_proxy": "came from a mail provider's image proxy",
    "scanner": "came from a mail scanner",
    "robot": "came from a program, not a browser",
    "no_browser": "named a browser and sent none of a browser's headers",
    "too_fast": "came sooner than anybody can read",
    "hidden_link": "followed the link that no person can see",
    "burst": "followed several links at once",
}


class Agent(Protocol):
    """A program by its own words in the User-Agent header. `whole`: the header is that word and nothing more."""

    @property
    def kind(self) -> str: ...
    @property
    def words(self) -> Sequence[str]: ...
    @property
    def whole(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. None: not known, because a provider told of it. `automated` is how an earlier visit was judged."""

    kind: Literal["opened", "clicked"]
    at: datetime
    user_agent: str
    ip: str = ""
    link: str = ""  # which link of the mail: its number, or its address where a provider numbers none
    method: str = "GET"
    accept: str | None = None
    languages: str | None = None  # Accept-Language
    purpose: str = ""  # Sec-Purpose and its older names
    automated: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A machine, by one of WAYS; or in doubt until then; or a person."""

    automated: str = ""
    until: datetime | None = None


def judge(visit: Visit, reached_at: datetime | None, others: Iterable[Visit], agents: Iterable[Agent]) -> Judgement:
    """`reached_at`: when the mail was handed over, or delivered where that is known. `others`: all of the same mail."""
    automated = given_away(visit, agents) or judge_again(visit, others)
    if not automated and (reached_at is None or visit.at - reached_at < TOO_FAST):
        automated = "too_fast"
    if automated:
        return Judgement(automated)
    # Half of a browser's headers: a proxy may have taken the other half away, so it is doubtful and no more.
    odd = visit.accept is not None and not (visit.languages and "text/html" in visit.accept)
    early = reached_at is not None and visit.at - reached_at < EARLY
    doubtful = visit.kind == "clicked" and (odd or early)
    return Judgement(until=visit.at + HOLD if doubtful else None)


def given_away(visit: Visit, agents: Iterable[Agent]) -> str:
    """What the request says by itself, or ""."""
    if visit.automated:
        return visit.automated
    if visit.link == HIDDEN:
        return "hidden_link"
    if visit.method != "GET":
        return "head_request" if visit.method == "HEAD" else "odd_method"
    if "prefetch" in visit.purpose.lower() or "preview" in visit.purpose.lower():
        return "prefetch"
    agent = visit.user_agent.strip().lower()
    if not agent:
        return "no_agent"
    for known in agents:
        if any(word == agent if known.whole else word in agent for word in known.words):
            return known.kind
    if visit.kind == "clicked" and visit.accept is not None and not visit.languages and "text/html" not in visit.accept:
        return "no_browser"
    return ""


def judge_again(visit: Visit, others: Iterable[Visit]) -> str:
    """What the company it came in says of it, or "": asked at once, and again when its doubt is over."""
    links: dict[bool, set[str]] = {True: {visit.link}, False: {visit.link}}  # within TWO_LINKS; within HOLD
    for other in others:
        apart = abs(other.at - visit.at)
        if other.automated == "hidden_link" and _is_with(visit, other, apart, AROUND_HIDDEN):
            return "hidden_link"
        if other.automated == "burst" and _is_same(visit, other) and apart <= AFTER_BURST:
            return "burst"
        # A scanner that says so explains its own clicks; they make no burst of the person's.
        if visit.kind == other.kind == "clicked" and other.automated in ("", "burst", "too_fast"):
            links[False] |= {other.link} if apart <= HOLD else set()
            links[True] |= {other.link} if apart <= TWO_LINKS else set()
    return "burst" if visit.kind == "clicked" and (len(links[True]) > 1 or len(links[False]) > 2) else ""


def _is_with(visit: Visit, other: Visit, apart: timedelta, window: timedelta) -> bool:
    """At the same moment one of the two is enough, as scanners change addresses; an office shares one with its scanner."""
    either = (bool(visit.ip) and visit.ip == other.ip) or (
        bool(visit.user_agent) and visit.user_agent == other.user_agent
    )
    return (either and apart <= HOLD) or (_is_same(visit, other) and apart <= window)


def _is_same(visit: Visit, other: Visit) -> bool:
    return bool(visit.ip) and visit.ip == other.ip and visit.user_agent == other.user_agent
