"""warmline registry: the files of do-not-contact registries, which the gate asks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import CommandError, counted, note, out, show_json
from warmline.core.hours import local_date
from warmline.intake.registries import UnusableFileError, registries_known
from warmline.intake.registries import import_registry as take
from warmline.store import numbers
from warmline.store.clock import read_clock

registry = typer.Typer(no_args_is_help=True, help="Do-not-contact registries: the files that the gate asks.")


@registry.command("import")
def import_(
    name: Annotated[
        str, typer.Argument(metavar="REGISTRY", help="Such as us.national or ca.dncl; `registry list` names all.")
    ],
    file: Annotated[Path, typer.Argument(help="A number a line, or area code and number as the FTC writes them.")],
    as_of: Annotated[str, typer.Option(help="The day the file was downloaded, such as 2026-11-26.")],
    area_code: Annotated[
        list[str] | None, typer.Option(help="An area code the file covers; once for each. None: it covers all numbers.")
    ] = None,
    directory: Dir = HERE,
) -> None:
    """Take a registry's file as its whole word on what it covers: numbers it has no more may be contacted again."""
    try:
        day = date.fromisoformat(as_of)
    except ValueError as error:
        raise CommandError(f"{as_of!r} is no day. Write --as-of 2026-11-26.") from error
    try:
        source = file.open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}. Check the path.") from error
    with source, database(directory) as conn:
        place, now = workspace(conn, directory), read_clock(conn).now()
        try:
            count, lines = take(
                conn,
                place,
                name,
                source,
                as_of=day,
                area_codes=area_code or (),
                name=file.name,
                who="command line",
                now=now,
            )
        except UnusableFileError as error:
            raise CommandError(str(error)) from error
    if lines.unread:
        note(f"{counted(lines.unread, 'line')} named no number, such as {lines.wrong[0]!r}.")
    out().print(f"{name} of {day:%d %b %Y}: {counted(count, 'number')} listed.", markup=False)


@registry.command("list")
def list_(directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Every registry a law of the packs asks, and the file there is of it."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        today = local_date(read_clock(conn).now(), place.config.workspace.time_zone)
        found = numbers.imported(conn, place.id)
    if as_json:
        show_json({"asked_by_law": sorted(registries_known()), "files": found})
        return
    table = Table("registry", "of", "age", "covers", "numbers", "file", box=None, padding=(0, 2, 0, 0))
    files = {one.registry for one in found}
    for one in found:
        age = (today - one.as_of).days
        covers = ", ".join(code.removeprefix("+1") for code in one.covers) or "all"
        table.add_row(one.registry, f"{one.as_of}", f"{age} d", covers, f"{one.numbers:,}", escape(one.name))
    for name in sorted(registries_known().keys() - files):
        table.add_row(f"[quiet]{name}[/]", "[quiet]never imported[/]")
    out().print(table)
