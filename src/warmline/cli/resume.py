"""warmline resume: a restored database becomes the live one."""

from __future__ import annotations

from typing import Annotated

import typer

from warmline.cli.place import HERE, Dir, database
from warmline.cli.say import CommandError, counted, out, span
from warmline.store import snapshots
from warmline.store.clock import real_now


def resume(
    directory: Dir = HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    nothing_was_sent: Annotated[
        bool,
        typer.Option(
            "--nothing-was-sent",
            help="The original's engines had stopped before the backup was taken, as when moving to another machine. "
            "Then everything that waits is sent.",
        ),
    ] = False,
) -> None:
    """Let a restored database go on. Only when the one it was copied from has stopped for good.

    What the original may have sent since the backup counts as sent: at most once, here too.
    """
    from warmline.engine.resume import go_on  # only here: every other command starts in half the time

    with database(directory) as conn:
        held = snapshots.held(conn)
        if held is None:
            out().print("Nothing to do: this database is not held after a restore.")
            return
        gap = span((real_now() - held.taken_at).total_seconds())
        if not yes and not typer.confirm(_question(gap, nothing_was_sent)):
            raise CommandError("Nothing was changed. The database is still held.")
        gone = go_on(conn, held, nothing_was_sent=nothing_was_sent)
    if nothing_was_sent:
        out().print("[good]Live.[/] Everything goes on from the backup.")
        return
    withheld = counted(gone.withheld, "touch", "touches")
    out().print(
        f"[good]Live.[/] {counted(gone.looks, 'look')} of the last {gap} made up for; {withheld} not sent, because the "
        "original may have sent them: reason `restored`, in the stories of the leads.",
        soft_wrap=True,
    )


def _question(gap: str, nothing_was_sent: bool) -> str:
    if nothing_was_sent:
        return f"The backup is {gap} old. Had every engine of the original stopped before it was taken?"
    return (
        f"The backup is {gap} old. What was due since then counts as sent. Replies and opt-outs that came since are not in "
        "it. Has the original stopped for good?"
    )
