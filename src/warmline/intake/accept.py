"""From submissions to leads, events, consents and enrollments: one transaction for a whole batch.

1. Claim the addresses, so that two requests for the same person meet.
2. Lock and read the leads that are known already.
3. Judge every submission in order, in memory (judge.py).
4. Write, and tell the engine's listeners which lanes to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from warmline.store import address_owners, leads, playbooks, quarantine, rotations, suppressions
from warmline.store.hints import notify
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace

from .judge import Batch
from .setting import setting_of
from .submission import Rejected, Result, Submission
from .write import write

#: The same lead, kind and form within this time is one thing told twice.
REPEATED_WITHIN = timedelta(seconds=60)

#: A lost race is run again; each round somebody else has got through, so a few are plenty.
ROUNDS = 12

_LOST_RACES = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation)


class _LostRaceError(Exception):
    """Another transaction took an address between our look and our claim."""


def accept(
    conn: psycopg.Connection, workspace: Workspace, submissions: Sequence[Submission], now: datetime
) -> list[Result]:
    """Results in the order of `submissions`. What the database refuses is found by halving, and kept in quarantine.

    Raises psycopg.OperationalError when the database is not there: then nothing of the batch is stored.
    """
    if not submissions:
        return []
    try:
        return _accept_all(conn, workspace, submissions, now)
    except (psycopg.DataError, psycopg.IntegrityError, UnicodeError) as error:
        if len(submissions) == 1:
            return [_quarantined(conn, workspace, submissions[0], str(error), now)]
    half = len(submissions) // 2
    return [
        *accept(conn, workspace, submissions[:half], now),
        *accept(conn, workspace, submissions[half:], now),
    ]


def _accept_all(
    conn: psycopg.Connection, workspace: Workspace, submissions: Sequence[Submission], now: datetime
) -> list[Result]:
    for last in (False,) * (ROUNDS - 1) + (True,):
        try:
            with conn.transaction():
                return _once(conn, workspace, submissions, now)
        except (_LostRaceError, *_LOST_RACES):
            if last:
                raise
    raise AssertionError("the last round returns or raises")


def _once(
    conn: psycopg.Connection, workspace: Workspace, submissions: Sequence[Submission], now: datetime
) -> list[Result]:
    setting = setting_of(workspace, playbooks.current(conn, workspace.id), now)
    values = {value for one in submissions for value in (one.draft.email, one.draft.phone) if value}
    owners = address_owners.hold(conn, workspace.id, values)
    matched, fresh = match(submissions, owners)
    if fresh and not address_owners.claim(conn, workspace.id, fresh):
        raise _LostRaceError
    known = set(owners.values())
    keys = [one.key for one in submissions if one.key is not None]
    standing = leads.hold(conn, known & set(matched), now - REPEATED_WITHIN, keys)
    kept = suppressions.in_force(conn, workspace.id, _contact_values(values, standing))

    batch = Batch(setting, standing, kept, now)
    results: list[Result] = [
        batch.take(one, lead_id, owners | fresh if one.draft.email and one.draft.phone else {})
        for one, lead_id in zip(submissions, matched, strict=True)
    ]
    if turns := batch.turns_wanted():
        first = rotations.take(conn, workspace.id, turns)
        batch.give_owners(first, rotations.active_people(conn, workspace.id))
    write(conn, batch, now)
    notify(conn, {lane_of(lead_id) for lead_id in matched})
    return results


def match(submissions: Sequence[Submission], owners: dict[str, UUID]) -> tuple[list[UUID], dict[str, UUID]]:
    """The lead of each submission, and the addresses to claim for it. The mail address speaks first, then the number.

    A submission whose two addresses belong to two leads goes to the mail address's; the number stays where it is.
    """
    fresh: dict[str, UUID] = {}
    matched = []
    for one in submissions:
        draft = one.draft
        lead_id = None
        for value in (draft.email, draft.phone):
            if value and lead_id is None:
                lead_id = owners.get(value) or fresh.get(value)
        lead_id = lead_id or new_id()
        for value in (draft.email, draft.phone):
            if value and value not in owners and value not in fresh:
                fresh[value] = lead_id
        matched.append(lead_id)
    return matched, fresh


def _contact_values(values: set[str], standing: dict[UUID, leads.Standing]) -> set[str]:
    """Lead ids, addresses and mail domains under which a suppression of these leads may stand."""
    everything = values | {address.value for one in standing.values() for address in one.addresses}
    domains = {value.rpartition("@")[2] for value in everything if "@" in value}
    return everything | domains | {str(lead_id) for lead_id in standing}


def _quarantined(conn: psycopg.Connection, workspace: Workspace, one: Submission, why: str, now: datetime) -> Rejected:
    reason = f"The database refused it: {why.splitlines()[0]}"
    kept = quarantine.keep(
        conn, workspace.id, f"source:{one.source}", reason, one.raw or one.origin.body, one.origin.content_type,
        one.origin.context(), now,
    )  # fmt: skip
    return Rejected(reason, {}, kept)
