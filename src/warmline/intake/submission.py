"""What comes in at the door, read and normalised, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from warmline.core.consent import Level
from warmline.core.lead import Draft
from warmline.core.playbook import Purpose


class Given(msgspec.Struct, frozen=True):
    """Consent that a submission proves: the wording shown is kept word for word."""

    level: Level
    channels: tuple[str, ...]
    wording: str = ""
    wording_text: str = ""
    purpose: Purpose = "marketing"
    at: datetime | None = None  # None: now


class Origin(msgspec.Struct, frozen=True):
    """Who sent the request, for the consent's proof, and the request itself, for quarantine."""

    ip: str = ""
    user_agent: str = ""
    url: str = ""
    body: str = ""
    content_type: str = ""

    def context(self) -> dict[str, Any]:
        return {"ip": self.ip, "user_agent": self.user_agent, "url": self.url}


class Submission(msgspec.Struct):
    """One thing that happened, with the person it happened to. `key`: the same thing told twice has the same key."""

    source: str
    draft: Draft
    kind: str = "form.submitted"
    form: str = ""
    keyword: str = ""
    consents: tuple[Given, ...] = ()
    origin: Origin = Origin()
    key: str | None = None
    data: Mapping[str, Any] = {}  # more for the event
    raw: str | Mapping[str, str] = ""  # this one's own part of the body, as it came or field by field

    @property
    def body(self) -> str:
        """What quarantine keeps: its own part, else the whole request. Hardly ever asked for, so put together then."""
        return (self.raw if isinstance(self.raw, str) else as_json(self.raw)) or self.origin.body


def as_json(row: Mapping[str, str]) -> str:
    """Half characters, which no text may hold, are shown as ?."""
    return msgspec.json.encode(
        {
            name.encode("utf-8", "replace").decode(): value.encode("utf-8", "replace").decode()
            for name, value in row.items()
        }
    ).decode()


class Accepted(msgspec.Struct, frozen=True):
    """It is stored. `playbook` is the one entered, or `reason` says why none was."""

    lead: UUID
    created: bool
    playbook: str = ""
    reason: str = ""


class Rejected(msgspec.Struct, frozen=True):
    """It is kept in quarantine. `fields`: the sender's field name -> what is wrong and what to write."""

    reason: str
    fields: Mapping[str, str] = {}
    quarantine: UUID | None = None


Result = Accepted | Rejected
