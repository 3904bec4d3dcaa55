"""warmline parked: runs of playbooks that an error stopped."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape

from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import CommandError, counted, out, show_json, typed
from warmline.intake.acts import ActError, replay_parked
from warmline.store.clock import read_clock
from warmline.store.pages import attention

#: Who acted, in the story of the leads.
WHO = "command line"

parked = typer.Typer(help="Runs of playbooks that an error stopped.", no_args_is_help=True)


@parked.command("list")
def show(directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List them, oldest first, each with its error."""
    with database(directory) as conn:
        found = attention.parked(conn, workspace(conn, directory).id, most=None)
    if as_json:
        show_json(found)
        return
    for one in found:
        out().print(
            f"{one.id}  [name]{escape(one.lead)}[/]  {escape(one.playbook)} v{one.version}\n"
            f"  [bad]{escape(one.error)}[/]",
            soft_wrap=True,
        )
    then = f" Replay: {escape(typed('parked replay ID', directory))}" if found else ""
    out().print(f"{counted(len(found), 'parked run')}.{then}")


@parked.command()
def replay(
    ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID", help="Which, as `parked list` shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every parked run.")] = False,
    directory: Dir = HERE,
) -> None:
    """Let them go on from where they stopped, once the cause is gone. One that fails again is parked again."""
    if bool(ids) == every:
        raise CommandError("Say which: one or more ids, or --all. `warmline parked list` shows them.")
    with database(directory) as conn:
        place, now = workspace(conn, directory), read_clock(conn).now()
        found = {one.id: one for one in attention.parked(conn, place.id, most=None)}
        missing = [one for one in ids or () if one not in found]
        if missing:
            raise CommandError(f"{missing[0]} is not parked. `warmline parked list` shows what is.")
        for one in ids or found:
            try:
                replay_parked(conn, place, found[one].lane, one, WHO, now)
            except ActError as error:
                raise CommandError(str(error)) from error
    out().print(f"[good]{counted(len(ids or found), 'run')}[/] will be looked at again at once.")
