"""warmline ledger: whether every proof of consent and every withdrawal is still as it was sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from warmline.cli.place import HERE, AsJson, Dir, database, read_text
from warmline.cli.say import CommandError, counted, out, show_json
from warmline.core.ledger import Head
from warmline.store.ledger import Verified
from warmline.store.ledger import verify as walk

ledger = typer.Typer(no_args_is_help=True, help="The ledger of consents: is every proof still as it was sealed?")


class _Heads(msgspec.Struct):
    heads: list[Head]


@ledger.callback()
def _ledger() -> None:
    """Commands about the ledger."""


@ledger.command()
def verify(
    directory: Dir = HERE,
    against: Annotated[
        Path | None,
        typer.Option(help="An answer of `ledger verify --json` kept elsewhere: its heads must still stand."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk every chain and look at every consent and suppression. Exit code 1 when something was changed or removed.

    Keep the JSON answer where whoever runs the database can't reach it; `--against` it later tells whether a whole chain
    was written anew.
    """
    heads = _read(against) if against else []
    with database(directory) as conn:
        found = walk(conn, heads)
    if as_json:
        show_json(found)
    else:
        _show(found, heads)
    if not found.is_whole:
        raise typer.Exit(1)


def _read(path: Path) -> list[Head]:
    try:
        return msgspec.json.decode(read_text(path), type=_Heads).heads
    except msgspec.DecodeError as error:
        raise CommandError(
            f"{path} is no answer of the ledger ({error}). Make one: warmline ledger verify --json > heads.json"
        ) from error


def _show(found: Verified, heads: list[Head]) -> None:
    console = out()
    for one in found.broken:
        about = f", record {one.record}" if one.record else ""
        console.print(
            f"[bad]broken[/]  chain {one.lane}, entry {one.number}{about}: {escape(one.what)}", soft_wrap=True
        )
    kept = f", and {counted(len(heads), 'head')} kept elsewhere still on them" if heads and found.is_whole else ""
    word = "[good]whole[/]" if found.is_whole else f"[bad]{len(found.broken)} broken[/]"
    console.print(
        f"{word}  {counted(found.entries, 'entry', 'entries')} in {counted(len(found.heads), 'chain')}, "
        f"{counted(found.records, 'record')}, {found.unsealed:,} not sealed yet{kept}",
        soft_wrap=True,
    )
