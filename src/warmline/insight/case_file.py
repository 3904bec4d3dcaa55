"""A lead's case file: consents, withdrawals, touches, decisions and messages, for whoever has to answer for them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from liquid import BoundTemplate, Environment

from warmline import __version__
from warmline.core.consent import LEVEL_WORDS, Span, spans_of, suppressible_values
from warmline.core.gate import LABELS
from warmline.insight.lines import DID, Line
from warmline.insight.story import LeadView, story
from warmline.rules.binding import places_known, policy_of
from warmline.store import proofs
from warmline.store.proofs import Proof, Withdrawal, consent_of
from warmline.store.workspaces import Workspace


class CaseFile(msgspec.Struct, frozen=True):
    """`lines` are the events and decisions in their order, each touch with its words, each decision with every rule that
    was looked at and the version of the rules."""

    made_at: datetime
    made_by: str
    workspace: str
    lead: LeadView
    addresses: tuple[dict[str, Any], ...]
    consents: tuple[Proof, ...]
    ends: tuple[tuple[Span, ...], ...]  # until when each of the consents speaks for which channels
    withdrawals: tuple[Withdrawal, ...]
    lines: tuple[Line, ...]


def case_file(conn: psycopg.Connection, workspace: Workspace, ref: str | UUID, now: datetime) -> CaseFile:
    """Raises story.LeadNotFoundError."""
    told = story(conn, workspace, ref, now)
    values = suppressible_values([told.lead.id], [one.value for one in told.addresses])
    kept = proofs.of_lead(conn, told.lead.id)
    lifetimes = policy_of(workspace.config, now.date()).rules(places_known(told.lead)).lifetimes
    return CaseFile(
        made_at=now,
        made_by=f"warmline {__version__}",
        workspace=workspace.name,
        lead=told.lead,
        addresses=tuple(msgspec.structs.asdict(one) for one in told.addresses),
        consents=tuple(kept),
        ends=tuple(spans_of(consent_of(one), lifetimes) for one in kept),
        withdrawals=tuple(proofs.withdrawn(conn, workspace.id, values)),
        lines=told.lines,
    )


def as_json(case: CaseFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(case), indent=2)


def as_page(case: CaseFile) -> str:
    """One HTML file that needs nothing beside it."""
    return _template().render(case=msgspec.to_builtins(case), levels=LEVEL_WORDS, labels=dict(LABELS), did=dict(DID))


@cache
def _template() -> BoundTemplate:
    source = files("warmline.insight").joinpath("case_file.html").read_text("utf-8")
    env = Environment(autoescape=True)
    env.add_filter("moment", _moment)
    env.add_filter("plain", lambda text: str(text).replace("_", " "))
    return env.from_string(source)


def _moment(text: Any) -> str:
    return f"{datetime.fromisoformat(str(text)):%d %b %Y %H:%M:%S} UTC" if text else ""
