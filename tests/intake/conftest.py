from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.builders import a_workspace
from tests.intake.line import Line, open_call
from tests.intake.test_acts import a_lead_to_call
from warmline.channels import build_dialer
from warmline.channels.call.contract import Dialer
from warmline.store.workspaces import Workspace


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    return a_workspace(conn)


@pytest.fixture
def lead(conn: psycopg.Connection, workspace: Workspace) -> UUID:
    return a_lead_to_call(conn, workspace)


@pytest.fixture
def task(conn: psycopg.Connection, lead: UUID) -> UUID:
    return open_call(conn, lead)


@pytest.fixture
def dialer() -> Dialer:
    return build_dialer({"provider": "sandbox", "rate": 100}, str, "http://127.0.0.1:8000", {})


@pytest.fixture
def line(conn: psycopg.Connection, workspace: Workspace, lead: UUID, dialer: Dialer) -> Line:
    return Line(conn, workspace, lead, dialer)
