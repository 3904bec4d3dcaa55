"""Workspaces: publishing a folder whole, and loading what was published.

plan(conn, bundle)         what would change, nothing written
apply(conn, bundle, now)   the same, done: settings, people, playbooks with their templates, in one transaction
load(conn, key)            settings, parsed once for each text
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec
import psycopg

from warmline.core.bundle import SETTINGS, Bundle
from warmline.core.changes import NOTHING, Diff, Texts, compare
from warmline.core.settings import Config, parse_settings

from . import playbooks
from .rows import encode, read


class WorkspaceError(Exception):
    """There is no such workspace, or its stored settings can't be read. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Workspace:
    id: int
    key: str
    name: str
    config: Config
    config_version: int  # moves with every publication that changes anything, playbooks included
    token_key: bytes  # of the tokens that stay of erased addresses (core/tokens.py)


class _Row(msgspec.Struct):
    id: int
    config: dict[str, object]


def plan(conn: psycopg.Connection, bundle: Bundle) -> Diff:
    """What `apply` would change, without changing it."""
    rows = read(
        conn,
        "select json_agg(json_build_object('id', id, 'config', config))::text from workspaces where key = %s",
        (bundle.key,),
        _Row,
    )
    row = rows[0] if rows else None
    stored = playbooks.stored(conn, row.id) if row else {}
    old = Texts(row.config, *_texts(stored)) if row else NOTHING
    new = Texts(tomllib.loads(bundle.config_source), *_texts(_wanted(bundle)))
    return Diff(bundle.key, row is None, compare(old, new), _next_versions(conn, row, bundle, stored))


def apply(conn: psycopg.Connection, bundle: Bundle, now: datetime) -> Diff:
    """Publish. What has not changed keeps its version; what runs keeps the version it runs on. One transaction.

    1. Take the workspace's row, so that two people who publish at once do it one after the other.
    2. Compare under that lock, so that the answer tells what was done and not what was planned a moment ago.
    3. Write settings, people, playbooks.
    """
    config = bundle.config
    with conn.transaction():
        row = conn.execute(
            "insert into workspaces (key, name, applied_at) values (%s, %s, %s)"
            " on conflict (key) do update set applied_at = excluded.applied_at"
            " returning id, config_version = 0",
            (bundle.key, config.workspace.name, now),
        ).fetchone()
        assert row is not None  # noqa: S101 - an upsert that updates always returns its row
        workspace_id, created = row
        diff = msgspec.structs.replace(plan(conn, bundle), created=created)
        # Compared as text: a comment in warmline.toml is part of it, for an export gives the same file back.
        conn.execute(
            "update workspaces set name = %(name)s, config = %(config)s::json, config_source = %(source)s,"
            " config_version = config_version + 1"
            " where id = %(id)s and (config_source <> %(source)s or %(changed)s)",
            {
                "id": workspace_id,
                "name": config.workspace.name,
                "config": msgspec.json.encode(tomllib.loads(bundle.config_source)).decode(),
                "source": bundle.config_source,
                "changed": bool(diff),
            },
        )
        _write_people(conn, workspace_id, config)
        playbooks.publish(conn, workspace_id, _wanted(bundle), bundle.playbooks, now)
    return diff


def load(conn: psycopg.Connection, which: str | int) -> Workspace:
    """The workspace of that key or id. Raises WorkspaceError, naming the workspaces that there are."""
    row = conn.execute(_BY_KEY if isinstance(which, str) else _BY_ID, (which,)).fetchone()
    if row is None:
        there = ", ".join(keys(conn))
        known = f"There are: {there}." if there else "None has been published yet: run `warmline apply DIR`."
        raise WorkspaceError(f"There is no workspace {which}. {known}")
    workspace_id, key, name, source, version, token_key = row
    return Workspace(workspace_id, key, name, _config(key, source), version, bytes(token_key))


_BY_ID = "select id, key, name, config_source, config_version, token_key from workspaces where id = %s"
_BY_KEY = "select id, key, name, config_source, config_version, token_key from workspaces where key = %s"


def keys(conn: psycopg.Connection) -> list[str]:
    """The keys of every workspace in this database, in order."""
    return [key for (key,) in conn.execute("select key from workspaces order by key").fetchall()]


@lru_cache(maxsize=256)
def _config(key: str, source: str) -> Config:
    settings = parse_settings(source, SETTINGS)
    if settings.config is None:
        first = next(problem for problem in settings.problems if problem.severity == "error")
        raise WorkspaceError(
            f"The settings that workspace {key} was published with can't be read by this version of Warmline: {first} "
            "Correct warmline.toml and publish it again: warmline apply DIR"
        )
    return settings.config


def _write_people(conn: psycopg.Connection, workspace_id: int, config: Config) -> None:
    """Everybody named in the settings is active; whoever is no longer named stays, inactive, for old stories."""
    rows = list(config.people.values())
    conn.execute(
        """
        insert into people (workspace_id, key, name, email, phone, role, booking_url, active)
        select %s, key, name, email, phone, role, booking_url, true
        from json_to_recordset(%s::json)
          as p (key text, name text, email text, phone text, role text, booking_url text)
        on conflict (workspace_id, key) do update set name = excluded.name, email = excluded.email,
          phone = excluded.phone, role = excluded.role, booking_url = excluded.booking_url, active = true
        """,
        (workspace_id, encode(rows)),
    )
    conn.execute(
        "update people set active = false where workspace_id = %s and active and key <> all(%s)",
        (workspace_id, list(config.people)),
    )


def _wanted(bundle: Bundle) -> dict[str, playbooks.Written]:
    return {
        key: playbooks.Written(playbook.source, bundle.texts_of(playbook)) for key, playbook in bundle.playbooks.items()
    }


def _texts(found: dict[str, playbooks.Written]) -> tuple[dict[str, str], dict[str, str]]:
    """Playbooks by key, and the templates they use by name: a template that no playbook uses is not published."""
    templates = {name: text for one in found.values() for name, text in one.templates.items()}
    return {key: one.source for key, one in found.items()}, templates


def _next_versions(
    conn: psycopg.Connection, row: _Row | None, bundle: Bundle, stored: dict[str, playbooks.Written]
) -> dict[str, int]:
    wanted = _wanted(bundle)
    new = [key for key, texts in wanted.items() if key not in stored or stored[key] != texts]
    last = playbooks.last_versions(conn, row.id) if row else {}
    return {key: last.get(key, 0) + 1 for key in sorted(new)}


def published(conn: psycopg.Connection) -> dict[int, int]:
    """The `config_version` of each workspace: whoever keeps something of one compares, and reads anew what moved."""
    return dict(conn.execute("select id, config_version from workspaces").fetchall())
