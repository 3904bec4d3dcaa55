"""Which recording a ringless voicemail plays, and what is said when there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from .settings import Person


@dataclass(frozen=True, slots=True)
class Recordings:
    """`needed`: the workspace's provider plays recordings; the sandbox takes the words themselves.

    `made` is (key of a person, template) -> recording; the key "" is of one that speaks for everybody. `people` are those who
    are with the workspace: the voice of one who has left goes out to nobody, though the leads may still be theirs.
    """

    needed: bool = False
    made: Mapping[tuple[str, str], UUID] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)

    def of(self, owner: str | None, template: str) -> UUID | None:
        """The owner's own, else the one for everybody."""
        own = self.made.get((owner, template)) if owner and owner in self.people else None
        return own or self.made.get(("", template))

    def lacking(self, owner: str | None, template: str) -> str:
        """What is missing for this touch, in words; "" when nothing is."""
        if not self.needed or self.of(owner, template) is not None:
            return ""
        person = self.people.get(owner or "")
        if person:
            return f"no recording of {template} by {person.name}"
        return f"no recording of {template} for everybody" + (
            f", and the lead's owner {owner} has left" if owner else ""
        )
