"""What intake works out once: before the first lead, and for every lead until something is published."""

from __future__ import annotations

from unittest.mock import Mock

import psycopg
import pytest

from tests.builders import TUESDAY, a_workspace
from warmline import rules
from warmline.intake.setting import prepare, setting_of
from warmline.store import playbooks


def test_what_was_prepared_is_what_the_first_lead_is_judged_by(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = a_workspace(conn)
    read = Mock(wraps=rules.regions)
    monkeypatch.setattr(rules, "regions", read)
    prepare(conn, TUESDAY)
    assert read.called
    first = setting_of(workspace, playbooks.current(conn, workspace.id), TUESDAY)
    prepare(conn, TUESDAY)
    assert setting_of(workspace, playbooks.current(conn, workspace.id), TUESDAY) is first


def test_a_database_without_a_workspace_needs_no_preparing(conn: psycopg.Connection) -> None:
    prepare(conn, TUESDAY)
