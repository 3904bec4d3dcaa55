"""warmline reply TEXT: how a message from a lead is read, by which rule, and what follows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from warmline import rules
from warmline.cli.place import HERE, AsJson, Dir, read_config
from warmline.cli.say import out, show_json, span
from warmline.core.hours import NeverOpen, add_office_time
from warmline.core.policy import office_of
from warmline.core.replies import Kind, Reading, read
from warmline.core.rulebook import Source
from warmline.intake.judge import HAND_OFF_WITHIN
from warmline.intake.messages import READ_WITHIN

_TITLES: dict[Kind, tuple[str, str]] = {
    "opt_out": ("bad", "opt-out"),
    "doubtful": ("care", "doubtful"),
    "help": ("good", "help"),
    "start": ("good", "start"),
    "reply": ("good", "reply"),
}
_FOLLOWS: dict[Kind, str] = {
    "opt_out": (
        "No more contact, on any channel: the lead and the address it came from are suppressed, what is planned is taken "
        "back, tasks and playbooks end."
    ),
    "doubtful": "Nothing automated goes out until a person has read it, within {read} of office time.",
    "help": (
        "HELP is answered once, by text, and nothing else changes. By mail it is a reply, and so is all but the bare words "
        'HELP and INFO where the provider answers (keywords = "provider").'
    ),
    "start": "By text, the lead's own opt-out is lifted for texts. Where there is none, and by mail, it is a reply.",
    "reply": (
        "The machine stops and a person takes over, within the time of the playbook's hand-off, or {hand_off} of office "
        "time without one."
    ),
}


class Said(msgspec.Struct, frozen=True):
    kind: Kind
    tier: str  # "" for a plain reply, which no rule decides
    rule: str
    language: str
    confidence: str
    sources: tuple[Source, ...]
    read: str  # the words as they were read
    found: str  # those of them that decided
    follows: str
    read_by: datetime | None  # for a doubtful one, where the office hours are known


def reply(
    text: Annotated[str, typer.Argument(help="What the lead wrote.")],
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Say how a message is read: an opt-out, a doubt or a reply, by which rule, and what follows. Sends and stores nothing."""
    words = rules.opt_out_words()
    reading = read(text, words)
    entry = reading.entry
    said = Said(
        kind=reading.kind,
        tier=reading.tier,
        rule=reading.rule,
        language=entry.language if entry else "",
        confidence=entry.confidence if entry else "",
        sources=tuple(words.sources[key] for key in entry.source) if entry else (),
        read=reading.said,
        found=reading.found,
        follows=_FOLLOWS[reading.kind].format(
            read=span(READ_WITHIN.total_seconds()), hand_off=span(HAND_OFF_WITHIN.total_seconds())
        ),
        read_by=_read_by(directory, reading),
    )
    if as_json:
        show_json(said)
    else:
        _show(said)


def _read_by(folder: Path, reading: Reading) -> datetime | None:
    """By the office hours of the workspace, where there is one."""
    config = read_config(folder) if reading.kind == "doubtful" else None
    if config is None:
        return None
    now = datetime.now(UTC)
    office = office_of(config, rules.holidays(), now.date())
    try:
        return add_office_time(now, READ_WITHIN, office.week, office.zone, office.holidays)
    except NeverOpen:
        return now + READ_WITHIN


def _show(said: Said) -> None:
    console = out()
    tone, title = _TITLES[said.kind]
    tier = "" if said.tier in ("", said.kind) else f", {said.tier}"
    console.print(f"[{tone}]{title}[/]{tier}")
    rows = [("read", said.read or "nothing")]
    if said.rule:
        rows.append(("found", said.found))
        rows.append(("rule", f"{said.rule} ({said.language}, confidence {said.confidence})"))
        rows += [("source", f"{one.title} {one.url}".strip()) for one in said.sources]
    by = f" Now that is by {said.read_by:%d %b %H:%M} UTC." if said.read_by else ""
    rows.append(("follows", said.follows + by))
    for name, value in rows:
        console.print(f"[quiet]{name:<8}[/]{escape(value)}", soft_wrap=True)
