"""warmline export LEAD: everything that is kept of a lead, as one case file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from warmline.cli.place import HERE, Dir, database, workspace
from warmline.cli.say import CommandError, counted, out
from warmline.insight.case_file import CaseFile, as_json, as_page, case_file
from warmline.insight.story import LeadNotFoundError
from warmline.store.clock import read_clock


def export(
    lead: Annotated[str, typer.Argument(help="The lead's id, phone number or mail address.")],
    directory: Dir = HERE,
    to: Annotated[Path, typer.Option(help="The folder to write into.", show_default="this folder")] = HERE,
    as_json_only: Annotated[bool, typer.Option("--json", help="Print the JSON and write no file.")] = False,
) -> None:
    """Write a lead's case file: consents, withdrawals, touches, decisions and messages, as JSON and as a page to read."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        try:
            case = case_file(conn, place, lead, read_clock(conn).now())
        except LeadNotFoundError as error:
            raise CommandError(str(error)) from error
    if as_json_only:
        typer.echo(as_json(case).decode())
        return
    stem = f"case-{case.lead.id}"
    try:
        to.mkdir(parents=True, exist_ok=True)
        for name, content in ((f"{stem}.json", as_json(case) + b"\n"), (f"{stem}.html", as_page(case).encode())):
            with open(to / name, "wb", opener=_for_us_alone) as file:
                file.write(content)
    except OSError as error:
        raise CommandError(
            f"The case file can't be written into {to}: {error.strerror}. Name a folder with --to."
        ) from error
    out().print(f"{to / stem}.json and .html: {_held(case)}", soft_wrap=True, markup=False)


def _for_us_alone(path: str, flags: int) -> int:
    """Opens a file that others may not read, as a backup is: it holds all that is known of a person."""
    opened = os.open(path, flags, 0o600)
    os.fchmod(opened, 0o600)
    return opened


def _held(case: CaseFile) -> str:
    return ", ".join(
        (
            counted(len(case.consents), "consent"),
            counted(len(case.withdrawals), "withdrawal"),
            f"{counted(len(case.lines), 'line')} of story",
        )
    )
