"""Published playbooks. A version never changes; only which one is current does, and an enrollment stays on its own.

A version is parsed once for each process: the cache goes by its id and digest, so it can never be stale.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Lock

import msgspec
import psycopg

from warmline.core.parse import parse
from warmline.core.playbook import Playbook, Template
from warmline.core.templates import parse_template

from .pipeline import Later
from .rows import encode, read, result


class VersionError(Exception):
    """A stored version is missing or can't be read by this program. The text says which one and what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """A playbook as it was written: its YAML, and the texts of the templates it uses, by name."""

    source: str
    templates: dict[str, str]


@dataclass(frozen=True, slots=True)
class Version:
    """One published version, parsed. `version` counts from 1 within its key; `id` is unique in the database."""

    id: int
    key: str
    version: int
    rank: int
    playbook: Playbook
    templates: Mapping[str, Template]


class _Head(msgspec.Struct, array_like=True):
    id: int
    digest: str


class _Row(msgspec.Struct):
    id: int
    key: str
    version: int
    rank: int
    digest: str
    source: str
    templates: dict[str, str]


def current(conn: psycopg.Connection, workspace_id: int) -> list[Version]:
    """The versions that leads enter now, in the order of their keys. Raises VersionError."""
    return ask_current(conn, workspace_id)()


def ask_current(conn: psycopg.Connection, workspace_id: int) -> Later[list[Version]]:
    asked = conn.execute(
        b"select json_agg(json_build_array(id, digest) order by key)::text from playbook_versions"
        b" where workspace_id = %s and current",
        (workspace_id,),
    )
    return lambda: _parsed(conn, result(asked, _Head))


def version(conn: psycopg.Connection, version_id: int) -> Version:
    """That one version, current or not. Raises VersionError."""
    return versions(conn, (version_id,))[version_id]


def versions(conn: psycopg.Connection, ids: Collection[int]) -> dict[int, Version]:
    """Several at once, in one round trip. Raises VersionError when one is missing or can't be read."""
    heads = read(
        conn,
        "select json_agg(json_build_array(id, digest))::text from playbook_versions where id = any(%s)",
        (list(ids),),
        _Head,
    )
    missing = set(ids) - {head.id for head in heads}
    if missing:
        raise VersionError(
            f"Playbook version {min(missing)} is not in this database. Was a backup restored without it? "
            "Restore the table playbook_versions too; nothing runs on a guess."
        )
    return {one.id: one for one in _parsed(conn, heads)}


def stored(conn: psycopg.Connection, workspace_id: int) -> dict[str, Written]:
    """The current versions as texts, by key."""
    rows = read(conn, _ROWS + " where workspace_id = %s and current", (workspace_id,), _Row)
    return {row.key: Written(row.source, row.templates) for row in rows}


def last_versions(conn: psycopg.Connection, workspace_id: int) -> dict[str, int]:
    """The highest version number given so far, by key. Removed playbooks count: a number is never given twice."""
    rows = conn.execute(
        "select key, max(version) from playbook_versions where workspace_id = %s group by key", (workspace_id,)
    )
    return dict(rows.fetchall())


def publish(
    conn: psycopg.Connection,
    workspace_id: int,
    wanted: Mapping[str, Written],
    parsed: Mapping[str, Playbook],
    now: datetime,
) -> None:
    """Make `wanted` the current versions, in the caller's transaction, which holds the workspace's row.

    One that is written as the current one is left as it is. One that is not wanted any more is current no more; leads
    that are in it finish on their version.
    """
    rows = [
        {
            "key": key,
            "name": parsed[key].name,
            "digest": digest(key, texts.source, texts.templates),
            "source": texts.source,
            "templates": texts.templates,
            "rank": parsed[key].enroll.rank,
        }
        for key, texts in wanted.items()
    ]
    document = encode(rows)
    conn.execute(
        """
        update playbook_versions v set current = false
        where workspace_id = %s and current and not exists (
          select from json_to_recordset(%s::json) as w (key text, digest text)
          where w.key = v.key and w.digest = v.digest
        )
        """,
        (workspace_id, document),
    )
    conn.execute(
        """
        insert into playbook_versions
          (workspace_id, key, version, name, digest, source, templates, rank, current, published_at)
        select %(workspace)s, w.key,
          1 + coalesce((select max(version) from playbook_versions
                        where workspace_id = %(workspace)s and key = w.key), 0),
          w.name, w.digest, w.source, w.templates, w.rank, true, %(now)s
        from json_to_recordset(%(rows)s::json)
          as w (key text, name text, digest text, source text, templates json, rank integer)
        where not exists (
          select from playbook_versions where workspace_id = %(workspace)s and key = w.key and current
        )
        order by w.key
        """,
        {"workspace": workspace_id, "rows": document, "now": now},
    )


def digest(key: str, source: str, templates: Mapping[str, str]) -> str:
    """What a version of a playbook says, templates included, as one short text. Equal digests are equal versions."""
    return sha256(msgspec.json.encode([key, source, sorted(templates.items())])).hexdigest()


_ROWS = (
    "select json_agg(json_build_object('id', id, 'key', key, 'version', version, 'rank', rank, 'digest', digest,"
    " 'source', source, 'templates', templates))::text from playbook_versions"
)

_cache: dict[tuple[int, str], Version] = {}
_lock = Lock()


def _parsed(conn: psycopg.Connection, heads: list[_Head]) -> list[Version]:
    """In the order of `heads`. Only what this process has not met yet is fetched and parsed, by whichever thread comes first:
    they start together, and parsing takes a second of computing."""
    if any((head.id, head.digest) not in _cache for head in heads):
        with _lock:
            unread = [head.id for head in heads if (head.id, head.digest) not in _cache]
            rows = read(conn, _ROWS + " where id = any(%s)", (unread,), _Row) if unread else []
            _cache.update({(one.id, digest): one for one, digest in map(_parse, rows)})
    return [_cache[head.id, head.digest] for head in heads]


def _parse(row: _Row) -> tuple[Version, str]:
    problems = []
    read_playbook = parse(row.source, f"playbooks/{row.key}.yaml")
    problems += read_playbook.problems
    templates: dict[str, Template] = {}
    for name, text in row.templates.items():
        template, found = parse_template(name, text, f"templates/{name}.txt")
        problems += found
        if template is not None:
            templates[name] = template
    errors = [str(problem) for problem in problems if problem.severity == "error"]
    if read_playbook.playbook is None or errors:
        raise VersionError(
            f"Version {row.version} of playbook {row.key} can't be read by this program: {errors[0]} "
            "It was published by another version of Warmline. Run that one, or publish a corrected playbook and move "
            "its leads there."
        )
    return Version(row.id, row.key, row.version, row.rank, read_playbook.playbook, templates), row.digest
