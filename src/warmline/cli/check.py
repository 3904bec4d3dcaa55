"""warmline check [PATH...]: validate and lint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warmline import rules
from warmline.cli.accounts import channel_problems
from warmline.cli.place import HERE, read_files
from warmline.cli.say import CommandError, counted, out, show_problems
from warmline.core.bundle import PLAYBOOKS, SETTINGS, TEMPLATES, read_bundle
from warmline.core.unheard import unheard_keywords
from warmline.core.words import Problem


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Workspaces, or files within one. Default: this folder."),
    ] = None,
) -> None:
    """Say what is wrong in a workspace and what to write instead. Exit code 1 when something must be corrected."""
    problems: list[Problem] = []
    playbooks = 0
    for folder, wanted in _by_folder(paths or [HERE]).items():
        files = read_files(folder)
        playbooks += sum(path.startswith(f"{PLAYBOOKS}/") for path in files)
        read = read_bundle(files)
        found = list(read.problems)
        if read.bundle is not None:  # other errors come first
            found += [*channel_problems(read.bundle), *unheard_keywords(read.bundle, rules.opt_out_words)]
        problems += [_placed(problem, folder) for problem in found if not wanted or problem.path in wanted]
    show_problems(problems)
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    tone = "bad" if errors else "care" if warnings else "good"
    said = ", ".join(
        part for part in (errors and counted(errors, "error"), warnings and counted(warnings, "warning")) if part
    )
    out().print(f"[{tone}]{said or 'No problems'}[/] in {counted(playbooks, 'playbook')}.")
    if errors:
        raise typer.Exit(1)


def _by_folder(paths: list[Path]) -> dict[Path, set[str]]:
    """Workspaces, and the files in each that were asked for (none named: all). A file is read with its workspace,
    because whether a playbook is right depends on the settings and templates beside it."""
    found: dict[Path, set[str]] = {}
    whole: set[Path] = set()
    for path in paths:
        if path.is_dir():
            whole.add(path)
            found.setdefault(path, set())
            continue
        if not path.exists():
            raise CommandError(f"There is no {path}. Name a workspace's folder, or a file within one.")
        folder = path.parent.parent if path.parent.resolve().name in (PLAYBOOKS, TEMPLATES) else path.parent
        if not (folder / SETTINGS).is_file():
            raise CommandError(f"{path} is not in a workspace: there is no {SETTINGS} in {folder.resolve()}.")
        found.setdefault(folder, set()).add(str(path.relative_to(folder)))
    return {folder: set() if folder in whole else wanted for folder, wanted in found.items()}


def _placed(problem: Problem, folder: Path) -> Problem:
    """With the path as it is seen from where the person stands."""
    return Problem(
        str(folder / problem.path), problem.line, problem.column, problem.message, problem.instead, problem.severity
    )
