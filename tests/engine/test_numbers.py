"""Numbers nobody knows: a text waits for the look-up, and goes or stays by what it says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from time import monotonic
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_lead, a_workspace, enrolled, starter_files
from warmline.engine import numbers as engine_numbers
from warmline.engine.catalog import Catalog
from warmline.engine.numbers import Asker
from warmline.engine.tick import tick
from warmline.lookups.sandbox import SandboxLookUp
from warmline.store import numbers
from warmline.store.ids import lane_of
from warmline.store.workspaces import Workspace

MINUTE = timedelta(minutes=1)


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    settings = starter_files()["warmline.toml"] + '\n[numbers]\nprovider = "sandbox"\n'
    return a_workspace(conn, {"warmline.toml": settings})


def touched(conn: psycopg.Connection, lead: UUID) -> list[tuple[str, str]]:
    rows = conn.execute("select channel, status from touches where lead_id = %s order by channel", (lead,)).fetchall()
    return [(channel, status) for channel, status in rows]


def look(conn: psycopg.Connection, lead: UUID, minutes: int = 0) -> None:
    tick(conn, lane_of(lead), TUESDAY + minutes * MINUTE, Catalog(conn))


def ask(conn: psycopg.Connection) -> int:
    return Asker(conn, Catalog(conn), lambda: TUESDAY, Path()).ask()


def why(conn: psycopg.Connection, lead: UUID) -> tuple[str, str]:
    row = conn.execute(
        "select result, reason from decisions where lead_id = %s order by seq desc limit 1", (lead,)
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_a_text_waits_for_the_look_up_and_goes_when_it_says_mobile(conn: psycopg.Connection, place: Workspace) -> None:
    lead = a_lead(conn, place)
    enrolled(conn, place, "pricing", lead)
    look(conn, lead)
    assert why(conn, lead) == ("hold", "line")
    assert touched(conn, lead) == []
    assert ask(conn) == 1
    assert ask(conn) == 0
    look(conn, lead)
    assert touched(conn, lead) == [("sms", "queued")]


def test_a_landline_is_never_texted_and_the_next_channel_has_its_turn(
    conn: psycopg.Connection, place: Workspace
) -> None:
    lead = a_lead(conn, place, phone="+12125550191")
    enrolled(conn, place, "pricing", lead)
    look(conn, lead)
    ask(conn)
    look(conn, lead)
    assert touched(conn, lead) == [("email", "queued")]


def test_a_number_that_changed_hands_gets_nothing_by_phone(conn: psycopg.Connection, place: Workspace) -> None:
    lead = a_lead(conn, place, phone="+12125550195", email=None)
    enrolled(conn, place, "pricing", lead)
    look(conn, lead)
    ask(conn)
    look(conn, lead)
    assert touched(conn, lead) == []
    assert why(conn, lead) == ("refuse", "reassigned")


def test_a_workspace_without_a_provider_asks_nobody_and_holds_nothing(conn: psycopg.Connection) -> None:
    place = a_workspace(conn)
    lead = a_lead(conn, place)
    enrolled(conn, place, "pricing", lead)
    look(conn, lead)
    assert touched(conn, lead) == [("sms", "queued")]
    assert numbers.to_ask(conn, 10) == []


def test_a_file_that_is_not_there_leaves_the_question_and_the_text_waits(conn: psycopg.Connection) -> None:
    settings = starter_files()["warmline.toml"] + '\n[numbers]\nprovider = "file"\npath = "none.csv"\n'
    lead = a_lead(conn, place := a_workspace(conn, {"warmline.toml": settings}))
    enrolled(conn, place, "pricing", lead)
    look(conn, lead)
    assert ask(conn) == 0
    assert len(numbers.to_ask(conn, 10)) == 1
    look(conn, lead, 1)
    assert why(conn, lead) == ("hold", "line")


def test_a_file_that_is_no_csv_at_all_leaves_the_question_too(conn: psycopg.Connection, tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("x" * 200_000)
    settings = starter_files()["warmline.toml"] + '\n[numbers]\nprovider = "file"\npath = "numbers.csv"\n'
    lead = a_lead(conn, place := a_workspace(conn, {"warmline.toml": settings}))
    enrolled(conn, place, "pricing", lead)
    look(conn, lead)
    assert Asker(conn, Catalog(conn), lambda: TUESDAY, tmp_path).ask() == 0
    assert len(numbers.to_ask(conn, 10)) == 1


def test_a_file_whose_answer_has_grown_old_is_not_asked_again_and_again(
    conn: psycopg.Connection, tmp_path: Path
) -> None:
    (tmp_path / "numbers.csv").write_text("number,line,reassigned,asked_at\n+12125550123,mobile,no,2026-01-01\n")
    settings = starter_files()["warmline.toml"] + '\n[numbers]\nprovider = "file"\npath = "numbers.csv"\n'
    lead = a_lead(conn, place := a_workspace(conn, {"warmline.toml": settings}))
    enrolled(conn, place, "pricing", lead)
    asker = Asker(conn, Catalog(conn), lambda: TUESDAY, tmp_path)
    asked = []
    for _ in range(4):
        look(conn, lead)
        asked.append(asker.ask())
    assert asked == [1, 1, 0, 0]  # for the kind of line, and once more at the look that it led to
    assert touched(conn, lead) == [("sms", "queued")]


def test_a_provider_that_can_not_be_asked_keeps_no_other_workspace_waiting_and_is_asked_again_later(
    conn: psycopg.Connection, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = starter_files()["warmline.toml"] + '\n[numbers]\nprovider = "file"\npath = "none.csv"\n'
    other = a_workspace(conn, {"warmline.toml": settings}, name="Other")
    lead = a_lead(conn, place)
    row = {"lane": lane_of(lead), "lead_id": UUID(int=lane_of(lead)), "workspace_id": other.id, "value": "+12125550124"}
    numbers.wonder(conn, [row], TUESDAY)
    enrolled(conn, place, "pricing", lead)
    look(conn, lead)
    monkeypatch.setattr(engine_numbers, "BATCH", 1)
    asker = Asker(conn, Catalog(conn), lambda: TUESDAY, Path())
    assert [asker.ask(), asker.ask()] == [0, 1]  # the first batch was all of the one that can't be asked
    monkeypatch.setattr(engine_numbers, "monotonic", lambda: monotonic() + engine_numbers.RESTS)
    monkeypatch.setattr(engine_numbers.lookups, "build", lambda *_: SandboxLookUp())
    assert asker.ask() == 1
