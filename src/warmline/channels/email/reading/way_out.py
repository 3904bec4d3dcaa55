"""Our own footer in a mail that answers ours: the link by which people leave, and nothing else on its line. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from warmline.channels.email.html import UNSUBSCRIBE
from warmline.channels.email.reading.heads import is_quoted

#: In the link, also where a filter has put it into a link of its own.
_WAY_OUT = re.compile(r"(?:/|%2F)u(?:/|%2F)\d{1,9}-[0-9a-f]{16}", re.IGNORECASE)


def is_way_out(line: str) -> bool:
    """Whether it has only the link, and the word for it in our mails. In another line the link is a person's, who may say
    of it that it doesn't work."""
    if not _WAY_OUT.search(line):
        return False
    beside = "".join(word for word in line.split() if not _WAY_OUT.search(word))
    return re.sub(r"[\W_]+", "", beside).lower() in ("", UNSUBSCRIBE.lower())


def parted_by_our_footer(lines: Sequence[str]) -> list[list[str]]:
    """What stands above it, between two of them and below: our mail ends there, however it came to stand in this one, and
    whatever is the language of what is above. With nothing above it, it is no end. Below a quoted line it is the end of
    that line, which was wrapped."""
    parts: list[list[str]] = [[]]
    above = ""
    for line in lines:
        if is_way_out(line) and not is_quoted(line) and (above or len(parts) > 1):
            if not is_quoted(above):
                parts.append([])
                above = ""
            continue
        parts[-1].append(line)
        above = line if line.strip() else above
    return parts
