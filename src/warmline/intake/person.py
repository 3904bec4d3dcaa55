"""A lead in the hands of intake: as it stands in the store, or new, and as the batch changes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from warmline.core.consent import RANK
from warmline.core.enrol import Active
from warmline.core.lead import Draft
from warmline.store.ids import lane_of
from warmline.store.leads import Run, Standing

from .submission import Given

#: The channels whose consent speaks for an address of that kind.
_SPEAKS_FOR = {"phone": ("sms", "voicemail"), "email": ("email",)}


#: That a lead has of its own, from all that was ever sent of it.
MOST_FIELDS = 256

#: What a lead says of itself, one text each.
_SAID = ("first_name", "last_name", "company", "country", "region", "time_zone")


class Person(msgspec.Struct):
    id: UUID
    created: bool
    status: str = "open"
    owner: str | None = None
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str | None = None
    phone: str | None = None
    country: str = ""
    region: str = ""
    time_zone: str = ""
    fields: dict[str, str] = {}
    source: str = ""

    addresses: dict[str, str] = {}  # value -> state, in the order in which they came
    run: Run | None = None  # what speaks for the lead now: running, handed off or parked
    run_is_new: bool = False  # entered by this batch: not in the store yet
    waits: bool = False  # a scheduled enrollment
    past: list[tuple[str, datetime]] = []
    tasks: dict[str, UUID] = {}  # kind of an open task -> one of them
    recent: set[tuple[str, str]] = set()  # (kind, form) within the last minute
    keys: set[str] = set()
    changed: bool = False
    lane: int = -1  # worked out once: every row asks for it

    def __post_init__(self) -> None:
        self.lane = lane_of(self.id)

    @property
    def active(self) -> Active | None:
        return Active(self.run.playbook, self.run.rank, self.run.status == "handed_off") if self.run else None

    @property
    def called(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.phone or self.email or "this lead"

    def put(self, name: str, value: Any) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)
            self.changed = True

    def add_address(self, value: str) -> None:
        """One more of its own. One that it has stays as it is, its state too."""
        if value not in self.addresses:
            self.put("addresses", {**self.addresses, value: "ok"})

    def mark_address(self, value: str, state: str) -> None:
        """What became of one of its addresses; of another's it says nothing."""
        if value in self.addresses:
            self.put("addresses", {**self.addresses, value: state})

    def merge(self, draft: Draft, consents: tuple[Given, ...], elsewhere: Collection[str]) -> int:
        """Take over what is said now: the latest that is not empty wins, nothing is ever blanked out.

        `elsewhere`: addresses of another lead. Returns how many fields there was no room for.
        """
        for name in _SAID:
            if value := getattr(draft, name):
                self.put(name, value)
        left = self._take_fields(draft.fields) if draft.fields else 0
        for kind, value in (("email", draft.email), ("phone", draft.phone)):
            if not value or value in elsewhere:
                continue
            self.add_address(value)
            if self._takes_over(kind, consents):
                self.put(kind, value)
        return left

    def _take_fields(self, said: Mapping[str, str]) -> int:
        """Every look at the lead reads all of them, and anybody may send new ones for ever."""
        new = [name for name in said if name not in self.fields]
        left = set(new[max(0, MOST_FIELDS - len(self.fields)) :])
        self.put("fields", {**self.fields, **{name: value for name, value in said.items() if name not in left}})
        return len(left)

    def _takes_over(self, kind: str, consents: tuple[Given, ...]) -> bool:
        """Whether an address typed now becomes the one to write to.

        It does when there is none, or the present one is known to be bad. Otherwise only with consent given together
        with it: older consent was given for the older number, and must not carry over to a new one on a guess.
        """
        present = self.email if kind == "email" else self.phone
        if present is None or self.addresses.get(present) not in ("ok", "unsure"):
            return True
        least = "express" if kind == "phone" else "inquiry"
        return any(
            RANK[given.level] >= RANK[least] and any(channel in given.channels for channel in _SPEAKS_FOR[kind])
            for given in consents
        )

    def values(self) -> dict[str, Any]:
        """The lead as conditions read it."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "company": self.company,
            "email": self.email or "",
            "phone": self.phone or "",
            "country": self.country,
            "region": self.region,
            "source": self.source,
            "status": self.status,
            "returning": bool(self.past),
            "fields": self.fields,
        }

    def row(self, workspace_id: int) -> dict[str, Any]:
        return {
            "lane": self.lane,
            "id": self.id,
            "workspace_id": workspace_id,
            "status": self.status,
            "owner": self.owner,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "company": self.company,
            "email": self.email,
            "phone": self.phone,
            "addresses": self.addresses,
            "country": self.country,
            "region": self.region,
            "time_zone": self.time_zone,
            "fields": self.fields,
            "source": self.source,
        }


def newcomer(lead_id: UUID, source: str, draft: Draft, elsewhere: Collection[str]) -> Person:
    """A lead that nobody knew: what is said now is all there is. `elsewhere`: addresses of another lead."""
    email = draft.email if draft.email and draft.email not in elsewhere else None
    phone = draft.phone if draft.phone and draft.phone not in elsewhere else None
    return Person(
        id=lead_id,
        created=True,
        first_name=draft.first_name,
        last_name=draft.last_name,
        company=draft.company,
        email=email,
        phone=phone,
        country=draft.country,
        region=draft.region,
        time_zone=draft.time_zone,
        fields=draft.fields,
        source=source,
        addresses={value: "ok" for value in (email, phone) if value},
    )


def person_of(standing: Standing) -> Person:
    """A lead that is known already."""
    runs = {run.status: run for run in standing.runs}
    return Person(
        id=standing.id,
        created=False,
        status=standing.status,
        owner=standing.owner,
        first_name=standing.first_name,
        last_name=standing.last_name,
        company=standing.company,
        email=standing.email,
        phone=standing.phone,
        country=standing.country,
        region=standing.region,
        time_zone=standing.time_zone,
        fields=standing.fields,
        source=standing.source,
        addresses=standing.addresses,
        run=runs.get("running") or runs.get("handed_off") or runs.get("parked"),
        waits="scheduled" in runs,
        past=[(run.playbook, run.started_at) for run in standing.runs if run.status != "scheduled"],
        tasks={task.kind: task.id for task in reversed(standing.tasks)},
        recent=set(standing.recent),
        keys=set(standing.keys),
    )
