"""warmline forget LEAD: erase a person."""

from __future__ import annotations

from typing import Annotated

import typer

from warmline.cli.place import HERE, Dir, database, workspace
from warmline.cli.quarantine import tell
from warmline.cli.say import CommandError, counted, out, typed
from warmline.core.mentions import mention_of_name
from warmline.insight.story import LeadNotFoundError, story
from warmline.intake.forget import forget as erase
from warmline.store import merges
from warmline.store.clock import read_clock
from warmline.store.pages import attention


def forget(
    lead: Annotated[str, typer.Argument(help="The lead's id, phone number or mail address.")],
    directory: Dir = HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Erase what tells who a lead is, for good. That it wants no contact stays, under a token. `export` it first.

    What was merged into it is erased too; of a lead that was merged into another, that other. What waits in quarantine with
    one of its addresses is emptied; what holds its name only is shown, because it may be somebody else's.
    """
    with database(directory) as conn:
        place, now = workspace(conn, directory), read_clock(conn).now()
        try:
            found = story(conn, place, lead, now).lead
            if (whole := merges.stands_for(conn, found.id)) != found.id:
                found = story(conn, place, str(whole), now).lead
        except LeadNotFoundError as error:
            raise CommandError(str(error)) from error
        others = len(merges.one_person(conn, found.id)) - 1
        parts = f" and {counted(others, 'lead')} that became a part of it" if others else ""
        if not yes and not typer.confirm(f"Erase {found.called} ({found.phone or found.email}){parts} for good?"):
            raise typer.Exit(1)
        kept = erase(conn, place, found.id, "command line", now)
        named = mention_of_name(found.called)
        left = attention.naming(conn, place.id, named) if named else []
    out().print(
        f"Erased. {counted(kept, 'address', 'addresses')} stay known by a token, and are never contacted.", markup=False
    )
    if left:
        tell(left)
        out().print(
            f"{counted(len(left), 'item')} in quarantine, settled ones among them, hold the name and none of the addresses: it"
            f" may be somebody else's. What is of this person goes with: {typed('quarantine erase ID', directory)}",
            markup=False,
        )
