"""warmline merge OTHER INTO: two leads that are one person."""

from __future__ import annotations

from typing import Annotated

import typer

from warmline.cli.place import HERE, Dir, database, workspace
from warmline.cli.say import CommandError, out
from warmline.insight.story import LeadNotFoundError, find_lead
from warmline.intake.acts import ActError
from warmline.intake.acts import merge as become_one
from warmline.store.clock import read_clock


def merge(
    other: Annotated[str, typer.Argument(help="The lead that is closed: its id, phone number or mail address.")],
    into: Annotated[str, typer.Argument(help="The lead that takes over its addresses, consents and opt-outs.")],
    directory: Dir = HERE,
) -> None:
    """Make two leads one. What one has opted out of, both have. It can't be undone."""
    with database(directory) as conn:
        place, now = workspace(conn, directory), read_clock(conn).now()
        try:
            (_, gone), (_, keep) = find_lead(conn, place, other), find_lead(conn, place, into)
            become_one(conn, place, keep, gone, "command line", now)
        except (LeadNotFoundError, ActError) as error:
            raise CommandError(str(error)) from error
    out().print(f"One lead now: {keep}.", markup=False)
