"""warmline web: pages and doors, one process."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from warmline import web as site
from warmline.cli.place import HERE, Dir, address
from warmline.cli.say import CommandError
from warmline.cli.secret import read_secret
from warmline.machine.ports import is_free


def web(
    directory: Dir = HERE,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 for every one of this machine.")
    ] = "127.0.0.1",
) -> None:
    """Answer HTTP: pages, intake, provider callbacks. Start as many as you like, on any number of machines."""
    if not is_free(port, host):
        raise CommandError(f"Something already listens on {host}:{port}. Stop it, or choose another port with --port.")
    os.environ.setdefault("WARMLINE_DIR", str(directory))
    os.environ["WARMLINE_SECRET"] = read_secret(directory)
    with address(directory) as dsn:
        site.serve(dsn, host, port)
