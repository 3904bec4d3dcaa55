"""Everything that is kept of one lead, for its story. By primary keys and the lead's own indexes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from warmline.core.gate import Finding

from .ids import address_lane, lane_of
from .rows import read


class Run(msgspec.Struct):
    """An enrollment."""

    id: UUID
    version_id: int
    playbook: str
    status: str
    due_at: datetime | None
    seed: int
    event: dict[str, Any]
    started_at: datetime
    ended_at: datetime | None
    end_reason: str
    error: str


class Touch(msgspec.Struct):
    id: UUID
    enrollment_id: UUID | None
    step: str
    channel: str
    purpose: str
    template: str
    status: str
    ready_at: datetime
    tries: int
    address: str | None
    subject: str
    body: str
    provider: str
    provider_id: str
    reason: str
    error: str
    created_at: datetime
    sent_at: datetime | None


class Task(msgspec.Struct):
    id: UUID
    enrollment_id: UUID | None
    step: str
    attempt: int
    kind: str
    title: str
    script: str
    owner: str | None
    due_at: datetime
    expires_at: datetime | None
    status: str
    outcome: str
    note: str
    opened_at: datetime
    done_at: datetime | None
    done_by: str


class Did(msgspec.Struct):
    """One thing that a look at the lead came to, with everything the gate looked at for it. What it allowed is stored
    once for all leads of whom it is true: `trace` names it there."""

    do: str
    reason: str = ""
    findings: list[Finding] = []
    trace: str = ""
    step: str = ""
    channel: str = ""
    template: str = ""
    until: datetime | None = None


class Look(msgspec.Struct):
    """A stored decision. It had seen every event up to `seen`; `until` is the next look it asked for."""

    seq: int
    enrollment_id: UUID
    version_id: int
    rules: str
    seen: int
    at: datetime
    result: str
    reason: str
    until: datetime | None
    lead: dict[str, Any]  # what the conditions read of the lead, as it was then
    body: list[Did]


class Record(msgspec.Struct):
    """Runs, touches and tasks by time; looks by `seq`."""

    created_at: datetime
    runs: list[Run]
    touches: list[Touch]
    tasks: list[Task]
    looks: list[Look]
    traces: dict[str, list[Finding]]


def read_record(conn: psycopg.Connection, lane: int, lead_id: UUID) -> Record | None:
    """None when there is no such lead. A touch has no index by lead: the lead's events name each of its touches."""
    found = read(
        conn,
        """
        select json_build_array(json_build_object(
          'created_at', l.created_at,
          'runs', coalesce((select json_agg(row_to_json(e) order by e.started_at)
                            from enrollments e where e.lane = %(lane)s and e.lead_id = l.id), '[]'),
          'touches', coalesce((select json_agg(row_to_json(t) order by t.created_at) from touches t
                               where t.lane = %(lane)s and t.id = any(array(
                                 select touch_id from events v where v.lane = %(lane)s and v.lead_id = l.id
                                 and v.touch_id is not null))), '[]'),
          'tasks', coalesce((select json_agg(row_to_json(k) order by k.opened_at)
                             from tasks k where k.lane = %(lane)s and k.lead_id = l.id), '[]'),
          'looks', coalesce((select json_agg(row_to_json(d) order by d.seq)
                             from decisions d where d.lane = %(lane)s and d.lead_id = l.id), '[]'),
          'traces', coalesce((select json_object_agg(x.digest, x.findings)
                              from traces x where x.lane = %(lane)s and x.digest = any(array(
                                select did->>'trace' from decisions d, json_array_elements(d.body) did
                                where d.lane = %(lane)s and d.lead_id = l.id and did->>'trace' is not null))), '{}')
        ))::text
        from leads l where l.lane = %(lane)s and l.id = %(lead)s
        """,
        {"lane": lane, "lead": lead_id},
        Record,
    )
    for record in found:
        for did in (did for look in record.looks for did in look.body if did.trace):
            did.findings = record.traces[did.trace]
    return found[0] if found else None


def find_lead(conn: psycopg.Connection, workspace_id: int, lead_id: UUID) -> tuple[int, UUID] | None:
    """Lane and id, when that workspace has the lead."""
    lane = lane_of(lead_id)
    row = conn.execute(
        "select id from leads where lane = %s and id = %s and workspace_id = %s", (lane, lead_id, workspace_id)
    ).fetchone()
    return (lane, lead_id) if row else None


def find_by_address(conn: psycopg.Connection, workspace_id: int, address: str) -> tuple[int, UUID] | None:
    """Lane and id of the lead that an E.164 number or normalised mail address belongs to."""
    row = conn.execute(
        "select lead_id from address_owners where lane = %s and workspace_id = %s and value = %s",
        (address_lane(address), workspace_id, address),
    ).fetchone()
    return (lane_of(row[0]), row[0]) if row else None
