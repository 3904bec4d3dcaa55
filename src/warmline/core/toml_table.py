"""Tables of a TOML file, read with every problem at once. TOML keeps no line numbers: they are found in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import Any

from .words import Problem, UnreadableError, suggest


class Table:
    """One table of the file. Each method takes a key, notes what is wrong with it and answers the default instead."""

    def __init__(self, values: Mapping[str, Any], source: str, path: str, at: tuple[str, ...], problems: list[Problem]):
        self.values = values
        self.source = source
        self.path = path
        self.at = at
        self.problems = problems

    def note(self, key: str, message: str, instead: str, *, warning: bool = False) -> None:
        where = (*self.at, key) if key else self.at
        name = ".".join(where)
        line, column = find_key(self.source, where)
        said = f"`{name}` {message}" if name else message
        self.problems.append(
            Problem(self.path, line, column, said, instead, "warning" if warning else "error"),
        )

    def allow(self, *known: str) -> None:
        """Note every key that is not one of `known`."""
        for key in self.values:
            if key not in known:
                self.note(key, "is not a setting.", suggest(key, known, "one of"))

    def text(self, key: str, default: str = "", *, example: str = "") -> str:
        """A string. With an `example` and no default the key is required."""
        if key not in self.values:
            if example and not default:
                self.note(key, "is missing.", f'Add: {key} = "{example}".')
            return default
        value = self.values[key]
        if isinstance(value, str) and (value.strip() or not example):
            return value.strip()
        self.note(key, f"must be text, not {kind(value)}.", f'Write: {key} = "{example or "..."}".')
        return default

    def parsed(self, key: str, default: Any, example: str, parse: Callable[[str], Any]) -> Any:
        text = self.text(key, example=example) if key in self.values else ""
        if not text:
            return default
        try:
            return parse(text)
        except UnreadableError as error:
            self.note(key, f"can't be read: {error.message}", error.instead)
            return default

    def choice(self, key: str, options: Collection[str], default: str) -> str:
        value = self.values.get(key, default)
        if value in options:
            return str(value)
        said = f'"{value}"' if isinstance(value, str) else kind(value)
        self.note(key, f"can't be {said}.", suggest(str(value), options, "one of"))
        return default

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        value = self.values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        said = str(value) if isinstance(value, int | float) else kind(value)
        self.note(key, f"can't be {said}.", f"Write a whole number from {least} to {most}.")
        return default

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.note(key, f"must be true or false, not {kind(value)}.", f"Write: {key} = {str(default).lower()}.")
        return default

    def texts(self, key: str, example: str) -> tuple[str, ...]:
        """A list of strings; a single string is a list of one. Dates become their ISO text."""
        value = self.values.get(key, [])
        items = value if isinstance(value, list) else [value]
        if all(isinstance(item, str | date) for item in items):
            return tuple(item if isinstance(item, str) else item.isoformat() for item in items)
        self.note(key, "must be a list of texts.", f"Write: {key} = {example}.")
        return ()

    def names(self, key: str) -> dict[str, str]:
        """A table of texts: `{phone = "phone_number"}`."""
        table = self.table(key)
        return {name: text for name in table.values if (text := table.text(name))}

    def table(self, key: str) -> Table:
        value = self.values.get(key, {})
        if not isinstance(value, Mapping):
            self.note(
                key, f"must be a table, not {kind(value)}.", f"Write: [{'.'.join((*self.at, key))}] and its settings."
            )
            value = {}
        return Table(value, self.source, self.path, (*self.at, key), self.problems)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """The tables inside this one: the people of [people.*]."""
        for key in self.values:
            yield key, self.table(key)

    def rows(self, key: str) -> list[Table]:
        """A list of inline tables. Problems inside a row point at the key that holds the list."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.note(key, "must be a list of tables.", f"Write: {key} = [{{...}}, {{...}}].")
            return []
        return [Table(item, self.source, self.path, (*self.at, key), self.problems) for item in value]


def find_key(source: str, keys: tuple[str, ...]) -> tuple[int, int]:
    """Line and column, from 1, of a key such as ("office", "hours"), or of the nearest table above it."""
    lines = source.splitlines()
    begin, end = 0, len(lines)
    best = (1, 1)
    rest = list(keys)
    for depth in range(len(keys), 0, -1):
        header = re.compile(r"\s*\[{1,2}\s*" + r"\s*\.\s*".join(_name(key) for key in keys[:depth]) + r"\s*\]")
        found = next((index for index, line in enumerate(lines) if header.match(line)), None)
        if found is not None:
            best = (found + 1, 1)
            begin = found + 1
            end = next((index for index in range(begin, len(lines)) if re.match(r"\s*\[", lines[index])), len(lines))
            rest = list(keys[depth:])
            break
    else:
        end = next((index for index, line in enumerate(lines) if re.match(r"\s*\[", line)), len(lines))
    for key in rest:
        pattern = re.compile(rf"(?:^\s*|[{{,.]\s*)(?P<key>{_name(key)})\s*[=.]")
        for index in range(begin, end):
            found_key = pattern.search(lines[index])
            if found_key:
                best = (index + 1, found_key.start("key") + 1)
                begin = index
                break
        else:
            break
    return best


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text" if value.strip() else "nothing"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, Mapping) else "a date or time"


def _name(key: str) -> str:
    escaped = re.escape(key)
    return rf"(?:{escaped}|\"{escaped}\"|'{escaped}')"
