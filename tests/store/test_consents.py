"""Proofs of consent: what many were shown alike is told once, and each lead's own row says all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.builders import TUESDAY, a_lead, a_workspace
from warmline.store import consents
from warmline.store.ids import lane_of, new_id

COLUMNS = (
    "lane, id, lead_id, workspace_id, level, channels, purpose, seller, at, expires_at, wording, wording_text, source, url,"
    " ip, user_agent, phone, email"
)


def a_proof(lead: UUID, number: int, **more: Any) -> dict[str, Any]:
    return {
        "lane": lane_of(lead), "id": new_id(), "lead_id": lead, "workspace_id": 1, "level": "express", "channels": ["sms"],
        "purpose": "marketing", "seller": "Acme", "at": TUESDAY, "expires_at": None, "wording": "w1",
        "wording_text": 'Say "yes".', "source": "pricing", "url": "", "ip": "", "user_agent": "",
        "phone": f"+1212555{number:04d}", "email": "", **more,
    }  # fmt: skip


def test_what_was_shown_to_many_and_what_was_shown_to_one_stand_with_each_lead(conn: psycopg.Connection) -> None:
    workspace = a_workspace(conn)
    leads = [a_lead(conn, workspace, phone=f"+1212555{n:04d}", email=f"a{n}@example.com") for n in range(4)]
    rows = [a_proof(lead, number) for number, lead in enumerate(leads)]
    rows += [
        a_proof(leads[0], 0, level="inquiry", channels=("email", "call"), wording="", wording_text=""),
        a_proof(leads[1], 1, channels=("sms", "voicemail"), expires_at=TUESDAY + timedelta(days=90), ip="192.0.2.1"),
        a_proof(leads[2], 2, purpose="acknowledge"),
        a_proof(leads[3], 3, channels=()),
    ]
    consents.add(conn, rows)
    ids = [row["id"] for row in rows]
    kept = conn.execute(f"select {COLUMNS} from consents where id = any(%s) order by id".encode(), (ids,)).fetchall()
    told = [tuple(list(row[name]) if name == "channels" else row[name] for name in COLUMNS.split(", ")) for row in rows]
    assert kept == sorted(told, key=lambda row: row[1])
