"""What pages and the JSON beside them say when a race is lost or the database is away. The doors: test_doors.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.builders import story
from tests.waiting import ended_once
from tests.web.conftest import Answer, database_away
from warmline.store import races
from warmline.store.pages import tasks
from warmline.store.workspaces import Workspace


def test_a_form_whose_race_is_lost_says_that_nothing_was_changed_and_works_when_it_is_sent_again(
    sign_in: Callable[..., Any],
    conn: psycopg.Connection,
    lead: UUID,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = sign_in("sam", raise_request_exception=False)
    monkeypatch.setattr(races, "ROUNDS", 1)
    ended_once(monkeypatch)
    answer = client.post(f"/leads/{lead}/take-over")
    page = answer.content.decode()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Too much happened to the same lead at once, so nothing was changed." in page
    assert "taken.over" not in story(conn, lead)
    assert [(one.levelname, one.exc_info) for one in caplog.records] == [("WARNING", None)]
    assert client.post(f"/leads/{lead}/take-over").status_code == 302


def test_while_the_database_is_away_a_page_says_so_and_a_program_reads_it_as_json(
    sign_in: Callable[..., Any], call: Callable[..., Answer], place: Workspace, server: str, conn: psycopg.Connection
) -> None:
    client = sign_in("sam", raise_request_exception=False)
    cookie = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
    with database_away(server, conn.info.dbname):
        page, posted = client.get("/leads"), client.post("/do-not-contact/add", {"contact": "ann@example.com"})
        served = call("GET", "/api/v1/may?to=%2B14015550123", cookie=cookie)
    assert [page.status_code, posted.status_code, served.status] == [503, 503, 503]
    assert "The database can&#x27;t be reached, so nothing could be shown." in page.content.decode()
    assert "what you typed" in posted.content.decode()
    assert served.json()["error"].startswith("The database can't be reached")
    assert client.get("/leads").status_code == 200


def test_a_fault_of_ours_is_no_matter_of_waiting(
    sign_in: Callable[..., Any], lead: UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = sign_in("sam", raise_request_exception=False)
    monkeypatch.setattr(tasks, "counted", lambda *_: 1 / 0)
    answer = client.get("/tasks")
    assert answer.status_code == 500
    assert "Something failed on our side" in answer.content.decode()
    assert any(one.exc_info and one.exc_info[0] is ZeroDivisionError for one in caplog.records)
