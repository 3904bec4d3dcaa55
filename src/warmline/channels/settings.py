"""Reads one `[channels.x]` table of warmline.toml: typed values, and errors that say what to write instead."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from urllib.parse import urlsplit

from warmline.channels.secrets import MissingSecretError, Secret


class ChannelSettingsError(ValueError):
    """A setting cannot be used. The text names the key, what is wrong and what to write, never a secret."""

    def __init__(self, kind: str, key: str, problem: str, remedy: str) -> None:
        self.kind, self.key = kind, key
        place = f"[channels.{kind}] {key}" if key else f"[channels.{kind}]"
        self.problem, self.remedy = f"{place}: {problem}.", f"{remedy}."
        super().__init__(f"warmline.toml, {place}: {problem}. {remedy}")


class Settings:
    """The table of one channel. Every key read is remembered, so that `finish` can name the ones nobody knows."""

    def __init__(self, kind: str, table: Mapping[str, object], secrets: Callable[[str], str]) -> None:
        self.kind = kind
        self._table = table
        self._secrets = secrets
        self._read: set[str] = set()

    def text(self, key: str, default: str | None = None) -> str:
        """A string, `env:NAME` resolved. Without a default the key must be there."""
        value = self._value(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"must be text in quotes, and is {_shape(value)}", f'Write {key} = "..."')
        if value == "" and default is None:
            raise self.error(key, "is empty", f'Write {key} = "..."')
        return _plain(self._resolve(key, value))

    def secret(self, key: str, default: str | None = None) -> Secret:
        """As `text`, but hidden from print and logs even where it was written in the file itself."""
        return Secret(self.text(key, default))

    def secret_list(self, key: str, default: Sequence[str] | None = None) -> list[Secret]:
        """One secret or a list of them (the old and the new one while a key is being rotated)."""
        value = self._value(key, default)
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, Sequence) or not all(isinstance(item, str) for item in values):
            raise self.error(
                key, f"must be text or a list of texts, and is {_shape(value)}", f'Write {key} = "env:NAME"'
            )
        found = [Secret(_plain(self._resolve(key, item))) for item in values]
        if default is None and (not found or not all(len(item) for item in found)):
            raise self.error(key, "is empty", f'Write {key} = "env:NAME"')
        return found

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            shown = value if isinstance(value, int | float) else _shape(value)
            raise self.error(
                key, f"must be a number from {low:g} to {high:g}, and is {shown}", f"Write {key} = {default:g}"
            )
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.error(
                key, f"must be true or false, and is {_shape(value)}", f"Write {key} = {str(default).lower()}"
            )
        return value

    def choice(self, key: str, options: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in options:
            listed = ", ".join(f'"{option}"' for option in options)
            raise self.error(key, f'"{value}" is not one of {listed}', f'Write {key} = "{options[0]}"')
        return value

    def url(self, key: str, default: str) -> str:
        """An http or https address without a trailing slash."""
        value = self.text(key, default)
        if not is_base_url(value):
            raise self.error(key, "is not an http or https address", f'Write {key} = "{default}"')
        return value.rstrip("/")

    def table(self, key: str) -> Mapping[str, object]:
        value = self._value(key, {})
        if not isinstance(value, Mapping):
            raise self.error(key, f"must be a table, and is {_shape(value)}", f"Write [channels.{self.kind}.{key}]")
        return value

    def within(self, key: str) -> Settings | None:
        """A table in this one, read by the same rules; None where it is not there."""
        table = self.table(key)
        return Settings(f"{self.kind}.{key}", table, self._secrets) if table else None

    def leave(self, *keys: str) -> None:
        """Keys that core/settings.py reads, and no channel."""
        self._read.update(keys)

    def finish(self) -> None:
        """Every key has been read, or it is misspelt."""
        for key in self._table:
            if key not in self._read:
                near = get_close_matches(key, sorted(self._read), n=1)
                remedy = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(sorted(self._read))}"
                raise self.error(key, "is not a setting of this channel", remedy)

    def error(self, key: str, problem: str, remedy: str) -> ChannelSettingsError:
        return ChannelSettingsError(self.kind, key, problem, remedy)

    def _value(self, key: str, default: object) -> object:
        self._read.add(key)
        value = self._table.get(key, default)
        if value is None:
            raise self.error(key, "is missing", f'Write {key} = "..."')
        return value

    def _resolve(self, key: str, value: str) -> str:
        try:
            return self._secrets(value)
        except MissingSecretError as missing:
            raise self.error(
                key, str(missing), f'Set it before starting, or write {key} = "env:ANOTHER_NAME"'
            ) from None


def is_base_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
    except ValueError:
        return False


def place_of(url: str) -> str:
    """Where an address leads, without the login that may stand before it."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + parts.path


def is_local(host: str) -> bool:
    """Whether what is said to `host` stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _plain(value: str) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _shape(value: object) -> str:
    return {bool: "true/false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}.get(
        type(value), f"a {type(value).__name__}"
    )
