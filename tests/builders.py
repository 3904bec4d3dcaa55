"""What tests start from: a published workspace, leads in it, a clock that stands still."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Json

import warmline
from warmline.core.bundle import SETTINGS, Bundle, read_bundle
from warmline.core.settings import parse_settings
from warmline.store import workspaces
from warmline.store.events import NewEvent, insert
from warmline.store.ids import address_lane, lane_of, new_id
from warmline.store.workspaces import Workspace
from warmline.store.writes import enter

STARTER = Path(warmline.__file__).parent / "starter"

#: A Tuesday at 10:30 in New York: the office is open, and so is every window.
TUESDAY = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@cache
def _starter() -> dict[str, str]:
    return {
        str(path.relative_to(STARTER)): path.read_text()
        for path in sorted(STARTER.rglob("*"))
        if path.suffix in (".toml", ".yaml", ".txt")
    }


def starter_files() -> dict[str, str]:
    """The starter workspace, as path -> text."""
    return dict(_starter())


def a_workspace(
    conn: psycopg.Connection, files: dict[str, str] | None = None, *, name: str = "", now: datetime = TUESDAY
) -> Workspace:
    """Publish the starter workspace, with `files` in place of its own of the same path."""
    given = {**starter_files(), **(files or {})}
    if name:
        first = next(line for line in given[SETTINGS].splitlines() if line.startswith("name"))
        given[SETTINGS] = given[SETTINGS].replace(first, f'name = "{name}"', 1)
    settings = parse_settings(given[SETTINGS], SETTINGS)
    assert settings.config is not None, [str(problem) for problem in settings.problems]
    texts = tuple(sorted({**given, SETTINGS: starter_files()[SETTINGS]}.items()))
    bundle = replace(_bundle(texts), config=settings.config, config_source=given[SETTINGS])
    diff = workspaces.apply(conn, bundle, now)
    return workspaces.load(conn, diff.workspace)


def without_sam(toml: str) -> str:
    """The settings after Sam has left."""
    return re.sub(r"\n\[people\.sam\]\n(?:(?!\[).*\n)*", "\n", toml).replace('"sam", ', "")


@lru_cache(maxsize=64)  # most tests start from the same texts, and reading them takes half a second
def _bundle(files: tuple[tuple[str, str], ...]) -> Bundle:
    read = read_bundle(dict(files))
    assert read.bundle is not None, [str(problem) for problem in read.problems]
    return read.bundle


def a_lead(
    conn: psycopg.Connection,
    workspace: Workspace | int,
    *,
    phone: str | None = "+12125550123",
    email: str | None = "ann@example.com",
    owner: str | None = "sam",
    consents: dict[str, str] | None = None,
    at: datetime = TUESDAY,
    **columns: Any,
) -> UUID:
    """A lead of New York with written consent for SMS and voicemail, and an inquiry for the rest."""
    workspace_id = workspace if isinstance(workspace, int) else workspace.id
    lead_id = new_id()
    lane = lane_of(lead_id)
    values = {"first_name": "Ann", "last_name": "Lee", "country": "US", "source": "website", "status": "open"} | columns
    conn.execute(
        """
        insert into leads (lane, id, workspace_id, status, owner, first_name, last_name, email, phone, addresses, country,
                           source, region, time_zone, created_at, updated_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            lane, lead_id, workspace_id, values["status"], owner, values["first_name"], values["last_name"], email, phone,
            Json({value: "ok" for value in (email, phone) if value}), values["country"], values["source"],
            values.get("region", ""), values.get("time_zone", ""), at, at,
        ),
    )  # fmt: skip
    for value in (phone, email):
        if value:
            conn.execute(
                "insert into address_owners (lane, workspace_id, value, lead_id) values (%s, %s, %s, %s)"
                " on conflict do nothing",
                (address_lane(value), workspace_id, value, lead_id),
            )
    given = consents if consents is not None else {
        "sms": "express_written", "voicemail": "express_written", "email": "inquiry", "call": "inquiry",
    }  # fmt: skip
    for channel, level in given.items():
        conn.execute(
            "insert into consents (lane, id, lead_id, workspace_id, level, channels, at, wording)"
            " values (%s, %s, %s, %s, %s, %s, %s, 'v1')",
            (lane, new_id(), lead_id, workspace_id, level, [channel], at),
        )
    return lead_id


def enrolled(
    conn: psycopg.Connection,
    workspace: Workspace,
    playbook: str,
    lead_id: UUID,
    *,
    at: datetime = TUESDAY,
    due_at: datetime | None = None,
    event: dict[str, Any] | None = None,
    seed: int = 7,
) -> UUID:
    """Put a lead into a playbook as intake does, due at once."""
    row = conn.execute(
        "select id, rank from playbook_versions where workspace_id = %s and key = %s and current",
        (workspace.id, playbook),
    ).fetchone()
    assert row is not None, f"the workspace has no playbook {playbook}"
    enrollment_id = new_id()
    trigger = event or {"kind": "form.submitted", "form": playbook, "source": "website", "after_hours": False}
    enter(
        conn,
        [
            {
                "lane": lane_of(lead_id), "id": enrollment_id, "lead_id": lead_id, "workspace_id": workspace.id,
                "version_id": row[0], "playbook": playbook, "rank": row[1], "status": "running", "due_at": due_at or at,
                "seed": seed, "event": trigger, "started_at": at,
            }
        ],
    )  # fmt: skip
    for kind in (trigger["kind"], "enrolled"):
        happened(conn, workspace, lead_id, kind, at=at, enrollment_id=enrollment_id)
    return enrollment_id


def happened(
    conn: psycopg.Connection, workspace: Workspace, lead_id: UUID, kind: str, *, at: datetime, **columns: Any
) -> None:
    """Add to a lead's story without waking anything."""
    insert(
        conn, [NewEvent(lane=lane_of(lead_id), lead_id=lead_id, workspace_id=workspace.id, kind=kind, at=at, **columns)]
    )


def story(conn: psycopg.Connection, lead_id: UUID) -> list[str]:
    """The kinds of a lead's events, in order."""
    rows = conn.execute(
        "select kind from events where lane = %s and lead_id = %s order by seq", (lane_of(lead_id), lead_id)
    ).fetchall()
    return [kind for (kind,) in rows]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


__all__ = ["STARTER", "TUESDAY", "a_lead", "a_workspace", "enrolled", "happened", "minutes", "starter_files", "story"]
