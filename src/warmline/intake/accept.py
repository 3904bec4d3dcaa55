"""From submissions to leads, events, consents and enrollments: one transaction for a whole batch.

1. Claim the addresses for new leads, so that two requests for the same person meet.
2. Where somebody has them already, lock and read those leads. Most batches have few such.
3. Judge every submission in order, in memory (judge.py).
4. Write, and tell the engine's listeners which lanes to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from warmline.core.consent import suppressible_values
from warmline.core.tokens import tokens_of
from warmline.store import address_owners, leads, playbooks, quarantine, suppressions
from warmline.store.ids import new_leads
from warmline.store.pipeline import together
from warmline.store.races import LostRaceError, in_rounds
from warmline.store.workspaces import Workspace

from .erased import in_the_open, known_again
from .judge import Batch
from .setting import setting_of
from .submission import Rejected, Result, Submission
from .write import write

#: The same lead, kind and form within this time is one thing told twice.
REPEATED_WITHIN = timedelta(seconds=60)


def _nobody_waits() -> None:
    """For batches that come alone."""


def accept(
    conn: psycopg.Connection,
    workspace: Workspace,
    submissions: Sequence[Submission],
    now: datetime,
    held: Callable[[], None] = _nobody_waits,
) -> list[Result]:
    """Results in the order of `submissions`. What the database refuses is found by halving, and kept in quarantine.

    `held` is called when all that these submissions are about is locked: what is accepted from then on comes after them.
    Raises psycopg.OperationalError when the database is not there: then nothing of the batch is stored.
    """
    if not submissions:
        return []
    try:
        return _accept_all(conn, workspace, submissions, now, held)
    except (psycopg.DataError, psycopg.IntegrityError, UnicodeError) as error:
        if len(submissions) == 1:
            return [_quarantined(conn, workspace, submissions[0], str(error), now)]
    half = len(submissions) // 2
    return [
        *accept(conn, workspace, submissions[:half], now, held),
        *accept(conn, workspace, submissions[half:], now, held),
    ]


@in_rounds(psycopg.errors.UniqueViolation)
def _accept_all(
    conn: psycopg.Connection,
    workspace: Workspace,
    submissions: Sequence[Submission],
    now: datetime,
    held: Callable[[], None],
) -> list[Result]:
    with conn.transaction():
        return _once(conn, workspace, submissions, now, held)


def _once(
    conn: psycopg.Connection,
    workspace: Workspace,
    submissions: Sequence[Submission],
    now: datetime,
    held: Callable[[], None],
) -> list[Result]:
    news = new_leads(len(submissions))
    matched, claims = match(submissions, {}, news)
    values = set(claims)
    tokens = tokens_of(workspace.token_key, values)
    with together(conn):
        current = playbooks.ask_current(conn, workspace.id)
        claimed = address_owners.claim(conn, workspace.id, claims)
        in_force = suppressions.ask_in_force(conn, workspace.id, suppressible_values((), values) | tokens.keys())
    setting = setting_of(workspace, current(), now)
    standing: dict[UUID, leads.Standing] = {}
    ours = claimed()
    if taken := values - ours:
        matched, claims, standing = _with_known(conn, workspace, submissions, news, taken, claims, now)
        others = {value for one in standing.values() for value in one.addresses}
        kept = suppressions.in_force(conn, workspace.id, suppressible_values(standing, values | others) | tokens.keys())
    else:
        kept = in_force()
    held()

    batch = Batch(setting, standing, known_again(kept, tokens) if kept else kept, now)
    results: list[Result] = [
        batch.take(one, lead_id, claims if one.draft.email and one.draft.phone else {})
        for one, lead_id in zip(submissions, matched, strict=True)
    ]
    if standing:
        # Who was told the same thing again gets nothing new: what was claimed for it in passing stays free.
        for value in ours.difference(*(person.addresses for person in batch.people.values())):
            address_owners.release(conn, workspace.id, value, claims[value])
    if kept:
        lifted = [row["id"] for row in batch.lifted]
        batch.suppressed += in_the_open(workspace.id, kept, tokens, lifted)
    write(conn, batch, now)
    return results


def _with_known(
    conn: psycopg.Connection,
    workspace: Workspace,
    submissions: Sequence[Submission],
    news: Sequence[UUID],
    taken: set[str],
    claims: Mapping[str, UUID],
    now: datetime,
) -> tuple[list[UUID], dict[str, UUID], dict[UUID, leads.Standing]]:
    """Some addresses belong to leads that are known. Lock and read those, and match again: what was claimed for a new lead
    may turn out to be a known one's second address."""
    owners = address_owners.hold(conn, workspace.id, taken)
    if len(owners) < len(taken):
        raise LostRaceError  # another transaction took an address between our look and our claim
    matched, belongs = match(submissions, owners, news)
    if moved := {
        value: lead_id for value, lead_id in belongs.items() if claims[value] != lead_id and value not in taken
    }:
        address_owners.give(conn, workspace.id, moved)
    known = set(owners.values())
    keys: dict[UUID, list[str]] = {}
    for one, lead_id in zip(submissions, matched, strict=True):
        if one.key is not None and lead_id in known:
            keys.setdefault(lead_id, []).append(one.key)
    return matched, belongs, leads.hold(conn, known & set(matched), now - REPEATED_WITHIN, keys)


def match(
    submissions: Sequence[Submission], owners: Mapping[str, UUID], news: Sequence[UUID]
) -> tuple[list[UUID], dict[str, UUID]]:
    """The lead of each submission, and the lead of each of their addresses. `news`: the id that each gets if it is new.

    The mail address speaks first, then the number. A submission whose two addresses belong to two leads goes to the mail
    address's; the number stays where it is.
    """
    belongs = dict(owners)
    matched = []
    for one, new in zip(submissions, news, strict=True):
        email, phone = one.draft.email, one.draft.phone
        lead_id = (belongs.get(email) if email else None) or (belongs.get(phone) if phone else None) or new
        if email:
            belongs.setdefault(email, lead_id)
        if phone:
            belongs.setdefault(phone, lead_id)
        matched.append(lead_id)
    return matched, belongs


def _quarantined(conn: psycopg.Connection, workspace: Workspace, one: Submission, why: str, now: datetime) -> Rejected:
    reason = f"The database refused it: {why.splitlines()[0]}"
    kept = quarantine.keep(
        conn, workspace.id, f"source:{one.source}", reason, one.body, one.origin.content_type,
        one.origin.context(), now,
    )  # fmt: skip
    return Rejected(reason, {}, kept)
