from __future__ import annotations

import psycopg
import pytest

from tests.builders import a_workspace
from tests.engine.hands import Hands
from warmline.store.workspaces import Workspace


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    """The starter workspace, published."""
    return a_workspace(conn)


@pytest.fixture
def hands(conn: psycopg.Connection, dsn: str, workspace: Workspace) -> Hands:
    return Hands(conn, dsn)
