from __future__ import annotations

import threading
from pathlib import Path

import pytest

from warmline.cli.say import CommandError
from warmline.cli.secret import read_secret


@pytest.fixture(autouse=True)
def _no_secret_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WARMLINE_SECRET", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What makes a folder a workspace."""
    (tmp_path / "warmline.toml").write_text("")
    return tmp_path


def test_where_no_workspace_can_keep_a_key_it_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Set it to a long random text, the same on every host"):
        read_secret(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_made_once_and_for_its_owner_alone(folder: Path) -> None:
    first = read_secret(folder)
    assert len(first) >= 32
    assert read_secret(folder) == first
    assert (folder / ".warmline" / "secret").stat().st_mode & 0o777 == 0o600


def test_a_key_from_the_environment_comes_first_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMLINE_SECRET", "given")
    assert read_secret(folder) == "given"
    assert list(tmp_path.iterdir()) == []


def test_two_workspaces_have_two_keys(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "warmline.toml").write_text("")
    assert read_secret(tmp_path / "a") != read_secret(tmp_path / "b")


def test_processes_that_start_at_once_agree_on_one_key(folder: Path) -> None:
    together = threading.Barrier(8)
    found: list[str] = []

    def start() -> None:
        together.wait()
        found.append(read_secret(folder))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert {path.name for path in (folder / ".warmline").iterdir()} == {"secret", ".gitignore"}
