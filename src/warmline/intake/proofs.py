"""A proof of consent as it is kept: what the lead was shown, by whom, where and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from warmline.core.months import add_months
from warmline.store.ids import new_id

from .person import Person
from .submission import Given, Origin


def proof(
    person: Person,
    workspace_id: int,
    seller: str,
    given: Given,
    now: datetime,
    *,
    source: str,
    origin: Origin,
    phone: str | None,
    email: str | None,
    months: int | None,
) -> Mapping[str, Any]:
    """A row of the consents. `phone` and `email` were given with it; `months` is how long it lasts where the lead is."""
    said = shown(workspace_id, seller, given, now, source=source, origin=origin, months=months)
    return given_by(person, new_id(), said, phone, email)


def shown(
    workspace_id: int, seller: str, given: Given, now: datetime, *, source: str, origin: Origin, months: int | None
) -> Mapping[str, Any]:
    """The part of it that is the same for everybody who was shown the same at the same place."""
    at = min(given.at, now) if given.at else now
    return {
        "workspace_id": workspace_id, "level": given.level, "channels": given.channels, "purpose": given.purpose,
        "seller": seller, "at": at, "expires_at": add_months(at, months) if months else None, "wording": given.wording,
        "wording_text": given.wording_text, "source": source, "url": origin.url, "ip": origin.ip,
        "user_agent": origin.user_agent,
    }  # fmt: skip


def given_by(
    person: Person, proof_id: UUID, said: Mapping[str, Any], phone: str | None, email: str | None
) -> Mapping[str, Any]:
    """And the part that is this lead's."""
    return {
        **said, "lane": person.lane, "id": proof_id, "lead_id": person.id, "phone": phone or "", "email": email or "",
    }  # fmt: skip
