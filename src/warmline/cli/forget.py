"""warmline forget LEAD: erase a person."""

from __future__ import annotations

from typing import Annotated

import typer

from warmline.cli.place import HERE, Dir, database, workspace
from warmline.cli.say import CommandError, counted, out
from warmline.insight.story import LeadNotFoundError, story
from warmline.intake.forget import forget as erase
from warmline.store.clock import read_clock


def forget(
    lead: Annotated[str, typer.Argument(help="The lead's id, phone number or mail address.")],
    directory: Dir = HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Erase what tells who a lead is, for good. That it wants no contact stays, under a token. `export` it first."""
    with database(directory) as conn:
        place, now = workspace(conn, directory), read_clock(conn).now()
        try:
            found = story(conn, place, lead, now).lead
        except LeadNotFoundError as error:
            raise CommandError(str(error)) from error
        if not yes and not typer.confirm(f"Erase {found.called} ({found.phone or found.email}) for good?"):
            raise typer.Exit(1)
        kept = erase(conn, place, found.id, "command line", now)
    out().print(
        f"Erased. {counted(kept, 'address', 'addresses')} stay known by a token, and are never contacted.", markup=False
    )
