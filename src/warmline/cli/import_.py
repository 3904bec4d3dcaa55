"""warmline import FILE: leads from a list."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import CommandError, counted, err, note, out, show_json
from warmline.core.lead import our_name
from warmline.core.settings import Config, Source
from warmline.core.words import suggest
from warmline.garbage import calm_the_collector
from warmline.intake.csv import Counts, UnreadableListError, header_of, import_list, preview
from warmline.store.clock import read_clock


def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file whose first line names its columns.")],
    source: Annotated[
        str,
        typer.Option(
            "--source", help="The source of warmline.toml that the list stands for: its consent, its country."
        ),
    ],
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS", help="Our field = their column. As often as needed."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read everything, say what would happen, store nothing.")
    ] = False,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Bring leads in from a list. The same list again changes nothing; unreadable rows go to FILE.rejects.csv."""
    wanted = _mapping(mapping or [])
    with database(directory) as conn, _opened(file) as stream:
        place = workspace(conn, directory)
        origin = _source(place.config, source)
        try:
            names = header_of(stream)
            if not as_json:
                _show_columns(preview(names, {**origin.map, **wanted}))
            calm_the_collector()
            with _rejects(file, dry_run) as rejects, _bar(file) as tell:
                counts = import_list(
                    conn,
                    place,
                    origin,
                    stream,
                    lambda: read_clock(conn).now(),
                    mapping=wanted,
                    rejects=rejects,
                    progress=tell,
                    dry_run=dry_run,
                )
        except UnreadableListError as error:
            raise CommandError(f"{file}: {error}") from error
    if any(not rule.at for rule in origin.consent):
        note(
            f"What the source {origin.key} proves is dated today. If these people agreed earlier, name the column of days in "
            'warmline.toml: consent = [{level = "inquiry", channels = ["call"], at = "asked_on"}]'
        )
    kept = _settle_rejects(file, counts, dry_run)
    if as_json:
        show_json(counts)
    else:
        _show(counts, kept, dry_run)
    if counts.created and not counts.enrolled and not dry_run:
        note(
            "No playbook asks for leads of a list, so a person has a task for each of them. One that says "
            "enroll: {when: 'event.kind == \"lead.imported\"'} takes the next ones."
        )
    if counts.rows and counts.rejected == counts.rows:
        raise typer.Exit(1)  # nothing came in; the reasons are in the rejects


def _mapping(given: list[str]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for one in given:
        ours, equals, theirs = one.partition("=")
        if not (equals and ours.strip() and theirs.strip()):
            raise CommandError(f"--map {one} names no column. Write our field = theirs, such as --map phone=Telephone")
        wanted[ours.strip()] = theirs.strip()
    # "phone_number" is ours by another name, unless `phone` is named too; what is no field of ours becomes one of the lead's
    # own, and is shown so.
    meant = {ours: our_name(ours) or ours for ours in wanted}
    return {ours if meant[ours] in wanted else meant[ours]: theirs for ours, theirs in wanted.items()}


def _source(config: Config, key: str) -> Source:
    if key not in config.sources:
        raise CommandError(f"There is no source {key}. {suggest(key, config.sources)} Sources are in warmline.toml.")
    return config.sources[key]


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        stream = file.open("rb")
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}. Check the path and your rights to it.") from error
    with stream:
        yield stream


def rejects_of(file: Path) -> Path:
    return file.with_name(f"{file.stem}.rejects.csv")


@contextmanager
def _rejects(file: Path, dry_run: bool) -> Iterator[TextIO | None]:
    """Written beside the list, so that it can be corrected there and imported again. Nowhere in a dry run.

    It takes its name when the list has been read to its end: what is refused or cut short leaves an older one as it was.
    """
    if dry_run:
        yield None
        return
    fresh = file.with_name(f".{rejects_of(file).name}.{os.getpid()}")
    try:
        stream = fresh.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(
            f"{rejects_of(file)} can't be written: {error.strerror}. Copy the list to a folder that you may write to."
        ) from error
    try:
        with stream:
            yield stream
        fresh.replace(rejects_of(file))
    finally:
        fresh.unlink(missing_ok=True)


def _settle_rejects(file: Path, counts: Counts, dry_run: bool) -> Path | None:
    """Where the rejected rows are; an empty file of them is taken away."""
    if dry_run:
        return None
    if not counts.rejected:
        rejects_of(file).unlink(missing_ok=True)
        return None
    return rejects_of(file)


@contextmanager
def _bar(file: Path) -> Iterator[Callable[[Counts], None]]:
    """A progress bar on stderr, by bytes: the number of rows is not known before the end."""
    columns = (
        TextColumn("{task.fields[rows]:,} rows"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as progress:
        task = progress.add_task("", total=max(os.path.getsize(file), 1), rows=0)
        yield lambda counts: progress.update(task, completed=counts.bytes_read, rows=counts.rows)


def _show_columns(columns: dict[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    for theirs, ours in columns.items():
        own = ours.startswith("fields.")
        table.add_row(f"  {escape(theirs)}", "→", f"[quiet]{escape(ours)}[/]" if own else f"[name]{escape(ours)}[/]")
    out().print(table)


def _show(counts: Counts, rejects: Path | None, dry_run: bool) -> None:
    console = out()
    if dry_run:
        good = counts.rows - counts.rejected
        console.print(
            f"{counted(counts.rows, 'row')}: {good:,} can be read, {counts.rejected:,} can't. Nothing was stored."
        )
        return
    console.print(
        f"[good]{counted(counts.rows, 'row')}[/]: {counted(counts.created, 'new lead')},"
        f" {counts.enrolled:,} entered a playbook, {counts.repeated:,} had come in before."
    )
    if rejects:
        console.print(
            f"[care]{counted(counts.rejected, 'row')} could not be read[/]: they are in {escape(str(rejects))}, each "
            "with the reason. Correct them there and import that file.",
            soft_wrap=True,
        )
