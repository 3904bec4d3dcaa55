"""A playbook's or a lead's steps as the cadence picture shows them: one dot each, on one line of time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ..core.card import card
from ..core.message import TemplateError
from ..core.playbook import Call, ChannelKind, Choice, Send, Step, Template
from ..core.sample import sampled
from ..core.settings import Config
from ..core.timing import print_at
from ..insight.foreseen import Coming, StepView
from ..insight.story import Playing, Story
from ..store.playbooks import Version

#: State of a step -> how its dot looks, and the word under it.
LOOKS = {
    "done": ("done", "done"),
    "missed": ("skipped", "missed"),
    "skipped": ("skipped", "skipped"),
    "refused": ("refused", "refused"),
    "in_flight": ("next", "on its way"),
    "with_person": ("next", "with a person"),
    "due": ("later", ""),
    "waiting": ("later", "waits"),
    "never": ("skipped", "will not happen"),
    "left_out": ("skipped", "left out"),
}


@dataclass(frozen=True, slots=True)
class Dot:
    """`look` is the last part of a CSS class; `at` the time it happened or is due; `when` the playbook's own words."""

    name: str
    icon: str
    when: str
    look: str = "later"
    word: str = ""
    at: datetime | None = None
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What the sample lead reads or hears, the same on each of `channels`. `trouble` is what is wrong with the template
    instead of words."""

    channels: tuple[ChannelKind, ...]
    text: str
    subject: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What a step says, on the first of `channels` that may be used; `words` in their order."""

    step: str
    channels: tuple[ChannelKind, ...]
    template: str
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Book:
    key: str
    name: str
    version: int
    rank: int
    who: str
    channels: str
    how_long: str
    dots: tuple[Dot, ...]
    texts: tuple[Text, ...]
    source: str


def shown(version: Version, config: Config) -> Book:
    """A published version for its page."""
    book = version.playbook
    who, ways, length = (line.partition(": ")[2] for line in card(book))
    dots = tuple(
        Dot(step.name, _icon(step), print_at(step.at), conditional=step.condition is not None) for step in book.steps
    )
    return Book(
        version.key,
        book.name,
        version.version,
        version.rank,
        who,
        ways,
        length,
        dots,
        _texts(version, config),
        book.source,
    )


def _texts(version: Version, config: Config) -> tuple[Text, ...]:
    """All that the playbook may say, on every channel, and what people have to say in calls, in the order of the steps."""
    return tuple(
        Text(step.name, channels, name, _words(channels, version.templates[name], config))
        for step in version.playbook.steps
        for channels, name in _said(step)
        if name in version.templates
    )


def _said(step: Step) -> list[tuple[tuple[ChannelKind, ...], str]]:
    """Channels and template of what a step says."""
    if isinstance(step, Call):
        return [(("call",), step.script)]
    if not isinstance(step, Send):
        return []
    ways = (step.template.use, step.template.otherwise) if isinstance(step.template, Choice) else (step.template,)
    return [(step.channels, name) for name in ways]


def _words(channels: tuple[ChannelKind, ...], template: Template, config: Config) -> tuple[Words, ...]:
    """For every channel; those on which it reads the same are together."""
    found: dict[tuple[str, str], Words] = {}
    for channel in channels:
        one = _on(channel, template, config)
        before = found.get((one.text, one.trouble))
        if before:
            one = replace(one, channels=(*before.channels, channel), subject=before.subject or one.subject)
        found[one.text, one.trouble] = one
    return tuple(found.values())


def _on(channel: ChannelKind, template: Template, config: Config) -> Words:
    try:
        made = sampled(template, config, channel)
    except TemplateError as error:
        return Words((channel,), "", trouble=str(error))
    return Words((channel,), made.text, made.subject if channel == "email" else "")


def progress(story: Story) -> tuple[Dot, ...]:
    """A lead's steps: how far each has come, and which one is next."""
    ahead = {one.step: one for one in reversed(story.coming) if one.step and one.what in ("reach", "ask")}
    run = run_shown(story)
    stopped = run is not None and (run.run.status in ("handed_off", "parked") or story.lead.status == "handed_off")
    return tuple(_dot(step, ahead.get(step.name), stopped) for step in story.steps)


def run_shown(story: Story) -> Playing | None:
    """The run whose steps the story tells: the one that is not over, else the last one."""
    active = [one for one in story.runs if one.run.status not in ("ended", "scheduled")]
    waiting = [one for one in story.runs if one.run.status == "scheduled"]
    return next(iter([*active, *waiting, *reversed(story.runs)]), None)


def _dot(step: StepView, coming: Coming | None, stopped: bool) -> Dot:
    """`stopped`: a person has the lead, or an error holds the run, so that nothing here has a time of its own."""
    look, word = LOOKS[step.state]
    at = step.at
    if stopped and step.state in ("due", "waiting"):
        word, at = "paused", None
    elif coming is not None and step.state in ("due", "waiting"):
        look = {"hold": "held", "refuse": "refused"}.get(coming.result, "next")
        word = {"hold": "held", "refuse": "would be refused"}.get(coming.result, "next")
        at = coming.at
    kind = step.channels[0] if step.channels else "task"
    return Dot(step.name, kind, step.when, look, word, at, step.conditional)


def _icon(step: Step) -> str:
    if isinstance(step, Send):
        return step.channels[0]
    return "call" if isinstance(step, Call) else "task"
