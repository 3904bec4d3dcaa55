"""Which recording a ringless voicemail plays, and what is said when there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from .settings import Person


@dataclass(frozen=True, slots=True)
class Recordings:
    """`needed`: the workspace's provider plays recordings; the sandbox takes the words themselves.

    `made` is (key of a person, template) -> recording; the key "" is of one that speaks for everybody.
    """

    needed: bool = False
    made: Mapping[tuple[str, str], UUID] = field(default_factory=dict)

    def of(self, owner: str | None, template: str) -> UUID | None:
        """The owner's own, else the one for everybody."""
        return self.made.get((owner or "", template)) or self.made.get(("", template))

    def lacking(self, owner: str | None, template: str, people: Mapping[str, Person]) -> str:
        """What is missing for this touch, in words; "" when nothing is."""
        if not self.needed or self.of(owner, template) is not None:
            return ""
        person = people.get(owner or "")
        return f"no recording of {template} " + (f"by {person.name}" if person else "for everybody")
