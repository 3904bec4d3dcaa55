"""People's recordings for ringless voicemail: made, taken away, and which are still missing.

record(conn, workspace, "sam", "personal-note", content, who, now)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg

from warmline.core.message import TemplateError, render
from warmline.core.playbook import Choice, Playbook, Send, Template
from warmline.core.values import event_values, variables
from warmline.store import playbooks, recordings
from warmline.store.ids import new_id
from warmline.store.recordings import Recording
from warmline.store.workspaces import Workspace

from .acts import ActError

if TYPE_CHECKING:
    from .sound_file import Sound


@dataclass(frozen=True, slots=True)
class Script:
    """One template that is spoken, and who has recorded it."""

    template: str
    playbooks: tuple[str, ...]  # names of those that use it
    voices: tuple[Voice, ...]  # everybody first, then each person
    lacks: bool  # some lead's voicemail would have nothing to play


@dataclass(frozen=True, slots=True)
class Voice:
    """`person` is "" for everybody. `words` are as this person would say them to a lead of whom nothing is known."""

    person: str
    name: str
    words: str
    recording: Recording | None

    @property
    def is_stale(self) -> bool:
        """The script was changed since it was recorded."""
        return self.recording is not None and self.recording.words != self.words


class BadRecordingError(ActError):
    """The file is not fit, or nobody asks for it. `problems` say what is wrong and what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def record(
    conn: psycopg.Connection, workspace: Workspace, person: str, template: str, content: bytes, who: str, now: datetime
) -> tuple[Recording, Sound]:
    """Keep `content`, any sound file, as how `person` ("" for everybody) says `template`. Raises BadRecordingError."""
    # Reading sound loads numpy: only who records waits for that.
    from .sound_file import UnfitError, read_sound

    voice = next((one for one in voices(conn, workspace, template) if one.person == person), None)
    if voice is None:
        raise BadRecordingError(_nobody(conn, workspace, person, template))
    try:
        sound = read_sound(content)
    except UnfitError as unfit:
        raise BadRecordingError(*unfit.problems) from unfit
    one = Recording(new_id(), person, template, voice.words, sound.seconds, now, who)
    recordings.add(conn, workspace.id, one, sound.wav, sound.sha256, now)
    return one, sound


def unrecord(conn: psycopg.Connection, workspace: Workspace, recording: UUID, now: datetime) -> None:
    """Take it away. Raises BadRecordingError when it is not there any more."""
    if not recordings.remove(conn, workspace.id, recording, now):
        raise BadRecordingError(
            "It is not there any more: somebody took it away or recorded it anew. Look at the list."
        )


def sound(conn: psycopg.Connection, workspace: Workspace, recording: UUID, now: datetime) -> bytes | None:
    """The WAV; None when there is none of that id."""
    return recordings.audio(conn, workspace.id, recording, now)


def speaker(conn: psycopg.Connection, workspace: Workspace, recording: UUID) -> str | None:
    """Whose it is; None when it is not there any more."""
    return next((one.person for one in recordings.listed(conn, workspace.id) if one.id == recording), None)


def scripts(conn: psycopg.Connection, workspace: Workspace) -> list[Script]:
    """Every template that a published playbook sends as a voicemail, by name, with each person's voice."""
    made = {(one.person, one.template): one for one in recordings.listed(conn, workspace.id)}
    found: dict[str, tuple[Template, list[str]]] = {}
    for version in playbooks.current(conn, workspace.id):
        for name in spoken(version.playbook):
            found.setdefault(name, (version.templates[name], []))[1].append(version.playbook.name)
    owners = {key for team in workspace.config.teams.values() for key in team.people} or set(workspace.config.people)
    return [
        Script(name, tuple(names), tuple(_voices(workspace, name, template, made)), _lacks(name, owners, made))
        for name, (template, names) in sorted(found.items())
    ]


def voices(conn: psycopg.Connection, workspace: Workspace, template: str) -> tuple[Voice, ...]:
    """Of that template; none when no published playbook speaks it."""
    return next((one.voices for one in scripts(conn, workspace) if one.template == template), ())


def spoken(playbook: Playbook) -> list[str]:
    """The templates of its voicemail steps, each once."""
    names: dict[str, None] = {}
    for step in playbook.steps:
        if isinstance(step, Send) and "voicemail" in step.channels:
            choice = step.template
            names |= dict.fromkeys((choice.use, choice.otherwise) if isinstance(choice, Choice) else (choice,))
    return list(names)


def _lacks(template: str, owners: set[str], made: dict[tuple[str, str], Recording]) -> bool:
    """Whether one of those who own leads has no voice for it, and nobody speaks for everybody."""
    return ("", template) not in made and not all((key, template) in made for key in owners)


def _voices(
    workspace: Workspace, name: str, template: Template, made: dict[tuple[str, str], Recording]
) -> Iterator[Voice]:
    everybody = [("", "Everybody")]
    for key, called in [*everybody, *((one.key, one.name) for one in workspace.config.people.values())]:
        yield Voice(key, called, _words(workspace, template, key), made.get((key, name)))


def _words(workspace: Workspace, template: Template, person: str) -> str:
    """As it is said to anybody: a recording can't name the lead. Whoever speaks for everybody speaks for the company."""
    said = variables(_Anybody(person or None), workspace.config, event_values("form.submitted"), "voicemail")
    if not person:
        company = said["company"]
        said["rep"] = {"first_name": company["name"], "name": company["name"], "phone": company["phone"]}
    try:
        return render(template, said).text
    except TemplateError:  # it needs to know something of the lead: then its author's words are shown as they stand
        return template.body.strip()


class _Anybody:
    """A lead of whom nothing is known but who owns it."""

    status, first_name, last_name, company, country, region, source = "open", "", "", "", "", "", ""
    email: str | None = None
    phone: str | None = None

    def __init__(self, owner: str | None) -> None:
        self.owner = owner
        self.fields: dict[str, object] = {}
        self.events: tuple[()] = ()


def _nobody(conn: psycopg.Connection, workspace: Workspace, person: str, template: str) -> str:
    names = [one.template for one in scripts(conn, workspace)]
    if template not in names:
        there = f"There are: {', '.join(names)}." if names else "No published playbook sends a voicemail."
        return f"No published playbook sends {template} as a voicemail. {there}"
    return f"There is no person {person}. There are: {', '.join(workspace.config.people)}."
