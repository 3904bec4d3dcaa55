"""The settings of a workspace, from warmline.toml. Secrets stay as written (`env:NAME`); channels resolve them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, cast, get_args

import msgspec

from .consent import RANK, Level
from .events import SIGNAL_OF, TRIGGERS
from .hours import UnknownZone, Week, find_zone
from .keywords import WORDS, Who, default_answers, keyword_in, who_answers
from .lead import our_name
from .length import segments
from .office_hours import parse_week
from .playbook import Purpose
from .toml_table import Table
from .words import NAME, Problem, suggest

Role = Literal["rep", "manager", "admin"]
Profile = Literal["statutory", "conservative"]
#: "all": an opt-out by one channel ends all; "channel": where no rule says otherwise, it ends that way of reaching only.
OptOut = Literal["all", "channel"]
PURPOSES = get_args(Purpose)
LEVELS = tuple(level for level in RANK if level != "none")
CHANNELS = ("sms", "email", "voicemail", "call")  # configured; without [channels.call] people dial by hand
REACHED = ("sms", "email", "voicemail", "call")  # what a consent may be for
ROLES = ("rep", "manager", "admin")
KNOWN = (
    "workspace", "channels", "sources", "people", "teams", "office", "caps", "acknowledge", "links", "wordings",
    "compliance", "numbers",
)  # fmt: skip
#: Kinds of event that a source may bring in: what starts a playbook, and what a calendar or call system reports.
INTAKE_EVENTS = (*TRIGGERS, *(kind for kind in SIGNAL_OF if kind in ("meeting.booked", "called.back")))
HOLIDAY_CALENDARS = ("us",)
#: What a look-up is asked about a number.
QUESTIONS = ("line", "reassigned")
_PHONE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_SECRET = re.compile(r"token|password|secret|api_key|signing_key|\bkey\b")


class Workspace(msgspec.Struct, frozen=True):
    name: str
    time_zone: str
    key: str = ""  # what the database knows it by; made from the name when left out, so name it before renaming
    postal_address: str = ""
    public_url: str = ""
    website: str = ""
    phone: str = ""


class Channel(msgspec.Struct, frozen=True):
    """`options` is the whole table as written; `rate` is messages per second over all workers.

    For texts: `keywords` is who answers STOP, HELP and START, `answers` what with.
    """

    provider: str
    rate: int = 10
    options: Mapping[str, Any] = {}
    keywords: Who = "provider"
    answers: Mapping[str, str] = {}


class ConsentRule(msgspec.Struct, frozen=True):
    """What a submission of this source proves. With `field`, only when that field was ticked."""

    level: Level
    channels: tuple[str, ...]
    field: str = ""
    wording: str = ""  # a key of [wordings]
    purpose: Purpose = "marketing"  # "acknowledge": the proof serves answers to the lead's own request only
    at: str = ""  # the field that holds the day it was given; "": the moment it comes in


class Source(msgspec.Struct, frozen=True):
    """Where leads come in: POST /in/{key}. `map` is {our field: theirs}; `redirect` is where an HTML form goes next.

    `keywords`, of a source of keyword.received: the words that a lead may text to our number. No other text is one.
    """

    key: str
    form: str = ""
    map: Mapping[str, str] = {}
    consent: tuple[ConsentRule, ...] = ()
    country: str = "US"
    redirect: str = ""
    event: str = "form.submitted"
    secret: str = ""  # when set, the caller must present it; `key` in the file
    keywords: tuple[str, ...] = ()


class Person(msgspec.Struct, frozen=True):
    key: str
    name: str
    email: str
    phone: str = ""
    role: Role = "rep"
    booking_url: str = ""

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


class Team(msgspec.Struct, frozen=True):
    key: str
    people: tuple[str, ...]
    manager: str = ""


class OfficeHours(msgspec.Struct, frozen=True):
    """`holidays` are single days; `calendars` name rules, such as "us", that are expanded from rules/."""

    week: Week
    time_zone: str
    holidays: frozenset[date] = frozenset()
    calendars: tuple[str, ...] = ()


class Caps(msgspec.Struct, frozen=True):
    """Most automated attempts to reach one lead, over all playbooks and channels."""

    automated_per_day: int = 3
    automated_per_week: int = 7


class LookUps(msgspec.Struct, frozen=True):
    """Who is asked about the phone number of each lead, and what. No provider: nobody."""

    provider: Literal["", "file", "sandbox"] = ""
    ask: tuple[str, ...] = QUESTIONS
    path: str = ""  # of the file of answers, in the workspace's folder


class Config(msgspec.Struct, frozen=True):
    workspace: Workspace
    channels: Mapping[str, Channel]
    sources: Mapping[str, Source]
    people: Mapping[str, Person]
    teams: Mapping[str, Team]
    office: OfficeHours
    caps: Caps = Caps()
    acknowledge_at_night: bool = True
    profile: Profile = "statutory"
    opt_out: OptOut = "all"
    hours: Week | None = None  # the workspace's own for marketing by phone, by the lead's clock; None: the law's alone
    numbers: LookUps = LookUps()
    links: Mapping[str, str] = {}
    wordings: Mapping[str, str] = {}

    def here(self, person: str | None) -> str | None:
        """The key of somebody who is with the workspace; None for whoever has left, as for nobody."""
        return person if person in self.people else None

    def manager_of(self, owner: str | None) -> str | None:
        """Who hears of what `owner` left undone: the manager of the first team that has the owner, or of any team."""
        teams = sorted(self.teams.values(), key=lambda team: (owner not in team.people, team.key))
        return next((team.manager for team in teams if team.manager), None)

    def whose_phone(self, phone: str | None) -> Person | None:
        """Who of the workspace has this number as their own."""
        return next((one for one in self.people.values() if phone and one.phone == phone), None)

    @property
    def asks_lines(self) -> bool:
        return bool(self.numbers.provider) and "line" in self.numbers.ask


class Settings(msgspec.Struct, frozen=True):
    """`config` is None exactly when one of the problems is an error."""

    config: Config | None
    problems: tuple[Problem, ...] = ()


def parse_settings(source: str, path: str = "warmline.toml") -> Settings:
    """Read the text of warmline.toml. Never raises for any text."""
    try:
        tables = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        said, _, _ = str(error).partition(" (at ")
        place = re.search(r"line (\d+), column (\d+)", str(error))
        last = source.count("\n") + 1
        line, column = (int(place[1]), int(place[2])) if place else (last, 1)
        advice = 'Write `key = "value"`, texts in quotes, every table once.'
        return Settings(None, (Problem(path, line, column, f"This is not TOML: {said}.", advice),))
    return read_settings(tables, source, path)


def read_settings(tables: Mapping[str, Any], source: str = "", path: str = "warmline.toml") -> Settings:
    """Read the tables of warmline.toml, every problem at once. `source` is the file's text, for the line numbers."""
    problems: list[Problem] = []
    root = Table(tables, source, path, (), problems)
    root.allow(*KNOWN)
    workspace = _workspace(root.table("workspace"))
    people = {key: _person(key, table) for key, table in root.table("people").tables()}
    wordings = root.names("wordings")
    config = Config(
        workspace=workspace,
        channels=_channels(root.table("channels"), workspace),
        sources={key: _source(key, table, wordings) for key, table in root.table("sources").tables()},
        people=people,
        teams={key: _team(key, table, people) for key, table in root.table("teams").tables()},
        office=_office(root.table("office"), workspace.time_zone),
        caps=_caps(root.table("caps")),
        acknowledge_at_night=_at_night(root.table("acknowledge")),
        **_compliance(root.table("compliance")),
        numbers=_look_ups(root.table("numbers")),
        links={key: text for key in root.table("links").values if (text := _url(root.table("links"), key))},
        wordings=wordings,
    )
    wrong = any(problem.severity == "error" for problem in problems)
    return Settings(None if wrong else config, tuple(sorted(set(problems))))


def _workspace(table: Table) -> Workspace:
    table.allow("name", "key", "time_zone", "postal_address", "public_url", "website", "phone")
    return Workspace(
        name=table.text("name", example="Acme Roofing"),
        time_zone=_zone(table, "time_zone", "UTC", required=True),
        key=_workspace_key(table),
        postal_address=table.text("postal_address"),
        public_url=_url(table, "public_url").rstrip("/"),
        website=_url(table, "website"),
        phone=_phone(table),
    )


def _workspace_key(table: Table) -> str:
    key = table.text("key")
    if key and not NAME.fullmatch(key):
        table.note("key", f'can\'t be "{key}".', 'Use small letters, digits and hyphens: key = "acme-roofing".')
    return key


def _channels(tables: Table, workspace: Workspace) -> dict[str, Channel]:
    tables.allow(*CHANNELS)
    found = {}
    for key, table in tables.tables():
        if key not in CHANNELS:
            continue
        provider = table.text("provider", example="sandbox")
        keywords, answers = _keywords(table, provider, workspace) if key == "sms" else ("provider", {})
        found[key] = Channel(provider, table.whole("rate", 10, 1, 10_000), dict(table.values), keywords, answers)
        for name, value in table.values.items():
            if _SECRET.search(name) and isinstance(value, str) and value and not value.startswith("env:"):
                table.note(
                    name,
                    "holds a secret in the clear.",
                    f'Write: {name} = "env:{name.upper()}", and set that variable.',
                    warning=True,
                )
    return found


def _keywords(table: Table, provider: str, workspace: Workspace) -> tuple[Who, dict[str, str]]:
    """Who answers STOP, HELP and START, and with what words."""
    own = table.table("answers")
    own.allow(*WORDS)
    answers: dict[str, str] = {}
    for word, usual in default_answers(workspace.name, workspace.phone).items():
        answers[word] = own.text(word, usual, example=usual)
        size = segments(answers[word])
        if size.count > 1:
            odd = f" `{size.odd}` makes it longer: replace it." if size.odd else ""
            where, key = (own, word) if word in own.values else (table, "answers" if own.values else "")
            said = f"has an answer to {word.upper()} that is {size.count} texts long."
            where.note(key, said, f"Write at most 160 characters in [channels.sms.answers] {word}.{odd}", warning=True)
    options = get_args(Who)
    return cast("Who", table.choice("keywords", options, who_answers(provider))), answers


def _source(key: str, table: Table, wordings: Mapping[str, str]) -> Source:
    _check_name(table, key, "a source", "pricing")
    table.allow("form", "map", "consent", "country", "redirect", "event", "key", "keywords")
    country = table.text("country", "US").upper()
    if not re.fullmatch(r"[A-Z]{2}", country):
        table.note("country", f'can\'t be "{country}".', 'Write two letters: country = "US".')
    event = table.choice("event", INTAKE_EVENTS, "form.submitted")
    return Source(
        key=key,
        form=table.text("form", key),
        map=_map(table),
        consent=tuple(_consent(row, wordings) for row in table.rows("consent")),
        country=country,
        redirect=_url(table, "redirect"),
        event=event,
        secret=table.text("key"),
        keywords=_listed(table, event),
    )


def _map(table: Table) -> dict[str, str]:
    names = table.names("map")
    for name, theirs in names.items():
        ours = our_name(name)
        if ours not in (None, name) and ours not in names:
            said = f"is a field of the lead's own: ours is called {ours}."
            table.table("map").note(name, said, f'Write: {ours} = "{theirs}".', warning=True)
    return names


def _listed(table: Table, event: str) -> tuple[str, ...]:
    """That a source of keywords lists some is for the check of the whole: without any it makes nobody a lead."""
    words = table.texts("keywords", '["QUOTE"]')
    for word in words:
        if not keyword_in(word, words):
            table.note("keywords", f'can\'t hold "{word}".', 'Write words that people text: keywords = ["QUOTE"].')
    if words and event != "keyword.received":
        said = f"lists keywords, and the source brings in {event}."
        table.note("keywords", said, 'Write: event = "keyword.received", or leave the keywords out.')
    return words


def _consent(row: Table, wordings: Mapping[str, str]) -> ConsentRule:
    row.allow("level", "channels", "field", "wording", "purpose", "at")
    if "level" not in row.values:
        row.note("level", "is missing.", f'Write one of: level = "{LEVELS[0]}" ... "{LEVELS[-1]}".')
    level = cast("Level", row.choice("level", LEVELS, "inquiry"))
    channels = row.texts("channels", '["email", "call"]')
    for channel in channels:
        if channel not in REACHED:
            row.note("channels", f'can\'t hold "{channel}".', suggest(channel, REACHED, "one of"))
    if not channels:
        row.note("channels", "names no channel.", 'Write: channels = ["email", "call"].')
    wording = row.text("wording")
    if wording and wording not in wordings:
        advice = f'Add the text that the lead saw: [wordings] {wording} = "By ticking this box ...".'
        row.note("wording", f'names "{wording}", which is not under [wordings].', advice, warning=True)
    if level in ("express", "express_written") and not wording:
        said = f"is missing: {level} consent is only worth the words the lead saw."
        row.note("wording", said, 'Write: wording = "sms-2026-11".', warning=True)
    purpose = cast("Purpose", row.choice("purpose", PURPOSES, "marketing"))
    return ConsentRule(level, channels, row.text("field"), wording, purpose, row.text("at"))


def _person(key: str, table: Table) -> Person:
    _check_name(table, key, "a person", "sam")
    table.allow("name", "email", "phone", "role", "booking_url")
    email = table.text("email", example=f"{key}@example.com")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        table.note("email", f'is not an address: "{email}".', f'Write: email = "{key}@example.com".')
    return Person(
        key=key,
        name=table.text("name", example="Sam Rivera"),
        email=email,
        phone=_phone(table),
        role=cast("Role", table.choice("role", ROLES, "rep")),
        booking_url=_url(table, "booking_url"),
    )


def _team(key: str, table: Table, people: Mapping[str, Person]) -> Team:
    _check_name(table, key, "a team", "sales")
    table.allow("people", "manager")
    members = table.texts("people", '["sam"]')
    manager = table.text("manager")
    if not members:
        table.note("people", "names nobody.", 'Write: people = ["sam"].')
    for name, where in [*((name, "people") for name in members), *([(manager, "manager")] if manager else [])]:
        if name not in people:
            table.note(where, f'names "{name}", who is not under [people].', suggest(name, people, "one of"))
    return Team(key, members, manager)


def _office(table: Table, zone: str) -> OfficeHours:
    table.allow("hours", "time_zone", "holidays")
    days: set[date] = set()
    calendars: list[str] = []
    for word in table.texts("holidays", '["us", "2026-12-24"]'):
        try:
            days.add(date.fromisoformat(word))
        except ValueError:
            if word in HOLIDAY_CALENDARS:
                calendars.append(word)
            else:
                table.note(
                    "holidays", f'can\'t hold "{word}".', 'Write "us" or a day: holidays = ["us", "2026-12-24"].'
                )
    week = table.parsed("hours", parse_week("mon-fri 09:00-17:00"), "mon-fri 09:00-17:30, sat 10:00-14:00", parse_week)
    return OfficeHours(week, _zone(table, "time_zone", zone), frozenset(days), tuple(calendars))


def _caps(table: Table) -> Caps:
    table.allow("automated_per_day", "automated_per_week")
    day = table.whole("automated_per_day", 3, 1, 50)
    week = table.whole("automated_per_week", max(7, day), 1, 200)
    if week < day:
        table.note("automated_per_week", f"is {week}, less than the {day} of one day.", f"Write at least {day}.")
    return Caps(day, week)


def _at_night(table: Table) -> bool:
    table.allow("at_night")
    return table.flag("at_night", True)


def _compliance(table: Table) -> dict[str, Any]:
    table.allow("profile", "opt_out", "hours")
    return {
        "profile": table.choice("profile", get_args(Profile), "statutory"),
        "opt_out": table.choice("opt_out", get_args(OptOut), "all"),
        "hours": table.parsed("hours", None, "mon-fri 09:00-18:00", parse_week),
    }


def _look_ups(table: Table) -> LookUps:
    table.allow("provider", "ask", "path")
    if not table.values:
        return LookUps()
    provider = table.choice("provider", ("file", "sandbox"), "")
    ask = table.texts("ask", '["line", "reassigned"]') or QUESTIONS
    for one in ask:
        if one not in QUESTIONS:
            table.note("ask", f'can\'t hold "{one}".', suggest(one, QUESTIONS, "one of"))
    path = table.text("path")
    if provider == "file" and not path:
        table.note("path", "is missing.", 'Name the file of answers: path = "numbers.csv".')
    return LookUps(cast("Any", provider), ask, path)


def _zone(table: Table, key: str, default: str, *, required: bool = False) -> str:
    name = table.text(key, "" if required else default, example="America/New_York" if required else "")
    if not name:
        return default
    try:
        find_zone(name)
    except UnknownZone as error:
        table.note(key, f"can't be used: {error}.", f'Write: {key} = "America/New_York".')
        return default
    return name


def _url(table: Table, key: str) -> str:
    text = table.text(key)
    if text and not re.fullmatch(r"https?://[^\s/]+\S*", text) and not (key == "redirect" and text.startswith("/")):
        table.note(key, f'is not a web address: "{text}".', f'Write: {key} = "https://example.com/".')
    return text


def _phone(table: Table) -> str:
    text = table.text("phone")
    if text and not _PHONE.fullmatch(text):
        table.note(
            "phone", f'is not an international number: "{text}".', 'Write + and digits only: phone = "+15550104477".'
        )
    return text


def _check_name(table: Table, key: str, what: str, example: str) -> None:
    if not NAME.fullmatch(key):
        table.note("", f"can't be the key of {what}.", f"Use small letters, digits and hyphens: {example}.")
