from __future__ import annotations

import os
from pathlib import Path

import pytest

from warmline.machine import MachineError
from warmline.machine.account import account_for_new_data
from warmline.machine.place import find_place, make_private, prepare_place, prepare_socket_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that the database's account can't enter")


def test_the_database_lies_where_it_was_asked_for(folder: Path) -> None:
    place = prepare_place(folder / "acme" / ".warmline" / "postgres")
    assert place.folder == folder / "acme" / ".warmline" / "postgres"
    assert place.folder.stat().st_uid == place.account.uid != 0
    assert place.folder.stat().st_mode & 0o777 == 0o700


def test_there_is_no_place_before_the_database_is_made(folder: Path) -> None:
    prepare_place(folder / "postgres")
    assert find_place(folder / "postgres") is None


@as_root
def test_below_a_closed_folder_it_goes_elsewhere_and_leaves_a_pointer(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    asked = closed / "acme" / ".warmline" / "postgres"
    place = prepare_place(asked, shared_folder=folder / "shared")
    assert place.folder.parent == folder / "shared"
    assert place.folder.name.startswith("acme-")
    assert (closed / "acme" / ".warmline" / "postgres.location").read_text() == f"{place.folder}\n"
    assert closed.stat().st_mode & 0o777 == 0o700
    assert prepare_place(asked, shared_folder=folder / "shared") == place


@as_root
def test_a_workspace_made_anew_does_not_find_the_old_data(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    first = prepare_place(closed / "postgres", shared_folder=folder / "shared")
    (closed / "postgres.location").unlink()
    assert prepare_place(closed / "postgres", shared_folder=folder / "shared").folder != first.folder


def test_a_pointer_to_nothing_is_an_error_and_not_an_empty_database(folder: Path) -> None:
    (folder / "postgres.location").write_text("/nowhere/at/all\n")
    with pytest.raises(MachineError, match=r"in /nowhere/at/all, and there is no such folder\. Put it back"):
        prepare_place(folder / "postgres")


@as_root
def test_data_that_root_copied_is_not_run_as_root(folder: Path) -> None:
    (folder / "postgres" / "cluster").mkdir(parents=True)
    with pytest.raises(MachineError, match=r"belongs to root.*chown -R warmline-db "):
        prepare_place(folder / "postgres")


@as_root
def test_data_whose_account_is_shut_out_is_not_opened_up(folder: Path) -> None:
    place = prepare_place(folder / "acme" / "postgres")
    (place.folder / "cluster").mkdir()
    os.chown(place.folder / "cluster", place.account.uid, place.account.gid)
    (folder / "acme").chmod(0o700)
    with pytest.raises(MachineError, match=r"account warmline-db, which may not enter .*/acme\. Move"):
        prepare_place(folder / "acme" / "postgres")


def test_a_socket_folder_that_somebody_else_put_there_is_refused(folder: Path) -> None:
    account = account_for_new_data()
    (folder / "elsewhere").mkdir()
    (folder / "run").symlink_to(folder / "elsewhere")
    with pytest.raises(MachineError, match="is not a folder of the account"):
        make_private(folder / "run", account)


def test_the_socket_of_a_deep_folder_has_the_same_short_path_each_time(folder: Path) -> None:
    place = prepare_place(folder / ("x" * 100) / "postgres")
    run = prepare_socket_folder(place)
    assert len(os.fsencode(run / ".s.PGSQL.5432")) <= 103
    assert prepare_socket_folder(place) == run
    run.rmdir()


def test_a_folder_nobody_may_write_to_is_named(folder: Path) -> None:
    with pytest.raises(
        MachineError, match=r"Could not make the folder /proc/acme: .*\. Use a folder that you may write"
    ):
        prepare_place(Path("/proc/acme/postgres"))
