from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.builders import a_lead, a_workspace, enrolled
from tests.engine.hands import Hands
from warmline.store.workspaces import Workspace


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    """The starter workspace, published."""
    return a_workspace(conn)


@pytest.fixture
def hands(conn: psycopg.Connection, dsn: str, workspace: Workspace) -> Hands:
    return Hands(conn, dsn)


@pytest.fixture
def lead(hands: Hands, workspace: Workspace) -> UUID:
    """In the pricing playbook, with the first text queued."""
    lead = a_lead(hands.conn, workspace)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.tick(lead)
    return lead
