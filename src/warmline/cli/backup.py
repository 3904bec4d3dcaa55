"""warmline backup: one file with everything, taken while everything runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated

import psycopg
import typer
from rich.markup import escape

from warmline import __version__
from warmline.cli.place import DATA, HERE, database, read_files
from warmline.cli.say import CommandError, counted, note, out
from warmline.core.bundle import SETTINGS
from warmline.machine.archives import Manifest, open_archive, whole_file, write
from warmline.machine.clients import Clients, find_clients
from warmline.store.snapshots import Snapshot, snapshot

KEY = f"{DATA}/secret"


def backup(
    to: Annotated[Path, typer.Option("--to", help="The file to write.", show_default=False)],
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", envvar="WARMLINE_DIR", help="The workspace's folder.", show_default=False),
    ] = HERE,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Leave out the key that signs links; keep it elsewhere then.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite the file when it is there.")] = False,
) -> None:
    """Write the database, the folder's texts and its key into one file, as they are at one instant.

    Everything may go on meanwhile. The file holds all your leads: keep it as you keep the database.
    """
    to = to.resolve()
    if to.is_dir():
        raise CommandError(f"{to} is a folder. Name the file in it.")
    if to.exists() and not replace:
        raise CommandError(f"{to} is there already. Name another file, or overwrite it with --replace.")
    texts = texts_of(directory, with_key=not without_key)
    with database(directory) as conn, whole_file(to) as file:
        manifest = take(conn, texts, file)
        check(file, manifest)
    size = to.stat().st_size / 1_000_000
    what = ", ".join(manifest.workspaces) or "no workspace yet"
    out().print(
        f"[good]Backed up[/] {escape(what)}: {counted(manifest.rows['leads'], 'lead')}, as of {_clock(manifest.taken_at)}, "
        f"into {escape(str(to))} ({size:.1f} MB).",
        soft_wrap=True,
    )
    note(_about_key(KEY in texts))


def texts_of(folder: Path, *, with_key: bool) -> dict[str, bytes]:
    """What lies in the workspace's folder: settings, playbooks, templates, and the key that signs links.

    Secrets of providers are not among them, because warmline.toml names variables. The key of WARMLINE_SECRET is the
    environment's, and stays there.
    """
    if not (folder / SETTINGS).is_file():
        return {}
    texts = {path: (folder / path).read_bytes() for path in read_files(folder)}
    key = folder / KEY
    if with_key and key.is_file() and not os.environ.get("WARMLINE_SECRET"):
        texts[KEY] = key.read_bytes()
    return texts


def take(conn: psycopg.Connection, texts: Mapping[str, bytes], file: IO[bytes]) -> Manifest:
    """Write a backup of one instant into the file."""
    with snapshot(conn) as instant:
        clients = find_clients(instant.server_major)
        return write(
            file,
            lambda into: clients.dump(server_of(conn), instant.name, into),
            texts,
            lambda: _describe(instant, clients, instant.count_rows()),
        )


def check(file: IO[bytes], written: Manifest) -> None:
    """Read back what was written. Raises MachineError when it is not a backup that can be put back."""
    file.seek(0)
    with open_archive(file) as archive:
        listed = find_clients(archive.manifest.major).list_contents(archive.dump())
    missing = [table for table in written.rows if f" TABLE DATA public {table} " not in listed]
    if missing:
        raise CommandError(
            f"The dump lacks tables: {', '.join(missing)}. Nothing was kept; this is a fault of Warmline."
        )


def server_of(conn: psycopg.Connection) -> dict[str, str]:
    """Where a connection goes, as the environment that libpq's programs read: no password on a command line."""
    info = conn.info
    given = {"PGHOST": info.host, "PGPORT": str(info.port), "PGUSER": info.user, "PGDATABASE": info.dbname}
    asked = psycopg.conninfo.conninfo_to_dict(info.dsn)
    for option in psycopg.pq.Conninfo.get_defaults():
        keyword, variable = option.keyword.decode(), (option.envvar or b"").decode()
        if keyword.startswith(("ssl", "gss", "krb", "channel_binding", "passfile")) and variable and keyword in asked:
            given[variable] = str(asked[keyword])
    if info.password:
        given["PGPASSWORD"] = info.password
    return given


def _describe(instant: Snapshot, clients: Clients, rows: dict[str, int]) -> Manifest:
    return Manifest(
        taken_at=instant.at,
        version=__version__,
        server=instant.server_major,
        major=clients.major,
        steps=instant.steps,
        workspaces=instant.workspaces,
        rows=rows,
    )


def _about_key(included: bool) -> str:
    if included:
        return "The key that signs links is in it, so that links in mails that went out work after a restore."
    return (
        "The key that signs links is not in it. Keep WARMLINE_SECRET (or .warmline/secret) apart: without it, links in "
        "mails that went out, unsubscribing too, no longer work after a restore."
    )


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
