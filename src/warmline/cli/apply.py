"""warmline apply [DIR]: publish, with a diff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from warmline.cli.place import HERE, database, read_files
from warmline.cli.say import counted, out, show_problems
from warmline.core.bundle import Bundle, read_bundle
from warmline.core.changes import Diff
from warmline.core.words import Problem
from warmline.store import workspaces
from warmline.store.clock import read_clock

_SIGN = {"added": ("good", "+"), "changed": ("care", "~"), "removed": ("bad", "-")}


def apply(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", envvar="WARMLINE_DIR", help="The workspace's folder.", show_default=False)
    ] = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
) -> None:
    """Publish a workspace and say what changed. Leads that are under way stay on the version they began with."""
    bundle = read_or_explain(directory)
    with database(directory) as conn:
        if dry_run:
            diff = workspaces.plan(conn, bundle)
        else:
            diff = workspaces.apply(conn, bundle, read_clock(conn).now())
    show_diff(out(), diff, texts=dry_run)
    out().print(_summary(diff, dry_run))


def read_or_explain(directory: Path) -> Bundle:
    """The bundle of a folder; prints its problems, and ends with exit code 1 when there are errors."""
    found = read_bundle(read_files(directory))
    show_problems(
        [
            Problem(str(directory / one.path), one.line, one.column, one.message, one.instead, one.severity)
            for one in found.problems
        ]
    )
    if found.bundle is None:
        out().print("[bad]Nothing was published.[/] Correct the errors above and run it again.")
        raise typer.Exit(1)
    return found.bundle


def show_diff(console: Console, diff: Diff, *, texts: bool) -> None:
    """One line for each change; with `texts` also the changed lines of what was there before."""
    for change in diff.changes:
        tone, sign = _SIGN[change.what]
        version = diff.versions.get(change.name) if change.kind == "playbook" else None
        beside = f" [quiet](version {version})[/]" if version else ""
        console.print(f"[{tone}]{sign}[/] {change.kind} [name]{escape(change.name)}[/]{beside}")
        if texts and change.what == "changed":
            for line in change.diff.splitlines():
                tone = {"+": "good", "-": "bad"}.get(line[:1], "quiet")
                console.print(f"    [{tone}]{escape(line)}[/]", soft_wrap=True)
    named = {change.name for change in diff.changes if change.kind == "playbook"}
    for key, version in diff.versions.items():
        if key not in named:
            console.print(
                f"[care]~[/] playbook [name]{escape(key)}[/] [quiet](version {version}: its templates changed)[/]"
            )


def _summary(diff: Diff, dry_run: bool) -> str:
    if not diff:
        return f"[good]Up to date.[/] Workspace {escape(diff.workspace)} is as it is in the folder."
    what = counted(len(diff.changes), "change")
    if dry_run:
        new = " This would be a new workspace." if diff.created else ""
        return f"[care]{what} would be published[/] to workspace {escape(diff.workspace)}.{new} Nothing was written."
    new = "new " if diff.created else ""
    return f"[good]Published[/] {what} to {new}workspace {escape(diff.workspace)}."
