"""warmline prove PLAYBOOK: walk everything that can happen to a lead in it, and say whether anything breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from warmline.cli.place import HERE, AsJson, read_files
from warmline.cli.say import CommandError, as_called, counted, err, out, show_json, show_problems, span
from warmline.core.bundle import PLAYBOOKS, SETTINGS, Bundle, read_bundle
from warmline.core.gate import LABELS
from warmline.core.playbook import Playbook
from warmline.core.words import suggest
from warmline.rehearsal.prove import EVENTS, Break, Proof, Walked
from warmline.rehearsal.prove import prove as walk
from warmline.rehearsal.watch import PROPERTIES
from warmline.rehearsal.worlds import KNOWN, World, Worlds
from warmline.rules.binding import places_known, policy_of, zones_known

BROKEN, WRONG = 1, 2
#: More than this on a path takes hours.
MOST_EVENTS = 6
SECONDS = 60

_WHO = {"lead": "lead", "person": "person", "world": "", "machine": "", "out": "GOES OUT"}


class Answer(msgspec.Struct, frozen=True):
    """What --json prints. `reached`: events to which every world was walked to the end."""

    playbook: str
    proved: bool
    events: int
    reached: int
    properties: dict[str, str]
    states: int
    transitions: int
    cut: int
    seconds: float
    worlds: tuple[Walked, ...]
    broken: Break | None


def prove(
    playbook: Annotated[str, typer.Argument(help="A playbook's key, or the path of its file in a workspace.")],
    directory: Annotated[
        Path,
        typer.Option(
            "--workspace",
            "--dir",
            "-d",
            envvar="WARMLINE_DIR",
            help="The workspace's folder.",
            show_default="this folder",
        ),
    ] = HERE,
    events: Annotated[int, typer.Option(help="How much may happen on one path.")] = EVENTS,
    worlds: Annotated[
        str,
        typer.Option(
            metavar="NAME,..", help="Only these: texas, weekend, written, or of all three one: texas.weekend.written."
        ),
    ] = "",
    seconds: Annotated[float, typer.Option(help="Stop after so long, and say how far it got.")] = SECONDS,
    as_json: AsJson = False,
) -> None:
    """Walk whatever can happen to a lead in a playbook, and tell the shortest story in which a rule breaks, if there is one.

    Reads the folder, no database. Exit code 0: proved within the bounds; 1: something breaks; 2: it could not be walked.
    """
    if not 0 <= events <= MOST_EVENTS:
        _wrong(f"--events {events} can't be walked. Write a number from 0 to {MOST_EVENTS}.")
    if not seconds > 0:  # nor one that is no number, which no time ever reaches
        _wrong(f"--seconds {seconds:g} is no time at all. Write a number above 0, such as 60.")
    try:
        bundle, book = _read(playbook, directory)
    except CommandError as error:
        _wrong(str(error))
    where = _worlds(bundle, book, worlds)
    clock = Clock(seconds)
    with _bar(len(where) * max(events, 1), quiet=as_json) as tell:
        proof = walk(book, where, events=events, enough=clock.is_up, tell=tell)
    if proof.broken is None and proof.reached < min(1, events):
        _wrong(
            f"Not every world could be walked in {seconds:g} s. Write a higher --seconds, or name some with --worlds."
        )
    if as_json:
        show_json(_answer(proof, clock.spent()))
    else:
        show(out(), proof, clock.spent())
    if proof.broken is not None:
        raise typer.Exit(BROKEN)


@dataclass(slots=True)
class Clock:
    seconds: float
    began: float = 0.0

    def __post_init__(self) -> None:
        self.began = monotonic()

    def spent(self) -> float:
        return monotonic() - self.began

    def is_up(self) -> bool:
        return self.spent() >= self.seconds


def _read(named: str, directory: Path) -> tuple[Bundle, Playbook]:
    """Raises CommandError for what is not there; ends the command where the workspace has errors."""
    path = Path(named)
    key = named
    if path.suffix == ".yaml" or path.is_file():
        if not path.is_file():
            raise CommandError(f"There is no {path}. Name a playbook by its key, such as pricing, or by its file.")
        folder = path.parent.parent
        if path.resolve().parent.name != PLAYBOOKS or not (folder / SETTINGS).is_file():
            raise CommandError(f"{path} is not in the folder {PLAYBOOKS} of a workspace, so its rules are not known.")
        directory, key = folder, path.stem
    files = read_files(directory)
    if SETTINGS not in files:
        raise CommandError(f"There is no {SETTINGS} in {directory.resolve()}. Name a workspace with --workspace DIR.")
    keys = [Path(name).stem for name in files if name.startswith(f"{PLAYBOOKS}/")]
    if key not in keys:
        raise CommandError(f"There is no playbook {key[:60]}. {suggest(key, keys)}")
    read = read_bundle(files)
    errors = [one for one in read.problems if one.severity == "error"]
    if read.bundle is None:
        show_problems(errors)
        raise CommandError("The workspace has errors, so nothing was walked. Correct them, and see: warmline check")
    return read.bundle, read.bundle.playbooks[key]


def _worlds(bundle: Bundle, playbook: Playbook, names: str) -> list[World]:
    today, policy = datetime.now(UTC).date(), partial(policy_of, bundle.config)
    found = Worlds(playbook, bundle.config, today, policy, zones_known, places_known)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    try:
        return found.named(wanted) if wanted else found.every()
    except KeyError as error:
        name = str(error.args[0])
        said = f"There is no world {name[:60]}. {suggest(name, KNOWN)}"
        _wrong(f"{said} A name is made of a place, a start and a consent, or of some of them: {', '.join(KNOWN)}.")


def show(console: Console, proof: Proof, seconds: float) -> None:
    if proof.broken is not None:
        _story(console, proof, proof.broken)
    else:
        most = max(one.events for one in proof.worlds)
        console.print(
            f"[good]Proved within bounds[/]: [name]{escape(proof.playbook)}[/] in {counted(len(proof.worlds), 'world')},"
            f" whatever happens, up to {counted(proof.reached, 'event')} on a path.",
            soft_wrap=True,
        )
        if proof.reached < proof.events:
            further = sum(one.events == most for one in proof.worlds) if most > proof.reached else 0
            also = f"; {counted(further, 'world')} to {most}" if further else ""
            console.print(
                f"[care]The time was up[/] before {counted(proof.events, 'event')}{also}. Give it more with --seconds.",
                soft_wrap=True,
            )
        for means in PROPERTIES.values():
            console.print(f"  {means}", soft_wrap=True)
    console.print(
        f"[quiet]{counted(proof.states, 'state')}, {counted(proof.transitions, 'transition')}, {span(seconds)}."
        f" After {proof.cut:,} of the states more could happen than the bound allows: that was not walked.[/]",
        soft_wrap=True,
    )


def _story(console: Console, proof: Proof, broken: Break) -> None:
    console.print(
        f"[bad]Broken[/]: [name]{escape(proof.playbook)}[/] in the world {broken.world}. The property:"
        f" {escape(broken.means)}.",
        soft_wrap=True,
    )
    console.print(
        f"The shortest story, by the lead's clock; {counted(broken.events, 'event')} in it:\n", soft_wrap=True
    )
    for line in broken.story:
        text = f"{line.local}  {_WHO[line.who]:<9} {line.said}"
        console.print(f"[name]{escape(text)}[/]" if line.who == "out" else escape(text), soft_wrap=True)
    console.print(f"\n[bad]{escape(broken.said)}.[/]", soft_wrap=True)
    if broken.findings:
        console.print("What the gate had found at that moment:", soft_wrap=True)
    for one in broken.findings:
        said = "; ".join(part for part in (one.saw, as_called(one.flip), one.cite) if part)
        console.print(f"  {one.result:<7}{LABELS.get(one.rule, one.rule):<27}{escape(said)}", soft_wrap=True)


def _answer(proof: Proof, seconds: float) -> Answer:
    return Answer(
        proof.playbook, proof.broken is None, proof.events, proof.reached, dict(PROPERTIES), proof.states,
        proof.transitions, proof.cut, round(seconds, 2), proof.worlds, proof.broken,
    )  # fmt: skip


@contextmanager
def _bar(total: int, *, quiet: bool) -> Iterator[Callable[[Walked], None]]:
    """A bar of the worlds that are done, on a terminal only."""
    console = err()
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("walking", total=total)

        def tell(walked: Walked) -> None:
            progress.update(task, advance=1, description=f"{walked.world}, {counted(walked.events, 'event')}")

        yield tell


def _wrong(text: str) -> NoReturn:
    err().print(f"[bad]error:[/] {escape(text)}", soft_wrap=True)
    raise typer.Exit(WRONG)
