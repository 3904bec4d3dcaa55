"""A workspace in a folder, a database of its own, and the command line as people type it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warmline.cli import app
from warmline.cli.init import make_starter

Run = Callable[..., "Said"]


class Said:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """The starter workspace in a folder."""
    folder = tmp_path / "acme"
    make_starter(folder)
    return folder


@pytest.fixture
def run(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against this test's database. Anything but a clean end fails the test with its traceback."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("WARMLINE_DIR", raising=False)
    monkeypatch.delenv("WARMLINE_CALLED", raising=False)

    def run(*arguments: object) -> Said:
        result = CliRunner().invoke(app, [str(one) for one in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return run
