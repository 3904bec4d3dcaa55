from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import starter_files
from tests.cli.conftest import Run


def test_init_makes_the_whole_starter_workspace(run: Run, tmp_path: Path) -> None:
    said = run("init", tmp_path / "acme")
    assert said.code == 0
    assert {path: (tmp_path / "acme" / path).read_text() for path in starter_files()} == starter_files()
    assert "warmline up" in said.out


def test_init_keeps_the_data_out_of_version_control(run: Run, tmp_path: Path) -> None:
    run("init", tmp_path)
    assert ".warmline/" in (tmp_path / ".gitignore").read_text().splitlines()


def test_init_takes_a_fresh_clone_and_leaves_its_files_as_they_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("mine\n")
    assert run("init", tmp_path).code == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_init_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    said = run("init", tmp_path)
    assert said.code == 1
    assert "it holds notes.txt" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_init_on_a_file_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "acme").write_text("")
    said = run("init", tmp_path / "acme")
    assert said.code == 1
    assert "is a file" in said.err


@pytest.mark.parametrize(
    "command", ["init", "up", "check", "apply", "why", "stats", "orphans", "sign-in", "web", "engine"]
)
def test_every_command_has_help(run: Run, command: str) -> None:
    said = run(command, "--help")
    assert said.code == 0
    assert "Usage: " in said.out
