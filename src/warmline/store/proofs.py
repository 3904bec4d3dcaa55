"""What is kept of a lead's consents and of its wishes not to be contacted, each with its entry in the ledger."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg

from warmline.core.consent import Consent

from .ids import lane_of
from .rows import read


class Proof(msgspec.Struct, frozen=True):
    """A consent, whole. `entry` and `hash` name it in the ledger; 0 and "" while it is not sealed yet."""

    id: UUID
    lead_id: UUID
    level: str
    channels: tuple[str, ...]
    purpose: str
    seller: str
    at: datetime
    expires_at: datetime | None
    wording: str
    wording_text: str
    source: str
    url: str
    ip: str
    user_agent: str
    phone: str
    email: str
    entry: int = 0
    hash: str = ""


def consent_of(proof: Proof) -> Consent:
    """As far as it matters for how long it speaks."""
    return Consent(proof.level, proof.channels, proof.at, proof.expires_at)  # type: ignore[arg-type] # a stored level


class Withdrawal(msgspec.Struct, frozen=True):
    """A suppression, lifted or not."""

    id: UUID
    scope: str
    value: str
    channels: tuple[str, ...]
    reason: str
    evidence: str
    at: datetime
    who: str
    lifted_at: datetime | None
    lifted_why: str
    lifted_by: str
    entry: int = 0
    hash: str = ""


def of_lead(conn: psycopg.Connection, lead_id: UUID) -> list[Proof]:
    """By time."""
    return read(
        conn,
        """
        select json_agg(p order by p.at, p.id)::text from (
          select c.id, c.lead_id, c.level, c.channels, c.purpose, c.seller, c.at, c.expires_at, c.wording, c.wording_text,
            c.source, c.url, c.ip, c.user_agent, c.phone, c.email, coalesce(l.number, 0) entry,
            coalesce(encode(l.hash, 'hex'), '') hash
          from consents c left join ledger l on l.lane = %(lane)s and l.record_id = c.id and l.kind = 'consent'
          where c.lane = %(lane)s and c.lead_id = %(lead)s
        ) p
        """,
        {"lane": lane_of(lead_id), "lead": lead_id},
        Proof,
    )


def withdrawn(conn: psycopg.Connection, workspace_id: int, values: Collection[str]) -> list[Withdrawal]:
    """Every suppression of these lead ids, addresses and domains, lifted ones too, by time."""
    return read(
        conn,
        """
        select json_agg(w order by w.at, w.id)::text from (
          select s.id, s.scope, s.value, s.channels, s.reason, s.evidence, s.at, s.who, s.lifted_at, s.lifted_why,
            s.lifted_by, coalesce(l.number, 0) entry, coalesce(encode(l.hash, 'hex'), '') hash
          from suppressions s left join ledger l on l.lane = 0 and l.record_id = s.id and l.kind = 'suppression'
          where s.workspace_id = %s and s.value = any(%s)
        ) w
        """,
        (workspace_id, list(values)),
        Withdrawal,
    )
