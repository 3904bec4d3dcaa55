"""warmline up [DIR]: everything on one machine."""

from __future__ import annotations

import http.client
import os
import shlex
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.markup import escape

from warmline.cli.apply import read_or_explain, show_diff
from warmline.cli.first_lead import SAMPLE, curl_line
from warmline.cli.init import make_starter
from warmline.cli.migrate import migrate_all
from warmline.cli.place import HERE, embedded, ended_by_signals, given_address, note_address
from warmline.cli.say import CommandError, at, called, note, out, typed
from warmline.cli.secret import read_secret
from warmline.cli.sign_in import choose, make_link
from warmline.core.bundle import SETTINGS, Bundle
from warmline.core.settings import Config
from warmline.machine import MachineError
from warmline.machine.ports import free_port
from warmline.machine.postgres import Postgres
from warmline.machine.processes import Processes
from warmline.store import snapshots, workspaces
from warmline.store.clock import read_clock, set_speed
from warmline.store.connect import connect

HOST = "127.0.0.1"
TRY_AGAIN = 5  # seconds from a start of PostgreSQL that failed to the next
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Ground:
    """A database that is ready: tables made, workspace published, clock set."""

    dsn: str
    bundle: Bundle
    link: str
    url: str


def up(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            envvar="WARMLINE_DIR",
            help="The workspace's folder; made when it is not there.",
            show_default=False,
        ),
    ] = HERE,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="The port of the pages; the next free one when it is taken.")
    ] = 8000,
    speed: Annotated[
        float, typer.Option(min=1, max=100_000, help="Run the clock this many times faster. Sandbox channels only.")
    ] = 1,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Run everything on this machine: database, web, engine. Ctrl-C stops it."""
    console = out()
    if not (directory / SETTINGS).is_file():
        make_starter(directory)
        console.print(f"[good]Made[/] a starter workspace in {escape(str(directory))}.", soft_wrap=True)
    bundle = read_or_explain(directory)
    if speed != 1:
        require_sandbox(bundle.config)
    secret = os.environ["WARMLINE_SECRET"] = read_secret(directory)
    with ended_by_signals(), ready_database(directory) as (dsn, server):
        free = free_port(port)
        if free != port:
            note(f"Port {port} is taken, so this runs on {free}.")
        url = f"http://{HOST}:{free}"
        ground = prepare(directory, dsn, bundle, speed, url, console)
        environment = {
            **os.environ,
            "DATABASE_URL": dsn,
            "WARMLINE_DIR": str(directory.resolve()),
            "WARMLINE_SECRET": secret,
            "WARMLINE_PUBLIC_URL": public_url(bundle.config, url),
        }
        note_address(directory, environment["WARMLINE_PUBLIC_URL"])
        with Processes(say=lambda line: console.print(line, style="quiet", markup=False, soft_wrap=True)) as processes:
            this = [sys.executable, "-m", "warmline.cli"]
            processes.start("web", [*this, "web", "--host", HOST, "--port", str(free)], environment)
            processes.start("engine", [*this, "engine"], environment)
            if processes.run(until=lambda: answers(free)):
                welcome(console, ground, directory, speed)
                if not no_open:
                    open_browser(ground.link)
                look_after(processes, server)
        again = "" if directory == HERE else f" {shlex.quote(str(directory))}"
        said = f"Stopped. Everything accepted is kept; `{called()} up{again}` goes on from here."
        console.print(escape(said), soft_wrap=True)


def require_sandbox(config: Config) -> None:
    """Raises CommandError when a faster clock would reach real people: two weeks of messages within a minute."""
    for kind, channel in config.channels.items():
        far_end = str(channel.options.get("base_url") or channel.options.get("host") or "")
        host = urlsplit(far_end if "//" in far_end else f"//{far_end}").hostname
        if channel.provider != "sandbox" and host not in _LOOPBACK:
            raise CommandError(
                f"[channels.{kind}] goes to {channel.provider}, a real provider, and a faster clock would send "
                f'weeks of messages in minutes. Write provider = "sandbox" there, or leave out --speed.'
            )


@contextmanager
def ready_database(directory: Path) -> Iterator[tuple[str, Postgres | None]]:
    """The address of a database with its tables, and its server when it is ours. The server is taken here, and not only
    its address, so that a second `up` on the same folder is told who runs the first."""
    given = given_address()
    if given:
        note("Using the database of DATABASE_URL.")
        migrate_all(given)
        yield given, None
        return
    server = Postgres(embedded(directory), progress=note)
    with server as dsn:
        migrate_all(dsn)
        yield dsn, server


def look_after(processes: Processes, server: Postgres | None) -> None:
    """Until somebody asks to stop. A database that has ended by itself is started again; web and engine wait for it."""
    while server is not None and processes.run(until=lambda: not server.is_running()):
        note("PostgreSQL has ended by itself; starting it again.")
        try:
            server.start()
        except MachineError as error:  # its disk is full, say: web and engine wait, and so do we
            note(f"{error}\nTrying again in {TRY_AGAIN} seconds.")
            if not processes.run(until=partial(_is_over, time.monotonic() + TRY_AGAIN)):
                return
    processes.run()


def _is_over(at: float) -> bool:
    return time.monotonic() >= at


def prepare(directory: Path, dsn: str, bundle: Bundle, speed: float, url: str, console: Console) -> Ground:
    """Publish the folder, set the clock, make a sign-in link."""
    with connect(dsn, "warmline up") as conn:
        clock = read_clock(conn)
        diff = workspaces.apply(conn, bundle, clock.now())
        if diff and not diff.created:
            show_diff(console, diff, texts=False)
        if clock.speed != speed:
            set_speed(conn, speed)
        if (held := snapshots.held(conn)) is not None:
            note(
                f"This database was restored from a backup of {held.taken_at:%Y-%m-%d %H:%M} UTC. Leads are accepted, and "
                f"nothing is sent until you say that it is the live one: warmline resume{at(directory)}"
            )
        place = workspaces.load(conn, bundle.key)
        link = make_link(conn, place, choose(bundle.config, None), url)
    return Ground(dsn, bundle, link, url)


def public_url(config: Config, url: str) -> str:
    """The address in links and callbacks. One of this machine follows the port we really got."""
    stated = config.workspace.public_url
    if not stated or urlsplit(stated).hostname in _LOOPBACK:
        return url
    return stated


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        # Not listening yet. And where the port is one that the system gives to callers, it may give this very caller that
        # one: then the call reaches itself, and hears its own request as the answer.
        return False
    finally:
        connection.close()


def welcome(console: Console, ground: Ground, directory: Path, speed: float) -> None:
    console.print()
    console.print(f"[good]Warmline is running[/] at [link]{ground.url}[/]")
    if speed != 1:
        console.print(f"The clock runs {speed:g} times faster: a day passes in {_took(86400 / speed)}.")
    console.print()
    console.print("Sign in (this link works once, within 30 minutes):")
    console.print(f"  [link]{escape(ground.link)}[/]", soft_wrap=True)
    line = curl_line(ground.bundle.config, ground.url)
    if line:
        console.print("Post a first lead:")
        console.print(f"  {escape(line)}", soft_wrap=True)
        console.print("Ask what happened to it, and what comes next:")
        console.print(f"  {escape(typed('why ' + SAMPLE['email'], directory))}", soft_wrap=True)
    console.print("Stop: Ctrl-C")
    console.print()


def open_browser(link: str) -> None:
    """Only where somebody sits in front of a screen: a text browser would take over the terminal."""
    seen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if seen and sys.stdout.isatty():
        webbrowser.open(link)


def _took(seconds: float) -> str:
    if seconds >= 90:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds:.1f} seconds" if seconds < 10 else f"{seconds:.0f} seconds"
