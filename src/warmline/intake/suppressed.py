"""Whether a lead wants no contact, and the one way back: new express consent, on the form that came in just now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warmline.core.consent import RANK
from warmline.store.ids import new_id
from warmline.store.suppressions import InForce

from .person import Person
from .submission import Given, Submission

CHANNELS = ("sms", "email", "voicemail", "call")

#: Reasons that are the lead's own word. What others have put on a list, the lead's consent does not take off.
OWN_WORD = ("opted_out", "unsubscribed", "erased")


@dataclass(frozen=True, slots=True)
class Lifted:
    """`narrowed`: what stays suppressed of a lifted row, because the new consent says nothing of it."""

    rows: list[dict[str, Any]]
    narrowed: list[dict[str, Any]]
    channels: tuple[str, ...]
    proof: str


class Suppressed:
    """What stands against contacting one lead, by person, address and mail domain."""

    __slots__ = ("_kept", "_person", "_status_out")

    def __init__(self, person: Person, kept: Mapping[str, list[InForce]]) -> None:
        self._person = person
        self._kept = kept
        self._status_out = person.status == "opted_out"

    @property
    def stands(self) -> bool:
        """Something does."""
        if not self._kept and not self._status_out:
            return False
        own = self._kept.get(str(self._person.id))
        return self._status_out or bool(own) or any(self._of_address(value) for value in self._addresses)

    @property
    def out(self) -> bool:
        """The person opted out of everything, or every address it can be reached at is suppressed for everything."""
        if not self._kept and not self._status_out:
            return False
        if self._status_out or any(not one.channels for one in self._kept.get(str(self._person.id), ())):
            return True
        addresses = self._addresses
        return bool(addresses) and all(any(not one.channels for one in self._of_address(value)) for value in addresses)

    def lift(self, one: Submission, workspace_id: int, now: datetime) -> Lifted | None:
        """None when the form brings no express consent of after the opt-out, when nothing stands against the channels that it
        names, or when something else than the lead's own word does."""
        # What belongs to another lead is that one's to lift, whoever types it.
        typed = [value for value in (one.draft.email, one.draft.phone) if value in self._person.addresses]
        in_force = [*self._kept.get(str(self._person.id), ())]
        in_force += [row for value in typed for row in self._of_address(value)]
        given = [consent for consent in one.consents if _outweighs(consent, one.kind, in_force)]
        if not given:
            return None
        channels = tuple(channel for channel in CHANNELS if any(channel in consent.channels for consent in given))
        in_force = [row for row in in_force if not row.channels or not set(channels).isdisjoint(row.channels)]
        if any(row.reason not in OWN_WORD for row in in_force) or not (in_force or self._status_out):
            return None
        wording = given[0].wording or "not named"
        proof = f"{given[0].level} consent, wording {wording}, {one.source}, {now:%d %b %Y %H:%M} UTC"
        left = [channel for channel in CHANNELS if channel not in channels]
        return Lifted(
            [{"id": row.id, "why": proof} for row in in_force],
            [
                {
                    "id": new_id(), "workspace_id": workspace_id, "scope": row.scope, "value": row.value,
                    "reason": row.reason, "channels": still, "at": row.at,
                    "evidence": f"what the consent of {now:%d %b %Y} does not name",
                }
                for row in in_force
                if (still := [channel for channel in left if not row.channels or channel in row.channels])
            ],
            channels,
            proof,
        )  # fmt: skip

    @property
    def _addresses(self) -> list[str]:
        return [value for value in (self._person.email, self._person.phone) if value]

    def _of_address(self, value: str) -> list[InForce]:
        found = [one for one in self._kept.get(value, ()) if one.scope == "address"]
        if "@" in value:
            found += [one for one in self._kept.get(value.rpartition("@")[2], ()) if one.scope == "domain"]
        return found


def _outweighs(given: Given, kind: str, in_force: Sequence[InForce]) -> bool:
    """Whether it is express consent, and was given after each of these. Of what a list brings without a day nobody knows."""
    if RANK[given.level] < RANK["express"]:
        return False
    if given.at is None:
        return kind != "lead.imported"
    return all(row.at <= given.at for row in in_force)
