"""Reads the rule data beside this file: validated on the first call, then kept for the life of the process.

What the data may look like is in core/rulebook.py and core/wordings.py. A file that does not fit raises BadRules with the
file and the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from importlib.resources import files
from string import Formatter
from threading import RLock
from typing import Any, TypeVar

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from warmline.core.hours import find_zone
from warmline.core.rulebook import (
    AreaCode,
    AreaCodeFile,
    Calendar,
    Entry,
    File,
    HolidayFile,
    HoursRule,
    MailAgent,
    Pack,
    ProviderErrors,
    RegionFile,
    Regions,
    ScannerFile,
    holiday_dates,
    index_regions,
)
from warmline.core.wordings import OptOutWords, Wording, WordingFile, spell_out

AnyFile = TypeVar("AnyFile", bound=File)
Read = TypeVar("Read")


class BadRules(ValueError):
    """A file of rule data cannot be used. The text names the file, the key and what is wrong with it."""


#: Threads of one process that start together ask for the same at once: one reads, and the others have it.
_reading = RLock()


def once(read: Callable[[], Read]) -> Callable[[], Read]:
    """`read` on the first call, and what it gave from then on."""
    kept: list[Read] = []

    @wraps(read)
    def give() -> Read:
        if not kept:
            with _reading:
                if not kept:
                    kept.append(read())
        return kept[0]

    return give


@once
def area_codes() -> Mapping[str, AreaCode]:
    """Area codes of the North American plan by their three digits."""
    return _read("area_codes.yaml", AreaCodeFile).codes


@once
def regions() -> Regions:
    """States, provinces and countries with their zones."""
    return index_regions(_read("regions.yaml", RegionFile))


@once
def packs() -> Mapping[str, Pack]:
    """Jurisdictions by id: every file of rules/jurisdictions."""
    names = sorted(path.name for path in files(__name__).joinpath("jurisdictions").iterdir())
    read = [(name, _read(f"jurisdictions/{name}", Pack)) for name in names]
    known = {pack.id: pack for _, pack in read}
    for name, pack in read:
        if pack.parent is not None and pack.parent not in known:
            raise BadRules(f"rules/jurisdictions/{name}: parent: there is no pack {pack.parent!r}")
        for rule in pack.rules:
            if isinstance(rule, HoursRule) and rule.forbidden_days and rule.forbidden_days not in forbidden_days():
                raise BadRules(
                    f"rules/jurisdictions/{name}: {rule.id}: forbidden_days.yaml has no calendar {rule.forbidden_days!r}"
                )
    return known


@once
def forbidden_days() -> Mapping[str, Calendar]:
    """Days on which a law forbids contact, by key. Not when anybody's office is closed: that is `holidays`."""
    return _read("forbidden_days.yaml", HolidayFile).calendars


@once
def opt_out_words() -> OptOutWords:
    """What people say who want no more messages, every pattern spelled out."""
    return spell_out(_read("opt_out_words.yaml", OptOutWords))


@once
def consent_wordings() -> Mapping[str, Wording]:
    """Ready words that ask for consent, by key."""
    return _read("consent_wordings.yaml", WordingFile).wordings


@once
def provider_errors() -> ProviderErrors:
    return _read("provider_errors.yaml", ProviderErrors)


@once
def mail_agents() -> tuple[MailAgent, ...]:
    """Programs that look at mail before, or instead of, the person."""
    return tuple(_read("scanners.yaml", ScannerFile).agents.values())


@once
def holidays() -> Mapping[str, Calendar]:
    """Holiday calendars for office hours, by key. Not a list of days on which a law forbids contact."""
    return _read("holidays.yaml", HolidayFile).calendars


def read_rules(name: str, text: str, kind: type[AnyFile]) -> AnyFile:
    """The data of one file. Raises BadRules. `name` is for its error texts only."""
    try:
        written = YAML(typ="safe").load(text)
        # msgspec learns a struct's fields at its first use, and two threads that do so at once take the process down (0.22).
        with _reading:
            data = msgspec.convert(written, kind)
    except YAMLError as error:
        raise BadRules(f"rules/{name}: not readable as YAML: {error}") from error
    except msgspec.ValidationError as error:
        raise BadRules(f"rules/{name}: {error}") from error
    for key, problem in _problems(data):
        raise BadRules(f"rules/{name}: {key}: {problem}")
    return data


def _read(name: str, kind: type[AnyFile]) -> AnyFile:
    return read_rules(name, files(__name__).joinpath(*name.split("/")).read_text("utf-8"), kind)


def _problems(data: File) -> Iterator[tuple[str, str]]:
    """What a type cannot say, as (key, what is wrong)."""
    used: set[str] = set()
    for key, entry in _entries(data, ""):
        used.update(entry.source)
        if not entry.source:
            yield key, "names no source: give at least one key of `sources`"
        for source in entry.source:
            if source not in data.sources:
                yield key, f"source {source!r} is not in this file's `sources`"
        for zone in getattr(entry, "zones", ()):
            yield from _fails(key, lambda zone=zone: find_zone(zone))
        if isinstance(entry, HoursRule):
            yield from _fails(key, lambda rule=entry: rule.week)
            if entry.zone:
                yield from _fails(key, lambda zone=entry.zone: find_zone(zone))
        if isinstance(entry, Calendar):
            yield from _fails(key, lambda calendar=entry: holiday_dates(calendar, 2024, 2024))
        if isinstance(entry, MailAgent) and any(not word or word != word.lower() for word in entry.words):
            yield key, "words are written in lower case, and none is empty"
        if find := getattr(entry, "find", None):
            yield from _fails(key, lambda find=find: re.compile(find))
    for source in data.sources.keys() - used:
        yield f"sources.{source}", "is not used by any entry: remove it or cite it"
    if isinstance(data, OptOutWords):
        yield from _fails("groups", lambda: spell_out(data))
        names = [pattern.id for pattern in (*data.phrases, *data.doubtful)]
        for name in {name for name in names if not name or names.count(name) > 1}:
            yield f"phrases.{name}", "a pattern has an id of its own"
    if isinstance(data, WordingFile):
        for key, wording in data.wordings.items():
            if key != "-".join((*wording.channels, wording.level.replace("_", "-"))):
                yield f"wordings.{key}", "its key is its channels and its level, such as sms-express-written"
            for language, text in wording.texts.items():
                yield from _fails(f"wordings.{key}.{language}", lambda text=text: _places_known(text))
    if isinstance(data, Pack):
        ids = [rule.id for rule in data.rules]
        for name in ids:
            if not name.startswith(f"{data.id}.") or ids.count(name) > 1:
                yield f"rules.{name}", f"a rule's id begins with {data.id!r} and a dot, and is there once"
    if isinstance(data, ProviderErrors):
        for provider, codes in data.providers.items():
            for code, entry in codes.items():
                if entry.error_class not in data.classes:
                    yield f"providers.{provider}.{code}", f"class {entry.error_class!r} is not in `classes`"


def _places_known(text: str) -> None:
    """Raises ValueError for a place to fill in that nobody fills in."""
    named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    if not named <= {"seller", "privacy", "terms"} or "seller" not in named:
        raise ValueError(f"{text[:40]!r} names the seller, and beside it only {{privacy}} and {{terms}}")


def _fails(key: str, read: Any) -> Iterator[tuple[str, str]]:
    try:
        read()
    except (ValueError, re.error) as error:
        yield key, str(error)


def _entries(value: Any, key: str) -> Iterator[tuple[str, Entry]]:
    if isinstance(value, Entry):
        yield key, value
    if isinstance(value, msgspec.Struct):
        value = {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _entries(inner, f"{key}.{name}".lstrip("."))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _entries(inner, f"{key}[{index}]")
