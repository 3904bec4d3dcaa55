"""Touches after they were handed over: what the provider tells later moves them forward, never back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from .ids import lane_of


@dataclass(frozen=True, slots=True)
class Touch:
    id: UUID
    lead_id: UUID
    workspace_id: int
    enrollment_id: UUID | None
    step: str
    channel: str
    last: bool
    status: str
    address: str | None
    sent_at: datetime | None = None

    @property
    def lane(self) -> int:
        return lane_of(self.lead_id)


_TOUCH = "select id, lead_id, workspace_id, enrollment_id, step, channel, last, status, address, sent_at from touches"


def find(conn: psycopg.Connection, workspace_id: int, lane: int, touch_id: UUID) -> Touch | None:
    """None: this workspace has no such touch."""
    row = conn.execute(
        _TOUCH + " where lane = %s and id = %s and workspace_id = %s", (lane, touch_id, workspace_id)
    ).fetchone()
    return Touch(*row) if row else None


def latest_mail(
    conn: psycopg.Connection, workspace_id: int, lane: int, lead_id: UUID, address: str, since: datetime
) -> Touch | None:
    """The mail that went to that address of the lead last, if it did so since then. Its events name its touches."""
    row = conn.execute(
        _TOUCH
        + """ where lane = %(lane)s and workspace_id = %(workspace)s and channel = 'email' and address = %(address)s
          and sent_at >= %(since)s and id = any(array(
            select touch_id from events where lane = %(lane)s and lead_id = %(lead)s and touch_id is not null))
        order by sent_at desc limit 1""",
        {"lane": lane, "workspace": workspace_id, "lead": lead_id, "address": address, "since": since},
    ).fetchone()
    return Touch(*row) if row else None


def move(
    conn: psycopg.Connection, touch: Touch, to: str, out_of: Sequence[str], reason: str = "",
    sent_at: datetime | None = None, provider_id: str = "",
) -> str:  # fmt: skip
    """Set the status if it is one of `out_of` now. Returns the status it had, "" when nothing was changed.

    A report may overtake the receipt of the hand-over, which then finds the touch moved on and writes nothing: so what
    the report proves of it, `sent_at` and `provider_id`, is kept here where it is not known yet.
    """
    row = conn.execute(
        """
        with was as (
          select status from touches where lane = %(lane)s and id = %(id)s and status = any(%(out_of)s) for update
        )
        update touches t set status = %(to)s, reason = case when %(reason)s = '' then t.reason else %(reason)s end,
          sent_at = coalesce(t.sent_at, %(sent_at)s), leased_until = null, claimed_by = null,
          provider_id = case when t.provider_id = '' then %(provider_id)s else t.provider_id end
        from was where t.lane = %(lane)s and t.id = %(id)s
        returning was.status
        """,
        {
            "lane": touch.lane,
            "id": touch.id,
            "out_of": list(out_of),
            "to": to,
            "reason": reason,
            "sent_at": sent_at,
            "provider_id": provider_id,
        },
    ).fetchone()
    return str(row[0]) if row else ""


def has_unknown(conn: psycopg.Connection, lead_id: UUID) -> bool:
    row = conn.execute(
        "select 1 from touches where lane = %s and lead_id = %s and status = 'unknown' limit 1",
        (lane_of(lead_id), lead_id),
    ).fetchone()
    return row is not None
