"""A provider's JSON, read without trust: what is missing, or of another kind than documented, reads as empty."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from warmline.channels.contract import BadCallback
from warmline.channels.email.reading.letter import MOST_BYTES
from warmline.core.lead import storable

LONGEST = 2000


class Report:
    """One JSON object, or anything that came in its place."""

    def __init__(self, value: object) -> None:
        self._fields: Mapping[str, object] = value if isinstance(value, Mapping) else {}

    def text(self, *path: str) -> str:
        """A text or number at the end of `path`, else ""."""
        value = self._at(path)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return ""
        return plain(str(value))

    def whole(self, *path: str) -> str:
        """A text of any length: a mail, say."""
        value = self._at(path)
        return value if isinstance(value, str) else ""

    def flag(self, *path: str) -> bool:
        return self._at(path) is True

    def inner(self, *path: str) -> Report:
        return Report(self._at(path))

    def each(self, *path: str) -> list[Report]:
        return [Report(one) for one in self._list(path)]

    def texts(self, *path: str) -> list[str]:
        return [plain(one) for one in self._list(path) if isinstance(one, str)]

    def header(self, name: str, *path: str) -> str:
        """A header of a list such as [{"name": "Message-ID", "value": "..."}]; the names of the two differ in case only."""
        for one in self.each(*path):
            if (one.text("name") or one.text("Name")).lower() == name.lower():
                return one.text("value") or one.text("Value")
        return ""

    def _list(self, path: Sequence[str]) -> Sequence[object]:
        value = self._at(path)
        return value if isinstance(value, list) else []

    def _at(self, path: Sequence[str]) -> object:
        value: object = self._fields
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


def read_json(body: bytes | str) -> object:
    """Raises BadCallback."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise BadCallback(f"The body is not JSON ({type(wrong).__name__}).") from None
    return found


def as_bytes(mail: str) -> bytes:
    """A whole mail as far as it is read. Half of a UTF-16 pair, which JSON may hold and UTF-8 may not, becomes "?"."""
    return mail[:MOST_BYTES].encode("utf-8", "replace")


def plain(value: str) -> str:
    """What the database takes of it, and no more than anybody reads."""
    return storable(value[:LONGEST])
