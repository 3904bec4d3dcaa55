"""The command in every text is named as the person called it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.builders import a_workspace
from tests.cli.conftest import Run
from warmline.cli.say import as_called
from warmline.store import quarantine
from warmline.store.clock import real_now

HOW = "./run warmline"


@pytest.fixture
def called(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run`, as from a clone."""
    monkeypatch.setenv("WARMLINE_CALLED", HOW)
    return run


def test_a_text_names_the_command_as_it_was_called_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Warmline reads /srv/warmline and warmline.toml. Run `warmline check`, then: warmline apply DIR"
    monkeypatch.delenv("WARMLINE_CALLED", raising=False)
    assert as_called(text) == text
    monkeypatch.setenv("WARMLINE_CALLED", HOW)
    assert as_called(text) == (
        "Warmline reads /srv/warmline and warmline.toml. Run `./run warmline check`, then: ./run warmline apply DIR"
    )


def test_what_a_list_says_to_do_next_can_be_typed(called: Run, conn: psycopg.Connection, acme: Path) -> None:
    place = a_workspace(conn)
    quarantine.keep(conn, place.id, "source:pricing", "no address", "{}", "application/json", {}, real_now())
    assert "Correct and replay: ./run warmline quarantine replay ID" in called("quarantine", "list").out
    said = called("quarantine", "list", "--dir", acme).out
    assert f"quarantine replay ID --body FILE --dir {acme}" in said
    said = called("stats").out
    assert "see ./run warmline quarantine list" in said
    assert "start one: ./run warmline engine" in said


def test_an_error_and_its_remedy_name_it_so(called: Run, tmp_path: Path) -> None:
    assert called("orphans").err.endswith("Run: ./run warmline apply DIR\n")
    assert called("check", tmp_path).err.endswith("Make one with: ./run warmline init DIR\n")
    assert called("init", tmp_path / "acme").out.endswith(f"  ./run warmline up {tmp_path}/acme\n")


def test_usage_names_it_so(called: Run) -> None:
    assert "Usage: ./run warmline why " in called("why", "--help").out
    assert "./run warmline why --help" in called("why").err


def test_what_the_gate_advises_names_it_so(called: Run, conn: psycopg.Connection) -> None:
    a_workspace(conn)
    said = called("may", "+12075550123")  # Maine asks whether a number has changed hands
    assert "import an answer: ./run warmline numbers import FILE" in said.out
