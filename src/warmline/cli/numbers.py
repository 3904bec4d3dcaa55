"""warmline numbers: what look-ups said of phone numbers, brought from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warmline.cli.place import HERE, Dir, database, workspace
from warmline.cli.say import CommandError, out
from warmline.intake.registries import import_answers
from warmline.lookups.contract import LookUpError
from warmline.store.clock import read_clock

numbers = typer.Typer(no_args_is_help=True, help="Look-ups of phone numbers: kinds of line, and who has them now.")


@numbers.callback()
def _numbers() -> None:
    """Commands about numbers."""


@numbers.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with the columns number, line, reassigned, asked_at.")],
    directory: Dir = HERE,
) -> None:
    """Take answers of look-ups made elsewhere. A newer answer that is known already stays."""
    try:
        source = file.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}. Check the path.") from error
    with source, database(directory) as conn:
        try:
            read, news = import_answers(conn, workspace(conn, directory), source, file.name, read_clock(conn).now())
        except LookUpError as error:
            raise CommandError(f"{error} Nothing of the file was taken.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is not UTF-8 text. Save it as UTF-8 and try again.") from error
    out().print(f"{read:,} answers read, {news:,} of them news.", markup=False)
