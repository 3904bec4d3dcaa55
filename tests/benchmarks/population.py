"""Leads in the middle of a real playbook, loaded fast: what the engine meets on an ordinary morning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from tests.builders import TUESDAY
from warmline.core.events import Event
from warmline.core.history import FOLD, History, fold, kept
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace

#: Everybody was enrolled on Monday morning; on Tuesday at 10:00 local the text of day 2 is due.
ENROLLED = TUESDAY - timedelta(days=1)
DUE = TUESDAY - timedelta(minutes=30)  # 10:00 in New York

#: kind, minutes after the start, step, channel, data
Happened = tuple[str, float, str, str, str]

JUST_NOW: tuple[Happened, ...] = (
    ("form.submitted", 0, "", "", "{}"),
    ("enrolled", 0, "", "", "{}"),
)
FIRST_DAY: tuple[Happened, ...] = (
    *JUST_NOW,
    ("touch.planned", 0, "ack", "sms", "{}"),
    ("task.opened", 0, "first-call", "call", "{}"),
    ("touch.sent", 0.02, "ack", "sms", "{}"),
    ("task.done", 20, "first-call", "call", '{"outcome": "missed", "last": true}'),
    ("touch.planned", 65, "context", "email", "{}"),
    ("touch.sent", 65.02, "context", "email", "{}"),
)
COLUMNS = {
    "leads": "lane, id, workspace_id, status, owner, first_name, last_name, email, phone, addresses, country, source,"
    " created_at, updated_at",
    "consents": "lane, id, lead_id, workspace_id, level, channels, at, wording, source",
    "enrollments": "lane, id, lead_id, workspace_id, version_id, playbook, rank, status, due_at, seed, event, started_at,"
    " fold, folded",
    "events": "lane, lead_id, seq, workspace_id, kind, at, enrollment_id, step, channel, touch_id, data",
}


def fill(
    conn: psycopg.Connection,
    workspace: Workspace,
    count: int,
    playbook: str = "pricing",
    *,
    enrolled: datetime = ENROLLED,
    due_at: datetime = DUE,
    events: Sequence[Happened] = FIRST_DAY,
    seen: int = len(FIRST_DAY) - 2,
) -> list[UUID]:
    """`count` leads of `playbook`, each with two consents, two addresses and `events` since it was enrolled.

    The last look had seen `seen` of the events and kept their fold: it planned the mail, and not yet what came of it.
    """
    row = conn.execute(
        "select id, rank from playbook_versions where workspace_id = %s and key = %s and current",
        (workspace.id, playbook),
    ).fetchone()
    assert row is not None
    version_id, rank = row
    trigger = msgspec.json.encode(
        {"kind": "form.submitted", "form": playbook, "source": "website", "after_hours": False}
    ).decode()
    leads = [new_id() for _ in range(count)]
    first = conn.execute("select coalesce(max(seq), 0) from events").fetchone()
    assert first is not None
    seq = int(first[0])
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    for number, lead in enumerate(leads):
        lane, enrollment = lane_of(lead), new_id()
        phone, email = f"+1212{2000000 + number:07d}", f"lead{number}@example.com"
        of = (lane, lead, workspace.id)
        addresses = f'{{"{email}": "ok", "{phone}": "ok"}}'
        rows["leads"].append(
            (*of, "open", "sam", "Ann", "Lee", email, phone, addresses, "US", "website", enrolled, enrolled)
        )
        written, asked = (lane, new_id(), lead, workspace.id), (lane, new_id(), lead, workspace.id)
        rows["consents"] += [
            (*written, "express_written", ["sms", "voicemail"], enrolled, "sms-2026-11", "website"),
            (*asked, "inquiry", ["email", "call"], enrolled, "", "website"),
        ]
        folded = (FOLD, fold_of(events[:seen], enrollment, number, enrolled, seq)) if seen else (0, None)
        rows["enrollments"].append(
            (lane, enrollment, lead, workspace.id, version_id, playbook, rank, "running", due_at, number, trigger, enrolled,
             *folded)
        )  # fmt: skip
        for kind, after, step, channel, data in events:
            seq += 1
            touch = new_id() if kind.startswith("touch.") else None
            at = enrolled + timedelta(minutes=after)
            rows["events"].append((lane, lead, seq, workspace.id, kind, at, enrollment, step, channel, touch, data))
    for table, columns in COLUMNS.items():
        with conn.cursor() as cursor, cursor.copy(f"copy {table} ({columns}) from stdin".encode()) as copy:
            for values in rows[table]:
                copy.write_row(values)
    conn.execute("select setval('event_seq', %s)", (seq,))
    conn.execute("analyze")
    return leads


def fold_of(events: Sequence[Happened], enrollment: UUID, seed: int, enrolled: datetime, before: int) -> str:
    """What a look that had seen these has kept beside the enrollment; they are numbered from `before` + 1."""
    told = [
        Event(kind, enrolled + timedelta(minutes=after), before + number, str(enrollment), step, channel,
              new_id().hex if kind.startswith("touch.") else None, msgspec.json.decode(data))
        for number, (kind, after, step, channel, data) in enumerate(events, 1)
    ]  # fmt: skip
    return bytes(kept(fold(History(str(enrollment), seed, enrolled), told))).decode()
