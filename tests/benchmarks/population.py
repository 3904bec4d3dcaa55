"""Leads in the middle of a real playbook, loaded fast: what the engine meets on an ordinary morning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from tests.builders import TUESDAY
from warmline.core.events import Event
from warmline.core.history import FOLD, History, fold, kept
from warmline.store.ids import LANES, lane_of, new_id
from warmline.store.workspaces import Workspace

#: Everybody was enrolled on Monday morning; on Tuesday at 10:00 local the text of day 2 is due.
ENROLLED = TUESDAY - timedelta(days=1)
DUE = TUESDAY - timedelta(minutes=30)  # 10:00 in New York


def fill(
    conn: psycopg.Connection, workspace: Workspace, count: int, playbook: str = "pricing", due_at: datetime = DUE
) -> list[UUID]:
    """`count` leads of `playbook`, each with the eight events, two consents and two addresses of a real first day."""
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
    (first,) = conn.execute("select coalesce(max(seq), 0) from events").fetchone() or (0,)
    seq = int(first)
    rows: dict[str, list[tuple[Any, ...]]] = {
        name: [] for name in ("leads", "addresses", "consents", "enrollments", "events")
    }
    for number, lead in enumerate(leads):
        lane, enrollment = lane_of(lead), new_id()
        phone, email = f"+1212{2000000 + number:07d}", f"lead{number}@example.com"
        rows["leads"].append(
            (lane, lead, workspace.id, "open", "sam", "Ann", "Lee", email, phone, "US", "website", ENROLLED, ENROLLED)
        )
        rows["addresses"] += [
            (lane, lead, workspace.id, "phone", phone, "ok", ENROLLED),
            (lane, lead, workspace.id, "email", email, "ok", ENROLLED),
        ]
        rows["consents"] += [
            (
                lane,
                new_id(),
                lead,
                workspace.id,
                "express_written",
                ["sms", "voicemail"],
                ENROLLED,
                "sms-2026-11",
                "website",
            ),
            (lane, new_id(), lead, workspace.id, "inquiry", ["email", "call"], ENROLLED, "", "website"),
        ]
        rows["enrollments"].append(
            (
                lane,
                enrollment,
                lead,
                workspace.id,
                version_id,
                playbook,
                rank,
                "running",
                due_at,
                number,
                trigger,
                ENROLLED,
                FOLD,
                folded(enrollment, number, seq),
            )
        )
        for kind, after, step, channel, data in FIRST_DAY:
            seq += 1
            touch = new_id() if kind.startswith("touch.") else None
            at = ENROLLED + timedelta(minutes=after)
            rows["events"].append((lane, lead, seq, workspace.id, kind, at, enrollment, step, channel, touch, data))
    for table, columns in COLUMNS.items():
        with conn.cursor() as cursor, cursor.copy(f"copy {table} ({columns}) from stdin".encode()) as copy:  # type: ignore[arg-type]
            for values in rows[table]:
                copy.write_row(values)
    conn.execute("select setval('event_seq', %s)", (seq,))
    conn.execute("analyze")
    return leads


def folded(enrollment: UUID, seed: int, before: int) -> str:
    """What the last look of that day has kept: it planned the mail, so it had seen all but what came of it."""
    history = History(str(enrollment), seed, ENROLLED)
    events = [
        Event(kind, ENROLLED + timedelta(minutes=after), before + number, str(enrollment), step, channel,
              new_id().hex if kind.startswith("touch.") else None, msgspec.json.decode(data))
        for number, (kind, after, step, channel, data) in enumerate(FIRST_DAY[:-2], 1)
    ]  # fmt: skip
    return bytes(kept(fold(history, events))).decode()


#: kind, minutes after the start, step, channel, data
FIRST_DAY = (
    ("form.submitted", 0, "", "", "{}"),
    ("enrolled", 0, "", "", "{}"),
    ("touch.planned", 0, "ack", "sms", "{}"),
    ("task.opened", 0, "first-call", "call", "{}"),
    ("touch.sent", 0.02, "ack", "sms", "{}"),
    ("task.done", 20, "first-call", "call", '{"outcome": "missed", "last": true}'),
    ("touch.planned", 65, "context", "email", "{}"),
    ("touch.sent", 65.02, "context", "email", "{}"),
)
COLUMNS = {
    "leads": "lane, id, workspace_id, status, owner, first_name, last_name, email, phone, country, source, created_at,"
    " updated_at",
    "addresses": "lane, lead_id, workspace_id, kind, value, state, added_at",
    "consents": "lane, id, lead_id, workspace_id, level, channels, at, wording, source",
    "enrollments": "lane, id, lead_id, workspace_id, version_id, playbook, rank, status, due_at, seed, event, started_at,"
    " fold, folded",
    "events": "lane, lead_id, seq, workspace_id, kind, at, enrollment_id, step, channel, touch_id, data",
}


def due_lanes() -> range:
    return range(LANES)
