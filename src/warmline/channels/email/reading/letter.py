"""A mail as the parts of this room ask for it: headers and texts that are always plain strings, whatever came.

Senders break every rule of MIME. Nothing here raises for that: what can't be decoded is shown as far as it goes.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime

from warmline.channels.email.reading.page import page_text

#: Bytes that are looked at. Words come first in a mail, attachments after them, so a longer one loses nothing we read.
MOST_BYTES = 2 * 1024 * 1024
MOST_TEXT = 100_000  # characters of a text part
MOST_PARTS = 100
DEEPEST = 10
LONGEST_HEADER = 2_000  # characters that are decoded
LONGEST_SOURCE = 8_000  # characters of a header of any part, unfolded
MOST_PARAMETERS = 40  # of a Content-Type and the like: the standard parser takes their number times their length
#: For programs, not for mails; and slow, or not of text.
_NO_CHARSETS = frozenset({"punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape"})

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE = re.compile(r"\s+")


class _Bounded(Compat32):
    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        value = value[:LONGEST_SOURCE]
        if name.lower().startswith("content-"):
            value = ";".join(value.split(";", MOST_PARAMETERS)[:MOST_PARAMETERS])
        return name, value


POLICY = _Bounded()


class Letter:
    """One mail. `top` is its outermost part, as the standard parser made it. `is_cut`: there was more of it, perhaps."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw[:MOST_BYTES]
        self.is_cut = len(raw) >= MOST_BYTES
        self.top: Message = BytesParser(policy=POLICY).parsebytes(self.raw)

    def header(self, name: str) -> str:
        """The first header of that name on one line, decoded; "" when there is none."""
        return next(iter(self.headers(name)), "")

    def headers(self, name: str) -> list[str]:
        return headers_of(self.top, name)

    def has(self, name: str) -> bool:
        return name in self.top

    def addresses(self, *names: str) -> list[str]:
        """Bare addresses in these headers, in order."""
        return [address for _, address in self._people(*names)]

    @property
    def sender(self) -> str:
        """Who wrote it: From, or what comes nearest."""
        return next((one for one in self.addresses("From", "Sender", "Reply-To") if "@" in one), "")

    @property
    def sender_name(self) -> str:
        """The name beside it; "" for none."""
        return next((_decoded(name) for name, address in self._people("From") if "@" in address), "")

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def at(self) -> datetime | None:
        """What the sender's clock said, with its own offset from UTC; None when that can't be read."""
        try:
            at = parsedate_to_datetime(self.header("Date"))
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return at if at.tzinfo is not None else None

    @property
    def key(self) -> str:
        """The same mail has the same key by whichever way and however often it comes: hops add headers and change line
        ends, and leave this alone."""
        body = re.split(rb"\r?\n\r?\n", self.raw, maxsplit=1)[-1].replace(b"\r\n", b"\n").strip()
        told = "\0".join(self.header(name) for name in ("Message-ID", "From", "Date", "Subject"))
        return "mail:" + hashlib.sha256(told.encode("utf-8", "replace") + b"\0" + body).hexdigest()[:40]

    def _people(self, *names: str) -> list[tuple[str, str]]:
        """Names as they came: what they hold once they are decoded is no part of an address (RFC 2047 6.2)."""
        return getaddresses([one for name in names for one in _written(self.top, name)])

    def parts(self) -> Iterator[Message]:
        """Its own parts in order, the outermost first. A mail attached to it is one part: what is in there is not its own."""
        return _parts(self.top)

    def part(self, *types: str) -> Message | None:
        """The first of its own parts with one of these content types."""
        return next((one for one in self.parts() if one.get_content_type() in types), None)

    def text(self) -> str:
        """The words: plain text where there is some, else the HTML as text."""
        plain = "\n".join(text_of(one) for one in self.parts() if _shown(one, "text/plain")).strip()
        if plain:
            return plain
        return "\n".join(page_text(text_of(one)) for one in self.parts() if _shown(one, "text/html")).strip()

    def attachments(self) -> list[str]:
        """Names of what is attached, "unnamed" for those without one."""
        return [_name(one) for one in self.parts() if one.get_content_disposition() == "attachment"]


def headers_of(part: Message, name: str) -> list[str]:
    """All headers of that name, each decoded and on one line."""
    return [_decoded(value) for value in _written(part, name)]


def _written(part: Message, name: str) -> list[str]:
    """As they came, on one line; bytes beyond ASCII as the text they seem to be."""
    values = [value for one, value in part.raw_items() if one.lower() == name.lower()]
    return [_SPACE.sub(" ", _CONTROL.sub(" ", _word(str(value), None))).strip() for value in values]


def text_of(part: Message) -> str:
    """The text of a part in whatever character set it says or seems to be."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    content = content[: MOST_TEXT * 4]
    for charset in (str(part.get_content_charset() or "utf-8"), "utf-8", "cp1252"):
        try:
            text = content.decode(_known(charset))
            break
        except (LookupError, ValueError):
            continue
    else:
        text = content.decode("utf-8", "replace")
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:MOST_TEXT]


def attached(letter: Letter) -> Message | None:
    """The mail, or the headers of the mail, that a report is about."""
    part = letter.part("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
    if part is None:
        return None
    payload = part.get_payload()
    if isinstance(payload, list):
        return next((one for one in payload if isinstance(one, Message)), None)
    return BytesParser(policy=POLICY).parsebytes(text_of(part).encode("utf-8", "replace"), headersonly=True)


def _parts(part: Message, depth: int = 0, count: list[int] | None = None) -> Iterator[Message]:
    count = [0] if count is None else count
    count[0] += 1
    yield part
    payload = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(payload, list) and depth < DEEPEST:
        for one in payload:
            if isinstance(one, Message) and count[0] < MOST_PARTS:
                yield from _parts(one, depth + 1, count)


def _shown(part: Message, content_type: str) -> bool:
    return part.get_content_type() == content_type and part.get_content_disposition() != "attachment"


def _name(part: Message) -> str:
    return _decoded(str(part.get_filename() or "unnamed"))[:100]


def _decoded(value: str) -> str:
    """RFC 2047 words decoded; what breaks the rules stays as it was written."""
    value = value[:LONGEST_HEADER]
    try:
        words = decode_header(value)
    except (ValueError, LookupError):
        words = [(value, None)]
    text = "".join(_word(word, charset) for word, charset in words)
    return _SPACE.sub(" ", _CONTROL.sub(" ", text)).strip()


def _word(word: str | bytes, charset: str | None) -> str:
    if isinstance(word, str):
        # Raw bytes of 8-bit headers come as surrogates.
        word, charset = word.encode("utf-8", "surrogateescape"), "utf-8"
    for one in (charset or "utf-8", "utf-8", "cp1252"):
        try:
            return word.decode(_known(one))
        except (LookupError, ValueError):
            continue
    return word.decode("utf-8", "replace")


def _known(charset: str) -> str:
    """Raises LookupError for what is none of a mail."""
    if codecs.lookup(charset).name.replace("_", "-") in _NO_CHARSETS:
        raise LookupError(charset)
    return charset
