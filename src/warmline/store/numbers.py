"""What is known of numbers from outside: the files of registries, and the answers of look-ups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Protocol
from uuid import UUID

import msgspec
import psycopg

from warmline.core.numbers import LISTED, NumberFact, RegistryFile
from warmline.core.standing import Asked

from .ids import new_id
from .rows import encode, of_every_lane, read
from .workspaces import Workspace


class Digest(Protocol):
    def hexdigest(self) -> str: ...


class Imported(msgspec.Struct, frozen=True):
    """A file of a registry, as the pages list it."""

    registry: str
    as_of: date
    covers: tuple[str, ...]
    name: str
    numbers: int
    imported_at: datetime
    imported_by: str


class ToAsk(msgspec.Struct):
    """A number of a lead that waits to be asked about."""

    lane: int
    lead_id: UUID
    workspace_id: int
    value: str


def files(conn: psycopg.Connection, workspace_id: int) -> tuple[RegistryFile, ...]:
    """The newest file of each registry for what it covers."""
    rows = conn.execute(
        "select distinct on (registry, covers) registry, as_of, covers from registry_files where workspace_id = %s"
        " order by registry, covers, as_of desc",
        (workspace_id,),
    ).fetchall()
    return tuple(RegistryFile(registry, as_of, tuple(covers)) for registry, as_of, covers in rows)


def asked_of(conn: psycopg.Connection, workspace: Workspace) -> Asked:
    """What the workspace has asked the world about numbers, for the gate."""
    return Asked(files(conn, workspace.id), workspace.config.asks_lines)


def of_number(conn: psycopg.Connection, workspace_id: int, value: str) -> list[NumberFact]:
    return read(
        conn,
        "select json_agg(json_build_array(kind, answer, at))::text from number_facts where workspace_id = %s and value = %s",
        (workspace_id, value),
        NumberFact,
    )


def imported(conn: psycopg.Connection, workspace_id: int) -> list[Imported]:
    """The newest first."""
    return read(
        conn,
        "select json_agg(row_to_json(f) order by imported_at desc)::text from registry_files f where workspace_id = %s",
        (workspace_id,),
        Imported,
    )


def import_registry(
    conn: psycopg.Connection,
    workspace_id: int,
    registry: str,
    as_of: date,
    covers: Sequence[str],
    numbers: Iterable[str],
    *,
    name: str,
    digest: Digest,
    who: str,
    now: datetime,
) -> int:
    """Take the file as all that the registry says of what it covers: numbers that it has no more are listed no more.

    `digest` is asked when all numbers have been read. One transaction, and engines read the dates anew when it has
    committed. Returns how many numbers it lists.
    """
    at = datetime.combine(as_of, time(), UTC)
    kind = LISTED + registry
    with conn.transaction():
        # Whoever changes a workspace's files waits for its turn here, and every engine learns of it.
        conn.execute("update workspaces set config_version = config_version + 1 where id = %s", (workspace_id,))
        conn.execute("create temporary table listed (value text primary key) on commit drop")
        conn.execute("create temporary table came (value text) on commit drop")
        with conn.cursor().copy("copy came (value) from stdin") as copy:
            for number in numbers:
                copy.write_row((number,))
        conn.execute("insert into listed select distinct value from came")
        conn.execute(
            "delete from number_facts f where workspace_id = %s and kind = %s"
            " and (%s::text[] = '{}' or exists (select from unnest(%s::text[]) c where f.value like c || '%%'))"
            " and not exists (select from listed l where l.value = f.value)",
            (workspace_id, kind, list(covers), list(covers)),
        )
        conn.execute(
            "insert into number_facts (workspace_id, value, kind, answer, at, source)"
            " select %s, value, %s, 'listed', %s, %s from listed"
            " on conflict (workspace_id, value, kind) do update set at = excluded.at, source = excluded.source",
            (workspace_id, kind, at, name),
        )
        row = conn.execute("select count(*) from listed").fetchone()
        count = int(row[0]) if row else 0
        conn.execute(
            "insert into registry_files (id, workspace_id, registry, as_of, covers, name, digest, numbers, imported_at,"
            " imported_by) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (new_id(), workspace_id, registry, as_of, list(covers), name, digest.hexdigest(), count, now, who),
        )
    return count


def add_answers(conn: psycopg.Connection, rows: Sequence[dict[str, Any]]) -> list[str]:
    """{workspace_id, value, kind, answer, at, source}. An older answer never takes the place of a newer one. Returns the
    numbers of those that were news, one for each."""
    added = conn.execute(
        """
        insert into number_facts (workspace_id, value, kind, answer, at, source)
        select distinct on (workspace_id, value, kind) workspace_id, value, kind, answer, at, source
        from json_to_recordset(%s::json) as w (workspace_id integer, value text, kind text, answer text, at timestamptz,
          source text)
        order by workspace_id, value, kind, at desc
        on conflict (workspace_id, value, kind) do update
          set answer = excluded.answer, at = excluded.at, source = excluded.source
          where number_facts.at < excluded.at
        returning value
        """,
        (encode(rows),),
    )
    return [value for (value,) in added.fetchall()]


def to_ask(conn: psycopg.Connection, limit: int, but: Collection[int] = ()) -> list[ToAsk]:
    """Numbers that wait to be asked about, up to `limit` of each lane; `but` for those of these workspaces."""
    return [ToAsk(*row) for row in conn.execute(_TO_ASK, {"limit": limit, "but": list(but)}).fetchall()]


_TO_ASK = of_every_lane(
    "select lane, lead_id, workspace_id, value from number_questions"
    " where lane = {lane} and workspace_id <> all(%(but)s) limit %(limit)s"
)


def wonder(conn: psycopg.Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """{lane, lead_id, workspace_id, value}: nobody has asked about these numbers. One that waits already waits once."""
    conn.execute(
        "insert into number_questions (lane, lead_id, workspace_id, value, since)"
        " select lane, lead_id, workspace_id, value, %s"
        " from json_to_recordset(%s::json) as w (lane smallint, lead_id uuid, workspace_id integer, value text)"
        " on conflict do nothing",
        (now, encode(rows)),
    )


def asked(conn: psycopg.Connection, lane: int, rows: Sequence[ToAsk]) -> None:
    """They have been asked about, and their answers are written."""
    conn.execute(
        "delete from number_questions q using json_to_recordset(%s::json) as w (lead_id uuid, value text)"
        " where q.lane = %s and q.lead_id = w.lead_id and q.value = w.value",
        (encode({"lead_id": one.lead_id, "value": one.value} for one in rows), lane),
    )
