"""The ledger in the database: sealing what is new, and walking it to see whether everything is still as it was sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from warmline.core.ledger import BEGINNING, Head, Kind, digest_of, link

from .ids import LANES
from .rows import encode, of_every_lane, read

#: Suppressions belong to no lane; they stand in the chain of this one.
FIRST_LANE = 0

#: Key of the advisory locks that let one process at a time write a chain. Any fixed number will do.
_LOCK = 0x6C656467

BATCH = 500


class Broken(msgspec.Struct, frozen=True):
    """One thing that is not as it was sealed. `record` is None where an entry itself is wrong."""

    lane: int
    number: int
    record: UUID | None
    what: str


class Verified(msgspec.Struct, frozen=True):
    """`unsealed` records came in so lately that no entry holds them yet."""

    entries: int
    records: int
    unsealed: int
    heads: tuple[Head, ...]
    broken: tuple[Broken, ...]

    @property
    def is_whole(self) -> bool:
        return not self.broken


class Entry(msgspec.Struct, frozen=True):
    lane: int
    number: int
    kind: Kind
    record_id: UUID
    digest: bytes
    at: datetime
    hash: bytes


_CONSENT = """json_build_object('id', id, 'lead', lead_id, 'workspace', workspace_id, 'level', level, 'channels', channels,
  'purpose', purpose, 'seller', seller, 'at', (at at time zone 'UTC')::text,
  'expires_at', (expires_at at time zone 'UTC')::text, 'wording', wording, 'wording_text', wording_text, 'source', source,
  'url', url, 'ip', ip, 'user_agent', user_agent, 'phone', phone, 'email', email)"""
_PUT = """'id', id, 'workspace', workspace_id, 'scope', scope, 'value', value, 'channels', channels, 'reason', reason,
  'evidence', evidence, 'at', (at at time zone 'UTC')::text, 'who', who"""
_SUPPRESSION = f"json_build_object({_PUT})"
_LIFTED = (
    f"json_build_object({_PUT}, 'lifted_at', (lifted_at at time zone 'UTC')::text, 'lifted_why', lifted_why,"
    " 'lifted_by', lifted_by)"
)


# --- sealing ----------------------------------------------------------------------------------------------------------


def lanes_unsealed(conn: psycopg.Connection) -> list[int]:
    """Lanes with something to seal: one index probe each."""
    found = {lane for (lane,) in conn.execute(_UNSEALED_LANES).fetchall()}
    if conn.execute(f"select from suppressions where {_TO_SEAL} limit 1").fetchone() is not None:
        found.add(FIRST_LANE)
    return sorted(found)


_TO_SEAL = "(sealed < 1 or (sealed < 2 and lifted_at is not null))"
_UNSEALED_LANES = of_every_lane("select lane from consents where lane = {lane} and not sealed limit 1")


def seal(conn: psycopg.Connection, lane: int, now: datetime, limit: int = BATCH) -> int:
    """Seal up to `limit` records of a lane, the oldest first; returns how many. 0 too while another process seals it."""
    with conn.transaction():
        row = conn.execute("select pg_try_advisory_xact_lock(%s, %s)", (_LOCK, lane)).fetchone()
        if row is None or not row[0]:
            return 0
        came = _unsealed_consents(conn, lane, limit)
        news: list[tuple[Kind, dict[str, Any]]] = [("consent", one) for one in came]
        if lane == FIRST_LANE:
            news += _unsealed_suppressions(conn, limit)
        append(conn, lane, news, now)
        _mark_sealed(conn, lane, news)
    return len(news)


def append(conn: psycopg.Connection, lane: int, news: Sequence[tuple[Kind, dict[str, Any]]], now: datetime) -> None:
    """Entries for these records, in the caller's transaction, which holds the chain's lock (`hold`) or has just taken it."""
    head = conn.execute(
        "select number, hash from ledger where lane = %s order by number desc limit 1", (lane,)
    ).fetchone()
    number, before = (head[0], bytes(head[1])) if head else (0, BEGINNING)
    rows = []
    for kind, record in news:
        number += 1
        digest = digest_of(record)
        before = link(before, lane, number, kind, record["id"], digest, now)
        rows.append(
            {
                "lane": lane, "number": number, "workspace_id": record["workspace"], "kind": kind,
                "record_id": record["id"], "digest": digest.hex(), "at": now, "hash": before.hex(),
            }
        )  # fmt: skip
    if rows:
        conn.execute(
            "insert into ledger (lane, number, workspace_id, kind, record_id, digest, at, hash)"
            " select lane, number, workspace_id, kind, record_id, decode(digest, 'hex'), at, decode(hash, 'hex')"
            " from json_to_recordset(%s::json) as w (lane smallint, number bigint, workspace_id integer, kind text,"
            " record_id uuid, digest text, at timestamptz, hash text)",
            (encode(rows),),
        )


def consents_of(conn: psycopg.Connection, lane: int, lead_id: UUID) -> list[dict[str, Any]]:
    """A lead's proofs as they are now, for an entry."""
    query = f"select json_agg({_CONSENT} order by at, id)::text from consents where lane = %s and lead_id = %s"
    return read(conn, query, (lane, lead_id), dict[str, Any])


def suppressions_of(conn: psycopg.Connection, workspace_id: int, values: Sequence[str]) -> list[dict[str, Any]]:
    """The same of the suppressions of these addresses, with how they were lifted where they were."""
    return read(
        conn,
        f"select json_agg(case when lifted_at is null then {_SUPPRESSION} else {_LIFTED} end order by at, id)::text"
        " from suppressions where workspace_id = %s and value = any(%s)",
        (workspace_id, list(values)),
        dict[str, Any],
    )


def hold(conn: psycopg.Connection, lane: int) -> None:
    """Wait until nobody else writes this chain, until the end of the transaction."""
    conn.execute("select pg_advisory_xact_lock(%s, %s)", (_LOCK, lane))


def _unsealed_consents(conn: psycopg.Connection, lane: int, limit: int) -> list[dict[str, Any]]:
    return read(
        conn,
        f"select json_agg(r)::text from (select {_CONSENT} r from consents where lane = %s and not sealed"
        " order by at, id limit %s for update) u",
        (lane, limit),
        dict[str, Any],
    )


def _unsealed_suppressions(conn: psycopg.Connection, limit: int) -> list[tuple[Kind, dict[str, Any]]]:
    found = conn.execute(
        f"select sealed, {_SUPPRESSION}, case when lifted_at is not null then {_LIFTED} end from suppressions"
        f" where {_TO_SEAL} order by at, id limit %s for update",
        (limit,),
    ).fetchall()
    news: list[tuple[Kind, dict[str, Any]]] = []
    for sealed, put, lifted in found:
        if sealed < 1:
            news.append(("suppression", put))
        if lifted is not None:
            news.append(("lifted", lifted))
    return news


def _mark_sealed(conn: psycopg.Connection, lane: int, news: Sequence[tuple[Kind, dict[str, Any]]]) -> None:
    if consents := [record["id"] for kind, record in news if kind == "consent"]:
        conn.execute("update consents set sealed = true where lane = %s and id = any(%s)", (lane, consents))
    for kind, state in (("suppression", 1), ("lifted", 2)):
        if some := [record["id"] for one, record in news if one == kind]:
            conn.execute("update suppressions set sealed = %s where id = any(%s)", (state, some))


# --- verifying --------------------------------------------------------------------------------------------------------


def verify(conn: psycopg.Connection, heads: Sequence[Head] = ()) -> Verified:
    """Walk every chain and look at every record. `heads` were written down earlier: each must still be on its chain.

    One moment of the database, whatever comes in meanwhile.
    """
    broken: list[Broken] = []
    entries = records = unsealed = 0
    last: list[Head] = []
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        for lane in range(LANES):
            wanted = {one.number: one.hash for one in heads if one.lane == lane}
            latest: dict[UUID, Entry] = {}
            number, before = 0, BEGINNING
            for entry in _entries(conn, lane):
                number += 1
                broken += _wrong_link(entry, number, before)
                broken += _wrong_head(entry, wanted.pop(entry.number, ""))
                number, before = entry.number, entry.hash
                latest[entry.record_id] = entry
                entries += 1
            broken += [
                Broken(lane, gone, None, f"the entry {gone} that was written down earlier is not there any more")
                for gone in wanted
            ]
            if number:
                last.append(Head(lane, number, before.hex()))
            found, fresh, wrong = _records(conn, lane, latest)
            records, unsealed = records + found, unsealed + fresh
            broken += wrong
    return Verified(entries, records, unsealed, tuple(last), tuple(broken))


def _entries(conn: psycopg.Connection, lane: int) -> Iterator[Entry]:
    with conn.cursor(name="entries") as cursor:
        cursor.itersize = 2000
        cursor.execute(
            "select lane, number, kind, record_id, digest, at, hash from ledger where lane = %s order by number",
            (lane,),
        )
        for lane_, number, kind, record_id, digest, at, hashed in cursor:
            yield Entry(lane_, number, kind, record_id, bytes(digest), at, bytes(hashed))


def _wrong_link(entry: Entry, number: int, before: bytes) -> list[Broken]:
    if entry.number != number:
        missing = f"entry {number}" if entry.number == number + 1 else f"entries {number} to {entry.number - 1}"
        return [Broken(entry.lane, number, None, f"{missing} of the chain: removed")]
    made = link(before, entry.lane, entry.number, entry.kind, entry.record_id, entry.digest, entry.at)
    if made != entry.hash:
        return [Broken(entry.lane, number, entry.record_id, "the entry was changed, or stands where it was not sealed")]
    return []


def _wrong_head(entry: Entry, wanted: str) -> list[Broken]:
    if wanted and wanted != entry.hash.hex():
        return [Broken(entry.lane, entry.number, None, "not the entry that was written down earlier: written anew")]
    return []


def _records(conn: psycopg.Connection, lane: int, latest: dict[UUID, Entry]) -> tuple[int, int, list[Broken]]:
    """Every record against its last entry: (how many, not sealed yet, what is wrong)."""
    count = fresh = 0
    broken: list[Broken] = []
    for sealed, kind, record in _kept(conn, lane):
        count += 1
        record_id = UUID(record["id"])
        entry = latest.pop(record_id, None)
        if entry is None and sealed:
            broken.append(Broken(lane, 0, record_id, f"a {kind} that was never sealed, though it says so: slipped in"))
        elif entry is None:
            fresh += 1
        elif entry.digest != digest_of(record):
            broken.append(Broken(lane, entry.number, record_id, f"the {kind} is not what was sealed: changed"))
    broken += [
        Broken(
            lane, entry.number, record_id, f"the {entry.kind} that was sealed on {entry.at:%d %b %Y} is gone: removed"
        )
        for record_id, entry in latest.items()
    ]
    return count, fresh, broken


def _kept(conn: psycopg.Connection, lane: int) -> Iterator[tuple[bool, str, dict[str, Any]]]:
    with conn.cursor(name="kept") as cursor:
        cursor.itersize = 2000
        cursor.execute(f"select sealed, {_CONSENT} from consents where lane = %s", (lane,))
        for sealed, record in cursor:
            yield sealed, "consent", record
    if lane == FIRST_LANE:
        with conn.cursor(name="kept") as cursor:
            cursor.itersize = 2000
            # A lift that is not sealed yet: the row is held against what was sealed of it so far.
            cursor.execute(
                f"select sealed > 0, case when sealed < 2 then {_SUPPRESSION} else {_LIFTED} end from suppressions"
            )
            for sealed, record in cursor:
                yield sealed, "suppression", record
