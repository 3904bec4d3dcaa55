"""warmline quarantine: what came in and could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape

from warmline.cli.parked import WHO
from warmline.cli.place import HERE, AsJson, Dir, database, read_text, workspace
from warmline.cli.say import CommandError, counted, out, show_json, typed
from warmline.intake.acts import ActError, dismiss_quarantine, erase_quarantine, replay_quarantine
from warmline.store.clock import read_clock
from warmline.store.pages import attention
from warmline.store.pages.attention import Quarantined

quarantine = typer.Typer(help="What came in and could not be read.", no_args_is_help=True)

Id = Annotated[UUID, typer.Argument(help="Which, as `quarantine list` shows it.")]


@quarantine.command("list")
def show(directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List it, oldest first, each with the reason and the beginning of its body."""
    with database(directory) as conn:
        found = attention.quarantined(conn, workspace(conn, directory).id)
    if as_json:
        show_json(found)
        return
    tell(found)
    more = f" Correct and replay: {escape(typed('quarantine replay ID --body FILE', directory))}" if found else ""
    first = "The oldest " if len(found) == attention.MOST else ""
    out().print(f"{first}{counted(len(found), 'item')} in quarantine.{more}")


def tell(items: Sequence[Quarantined]) -> None:
    for one in items:
        out().print(
            f"{one.id}  {one.received_at:%d %b %Y %H:%M} UTC  [name]{escape(one.door)}[/]\n"
            f"  [bad]{escape(one.reason)}[/]\n  [quiet]{escape(one.body[:300])}[/]",
            soft_wrap=True,
        )


@quarantine.command()
def replay(
    item: Id,
    body: Annotated[
        Path | None,
        typer.Option("--body", help="A file with the corrected body; - for standard input. Default: as it came."),
    ] = None,
    directory: Dir = HERE,
) -> None:
    """Let it in again, corrected or, when the settings were at fault, as it came."""
    # Before the database is opened: whoever types it in may take a while.
    text = None if body is None else read_text(Path("/dev/stdin") if str(body) == "-" else body)
    with database(directory) as conn:
        place = workspace(conn, directory)
        try:
            replay_quarantine(conn, place, item, text, WHO, read_clock(conn).now())
        except ActError as error:
            raise CommandError(str(error)) from error
    out().print("[good]Read.[/] It is in now, as if it had come at this moment.")


@quarantine.command()
def dismiss(item: Id, directory: Dir = HERE) -> None:
    """Set it aside for good: it stays on record and is not shown any more."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        try:
            dismiss_quarantine(conn, place, item, WHO, read_clock(conn).now())
        except ActError as error:
            raise CommandError(str(error)) from error
    out().print("[good]Dismissed.[/]")


@quarantine.command()
def erase(item: Id, directory: Dir = HERE) -> None:
    """Empty it for good, settled or not: of somebody who was erased, where it holds the name and no address."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        try:
            erase_quarantine(conn, place, item, WHO, read_clock(conn).now())
        except ActError as error:
            raise CommandError(str(error)) from error
    out().print("[good]Erased.[/] That it came stays on record.")
