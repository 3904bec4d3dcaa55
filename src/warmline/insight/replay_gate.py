"""Asking the gate again what it was asked at a look, from what was known then, and holding its findings to those stored.

Proofs, suppressions and the story are only ever added to, so what was known then can be told. Where it can't (the lead's
own details, an address's state, what is known of its number or the rules themselves have changed since), the gate is not
asked again, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import psycopg

from warmline.core import gate
from warmline.core.consent import Suppression, suppressible_values
from warmline.core.events import TRIGGERS
from warmline.core.finding import Finding
from warmline.core.history import History
from warmline.core.numbers import RegistryFile
from warmline.core.places import Zones
from warmline.core.playbook import Call, Send, Step
from warmline.core.settings import Config
from warmline.core.standing import Asked, facts_of
from warmline.rules.binding import places_known, policy_of
from warmline.store import numbers, proofs
from warmline.store.due import Known
from warmline.store.proofs import Withdrawal
from warmline.store.stories import Did, Look

#: After these a lead may have other details, or an address another state, than at a look before them.
_CHANGES = frozenset((*TRIGGERS, "changed", "bounced", "touch.failed", "erased", "merged", "released"))
#: A list may have been written while the look went on: then nobody can tell which came first.
_AT_ONCE = timedelta(seconds=10)


class GateAgain:
    """One lead's gate, as it was at each of its looks."""

    def __init__(self, conn: psycopg.Connection, config: Config, lead: Known, zones: Zones) -> None:
        self._config, self._lead, self._zones = config, lead, zones
        values = suppressible_values([lead.id], lead.addresses)
        self._withdrawn = proofs.withdrawn(conn, lead.workspace_id, values)
        self._files = numbers.imported(conn, lead.workspace_id)
        self.asked = 0  # how often it was asked again

    def differs(self, look: Look, step: Step, channel: str, history: History, did: Did) -> str:
        """What it says otherwise now than was stored, in words; "" when nothing, or when that can't be told."""
        rules = policy_of(self._config, look.at.date()).rules(places_known(self._lead))
        if not did.findings or rules.version != look.rules or not self._is_known(look):
            return ""
        lead = msgspec.structs.replace(
            self._lead, status="open", suppressions=[_of(one) for one in self._withdrawn if _stood(one, look)]
        )
        files = [RegistryFile(one.registry, one.as_of, one.covers) for one in self._files if one.imported_at <= look.at]
        asked = Asked(tuple(files), self._config.asks_lines)
        on = channel == "call" or channel in self._config.channels
        facts = facts_of(lead, self._zones, history, channel, on, asked)
        purpose = step.purpose if isinstance(step, Send) else "marketing"
        office = not isinstance(step, Call) or step.hours == "office"
        verdict = gate.check(gate.Ask(channel, purpose, office=office), facts, rules, look.at)  # type: ignore[arg-type] # stored kinds
        self.asked += 1
        return _difference(did.findings, verdict.findings)

    def _is_known(self, look: Look) -> bool:
        """Whether everything that the gate saw then can be told today."""
        later = [event for event in self._lead.events if event.seq > look.seen]
        if self._lead.numbers or any(event.kind in _CHANGES for event in later):
            return False
        # Where clocks run apart, or one runs fast, the order of instants is not the order in which things were seen.
        if any(event.at > look.at for event in self._lead.events if event.seq <= look.seen):
            return False
        if any(event.at <= look.at and event.kind in ("opted.out", "opted.in") for event in later):
            return False
        moments = [at for one in self._withdrawn for at in (one.at, one.lifted_at) if at is not None]
        return all(abs(at - look.at) > _AT_ONCE for at in moments)


def _stood(one: Withdrawal, look: Look) -> bool:
    return one.at <= look.at and (one.lifted_at is None or one.lifted_at > look.at)


def _of(one: Withdrawal) -> Suppression:
    return Suppression(one.scope, one.value, one.reason, one.at, one.channels)  # type: ignore[arg-type] # stored kinds


def _difference(stored: Sequence[Finding], again: Sequence[Finding]) -> str:
    """Recordings come and go without a trace, so what that rule said is not held against it."""
    was = {one.rule: one for one in stored}
    for finding in again:
        before = was.get(finding.rule)
        if before is not None and finding.rule != "no_recording" and finding != before:
            return f"{finding.rule}: {before.result} ({before.saw}), now {finding.result} ({finding.saw})"
    return ""
