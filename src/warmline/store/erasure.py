"""Taking out of every table what tells who a lead was. Its rows stay, empty: numbers and the chain of the ledger hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from . import ledger
from .ids import address_lane, lane_of
from .pipeline import together

#: What an event of somebody who was erased may hold: closed lists of keys, and nothing that somebody has typed.
KEPT = (
    "reason", "last", "task", "outcome", "playbook", "version", "signal", "channels", "by", "word", "seconds", "automated",
    "merged",
)  # fmt: skip

_OF_LEAD: Sequence[str] = (
    "update leads set first_name = '', last_name = '', company = '', email = null, phone = null, addresses = '{}',"
    " fields = '{}', region = '', time_zone = '', status = 'closed', updated_at = %(now)s"
    " where lane = %(lane)s and id = %(lead)s",
    "delete from number_questions where lane = %(lane)s and lead_id = %(lead)s",
    "delete from doubtful_clicks where lane = %(lane)s and lead_id = %(lead)s",
    "update events e set key = null, data = coalesce((select json_object_agg(k, v) from json_each(e.data) d (k, v)"
    " where k = any(%(kept)s)), '{}') where e.lane = %(lane)s and e.lead_id = %(lead)s",
    "update enrollments set event = json_build_object('kind', event->>'kind'), folded = null, error ="
    " case when error = '' then '' else 'erased' end where lane = %(lane)s and lead_id = %(lead)s",
    "update touches set address = null, subject = '', body = '', error = '' where lane = %(lane)s and id = any(array("
    "select touch_id from events where lane = %(lane)s and lead_id = %(lead)s and touch_id is not null))",
    "update tasks set title = kind, note = '' where lane = %(lane)s and lead_id = %(lead)s",
    "update calls set lead_phone = '', detail = '' where lane = %(lane)s and lead_id = %(lead)s",
    "update decisions set lead = '{}', body = '[]' where lane = %(lane)s and lead_id = %(lead)s",
)
_CONSENTS = (
    "update consents set wording_text = '', source = '', url = '', ip = '', user_agent = '', phone = '', email = '',"
    " sealed = true where lane = %(lane)s and lead_id = %(lead)s"
)


def empty(conn: psycopg.Connection, lead_id: UUID, addresses: Sequence[str], now: datetime) -> None:
    """In the caller's transaction, which holds the lead. Its proofs keep their level and dates; the ledger says that they
    were erased, and by that entry stays whole."""
    lane = lane_of(lead_id)
    said: dict[str, Any] = {"lane": lane, "lead": lead_id, "now": now, "kept": list(KEPT)}
    with together(conn):
        for statement in _OF_LEAD:
            conn.execute(statement.encode(), said)
        for address in addresses:
            conn.execute(
                "delete from address_owners where lane = %s and value = %s and lead_id = %s",
                (address_lane(address), address, lead_id),
            )
    ledger.hold(conn, lane)
    conn.execute(_CONSENTS, said)
    ledger.append(conn, lane, [("erased", one) for one in ledger.consents_of(conn, lane, lead_id)], now)


def hide(conn: psycopg.Connection, workspace_id: int, names: dict[str, str], now: datetime) -> None:
    """Suppressions of these values stand under other ones from now on, without what was said: {address: token}."""
    ledger.hold(conn, ledger.FIRST_LANE)
    for address, token in names.items():
        conn.execute(
            "update suppressions set value = %s, evidence = '', lifted_why = case when lifted_at is null then '' else"
            " 'erased' end, sealed = case when lifted_at is null then 1 else 2 end where workspace_id = %s and value = %s",
            (token, workspace_id, address),
        )
    erased = ledger.suppressions_of(conn, workspace_id, list(names.values()))
    ledger.append(conn, ledger.FIRST_LANE, [("erased", one) for one in erased], now)
    conn.execute(
        "delete from number_facts where workspace_id = %s and value = any(%s) and kind in ('line', 'reassigned')",
        (workspace_id, list(names)),
    )
