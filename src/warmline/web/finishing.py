"""The page of a task: what it shows, and what is done when it is finished."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ..core import media
from ..core.message import TemplateError, render
from ..core.values import variables
from ..insight.lines import Line
from ..insight.story import Story, story
from ..intake import acts
from ..store import due, playbooks
from ..store.pages import tasks
from ..store.pages.tasks import Task
from . import calling
from .acting import books_for
from .asking import Ask
from .calling import Phone
from .moments import read_moment


class Choice(NamedTuple):
    key: str
    words: str


CALL_OUTCOMES = (
    Choice("connected", "We talked"),
    Choice("voicemail", "Left a voicemail"),
    Choice("missed", "No answer"),
    Choice("wrong-number", "Wrong number"),
)
#: After these the form asks what comes next; after the others the playbook knows.
CALLS_ASKING_NEXT = ("connected", "wrong-number")
DONE = (Choice("done", "Done"),)
NEXTS = (
    Choice("next_step", "A next step, on a day I name"),
    Choice("won", "Closed: won"),
    Choice("lost", "Closed: lost"),
    Choice("resume", "Hand back to the playbook"),
)
#: Tasks whose form offers to say what comes next; intake says where it must be said.
ASKS_NEXT = ("call", "hand_off", "escalation", "promise", "read_reply", "review", "next_step", "chore")
#: What holds the lead's own words.
SAID = ("replied", "doubtful", "voicemail.transcribed")
LATELY = 6


@dataclass
class TaskPage:
    """`chosen`, `note`, `next`, `next_at` are what the person gave, kept when the form comes back with a problem."""

    task: Task
    story: Story
    script: str
    said: str
    by_voicemail: bool
    is_call: bool
    outcomes: tuple[Choice, ...]
    nexts: tuple[Choice, ...]
    asks_after: str = " ".join(CALLS_ASKING_NEXT)
    phone: Phone | None = None
    can_correct: bool = False  # the phone finished it by itself, or it ran out although somebody answered
    recording: str = ""  # of the voicemail the lead left last
    lately: list[Line] = field(default_factory=list)
    chosen: str = ""
    note: str = ""
    next: str = ""
    next_at: str = ""


def opened(ask: Ask, lane: int, task_id: UUID) -> TaskPage | None:
    """None when the workspace has no such task."""
    task = tasks.one(ask.conn, ask.workspace_id, lane, task_id)
    if task is None:
        return None
    told = story(ask.conn, ask.workspace, task.lead_id, ask.now)
    said = next((line for line in reversed(told.lines) if line.kind in SAID), None)
    is_call = task.kind == "call"
    outcomes = CALL_OUTCOMES if is_call else DONE
    return TaskPage(
        task=task,
        story=told,
        script=_script(ask, task),
        said=media.told(said.data) if said else "",
        by_voicemail=said is not None and said.kind == "voicemail.transcribed",
        recording=next(
            (str(line.data.get("recording", "")) for line in reversed(told.lines) if line.kind == "voicemail.left"), ""
        ),
        phone=calling.phone_of(ask, task),
        can_correct=is_call and calling.is_in_doubt(ask, task),
        is_call=is_call,
        outcomes=outcomes,
        nexts=_nexts(ask, told) if task.kind in ASKS_NEXT else (),
        lately=[ask.names.put_in(line) for line in reversed(told.lines) if line.kind != "decision"][:LATELY],
        chosen=calling.outcome_told(ask, task) if is_call else outcomes[0].key,
    )


def finish(ask: Ask, page: TaskPage) -> list[str]:
    """Finish the task as the form says. Returns what is wrong with the form; [] when it is done."""
    page.chosen, page.note = ask.posted("outcome"), ask.posted("note")[:2000]
    page.next, page.next_at = ask.posted("next"), ask.posted("next_at")
    try:
        when = read_moment(page.next_at, ask.zone)
    except ValueError:
        return [f"{page.next_at[:40]} is not a day and time. Pick both from the field."]
    try:
        _complete(ask, page, when)
    except acts.ActError as error:
        return [str(error)]
    return []


def _complete(ask: Ask, page: TaskPage, when: datetime | None) -> None:
    """Raises acts.ActError."""
    task, following = page.task, acts.Next.read(page.next, when)
    who = (ask.conn, ask.workspace, task.lane, task.id, ask.person.key, ask.now)
    if page.is_call:
        if page.chosen not in CALLS_ASKING_NEXT:
            following = None  # chosen before the outcome was changed; the form hides it then
        act = acts.correct_call if page.can_correct else acts.complete_call
        act(*who, outcome=page.chosen, note=page.note, next=following)
    else:
        acts.complete_task(*who, note=page.note, next=following)


def _nexts(ask: Ask, story: Story) -> tuple[Choice, ...]:
    return (*NEXTS, *(Choice(f"enroll:{key}", f"Enter the playbook {name}") for key, name in books_for(ask, story)))


def _script(ask: Ask, task: Task) -> str:
    """The call script in the words for this lead; what is wrong with it, when it can't be rendered."""
    if not task.script or task.version_id is None:
        return ""
    lead = due.know(ask.conn, task.lane, [task.lead_id])[task.lead_id]
    template = playbooks.version(ask.conn, task.version_id).templates[task.script]
    try:
        return render(template, variables(lead, ask.workspace.config, task.event or {}, "call")).text
    except TemplateError as error:
        return str(error)
