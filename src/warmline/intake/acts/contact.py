"""Do-not-contact by hand: adding to the list, importing one, and taking off it with a proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import psycopg

from warmline.core.lead import clean
from warmline.core.mail_address import read_domain, read_email
from warmline.core.phone import example_of, read_phone
from warmline.store import address_owners, consents, suppressions
from warmline.store.ids import lane_of, new_id
from warmline.store.races import in_rounds
from warmline.store.suppressions import Stored
from warmline.store.workspaces import Workspace

from ..case import Case
from ..proofs import proof
from ..submission import Given, Origin
from ..suppressed import CHANNELS, OWN_WORD
from .following import ActError, in_hand

#: What a person may give as the reason; the other reasons are written by Warmline itself.
REASONS = ("internal_dnc", "complaint", "legal", "competitor", "other")
MOST_EVIDENCE = 2_000
MOST_LINES = 1_000_000


class Named(NamedTuple):
    """Whom a line names."""

    scope: Literal["address", "domain"]
    value: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of a list that can't be taken."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of a list: `added` are news, `known` stood there already."""

    added: int
    known: int
    wrong: tuple[Wrong, ...]


def add_to_list(
    conn: psycopg.Connection,
    workspace: Workspace,
    text: str,
    who: str,
    now: datetime,
    *,
    reason: str,
    channels: Iterable[str] = (),
    evidence: str = "",
) -> bool:
    """A number, mail address or domain that nobody contacts any more. False: it stood there already. Raises ActError."""
    named = read_contact(text, workspace)
    if isinstance(named, str):
        raise ActError(named)
    wanted = _channels(channels)
    if reason not in REASONS:
        raise ActError(f"{reason[:40]!r} is no reason known here. Choose one of: {', '.join(REASONS)}.")
    row = _row(workspace, named, wanted, reason, clean(evidence), who, now)
    return suppressions.add(conn, [row]) > 0


def import_list(
    conn: psycopg.Connection,
    workspace: Workspace,
    lines: Iterable[str],
    who: str,
    now: datetime,
    *,
    reason: str = "internal_dnc",
    evidence: str = "",
) -> Listed:
    """A number, mail address or domain a line; whatever stands behind a comma or tab is left out. What can't be read is
    named by its line, and the rest is taken, in one transaction."""
    rows: dict[Named, dict[str, object]] = {}
    wrong, named_again = [], 0
    for number, line in enumerate(lines, 1):
        text = line.replace("\t", ",").partition(",")[0].strip().strip('"')
        if not text or (number == 1 and text.lower() in _HEADINGS):
            continue
        named = read_contact(text, workspace)
        if isinstance(named, str):
            wrong.append(Wrong(number, text[:80], named))
        elif named in rows:
            named_again += 1
        else:
            rows[named] = _row(workspace, named, (), reason, clean(evidence), who, now)
    news = list(rows.values())
    with conn.transaction():
        added = sum(suppressions.add(conn, news[start : start + 5_000]) for start in range(0, len(news), 5_000))
    return Listed(added, len(news) - added + named_again, tuple(wrong))


_HEADINGS = ("phone", "number", "email", "address", "phone number", "value", "domain", "contact")


def read_contact(text: str, workspace: Workspace) -> Named | str:
    """Whom a text names, or what is wrong with it and what to write."""
    text = clean(text)
    if (domain := read_domain(text)) is not None:
        return Named("domain", domain)
    if "@" in text:
        found = read_email(text)
    else:
        countries = dict.fromkeys([*(source.country for source in workspace.config.sources.values()), "US"])
        found = next((phone for country in countries if (phone := read_phone(text, country))), None)
    if found is None:
        return f"{text[:60]!r} is no phone number, mail address or domain. Write one such as {example_of('US')}."
    return Named("address", found)


@in_rounds()
def take_off_list(
    conn: psycopg.Connection, workspace: Workspace, suppression: UUID, who: str, now: datetime, *, evidence: str,
    channels: Iterable[str],
) -> None:  # fmt: skip
    """Lift a suppression with the proof of new consent, kept word for word in the ledger. Raises ActError.

    A lead's own wish is lifted as a whole: for the person and for each of its addresses. Channels that the consent does not
    name stay closed.
    """
    said = clean(evidence)[:MOST_EVIDENCE]
    if len(said) < _LEAST_PROOF:
        raise ActError(
            "Write down the proof: who agreed to what, when, and where it is kept. Without one the list stays as it is."
        )
    wanted = _channels(channels)
    if not wanted:
        raise ActError("Say which channels the consent names. What it does not name stays closed.")
    found = suppressions.find(conn, workspace.id, suppression)
    if found is None or found.lifted_at is not None:
        raise ActError("It is not on the list any more: somebody was faster. Look at the list again.")
    lead_id = _lead_of(conn, workspace, found)
    if lead_id is None:
        with conn.transaction():
            _lift(conn, workspace, [found], wanted, said, who, now)
        return
    with in_hand(conn, workspace, lane_of(lead_id), lead_id, now) as case:
        _lift(conn, workspace, _together(case, found), wanted, said, who, now)
        given = Given("express", wanted, "by-hand", said)
        kept = proof(
            case.person, workspace.id, workspace.config.workspace.name, given, now, source=f"by hand: {who}", origin=Origin(),
            phone=case.person.phone, email=case.person.email, months=None,
        )  # fmt: skip
        consents.add(conn, [kept])
        if found.reason not in OWN_WORD and _wants_none(case, found):
            return  # others have put it on the list besides, and only that is over
        case.happened("opted.in", proof=said, channels=list(wanted), who=who)
        if case.person.status == "opted_out":
            case.person.put("status", "open")
        case.leave_nobody_behind(f"{case.person.called} agreed again: decide what comes next")


#: Characters: less than this is no proof of anything.
_LEAST_PROOF = 12


def _lead_of(conn: psycopg.Connection, workspace: Workspace, found: Stored) -> UUID | None:
    if found.scope == "person":
        return UUID(found.value)
    return address_owners.owner_of(conn, workspace.id, found.value)


def _together(case: Case, found: Stored) -> list[Stored]:
    """The row itself, and with a lead's own wish all rows that hold it."""
    return _own_wish(case, found) if found.reason in OWN_WORD else [found]


def _own_wish(case: Case, found: Stored) -> list[Stored]:
    values = {found.value, str(case.id), *case.person.addresses}
    rows = suppressions.stored(case.conn, case.workspace.id, values)
    return [one for one in rows if one.reason in OWN_WORD]


def _wants_none(case: Case, found: Stored) -> bool:
    """Whether the lead's own word ends all contact."""
    return any(not one.channels for one in _own_wish(case, found))


def _lift(
    conn: psycopg.Connection, workspace: Workspace, rows: list[Stored], wanted: tuple[str, ...], said: str, who: str,
    now: datetime,
) -> None:  # fmt: skip
    suppressions.lift(conn, [{"id": one.id, "why": said} for one in rows], now, who)
    still = [
        _row(workspace, Named(one.scope, one.value), closed, one.reason, one.evidence, one.who, one.at)  # type: ignore[arg-type]
        for one in rows
        if (closed := tuple(c for c in CHANNELS if c not in wanted and (not one.channels or c in one.channels)))
    ]
    if still:
        suppressions.add(conn, still)


def _channels(channels: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(channels))
    for one in found:
        if one not in CHANNELS:
            raise ActError(f"{one[:20]!r} is no channel. There are: {', '.join(CHANNELS)}.")
    return found


def _row(
    workspace: Workspace, named: Named, channels: Iterable[str], reason: str, evidence: str, who: str, at: datetime
) -> dict[str, object]:
    return {
        "id": new_id(), "workspace_id": workspace.id, "scope": named.scope, "value": named.value,
        "channels": list(channels), "reason": reason, "evidence": evidence[:MOST_EVIDENCE], "at": at, "who": who,
    }  # fmt: skip
