"""Values of warmline.toml that must not be seen: read from the environment, never printed."""

from __future__ import annotations

from collections.abc import Mapping


class MissingSecretError(Exception):
    """A setting says `env:NAME` and NAME is not set. The text names the variable, never a value."""


class Secret(str):
    """A string that prints as ***. Call `reveal` at the one place that hands it to a provider."""

    __slots__ = ()

    def reveal(self) -> str:
        return "".join(self)

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)


def resolve(value: str, environ: Mapping[str, str]) -> str:
    """`env:NAME` becomes the Secret kept in NAME; anything else comes back as it is. Raises MissingSecretError.

    A line end behind it is that of the file which it came from. Sent along, no provider knows it, and as a header it makes a
    request fail of which nobody can say how far it came.
    """
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:").strip()
    found = environ.get(name, "").rstrip("\r\n")
    if not found:
        raise MissingSecretError(f"the environment variable {name or '(no name after env:)'} is not set, or empty")
    return Secret(found)
