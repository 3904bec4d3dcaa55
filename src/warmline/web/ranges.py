"""A part of something, as players ask for it (RFC 9110, 14): one range of bytes; of several, the whole is given."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    status: int  # 200 the whole, 206 a part, 416 nothing of it is there
    body: bytes
    headers: dict[str, str]


def ranged(whole: bytes, asked: str) -> Part:
    """`asked` is the Range header, "" without one. One that is no range of bytes is ignored, as the RFC says."""
    headers = {"accept-ranges": "bytes"}
    found = _ONE.fullmatch(asked.strip())
    if found is None or found[1] == found[2] == "" or len(asked) > 50:
        return Part(200, whole, headers)
    size = len(whole)
    if found[1] == "":  # the last so many
        first, last = max(size - int(found[2]), 0), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
        if found[2] and int(found[2]) < first:
            return Part(200, whole, headers)
    if first >= size or last < first:
        return Part(416, b"", headers | {"content-range": f"bytes */{size}"})
    return Part(206, whole[first : last + 1], headers | {"content-range": f"bytes {first}-{last}/{size}"})
