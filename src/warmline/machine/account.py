"""Which operating system account PostgreSQL runs as, and how a command is run as it.

PostgreSQL refuses to run as root. An ordinary user runs it as himself. Root runs it as the account that made the
data, or, for new data, as a system account of Warmline's own, which is created when it is missing. `nobody` is never
used: every other daemon that runs as nobody could then read and change the database.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warmline.machine import MachineError

SYSTEM_ACCOUNT = "warmline-db"


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int

    @property
    def is_this_process(self) -> bool:
        return self.uid == os.geteuid()


def account_for_new_data() -> Account:
    """The account that is to own a new database: this one, or for root `warmline-db`, created when it is missing."""
    if os.geteuid() != 0:
        return account_of(os.geteuid())
    try:
        entry = pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        create_system_account()
        entry = pwd.getpwnam(SYSTEM_ACCOUNT)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise MachineError(
            f"The account with the number {uid} has no name on this machine, and PostgreSQL needs one. "
            "Add it to /etc/passwd, run Warmline as another user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def create_system_account() -> None:
    """Create `warmline-db`: no password, no home, no shell. useradd where there is one, else BusyBox's adduser."""
    useradd = shutil.which("useradd", path=_SEARCH_PATH)
    adduser = shutil.which("adduser", path=_SEARCH_PATH)
    if useradd:
        shell = shutil.which("nologin", path=_SEARCH_PATH) or "/bin/false"
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        command += ["--shell", shell, SYSTEM_ACCOUNT]
    elif adduser:
        command = [adduser, "-S", "-D", "-H", SYSTEM_ACCOUNT]
    else:
        raise MachineError(_no_account("there is neither useradd nor adduser on this machine"))
    made = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    # Two first starts may race for the account; the loser finds it there.
    if made.returncode != 0 and SYSTEM_ACCOUNT not in {entry.pw_name for entry in pwd.getpwall()}:
        raise MachineError(_no_account((made.stderr or made.stdout).strip() or f"{command[0]} failed"))


def run_as(account: Account, command: list[str], *, text_in: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as the account, output captured. Raises PermissionError when it can't reach the program."""
    return subprocess.run(
        command, input=text_in, capture_output=True, text=True, check=False, **process_options(account)
    )


def process_options(account: Account) -> dict[str, Any]:
    """Options for subprocess that drop to the account, in a folder everybody can enter, with an environment of our own.

    The environment is not inherited: PGPORT, PGDATA and their like would change what the server does.
    """
    options: dict[str, Any] = {"cwd": "/", "umask": 0o077, "env": {"PATH": _SEARCH_PATH, "LC_ALL": "C"}}
    if not account.is_this_process:
        options |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return options


def hand_over(opened: int, account: Account) -> None:
    """Make the account the owner of an open file or folder. Nothing to do when that is who we are."""
    if not account.is_this_process:
        os.fchown(opened, account.uid, account.gid)


def write_as(account: Account, path: Path, text: str) -> None:
    """Write a file as the account. Root never writes there itself: a link in it could lead root astray."""
    wrote = run_as(account, ["/bin/sh", "-c", 'cat > "$1"', "sh", str(path)], text_in=text)
    if wrote.returncode != 0:
        raise MachineError(f"Could not write {path} as {account.name}: {wrote.stderr.strip()}")


def can_enter(account: Account, folder: Path) -> bool:
    """Whether the account may walk down to the folder. Asked of the kernel, so access lists and mounts count too."""
    return run_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]).returncode == 0


_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _no_account(why: str) -> str:
    return (
        f"PostgreSQL does not run as root, and the account {SYSTEM_ACCOUNT} could not be created: {why}. "
        f"Create it (useradd --system {SYSTEM_ACCOUNT}), run Warmline as an ordinary user, "
        "or set DATABASE_URL to a PostgreSQL of your own."
    )
