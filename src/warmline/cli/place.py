"""Where a command works: the workspace's folder, its texts, and its database."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import psycopg
import typer

from warmline.cli.say import CommandError, at, note
from warmline.core.bundle import PLAYBOOKS, SETTINGS, TEMPLATES, workspace_key
from warmline.core.settings import Config, parse_settings
from warmline.machine.borrowed import borrowed
from warmline.machine.place import find_place
from warmline.machine.postgres import Postgres
from warmline.store import workspaces
from warmline.store.connect import connect
from warmline.store.migrate import is_current
from warmline.store.workspaces import Workspace

#: `--dir`, for every command that works on a workspace beside its main argument.
Dir = Annotated[
    Path, typer.Option("--dir", "-d", envvar="WARMLINE_DIR", help="The workspace's folder.", show_default="this folder")
]
#: `--json`, for every command whose answer another program may read.
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]

HERE = Path()
DATA = ".warmline"


def read_files(folder: Path) -> dict[str, str]:
    """The texts of a workspace's folder, by their paths in it. Raises CommandError for a file that can't be read."""
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}. Make a workspace there: warmline init {folder}")
    paths = [
        folder / SETTINGS,
        *sorted((folder / PLAYBOOKS).glob("*.yaml")),
        *sorted((folder / TEMPLATES).glob("*.txt")),
    ]
    return {str(path.relative_to(folder)): read_text(path) for path in paths if path.exists()}


def read_text(path: Path) -> str:
    """Raises CommandError when the file is absent, is no text in UTF-8, or may not be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8 in your editor and try again."
        ) from error
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}. Check the path and your rights to it.") from error


@contextmanager
def database(folder: Path) -> Iterator[psycopg.Connection]:
    """A connection to the workspace's database, for one command.

    DATABASE_URL when it is set. Otherwise the embedded PostgreSQL of the folder: the one that `warmline up` runs now,
    or else started here and stopped at the end. Raises CommandError when there is none, or when its tables are old.
    """
    if not given_address():
        require_workspace(folder)
        if find_place(embedded(folder)) is None:
            raise CommandError(f"This workspace has no database yet. Start it with: warmline up {folder}")
    with ended_by_signals(), address(folder) as dsn, connect(dsn, "warmline command") as conn:
        if not is_current(conn):
            raise CommandError(
                "The tables of this database are not there yet, or are of an older Warmline. Run: "
                f"warmline migrate{at(folder)}"
            )
        yield conn


def given_address() -> str:
    """DATABASE_URL; "" when it is not set. Raises CommandError when it is no address, without showing it: it may hold a
    password."""
    given = os.environ.get("DATABASE_URL", "").strip()
    try:
        psycopg.conninfo.conninfo_to_dict(given)
    except psycopg.ProgrammingError:
        raise CommandError(
            "DATABASE_URL is no address of a PostgreSQL. Write it as postgresql://USER:PASSWORD@HOST/DATABASE, with signs "
            "such as @, / and # in a password as %40, %2F and %23. Unset, the database of the workspace is used."
        ) from None
    return given


@contextmanager
def address(folder: Path) -> Iterator[str]:
    """The database's address. Raises CommandError when there is none, MachineError when PostgreSQL can't start."""
    given = given_address()
    if given:
        yield given
        return
    require_workspace(folder)
    with borrowed(Postgres(embedded(folder), progress=note)) as dsn:
        yield dsn


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Whoever stops the command, or closes its terminal, ends it as Ctrl-C does: what it began is put away."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    ours = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def embedded(folder: Path) -> Path:
    """Where the embedded PostgreSQL of a workspace lies."""
    return folder / DATA / "postgres"


def note_address(folder: Path, url: str) -> None:
    """Write down where `warmline up` answers, which is another port than warmline.toml says when that one was taken."""
    (folder / DATA).mkdir(exist_ok=True)
    (folder / DATA / "address").write_text(f"{url}\n", encoding="utf-8")


def running_at(folder: Path) -> str:
    """Where `warmline up` last answered for this folder; "" when it never ran here."""
    noted = folder / DATA / "address"
    return noted.read_text(encoding="utf-8").strip() if noted.is_file() else ""


def require_workspace(folder: Path) -> None:
    if not (folder / SETTINGS).is_file():
        where = "this folder" if folder == HERE else str(folder)
        raise CommandError(
            f"There is no {SETTINGS} in {where}, so it is not a workspace. "
            "Go to one, name it with --dir DIR, or make one: warmline init DIR"
        )


def read_config(folder: Path) -> Config | None:
    """What the folder's warmline.toml says; None when there is none. Raises CommandError when it can't be read."""
    settings_file = folder / SETTINGS
    if not settings_file.is_file():
        return None
    settings = parse_settings(read_text(settings_file), str(settings_file))
    if settings.config is None:
        raise CommandError("\n".join(str(one) for one in settings.problems if one.severity == "error"))
    return settings.config


def workspace(conn: psycopg.Connection, folder: Path) -> Workspace:
    """The workspace that the folder stands for; without a folder, the only one in the database.

    Raises CommandError when it can't be told which, WorkspaceError when it has not been published.
    """
    if folder != HERE:
        require_workspace(folder)  # whoever names a folder means that one, and not the only one there is
    config = read_config(folder)
    if config is not None:
        return workspaces.load(conn, workspace_key(config))
    there = workspaces.keys(conn)
    if len(there) == 1:
        return workspaces.load(conn, there[0])
    if not there:
        raise CommandError("No workspace has been published in this database yet. Run: warmline apply DIR")
    raise CommandError(
        f"This database holds several workspaces ({', '.join(there)}). "
        "Say which by its folder: --dir DIR, or WARMLINE_DIR."
    )
