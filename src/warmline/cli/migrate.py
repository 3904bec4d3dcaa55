"""warmline migrate: bring the tables of a database up to this version."""

from __future__ import annotations

import os

from warmline import web as site
from warmline.cli.place import HERE, Dir, address, ended_by_signals
from warmline.cli.say import CommandError, counted, note, out
from warmline.cli.secret import read_secret
from warmline.store import distributed
from warmline.store.connect import connect
from warmline.store.distributed import is_distributed
from warmline.store.migrate import MigrationError, one_at_a_time
from warmline.store.migrate import migrate as migrate_store


def migrate(directory: Dir = HERE) -> None:
    """Make or update the tables. Safe to run twice, and from several machines at once."""
    os.environ["WARMLINE_SECRET"] = read_secret(directory)
    with ended_by_signals(), address(directory) as dsn:
        applied = migrate_all(dsn)
    if applied:
        out().print(f"[good]Applied[/] {counted(len(applied), 'step')}: {', '.join(applied)}.")
    else:
        out().print("[good]Up to date.[/] The tables are as this version needs them.")


def migrate_all(dsn: str) -> list[str]:
    """Our tables, then those of the web's sessions and users. Returns the names of our steps that were applied."""
    with connect(dsn, "warmline migrate") as conn, one_at_a_time(conn, note):
        try:
            applied = migrate_store(conn, say=note)
        except MigrationError as error:
            raise CommandError(str(error)) from error
        site.migrate(dsn)
        if is_distributed(conn) and not distributed.plan(conn).is_done:
            note("New tables are not spread over the cluster yet. Stop engines and webs, and run: warmline distribute")
    return applied
