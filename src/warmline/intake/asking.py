"""Asks the gate for a call that a person is about to make, as the engine asks it for what goes out by itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg

from warmline.core import gate
from warmline.core.gate import Verdict
from warmline.core.standing import facts_of, history_of
from warmline.rules.binding import places_known, policy_of, zones_known
from warmline.store import due, numbers
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace


def may_call(
    conn: psycopg.Connection, workspace: Workspace, lead_id: UUID, phone: str, now: datetime, enrollment: UUID | None
) -> Verdict:
    """Whether `phone` may ring now. The law's hours bind, the office's do not: the person who asks is there.

    Nor does it matter that a person has the lead, for that is who calls; a message that may be an opt-out has to be read
    first all the same.
    """
    lane = lane_of(lead_id)
    lead = due.know(conn, lane, [lead_id])[lead_id]
    policy = policy_of(workspace.config, now.date())
    history = history_of(str(enrollment), 0, now, policy.office.zone, {}, {}, lead.events)
    asked = numbers.asked_of(conn, workspace)
    facts = facts_of(lead, zones_known(lead), history, "call", True, asked)
    if history.doubtful_at is None:
        facts.human_live = ""
    if facts.address != phone:
        facts.address = None  # it was corrected or taken away while the rep's phone rang
    return gate.check(gate.Ask("call", office=False), facts, policy.rules(places_known(lead)), now)
