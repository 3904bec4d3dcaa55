"""Whose turn it is. The turn itself is counted in the database, so that it is fair over any number of processes."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def next_rep(members: Sequence[str], active: Collection[str], turn: int) -> str | None:
    """Round-robin: the member of a team that turn number `turn` (from 0) falls to, in the order of warmline.toml.

    Members who are away are passed over, so nobody gets two turns for a neighbour more often than chance has it.
    None when nobody of the team is active: the lead stays without an owner and its task shows to the whole team.
    """
    there = [member for member in members if member in active]
    return there[turn % len(there)] if there else None
