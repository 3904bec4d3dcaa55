"""warmline distribute: spread the tables over a Citus cluster, by lane."""

from __future__ import annotations

from typing import Annotated

import typer

from warmline.cli.place import HERE, Dir, database
from warmline.cli.say import CommandError, out
from warmline.store import distributed, snapshots
from warmline.store.distributed import NoClusterError


def distribute(
    directory: Dir = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Spread the rows of leads over the nodes of a Citus cluster. Safe to run twice, and after every upgrade.

    Beyond one PostgreSQL only: docs/scale.md says when. Every table is locked while it moves.
    """
    with database(directory) as conn:
        try:
            todo = distributed.plan(conn)
        except NoClusterError as error:
            raise CommandError(str(error)) from error
        if todo.is_done:
            out().print("[good]Nothing to do.[/] Every table is where it belongs.")
            return
        if dry_run:
            for table in todo.reference:
                out().print(f"{table}: would be on every node")
            for table in todo.distribute:
                out().print(f"{table}: would be spread by lane")
            return
        if snapshots.look_at(conn).engines:
            raise CommandError("Engines are at work on this database. Stop every engine and web, and run it again.")
        distributed.distribute(conn, todo, lambda line: out().print(line))
    out().print("[good]Spread.[/] Start web and engines again; they work one lane at a time now.")
