"""What publishing would change: the workspace as it stands against the workspace as it is in the folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Literal

import msgspec

What = Literal["added", "changed", "removed"]
Kind = Literal["setting", "person", "playbook", "template"]


class Change(msgspec.Struct, frozen=True):
    """One thing that differs. `diff` is a unified diff of its text, without file headers."""

    kind: Kind
    name: str
    what: What
    diff: str = ""


class Diff(msgspec.Struct, frozen=True):
    """`created`: the workspace is a new one. `versions`: the new version number of every playbook that gets one."""

    workspace: str
    created: bool
    changes: tuple[Change, ...]
    versions: dict[str, int]

    def __bool__(self) -> bool:
        return self.created or bool(self.changes) or bool(self.versions)


@dataclass(frozen=True, slots=True)
class Texts:
    """A workspace as plain texts: settings as parsed TOML, playbooks by key, templates by name."""

    settings: Mapping[str, Any]
    playbooks: Mapping[str, str]
    templates: Mapping[str, str]


NOTHING = Texts({}, {}, {})


def compare(old: Texts, new: Texts) -> tuple[Change, ...]:
    """Every change, settings first, each kind in the order of its names."""
    return (
        *_settings(old.settings, new.settings),
        *_texts("playbook", old.playbooks, new.playbooks),
        *_texts("template", old.templates, new.templates),
    )


def _settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Keys with their dots, one change each; people are told apart, because they sign in."""
    before, after = dict(_flat(old)), dict(_flat(new))
    people_before, people_after = _people(old), _people(new)
    for key in sorted(people_before.keys() | people_after.keys()):
        yield from _change("person", key, people_before.get(key), people_after.get(key))
    for key in sorted(before.keys() | after.keys()):
        if not key.startswith("people."):
            yield from _change("setting", key, before.get(key), after.get(key))


def _people(settings: Mapping[str, Any]) -> dict[str, str]:
    found = settings.get("people", {})
    return {key: "\n".join(f"{name} = {value}" for name, value in _flat(person)) for key, person in found.items()}


def _texts(kind: Kind, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        yield from _change(kind, name, old.get(name), new.get(name))


def _change(kind: Kind, name: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old == new:
        return
    what: What = "added" if old is None else "removed" if new is None else "changed"
    lines = unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=2)
    yield Change(kind, name, what, "\n".join(list(lines)[2:]))


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key in sorted(value):
        name = f"{before}.{key}" if before else str(key)
        if isinstance(value[key], Mapping):
            yield from _flat(value[key], name)
        else:
            yield name, msgspec.json.encode(value[key], order="sorted").decode()
