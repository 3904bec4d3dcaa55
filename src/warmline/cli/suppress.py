"""warmline suppress: whom nobody contacts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from warmline.cli.place import HERE, Dir, database, workspace
from warmline.cli.say import CommandError, counted, out
from warmline.intake.acts import REASONS, ActError, add_to_list, import_list
from warmline.store.clock import read_clock

suppress = typer.Typer(no_args_is_help=True, help="Do not contact: add a number, address or domain, or a whole list.")

WHO = "command line"
Reason = Annotated[str, typer.Option(help=f"Why: {', '.join(REASONS)}.")]
Evidence = Annotated[str, typer.Option(help="What was said, or where it is written down.")]


@suppress.command()
def add(
    contact: Annotated[str, typer.Argument(help="A phone number, a mail address, or a domain such as acme.test.")],
    directory: Dir = HERE,
    reason: Reason = "internal_dnc",
    channel: Annotated[list[str] | None, typer.Option(help="Only this channel; once for each. None: all.")] = None,
    evidence: Evidence = "",
) -> None:
    """Nobody of this workspace contacts it any more, whichever lead has it."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        try:
            added = add_to_list(
                conn,
                place,
                contact,
                WHO,
                read_clock(conn).now(),
                reason=reason,
                channels=channel or (),
                evidence=evidence,
            )
        except ActError as error:
            raise CommandError(str(error)) from error
    out().print("On the list." if added else "It was on the list already.", markup=False)


@suppress.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A number, address or domain a line; more columns are left out.")],
    directory: Dir = HERE,
    reason: Reason = "internal_dnc",
    evidence: Evidence = "",
) -> None:
    """Take a list of an older system over. Exit code 1 when a line could not be read; the others are taken."""
    if reason not in REASONS:
        raise CommandError(f"{reason!r} is no reason known here. Choose one of: {', '.join(REASONS)}.")
    try:
        source = file.open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}. Check the path.") from error
    with source, database(directory) as conn:
        now = read_clock(conn).now()
        found = import_list(
            conn, workspace(conn, directory), source, WHO, now, reason=reason, evidence=evidence or file.name
        )
    for one in found.wrong[:20]:
        out().print(f"[bad]line {one.line}[/]  {escape(one.why)}", soft_wrap=True)
    if len(found.wrong) > 20:
        out().print(f"[quiet]and {len(found.wrong) - 20} lines more[/]")
    out().print(
        f"{counted(found.added, 'entry', 'entries')} added, {found.known} there already, {len(found.wrong)} not read."
    )
    if found.wrong:
        raise typer.Exit(1)
