"""Pictures and other files that come with a text: kept as links in the event's data, and told in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

MOST_URL = 2_000  # characters
_KINDS = {"image": "a picture", "video": "a video", "audio": "a sound"}


class Media(msgspec.Struct, frozen=True):
    """One file at the provider: where it lies, and its type, such as image/jpeg."""

    url: str
    type: str = ""

    @property
    def words(self) -> str:
        kind = _KINDS.get(self.type.partition("/")[0], "a file")
        return f"{kind} ({self.type})" if self.type else kind


def is_link(url: str) -> bool:
    """Whether a page may show it as a link."""
    return url.startswith(("https://", "http://")) and len(url) <= MOST_URL


def media_of(data: Mapping[str, Any]) -> tuple[Media, ...]:
    """What came with the event of this data."""
    return msgspec.convert(data.get("media") or (), tuple[Media, ...])


def told(data: Mapping[str, Any]) -> str:
    """What somebody wrote and what came with it: "Like this; sent a picture (image/jpeg)"."""
    sent = ", ".join(one.words for one in media_of(data))
    return "; ".join(part for part in (str(data.get("text") or ""), sent and f"sent {sent}") if part)
