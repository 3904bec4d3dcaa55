"""A lead in the words that playbooks and templates use for it. One place, so that a preview says what will be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from .events import Event
from .settings import Config


class LeadLike(Protocol):
    """The stored lead, as store.due.Known has it."""

    owner: str | None
    status: str
    first_name: str
    last_name: str
    company: str
    email: str | None
    phone: str | None
    country: str
    region: str
    source: str
    fields: dict[str, Any]

    @property
    def events(self) -> Sequence[Event]: ...


def values_of(lead: LeadLike) -> dict[str, Any]:
    """The lead as conditions and templates read it."""
    return {
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "company": lead.company,
        "email": lead.email or "",
        "phone": lead.phone or "",
        "country": lead.country,
        "region": lead.region,
        "source": lead.source,
        "status": lead.status,
        "returning": sum(1 for event in lead.events if event.kind == "enrolled") > 1,
        "fields": lead.fields,
    }


def event_values(
    kind: str,
    *,
    form: str = "",
    source: str = "",
    keyword: str = "",
    page: str = "",
    campaign: str = "",
    after_hours: bool = False,
    fields: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """What started an enrollment, as conditions and templates read it."""
    return {
        "kind": kind,
        "form": form,
        "source": source,
        "keyword": keyword,
        "page": page,
        "campaign": campaign,
        "after_hours": after_hours,
        "fields": dict(fields),
    }


def variables(lead: LeadLike, config: Config, event: Mapping[str, Any], channel: str) -> dict[str, Any]:
    """What a template may read: lead, rep (the owner, or the first of the people), company, event, links, and the touch
    it is rendered for, by `channel`."""
    rep = config.people.get(lead.owner or "") or next(iter(config.people.values()), None)
    company = config.workspace
    return {
        "lead": values_of(lead),
        "rep": {
            "first_name": rep.first_name,
            "name": rep.name,
            "phone": rep.phone or company.phone,
            "email": rep.email,
            "booking_url": rep.booking_url or config.links.get("booking", ""),
        }
        if rep
        else {"first_name": company.name, "name": company.name, "phone": company.phone},
        "company": {
            "name": company.name,
            "phone": company.phone,
            "postal_address": company.postal_address,
            "website": company.website,
        },
        "event": event,
        "links": dict(config.links),
        "touch": {"channel": channel},
    }
