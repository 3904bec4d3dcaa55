"""warmline recordings: what people say in ringless voicemail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape

from warmline.cli.parked import WHO
from warmline.cli.place import HERE, AsJson, Dir, database, workspace
from warmline.cli.say import CommandError, out, show_json
from warmline.intake import recordings as acts
from warmline.store.clock import read_clock

recordings = typer.Typer(help="What people say in ringless voicemail.", no_args_is_help=True)


@recordings.command()
def add(
    file: Annotated[Path, typer.Argument(help="WAV, MP3, FLAC or OGG: more than 5 seconds, at most a minute.")],
    template: Annotated[str, typer.Option("--template", help="The template whose words are spoken.")],
    person: Annotated[
        str, typer.Option("--person", help="Who speaks, by the key in warmline.toml. Default: for everybody.")
    ] = "",
    directory: Dir = HERE,
) -> None:
    """Check a recording, keep it, and use it from now on."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}. Check the path and your rights to it.") from error
    with database(directory) as conn:
        place = workspace(conn, directory)
        try:
            made, sound = acts.record(conn, place, person, template, content, WHO, read_clock(conn).now())
        except acts.BadRecordingError as bad:
            raise CommandError(f"{file} is not used. " + " ".join(bad.problems)) from bad
    cut = f" {sound.trimmed:.1f} s of silence were cut off its ends." if sound.trimmed >= 0.1 else ""
    out().print(f"[good]Recorded.[/] {escape(template)}, {made.seconds:.1f} s.{cut}", soft_wrap=True)


@recordings.command("list")
def show(directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Every template that is spoken, who has recorded it, and who has not."""
    with database(directory) as conn:
        found = acts.scripts(conn, workspace(conn, directory))
    if as_json:
        show_json(found)
        return
    if not found:
        out().print("No published playbook sends a voicemail, so nothing has to be recorded.")
    for one in found:
        out().print(f"[name]{escape(one.template)}[/]  in {escape(', '.join(one.playbooks))}", soft_wrap=True)
        for voice in one.voices:
            have = voice.recording
            told = "[quiet]none[/]" if have is None else f"{have.seconds:.1f} s  {have.id}"
            stale = "  [bad]the words have changed since[/]" if voice.is_stale else ""
            out().print(f"  {escape(voice.name)}: {told}{stale}", soft_wrap=True)


@recordings.command()
def remove(
    recording: Annotated[UUID, typer.Argument(help="Which, as `recordings list` shows it.")], directory: Dir = HERE
) -> None:
    """Take a recording away. Providers that were given its address may fetch it for another day."""
    with database(directory) as conn:
        place = workspace(conn, directory)
        try:
            acts.unrecord(conn, place, recording, read_clock(conn).now())
        except acts.BadRecordingError as bad:
            raise CommandError(str(bad)) from bad
    out().print("[good]Taken away.[/]")


@recordings.command()
def save(
    recording: Annotated[UUID, typer.Argument(help="Which, as `recordings list` shows it.")],
    file: Annotated[Path, typer.Argument(help="The WAV file to write.")],
    directory: Dir = HERE,
) -> None:
    """Write a recording to a file, to listen to it."""
    with database(directory) as conn:
        sound = acts.sound(conn, workspace(conn, directory), recording, read_clock(conn).now())
    if sound is None:
        raise CommandError("There is no recording of that id. See: warmline recordings list")
    try:
        with file.open("xb") as target:
            target.write(sound)
    except FileExistsError as error:
        raise CommandError(f"{file} exists already. Name another file.") from error
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror}.") from error
    out().print(f"[good]Written.[/] {escape(str(file))}", soft_wrap=True)
