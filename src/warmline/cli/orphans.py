"""warmline orphans: leads that nobody and nothing will look at again. There are never any."""

from __future__ import annotations

import typer
from rich.markup import escape

from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import counted, out, show_json, typed
from warmline.store import orphans as found


def orphans(directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Count the open leads that have no next action with an owner. It is 0; a list and exit code 1 when it is not."""
    with database(directory) as conn:
        leads = found.list_orphans(conn, workspace(conn, directory).id)
    if as_json:
        show_json(leads)
    else:
        out().print(len(leads))
        for lead in leads:
            out().print(f"  {lead.id}  {lead.status:<10}  {escape(lead.called)}", soft_wrap=True)
        if leads:
            out().print(
                f"[bad]{counted(len(leads), 'lead')} without a next action.[/] This is a fault of Warmline: see what "
                f"happened with `{escape(typed('why LEAD', directory))}`, and give each an owner on its page."
            )
    if leads:
        raise typer.Exit(1)
