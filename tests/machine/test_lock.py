"""The lock of a database holds whatever becomes of the name that is written into it."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from warmline.machine.account import account_for_new_data
from warmline.machine.lock import HeldError, take_lock


def test_the_second_is_told_who_has_it(folder: Path) -> None:
    held = take_lock(folder / "lock", account_for_new_data())
    with pytest.raises(HeldError, match=f"already run by process {os.getpid()} "):
        take_lock(folder / "lock", account_for_new_data())
    os.close(held)
    os.close(take_lock(folder / "lock", account_for_new_data()))


def test_it_is_taken_whatever_signs_were_typed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["warmline", "why", "m\udcfcller"])
    held = take_lock(folder / "lock", account_for_new_data())
    with pytest.raises(HeldError, match="warmline why"):
        take_lock(folder / "lock", account_for_new_data())
    os.close(held)


def test_it_is_taken_also_on_a_disk_that_has_no_room_for_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", refuse)
    held = take_lock(folder / "lock", account_for_new_data())
    with pytest.raises(HeldError, match="just being started by another process"):
        take_lock(folder / "lock", account_for_new_data())
    os.close(held)
