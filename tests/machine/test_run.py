"""`./run` in a clone whose environment is prepared and whose `warmline` repeats what it was told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "run"


@pytest.fixture
def clone(folder: Path) -> Path:
    clone = folder / "a clone"
    (clone / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(RUN, clone / "run")
    (clone / "pyproject.toml").write_text("[project]\n")
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    warmline = clone / ".venv" / "bin" / "warmline"
    warmline.write_text('#!/bin/sh\necho "$@"\n')
    warmline.chmod(0o755)
    sums = subprocess.run(["cksum"], input="[project]\n", capture_output=True, text=True, check=True).stdout.strip()
    (clone / ".venv" / "prepared").write_text(f"{clone.resolve()} {sums}\n")
    return clone


def run(clone: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(clone / "run"), *arguments], cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def test_up_is_of_the_workspace_in_the_clone_and_passes_options_on(clone: Path) -> None:
    workspace = clone.resolve() / "workspace"
    assert run(clone, "up", cwd=Path("/")).stdout == f"up {workspace}\n"
    assert run(clone, "up", "--port", "9000", cwd=Path("/")).stdout == f"up {workspace} --port 9000\n"


def test_asking_for_help_makes_no_workspace(clone: Path) -> None:
    assert run(clone, "up", "--help", cwd=Path("/")).stdout.endswith(" --help\n")
    assert not (clone / "workspace").exists()


def test_up_takes_a_workspace_relative_to_where_it_was_called(clone: Path, folder: Path) -> None:
    done = run(clone, "up", "acme", "--speed", "60", cwd=folder)
    assert done.stdout == "up acme --speed 60\n"
    assert done.stderr == ""


def test_warmline_gets_its_arguments_whole(clone: Path, folder: Path) -> None:
    assert (
        run(clone, "warmline", "why", "ann@example.com", "--json", cwd=folder).stdout == "why ann@example.com --json\n"
    )


@pytest.mark.parametrize("verb", ["up", "warmline"])
def test_the_command_line_is_told_how_it_was_called(clone: Path, folder: Path, verb: str) -> None:
    (clone / ".venv" / "bin" / "warmline").write_text('#!/bin/sh\necho "$WARMLINE_CALLED"\n')
    called = subprocess.run(
        ["./run", verb, "acme"], cwd=clone, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert called.stdout == "./run warmline\n"


def test_help_lists_the_verbs_that_this_clone_has(clone: Path) -> None:
    help_text = run(clone, cwd=clone).stdout
    assert all(f"./run {verb}" in help_text for verb in ("up", "warmline", "test", "lint", "bench"))
    assert "soak" not in help_text
    (clone / "tests" / "e2e" / "soak").mkdir(parents=True)
    assert "./run soak" in run(clone, cwd=clone).stdout


def test_a_verb_it_does_not_have_is_an_error(clone: Path) -> None:
    done = run(clone, "fly", cwd=clone)
    assert done.returncode == 1
    assert done.stderr.endswith("There is no ./run fly.\n")
    assert run(clone, "soak", cwd=clone).returncode == 1
