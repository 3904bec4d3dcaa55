"""Where a workspace's database lies on the disk, and where its socket is.

    <folder>/cluster    PostgreSQL's data        <folder>/log    its logs, one for each day of the week
    <folder>/run        the socket, mode 0700    <folder>/lock   held by the process that runs the server

The folder is the one asked for. There is one exception: root keeps a workspace where the unprivileged account that
runs PostgreSQL can't go (below /root, say). Opening up foreign parent folders would show other users what is in
them, so the database then goes to /var/lib/warmline, and a file `<folder>.location` beside the place asked for says
where it is. The name there is drawn at random: a workspace that is deleted and made anew must not find old data.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from warmline.machine import MachineError
from warmline.machine.account import Account, account_for_new_data, account_of, can_enter, hand_over
from warmline.machine.installations import SHARED_FOLDER

_LONGEST_SOCKET_PATH = 103  # bytes; what fits into a socket address: 107 on Linux, 103 on macOS
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    account: Account

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def made_by(self) -> int | None:
        """The major version of PostgreSQL that made the data; None when there is none yet."""
        version = self.cluster / "PG_VERSION"
        return int(version.read_text()) if version.exists() else None


def find_place(data_dir: Path) -> Place | None:
    """The place of an existing database. None when there is none yet; raises MachineError when it is another user's."""
    folder = _follow_pointer(data_dir)
    if not folder.exists():
        return None
    owner = folder.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise MachineError(_not_yours(folder, owner))
    cluster = folder / "cluster"
    if not cluster.exists():
        return None
    account = account_of(cluster.stat().st_uid)
    if account.uid == 0:
        raise MachineError(
            f"{cluster} belongs to root, as after a copy made by root, and PostgreSQL does not run as root. "
            f"Give it to an account that may run it, for example: chown -R {account_for_new_data().name} {folder}"
        )
    return Place(folder, account)


def prepare_place(data_dir: Path, shared_folder: Path = SHARED_FOLDER) -> Place:
    """The place of the database, with its folders made. Existing data keeps its place and the account that made it."""
    place = find_place(data_dir)
    if place is None:
        account = account_for_new_data()
        place = Place(_choose_folder(data_dir, account, shared_folder), account)
    elif not can_enter(place.account, place.folder.parent):
        raise MachineError(
            f"The database in {place.folder} belongs to the account {place.account.name}, which may not enter "
            f"{place.folder.parent}. Move the workspace to a folder that everybody may enter, such as /srv."
        )
    for folder in (place.folder, place.logs):
        make_private(folder, place.account)
    return place


def prepare_socket_folder(place: Place) -> Path:
    """A folder for the socket, mode 0700: `run` in the database's folder, or, when that path is too long for a socket,
    one in the runtime folder of the machine or user, named after the database's folder."""
    folder = place.folder / "run"
    if len(os.fsencode(folder / SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
        name = hashlib.sha256(os.fsencode(place.folder)).hexdigest()[:12]
        folder = _runtime_folder() / f"warmline-{name}"
    make_private(folder, place.account)
    return folder


def make_private(folder: Path, account: Account) -> None:
    """Make the folder, mode 0700, for the account alone. Refuses one that is somebody else's or a link."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, os.geteuid()):
            raise MachineError(
                f"{folder} is not a folder of the account {account.name}, so the database can't be kept private in it. "
                "Remove it and start again."
            ) from None
    except OSError as problem:
        raise MachineError(
            f"Could not make the folder {folder}: {problem.strerror}. Use a folder that {account.name} may write to."
        ) from problem
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        hand_over(opened, account)
        os.fchmod(opened, 0o700)
    finally:
        os.close(opened)


def _choose_folder(data_dir: Path, account: Account, shared_folder: Path) -> Path:
    pointed = _follow_pointer(data_dir)
    try:
        pointed.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise MachineError(
            f"Could not make the folder {pointed.parent}: {problem.strerror}. Use a folder that you may write to."
        ) from problem
    if pointed != data_dir or can_enter(account, pointed.parent):
        return pointed
    shared_folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    workspace = re.sub(r"[^A-Za-z0-9_.-]+", "-", data_dir.parent.parent.name) or "workspace"
    elsewhere = shared_folder / f"{workspace}-{secrets.token_hex(4)}"
    make_private(elsewhere, account)
    fresh = _pointer(data_dir).with_suffix(".new")
    fresh.write_text(f"{elsewhere}\n")
    fresh.rename(_pointer(data_dir))
    return elsewhere


def _follow_pointer(data_dir: Path) -> Path:
    pointer = _pointer(data_dir)
    if not pointer.exists():
        return data_dir
    folder = Path(pointer.read_text().strip())
    if not folder.is_dir():
        raise MachineError(
            f"{pointer} says that the database is in {folder}, and there is no such folder. "
            f"Put it back from a backup, or delete {pointer} to begin with an empty database."
        )
    return folder


def _pointer(data_dir: Path) -> Path:
    return data_dir.with_name(data_dir.name + ".location")


def _runtime_folder() -> Path:
    """/run for root, the user's own runtime folder, or /tmp. Short paths, all of them."""
    if os.geteuid() == 0 and Path("/run").is_dir():
        return Path("/run")
    own = Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp"))  # noqa: S108 - make_private refuses what others put there
    return own if len(os.fsencode(own)) <= 60 and os.access(own, os.W_OK) else Path("/tmp")  # noqa: S108


def _not_yours(folder: Path, owner: int) -> str:
    return (
        f"The database in {folder} belongs to the account {account_of(owner).name}, and you are "
        f"{account_of(os.geteuid()).name}. Run this as {account_of(owner).name} or as root, "
        "or use a workspace of your own."
    )
