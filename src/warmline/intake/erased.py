"""Addresses of people who were erased: their wish is kept under a token, and comes into force again with the address."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
import psycopg

from warmline.core.tokens import tokens_of
from warmline.store import suppressions
from warmline.store.ids import new_id
from warmline.store.suppressions import InForce
from warmline.store.workspaces import Workspace

Kept = Mapping[str, list[InForce]]


def in_force(conn: psycopg.Connection, workspace: Workspace, values: Collection[str]) -> dict[str, list[InForce]]:
    """What is in force for these lead ids and addresses, the wishes of who was erased among it."""
    tokens = tokens_of(workspace.token_key, values)
    return known_again(suppressions.in_force(conn, workspace.id, {*values, *tokens}), tokens)


def known_again(kept: Kept, tokens: Mapping[str, str]) -> dict[str, list[InForce]]:
    """What is in force, with every row that stands under a token shown under the address it was made of."""
    found = {value: list(rows) for value, rows in kept.items() if value not in tokens}
    for token, address in tokens.items():
        again = [msgspec.structs.replace(row, value=address) for row in kept.get(token, ())]
        if again:
            found[address] = [*found.get(address, ()), *again]
    return found


def in_the_open(
    workspace_id: int, kept: Kept, tokens: Mapping[str, str], lifted: Iterable[Any]
) -> list[dict[str, Any]]:
    """The rows that bring those under a token into force for the gate, which knows addresses only."""
    gone = {str(one) for one in lifted}
    return [
        {
            "id": new_id(), "workspace_id": workspace_id, "scope": "address", "value": address, "channels": row.channels,
            "reason": row.reason, "evidence": "the wish of somebody who was erased since", "at": row.at, "who": "",
        }
        for token, address in tokens.items()
        for row in kept.get(token, ())
        if str(row.id) not in gone
    ]  # fmt: skip


def bring_back(conn: psycopg.Connection, workspace: Workspace, address: str) -> None:
    """An address was written down by hand: whoever had it and was erased is not contacted by it."""
    tokens = tokens_of(workspace.token_key, [address])
    kept = suppressions.in_force(conn, workspace.id, tokens)
    if rows := in_the_open(workspace.id, kept, tokens, ()):
        suppressions.add(conn, rows)
