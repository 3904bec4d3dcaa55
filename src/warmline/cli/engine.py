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
    deciders: Annotated[int, typer.Option(min=1, max=64, help="Processes that decide while much is due.")] = 2,
    in_flight: Annotated[
        int,
        typer.Option(
            min=1,
            max=5000,
            help="Messages that this engine hands over at once, on all channels and for all workspaces together; the others "
            "wait in the queue. How many on one channel: `concurrency` in its table.",
        ),
    ] = 400,
    lease: Annotated[
        float,
        typer.Option(
            min=2,
            max=3600,
            envvar="WARMLINE_LEASE",
            help="Seconds after which a message that was being handed over counts as lost, and the provider is asked. "
            "Twice the time that a provider may take to answer, or more: one that takes longer is cut off.",
        ),
    ] = 60,
    ask_for: Annotated[
        float,
        typer.Option(
            min=1,
            max=86400,
            envvar="WARMLINE_ASK_FOR",
            help="Seconds for which a provider that can't say what became of a message is asked again, before a person is. "
            "More than the `absent_after` of \\[channels.sms].",
        ),
    ] = 90,
) -> None:
    """Decide what is due and hand it over. Start as many as you like; a stop finishes what is in flight."""
    from warmline.engine.loop import Options, run  # only here: every other command starts in half the time

    secret = read_secret(directory).encode()
    with address(directory) as dsn:
        spans = {"lease": timedelta(seconds=lease), "ask_for": timedelta(seconds=ask_for)}
        run(Options(dsn, secret, os.environ, folder=directory, in_flight=in_flight, deciders=deciders, **spans))
