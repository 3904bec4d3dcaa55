"""warmline sign-in [PERSON]: a new one-time link."""

from __future__ import annotations

from typing import Annotated

import psycopg
import typer
from rich.markup import escape

from warmline.cli.place import HERE, Dir, database, running_at, workspace
from warmline.cli.say import CommandError, out
from warmline.core.settings import Config, Person
from warmline.store import sign_ins
from warmline.store.clock import real_now
from warmline.store.workspaces import Workspace

_FIRST = ("admin", "manager", "rep")


def sign_in(
    person: Annotated[
        str | None, typer.Argument(help="Key of the person in warmline.toml. Default: the first admin or manager.")
    ] = None,
    directory: Dir = HERE,
) -> None:
    """Print a link that signs one person in, once, within 30 minutes."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        who = choose(place.config, person)
        base = running_at(directory) or place.config.workspace.public_url or "http://127.0.0.1:8000"
        link = make_link(conn, place, who, base)
    out().print(f"For {escape(who.name)} ({who.role}), once, within 30 minutes:")
    out().print(f"[link]{escape(link)}[/]", soft_wrap=True)


def choose(config: Config, key: str | None) -> Person:
    """The person of that key, or the one who may do most. Raises CommandError."""
    if key is None:
        if not config.people:
            raise CommandError("Nobody is under [people] in warmline.toml. Add yourself, then run: warmline apply")
        return min(config.people.values(), key=lambda one: _FIRST.index(one.role))
    if key not in config.people:
        raise CommandError(f"There is no person {key}. There are: {', '.join(config.people)}.")
    return config.people[key]


def make_link(conn: psycopg.Connection, place: Workspace, who: Person, base: str) -> str:
    token = sign_ins.create(conn, place.id, who.key, real_now())
    return f"{base.rstrip('/')}/sign-in/{token}"
