"""warmline wordings: ready words for the box beside a form, and what to write into warmline.toml for them."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from warmline import rules
from warmline.cli.place import HERE, AsJson, Dir, read_config
from warmline.cli.say import CommandError, out, show_json
from warmline.core.consent import LEVEL_WORDS
from warmline.core.words import suggest


def wordings(
    key: Annotated[str, typer.Argument(help="Such as sms-express-written. Without one all are listed.")] = "",
    directory: Dir = HERE,
    language: Annotated[str, typer.Option(help="en, es or fr.")] = "en",
    seller: Annotated[str, typer.Option(help="The business that is named; else the workspace's name.")] = "",
    privacy: Annotated[str, typer.Option(help="Address of the privacy policy.")] = "",
    terms: Annotated[str, typer.Option(help="Address of the terms.")] = "",
    as_json: AsJson = False,
) -> None:
    """Words that ask for a consent, ready to stand beside a box, each with the version it will be proved by."""
    known = rules.consent_wordings()
    written = {written for one in known.values() for written in one.texts}
    if language not in written:
        raise CommandError(f"Nothing is written in {language!r}. There are: {', '.join(sorted(written))}.")
    if not key:
        _list(as_json)
        return
    if key not in known:
        raise CommandError(f"There are no ready words {key!r}. {suggest(key, known, 'one of')}")
    wording = known[key]
    if language not in wording.texts:
        raise CommandError(f"{key} is not written in {language!r}. There are: {', '.join(wording.texts)}.")
    config = read_config(directory)
    named = seller or (config.workspace.name if config else "")
    if not named:
        raise CommandError("Name the business: --seller 'Acme Roofing', or its workspace: --dir DIR.")
    text = wording.filled(language, named, privacy, terms)
    name = f"{key}-{language}-{wording.version}"
    if as_json:
        show_json(msgspec.structs.asdict(wording) | {"name": name, "text": text})
        return
    console = out()
    console.print(escape(text), soft_wrap=True)
    if wording.note:
        console.print(f"[quiet]{escape(wording.note)}[/]", soft_wrap=True)
    channels = ", ".join(f'"{channel}"' for channel in wording.channels)
    console.print(
        f"\n[quiet]In warmline.toml:[/]\n\n\\[wordings]\n{name} = {msgspec.json.encode(text).decode()}\n\n"
        f"[quiet]# and in the source whose form shows the box; `field` is the box's name in the form[/]\n"
        f'consent = \\[{{level = "{wording.level}", channels = \\[{channels}], field = "agree", wording = "{name}"}}]',
        soft_wrap=True,
    )  # fmt: skip


def _list(as_json: bool) -> None:
    found = rules.consent_wordings()
    if as_json:
        show_json(found)
        return
    for key, one in found.items():
        said = f"{LEVEL_WORDS[one.level]} for {', '.join(one.channels)}; {', '.join(one.texts)}; version {one.version}"
        out().print(f"{key:<32}[quiet]{escape(said)}[/]", soft_wrap=True)
