"""Reads a template the way the person who gets it will: is everything filled in, is it short, does it ask one thing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .length import PLAIN, in_plain, named, odd_characters, segments, spoken_seconds
from .message import CERTAIN, VARIABLES, TemplateError, compared, held_against_nothing, render, variables_of
from .playbook import CHANNELS, ChannelKind, Template
from .sample import sampled, typical
from .settings import Config
from .words import Problem, suggest

MOST_SEGMENTS = 2
MOST_SECONDS = 30
FILLER = (
    "just checking in", "checking in on", "just following up", "touching base", "touch base", "bump this",
    "bumping this", "circling back", "circle back", "per my last", "hope this finds you well", "hope you are well",
    "any updates",
)  # fmt: skip
_NUMBER = re.compile(r"\d(?:[\s().-]?\d){6}")
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Use:
    """Where a template goes out. One that no playbook names is read as a mail, which may have any length."""

    channels: frozenset[ChannelKind] = frozenset({"email"})


def lint_template(template: Template, use: Use, config: Config) -> list[Problem]:
    """Unknown variables are errors; all else is advice, on each channel that it goes out on."""
    lint = _Lint(template, config)
    channels: Iterable[ChannelKind] = use.channels if template.kind == "text" else ("call",)
    if lint.variables() and lint.can_be_written(channels) and template.kind == "text":
        for channel in use.channels:
            lint.fall_backs(channel)
            lint.words(channel)
    return lint.problems


class _Lint:
    def __init__(self, template: Template, config: Config) -> None:
        self.template = template
        self.config = config
        self.problems: list[Problem] = []

    def note(self, line: int, message: str, instead: str, *, warning: bool = True, column: int = 1) -> None:
        path = f"templates/{self.template.name}.txt"
        self.problems.append(Problem(path, line, column, message, instead, "warning" if warning else "error"))

    def variables(self) -> bool:
        """Whether every variable is known, and every channel that is asked for; those that are not are noted."""
        known = {group: list(names) for group, names in VARIABLES.items()} | {"links": list(self.config.links)}
        for text, first in ((self.template.subject, 2), (self.template.body, self.template.line)):
            for used in variables_of(text) if text else ():
                group, _, name = used.name.partition(".")
                line = first + used.line - 1
                if group not in known:
                    self.note(line, f"`{used.name}` is not known.", suggest(group, known, "one of"), warning=False)
                elif group == "links" and name not in known["links"]:
                    advice = f'{suggest(name, known["links"])} Or add to warmline.toml: [links] {name} = "https://example.com/".'
                    self.note(line, f"There is no link `{name}`.", advice, warning=False)
                elif group in ("lead", "event") and name.startswith("fields."):
                    continue
                elif name not in known[group]:
                    own = f" Own fields are under {group}.fields." if group in ("lead", "event") else ""
                    self.note(line, f"`{used.name}` is not known.", suggest(name, known[group]) + own, warning=False)
            for asked in held_against_nothing(text) if text else ():
                said = f"`{asked.name}` is never empty text: what is missing is not there at all."
                advice = f"Ask whether it is there: {{% if {asked.name} %}}."
                self.note(first + asked.line - 1, said, advice, warning=False)
            for asked in compared(text, "touch.channel") if text else ():
                if asked.name not in CHANNELS:
                    never = f"`touch.channel` is never `{asked.name}`."
                    self.note(first + asked.line - 1, never, suggest(asked.name, CHANNELS), warning=False)
        return not self.problems

    def can_be_written(self, channels: Iterable[ChannelKind]) -> bool:
        """Whether it comes to words, for a lead of whom everything is known and for one of whom nothing is."""
        for channel in channels:
            everything, least = typical(self.template, self.config, channel), self._least(channel)
            for text, first in ((self.template.subject, 2), (self.template.body, self.template.line)):
                for known in (everything, least) if text else ():
                    try:
                        render(replace(self.template, name="", body=text, subject=""), known)
                    except TemplateError as error:
                        if not error.variable:
                            said = str(error).partition(". Write variables as ")[0]
                            advice = "Every field is text, and a filter has to be one of Liquid's own."
                            self.note(first + error.line - 1, f"It can't be written: {said}.", advice, warning=False)
        return not self.problems

    def fall_backs(self, channel: ChannelKind) -> None:
        """Take away everything that a lead or rep may lack, and see what the template then misses."""
        known = self._least(channel)
        for text, first in ((self.template.subject, 2), (self.template.body, self.template.line)):
            missing: set[str] = set()
            while True:
                try:
                    render(replace(self.template, body=text or "-", subject=""), _with(known, missing))
                    break
                except TemplateError as error:
                    if not error.variable or error.variable in missing:
                        break  # noted by can_be_written
                    missing.add(error.variable)
                    advice = f'Write a fall-back: {{{{ {error.variable} | default: "..." }}}}.'
                    self.note(first + error.line - 1, f"`{error.variable}` may be missing.", advice)

    def words(self, channel: ChannelKind) -> None:
        """What it says for a lead of whom everything is known."""
        try:
            made = sampled(self.template, self.config, channel)
        except TemplateError:
            return  # noted by fall_backs
        line = self.template.line
        lowered = f"{made.subject}\n{made.text}".lower()
        filler = next((phrase for phrase in FILLER if phrase in lowered), "")
        if filler:
            self.note(
                line, f'"{filler}" gives the lead nothing to answer.', "Say the one new thing this message brings."
            )
        if channel == "sms":
            self._sms(made.text)
        if channel == "voicemail":
            self._voicemail(made.text)

    def _voicemail(self, text: str) -> None:
        line = self.template.line
        seconds = spoken_seconds(text)
        if seconds > MOST_SECONDS:
            said_long = f"It takes about {seconds:.0f} seconds to say."
            self.note(line, said_long, f"Cut it to {MOST_SECONDS} seconds, about {MOST_SECONDS * 5 // 2} words.")
        if _LINK.search(text):
            self.note(line, "A voicemail can't carry a link.", "Say a number to call back or to text.")
        # 47 CFR 64.1200(b): a prerecorded message names the business at its beginning, and a number to call.
        if self.config.workspace.name.lower() not in text.lower():
            self.note(
                line, "The voicemail does not say whose it is.", "Name the business early: from {{ company.name }}."
            )
        if not _NUMBER.search(text):
            self.note(line, "The voicemail leaves no number to call.", "Say one: call {{ rep.phone | phone }}.")

    def _sms(self, text: str) -> None:
        line = self.template.line
        size = segments(text)
        plain = segments(in_plain(text))
        if size.count > max(plain.count, 1):
            self._odd(text, size.count, plain.count)
        if plain.count > MOST_SEGMENTS or (plain.count == size.count > 1 and size.odd):
            self.note(line, f"As a text it is {size.count} messages long.", "Cut it to 160 characters.")
        links = len(_LINK.findall(text))
        questions = _LINK.sub("", text).count("?")
        if links > 1 or questions > 1:
            what = f"{links} links" if links > 1 else f"{questions} questions"
            self.note(line, f"One text has {what}.", "Ask one thing.")

    def _odd(self, text: str, count: int, plain: int) -> None:
        """Where the characters stand that make it longer, by line and column."""
        for odd in odd_characters(text):
            at = self._written(odd, text)
            before = self.template.body[: at or 0].split("\n")
            line, column = self.template.line + len(before) - 1, len(before[-1]) + 1
            where = ", which comes from a variable," if at is None else ""
            longer = f"{named(odd)}{where} makes it {count} texts long instead of {plain}."
            better = f"Write {PLAIN[odd]} instead." if PLAIN.get(odd, " ").strip() else "Leave it out."
            better = "Write a space instead." if PLAIN.get(odd) == " " else better
            advice = "Cut it to 70 characters, or change the variable." if at is None else better
            self.note(line, longer, advice, column=column)

    def _written(self, odd: str, text: str) -> int | None:
        """Where the body writes the `odd` of `text`: the first that, written twice, changes it. A mail may have its own."""
        body = self.template.body
        ends = [at + 1 for at, char in enumerate(body) if char == odd]

        def changed(end: int) -> bool:
            twice = replace(self.template, body=body[:end].replace(odd, odd * 2) + body[end:])
            try:
                return sampled(twice, self.config, "sms").text != text
            except TemplateError:
                return True  # it has become longer than a template may get

        nth = bisect_left(ends, True, key=changed)
        return ends[nth] - 1 if nth < len(ends) else None

    def _least(self, channel: ChannelKind) -> dict[str, dict[str, Any]]:
        """The variables that are there for every lead and every rep of this workspace."""
        workspace, people = self.config.workspace, list(self.config.people.values())
        sure = set(CERTAIN)
        sure |= {f"company.{name}" for name in ("phone", "website") if getattr(workspace, name)}
        sure |= {
            f"rep.{name}" for name in ("phone", "email", "booking_url") if all(getattr(who, name) for who in people)
        }
        everything = typical(self.template, self.config, channel)
        least = {
            group: {name: text for name, text in names.items() if f"{group}.{name}" in sure}
            for group, names in everything.items()
        }
        return least | {"links": dict(self.config.links)}


def _with(known: Mapping[str, Mapping[str, Any]], paths: set[str]) -> dict[str, dict[str, Any]]:
    """`known` and a word at every one of `paths`."""
    made: dict[str, dict[str, Any]] = {group: dict(names) for group, names in known.items()}
    for path in paths:
        *groups, name = path.split(".")
        at: dict[str, Any] = made
        for group in groups:
            at = at.setdefault(group, {})
        at[name] = "something"
    return made
