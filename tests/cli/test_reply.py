"""warmline reply needs no database: it says how the rules read a text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warmline.cli import app


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["reply", *map(str, arguments)], env={"COLUMNS": "200"}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WARMLINE_DIR", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def test_an_opt_out_comes_with_its_rule_its_source_and_what_follows() -> None:
    said = run("Stpo!!!")
    assert said.startswith("opt-out, certain\n")
    assert "stop (en, confidence high)" in said
    assert "47 CFR 64.1200(a)(10)" in said
    assert "No more contact, on any channel" in said


def test_a_phrase_shows_the_words_that_decided() -> None:
    said = run("Hello, please lose my number, thanks")
    assert said.startswith("opt-out, phrase\n")
    assert "read    hello please lose my number thanks\n" in said
    assert "found   lose my number\n" in said
    assert "rule    en.lose-my-number (en, confidence medium)\n" in said


def test_words_of_texts_say_what_they_are_by_mail_and_where_the_provider_answers() -> None:
    said = run("Help please")
    assert said.startswith("help, certain\n")
    assert "By mail it is a reply, and so is all but the bare words HELP and INFO where the provider answers" in said
    assert "and by mail, it is a reply" in run("START")


def test_a_plain_reply_has_no_rule() -> None:
    said = run("Can you stop by at 5?")
    assert said.startswith("reply\n")
    assert "rule" not in said
    assert "a person takes over" in said


def test_a_program_gets_everything_by_name() -> None:
    told = json.loads(run("Not interested", "--json"))
    assert (told["kind"], told["tier"], told["rule"]) == ("doubtful", "doubtful", "en.not-interested")
    assert (told["read"], told["found"], told["language"]) == ("not interested", "not interested", "en")
    assert told["sources"][0]["title"]
    assert told["read_by"] is None
    assert "within 4 h of office time" in told["follows"]


def test_in_a_workspace_a_doubt_says_by_when_it_is_read(acme: Path) -> None:
    told = json.loads(run("Not interested", "--json", "--dir", acme))
    assert datetime.fromisoformat(told["read_by"]) >= datetime.now(UTC) + timedelta(hours=3)
    assert "Now that is by" in run("Not interested", "--dir", acme)


@pytest.mark.parametrize(("text", "kind"), [("HELP", "help"), ("START", "start"), ("", "reply"), ("👍", "reply")])
def test_every_kind_has_its_words(text: str, kind: str) -> None:
    assert json.loads(run(text, "--json"))["kind"] == kind
    assert run(text).startswith(kind)
