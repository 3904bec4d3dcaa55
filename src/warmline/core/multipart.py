"""A form as browsers and providers post it (multipart/form-data, RFC 7578), read without trust. Pure.

It is looked through where it lies, in one pass: the standard parser takes the square of a header's length, goes as deep as
somebody nests, and copies all there is. A form with a mail in it has tens of megabytes, and anybody may post one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value
from itertools import pairwise

MOST_PARTS = 500
MOST_HEAD = 16 * 1024  # bytes of the headers of one part
MOST_PARAMETERS = 40  # of a header: the standard parser takes their number times their length

_BLANK = re.compile(rb"\r?\n\r?\n")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_WRONG = (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


class NoFormError(Exception):
    """The body is no form. The text says why."""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    is_file: bool
    body: bytes


def read_parts(content_type: str, body: bytes, most: int) -> Iterator[Part]:
    """The parts that have a name, in their order; `most` bytes of each. The last one may be cut short. Raises NoFormError."""
    try:
        boundary = _headers(f"Content-Type: {_CONTROL.sub(' ', content_type)}").get_boundary() or ""
        for begin, end in _spans(body, boundary.encode("latin-1", "replace")):
            blank = _BLANK.search(body, begin, min(end, begin + MOST_HEAD))
            if blank is None and end - begin > MOST_HEAD:
                raise NoFormError(f"one of its fields has more than {MOST_HEAD // 1024} kB of headers")
            if blank is not None:
                yield from _part(body[begin : blank.start()], body[blank.end() : min(end, blank.end() + most)])
    except _WRONG as wrong:
        raise NoFormError(f"it can't be taken apart ({type(wrong).__name__})") from None


def _part(head: bytes, body: bytes) -> Iterator[Part]:
    headers = _headers(_text(head))
    name = headers.get_param("name", header="content-disposition")
    if name is None:
        return
    headers.set_payload(body.decode("ascii", "surrogateescape"))
    content = headers.get_payload(decode=True)
    is_file = headers.get_param("filename", header="content-disposition") is not None
    yield Part(collapse_rfc2231_value(name), is_file, content if isinstance(content, bytes) else b"")


def _spans(body: bytes, boundary: bytes) -> Iterator[tuple[int, int]]:
    """From where to where each part goes, its headers with it."""
    cuts = list(_boundaries(body, boundary))
    if not cuts:
        raise NoFormError("its boundary is missing or wrong")
    for (_, begin), (end, _) in pairwise([*cuts, (len(body), 0)]):
        yield begin, end


def _boundaries(body: bytes, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Where each line with the boundary begins and ends, the line end before it included, which is no part's."""
    # A pattern that begins with plain letters is looked for ten times as fast as one that begins with a line end or none.
    line = re.compile(b"--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\r?\n|\Z)")
    count = 0
    for found in line.finditer(body) if boundary else ():
        begin, end = found.span()
        before = body[max(begin - 2, 0) : begin]
        if begin == 0 or before.endswith(b"\n"):
            count += 1
            if count > MOST_PARTS:
                raise NoFormError(f"it has more than {MOST_PARTS} fields, which are the most")
            yield begin - (2 if before == b"\r\n" else len(before[-1:])), end


def _headers(lines: str) -> Message:
    """Of each header as many parameters as anybody needs."""
    message = HeaderParser().parsestr(f"{lines}\n\n")
    for name, value in message.items():
        message.replace_header(name, ";".join(str(value).split(";", MOST_PARAMETERS)[:MOST_PARAMETERS]))
    return message


def _text(head: bytes) -> str:
    """Names beyond ASCII come as they are, mostly in UTF-8."""
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError:
        return head.decode("cp1252", "replace")
