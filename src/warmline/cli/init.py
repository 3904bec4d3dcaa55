"""warmline init DIR: a starter workspace."""

from __future__ import annotations

import shlex
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from warmline.cli.say import CommandError, called, counted, out

#: What may already be in a folder that becomes a workspace.
_HARMLESS = {".git", ".gitignore", ".warmline", "README.md"}


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
) -> None:
    """Make a starter workspace: settings, playbooks for the usual kinds of lead, a text for every touch."""
    written = make_starter(directory)
    console = out()
    kinds = {
        "playbook": sum(path.endswith(".yaml") for path in written),
        "text": sum(path.endswith(".txt") for path in written),
    }
    console.print(
        f"[good]Made[/] {escape(str(directory))} with {counted(kinds['playbook'], 'playbook')} and"
        f" {counted(kinds['text'], 'text')}. Its channels are sandboxes: nothing leaves this machine.",
        soft_wrap=True,
    )
    console.print(f"Next: edit [name]{escape(str(directory / 'warmline.toml'))}[/], then run", soft_wrap=True)
    console.print(f"  {escape(called())} up {escape(shlex.quote(str(directory)))}", soft_wrap=True)


def make_starter(directory: Path) -> list[str]:
    """Copy the starter workspace and return the paths written, within it. Raises CommandError rather than overwrite."""
    if directory.is_file():
        raise CommandError(f"{directory} is a file. Name a folder that is new or empty.")
    there = {entry.name for entry in directory.iterdir()} - _HARMLESS if directory.is_dir() else set()
    if there:
        first = sorted(there)[0]
        raise CommandError(
            f"{directory} is not empty (it holds {first}), and nothing in it is overwritten. "
            "Name a folder that is new or empty."
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        written = _copy(files("warmline") / "starter", directory, "")
        ignored = directory / ".gitignore"
        if not ignored.exists():
            ignored.write_text(
                "# The database and the secret key: never part of the workspace's history.\n.warmline/\n"
            )
    except OSError as error:
        raise CommandError(
            f"Could not write to {directory}: {error.strerror}. Choose a folder that you may write to."
        ) from error
    return written


def _copy(source: Traversable, target: Path, within: str) -> list[str]:
    written: list[str] = []
    for entry in sorted(source.iterdir(), key=lambda one: one.name):
        if entry.name.startswith("__"):
            continue
        if entry.is_dir():
            (target / entry.name).mkdir(exist_ok=True)
            written += _copy(entry, target / entry.name, f"{within}{entry.name}/")
        else:
            (target / entry.name).write_bytes(entry.read_bytes())
            written.append(within + entry.name)
    return written
