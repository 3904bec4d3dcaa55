"""warmline engine: the process that decides and hands over."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Annotated

import typer

from warmline.cli.place import HERE, Dir, address
from warmline.cli.secret import read_secret


def engine(
    directory: Dir = HERE,
    tickers: Annotated[int, typer.Option(min=1, max=64, help="Threads that decide.")] = 2,
    in_flight: Annotated[int, typer.Option(min=1, max=5000, help="Messages being handed over at once.")] = 400,
    lease: Annotated[
        float,
        typer.Option(
            min=2,
            max=3600,
            envvar="WARMLINE_LEASE",
            help="Seconds after which a message that was being handed over counts as lost, and the provider is asked. "
            "More than twice the time a provider may take to answer.",
        ),
    ] = 60,
) -> None:
    """Decide what is due and hand it over. Start as many as you like; a stop finishes what is in flight."""
    from warmline.engine.loop import Options, run  # only here: every other command starts in half the time

    secret = read_secret(directory).encode()
    with address(directory) as dsn:
        run(Options(dsn, secret, os.environ, timedelta(seconds=lease), in_flight=in_flight, tickers=tickers))
