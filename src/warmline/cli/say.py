"""What the command line says, and how: results to stdout, everything else to stderr, never a traceback for a slip."""

from __future__ import annotations

import errno
import os
import re
import shlex
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.markup import escape
from rich.theme import Theme
from typer.core import TyperGroup

from warmline.core.words import Problem
from warmline.machine import MachineError
from warmline.store.playbooks import VersionError
from warmline.store.races import LOST
from warmline.store.workspaces import WorkspaceError
from warmline.web.environment import BadEnvironmentError

THEME = Theme(
    {
        "good": "green",
        "bad": "red",
        "care": "yellow",
        "quiet": "bright_black",
        "name": "bold",
        "link": "cyan underline",
    }
)


def out() -> Console:
    """For results. Made anew each time, so that it writes to the stdout of this moment."""
    return Console(theme=THEME, highlight=False)


def err() -> Console:
    return Console(theme=THEME, highlight=False, stderr=True)


#: What our commands follow in a text; not in a path.
_NAME = re.compile(r"(?<![\w/.-])warmline(?= [a-z])")


def called() -> str:
    """The command as the person calls it, who may not have it on the path: `./run` says how."""
    return os.environ.get("WARMLINE_CALLED") or "warmline"


def at(folder: Path) -> str:
    """What is to be typed behind a command so that it works in that folder; nothing for the one we are in."""
    return "" if folder == Path() else f" --dir {shlex.quote(str(folder))}"


def typed(command: str, folder: Path) -> str:
    """A command of ours as it is to be typed here to work in that folder."""
    return f"{called()} {command}{at(folder)}"


def as_called(text: str) -> str:
    """A text of ours, each `warmline COMMAND` in it as it is to be typed. Not for what others wrote."""
    return _NAME.sub(lambda _: called(), text)


class CommandError(Exception):
    """Something the person at the terminal can put right. The text: what happened, why, what to do."""


#: What people meet in ordinary life; everything else is a fault of ours and shows its traceback.
_KNOWN = (CommandError, MachineError, WorkspaceError, VersionError, BadEnvironmentError)

_FULL = (errno.ENOSPC, errno.EDQUOT)
#: What a disk says no with in ordinary life, and what helps.
_DISKS = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), "Run this as the account that owns it, or name a place of your own."),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR, errno.EISDIR), "Name another place."),
    **dict.fromkeys(_FULL, "Make room, and run it again."),
    errno.EROFS: "Name a place that can be written to.",
}


class PlainGroup(TyperGroup):
    """Commands whose known errors are one calm text on stderr and exit code 1."""

    def main(self, *given: Any, **named: Any) -> Any:
        """Usage and advice name the command as it was called."""
        return super().main(*given, **(named | {"prog_name": called()}))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except _KNOWN as error:
            fail(str(error))
        except LOST:
            fail("Too much happened to the same lead at once, so nothing was changed. Run the command again.")
        except psycopg.errors.InsufficientPrivilege as error:
            fail(
                f"The database does not let its user do this: {_first_line(error)}. Make that user the owner of the "
                "database (alter database NAME owner to USER), or name another one in DATABASE_URL."
            )
        except psycopg.errors.DiskFull as error:
            fail(f"The database has no room left: {_first_line(error)}. Make room on its disk, and run it again.")
        except psycopg.OperationalError as error:
            fail(
                f"The database does not answer: {_first_line(error)}. "
                "Check DATABASE_URL, and that PostgreSQL is running and reachable from here."
            )
        except UnicodeEncodeError as error:
            if error.reason != "surrogates not allowed":
                raise
            fail(
                f"What was typed is no text in UTF-8: {error.object[:60]!r}. Set the terminal to UTF-8, and type it anew."
            )
        except OSError as error:
            # What is full says so in the middle of writing, when nobody knows the file any more; all else names one.
            if error.errno not in _DISKS or (error.filename is None and error.errno not in _FULL):
                raise
            where = "" if error.filename is None else f"{error.filename}: "
            fail(f"{where}{error.strerror}. {_DISKS[error.errno]}")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def fail(text: str) -> NoReturn:
    err().print(f"[bad]error:[/] {escape(as_called(text))}", soft_wrap=True)
    raise typer.Exit(1)


def note(text: str) -> None:
    """Something to know that is neither a result nor an error."""
    err().print(f"[quiet]{escape(as_called(text))}[/]", soft_wrap=True)


def show_json(value: Any) -> None:
    """A msgspec struct or plain value as indented JSON, nothing else on stdout."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    out().print(text, markup=False, soft_wrap=True)


def show_problems(problems: list[Problem]) -> None:
    """file:line:column first, so that editors and terminals can jump there."""
    console = err()
    for problem in problems:
        tone = "bad" if problem.severity == "error" else "care"
        place = f"{problem.path}:{problem.line}:{problem.column}"
        console.print(
            f"[name]{escape(place)}[/]: [{tone}]{problem.severity}[/]: {escape(problem.message)}"
            f" [quiet]{escape(as_called(problem.instead))}[/]",
            soft_wrap=True,
        )


def span(seconds: float) -> str:
    """A length of time in its largest unit of which there are two: `2.5 d`, `3 h`, `12 min`, `1.2 s`, `40 ms`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{round(seconds / size, 1):g} {unit}"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{round(seconds, 1):g} s"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 playbook`, `2 playbooks`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
