"""warmline restore: put a backup back, held until a person says that this copy is the live one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer
from rich.markup import escape

from warmline.cli.backup import KEY, server_of
from warmline.cli.migrate import migrate_all
from warmline.cli.place import HERE, embedded, ended_by_signals, given_address
from warmline.cli.say import CommandError, counted, note, out, typed
from warmline.cli.secret import keep_unpublished, read_secret
from warmline.core.bundle import PLAYBOOKS, SETTINGS, TEMPLATES
from warmline.machine import MachineError
from warmline.machine.account import account_for_new_data
from warmline.machine.archives import Archive, Manifest, open_archive
from warmline.machine.clients import find_clients
from warmline.machine.installations import bin_folders, probe
from warmline.machine.place import find_place
from warmline.machine.postgres import Postgres
from warmline.store import snapshots
from warmline.store.connect import connect
from warmline.store.migrate import steps


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `backup` made.", show_default=False)],
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", envvar="WARMLINE_DIR", help="The workspace's folder; made when it is not there.",
            show_default=False,
        ),
    ] = HERE,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in place of the leads and texts that are there.")
    ] = False,
) -> None:  # fmt: skip
    """Put a backup back: into a new folder's database, or the one of DATABASE_URL. All of it, or nothing.

    Nothing is sent from it until `resume`, because the copy it was made of may have gone on since.
    """
    with open_archive(file) as archive:
        manifest = archive.manifest
        refuse_newer(manifest)
        texts = archive.texts()
        if SETTINGS not in texts:
            read_secret(directory)  # nothing is begun that can't be ended without it
        with ended_by_signals(), target(directory, manifest) as dsn:
            put_back(dsn, archive, replace=replace)
            kept = write_texts(directory, texts, replace=replace)
            os.environ["WARMLINE_SECRET"] = read_secret(directory)
            migrated = migrate_all(dsn)
    out().print(
        f"[good]Restored[/] {escape(', '.join(manifest.workspaces))}: {counted(manifest.rows['leads'], 'lead')}, as of "
        f"{manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC. Every table has the rows it had.",
        soft_wrap=True,
    )
    if migrated:
        out().print(f"Brought up to this version: {', '.join(migrated)}.")
    if kept:
        note(
            f"Left as they are in {directory}: {', '.join(kept)}. They differ from the backup; --replace overwrites them."
        )
    out().print(
        "[care]It is held:[/] nothing is decided and nothing leaves. When this is to be the live one, and the one it was "
        f"made of has stopped for good: [name]{escape(typed('resume', directory))}[/]",
        soft_wrap=True,
    )


def refuse_newer(manifest: Manifest) -> None:
    newer = sorted(set(manifest.steps) - set(steps()))
    if newer:
        raise CommandError(
            f"This backup is of Warmline {manifest.version}, whose tables are newer than this version knows "
            f"({', '.join(newer)}). Install that version or a later one, and restore with it."
        )


@contextmanager
def target(folder: Path, manifest: Manifest) -> Iterator[str]:
    """The address of the database to put it into: DATABASE_URL, or the folder's own, made when it is not there.

    Raises MachineError when `warmline up` runs there, or no PostgreSQL suits.
    """
    given = given_address()
    if given:
        yield given
        return
    folder.mkdir(parents=True, exist_ok=True)
    data = embedded(folder)
    fresh = find_place(data) is None
    with Postgres(data, progress=note, bin_folder=_new_enough(manifest.server) if fresh else None) as dsn:
        yield dsn


def put_back(dsn: str, archive: Archive, *, replace: bool) -> None:
    """Into the database, in one transaction. Raises CommandError when something is there that would be lost."""
    manifest = archive.manifest
    with connect(dsn, "restore") as conn:
        there = snapshots.look_at(conn)
        if there.tables and not there.ours:
            raise CommandError(
                "This database holds tables of something else. Make one for Warmline alone, and name it in DATABASE_URL."
            )
        if there.leads and not replace:
            raise CommandError(
                f"This database has leads already ({there.leads:,}), which the backup would take the place of. Restore "
                "into another folder or an empty database; or back this one up first, and say --replace."
            )
        if there.engines:
            raise CommandError(
                f"{counted(there.engines, 'engine')} worked on this database within the last half minute. Stop every "
                "engine and web of it (or wait half a minute after a crash), and restore then."
            )
        if there.server_major < manifest.server:
            raise CommandError(
                f"The backup is of a PostgreSQL {manifest.server}, and this server is {there.server_major}. "
                f"Use one of version {manifest.server} or newer."
            )
        after = snapshots.after(manifest.rows, manifest.steps, manifest.taken_at)
        clients = find_clients(max(there.server_major, manifest.major))
        clients.put_back(server_of(conn), snapshots.BEFORE, archive.dump(), after)
        snapshots.end_other_sessions(conn)


def write_texts(folder: Path, texts: Mapping[str, bytes], *, replace: bool) -> list[str]:
    """Into the workspace's folder; returns those that are there, differ, and were left as they are."""
    kept = []
    for name, text in texts.items():
        if not _belongs(name):
            raise MachineError(f"The backup holds a file that is none of a workspace's: {name!r}. Use another backup.")
        path = folder / name
        if path.exists() and path.read_bytes() == text:
            continue
        if path.exists() and not replace:
            kept.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == KEY:
            keep_unpublished(path.parent)
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if name == KEY else 0o644), "wb") as file:
            file.write(text)
    return kept


def _belongs(name: str) -> bool:
    """Whether it is a file of a workspace: a backup from elsewhere must not write outside."""
    path = PurePosixPath(name)
    allowed = path.parts[:-1] in ((PLAYBOOKS,), (TEMPLATES,)) and path.suffix in (".yaml", ".txt")
    return name in (SETTINGS, KEY) or (allowed and str(path) == name)


def _new_enough(major: int) -> Path | None:
    """A PostgreSQL for new data that is of `major` or newer; None leaves the choice, and its error, to the machine."""
    account = account_for_new_data()
    for folder in bin_folders():
        installation = probe(folder, account)
        if installation and installation.major >= major:
            return installation.bin_folder
    return None
