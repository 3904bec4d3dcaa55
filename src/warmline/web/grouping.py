"""What needs a person, in the order in which it hurts to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..store.pages.today import Waiting

#: Title -> the kinds of task under it.
GROUPS = {
    "Leads who answered": ("hand_off", "read_reply", "next_step"),
    "Calls due": ("call",),
    "Running late": ("escalation", "promise"),
    "To set right": ("fix", "parked", "unknown", "review", "chore"),
}


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    tasks: tuple[Waiting, ...]


def grouped(waiting: Sequence[Waiting]) -> list[Group]:
    """Groups that have something in them, each the most urgent first."""
    groups = [Group(title, tuple(one for one in waiting if one.kind in kinds)) for title, kinds in GROUPS.items()]
    return [group for group in groups if group.tasks]
