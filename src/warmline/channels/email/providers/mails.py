"""A mail put together again from the parts a provider posts, and forms as providers post them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from email.errors import MessageError
from email.header import Header
from email.message import Message
from email.mime.text import MIMEText
from email.parser import BytesParser
from email.policy import compat32
from itertools import islice, pairwise
from urllib.parse import unquote_to_bytes

from warmline.channels.contract import BadCallback, Callback
from warmline.channels.email.reading.letter import MOST_BYTES

NAME = re.compile(r"[!-9;-~]{1,100}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
PAIR = re.compile(rb"[^&]+")
BLANK = re.compile(rb"\r?\n\r?\n")
MOST_FIELDS = 500
MOST_HEAD = 16 * 1024  # bytes of the headers of one field
OURS = frozenset({"content-type", "content-transfer-encoding", "mime-version", "content-disposition"})


def build_mail(headers: Iterable[tuple[str, str]], text: str, html: str) -> bytes:
    """One text part under these headers; the first of a name counts, as the named ones come first."""
    mail = MIMEText(_whole((text or html)[:MOST_BYTES]), "plain" if text or not html else "html", "utf-8")
    for name, value in headers:
        if not value or not NAME.fullmatch(name) or name.lower() in OURS or (name in mail and name != "Received"):
            continue
        line = CONTROL.sub(" ", _whole(value)).strip()
        mail[name] = line if line.isascii() else Header(line, "utf-8", maxlinelen=998).encode()
    return mail.as_bytes()


def read_form(callback: Callback) -> Mapping[str, bytes]:
    """The fields of a form, the last of a name; files too. Raises BadCallback.

    A form with a mail in it has tens of megabytes: it is looked through where it lies, and of a field no more is copied
    than is read of a mail.
    """
    kind = callback.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        return dict(_multipart(kind, callback.body))
    return dict(_urlencoded(callback.body))


def text_of(form: Mapping[str, bytes], name: str) -> str:
    return form.get(name, b"").decode("utf-8", "replace").replace("\0", "")


def _urlencoded(body: bytes) -> Iterator[tuple[str, bytes]]:
    for number, pair in enumerate(PAIR.finditer(body)):
        if number == MOST_FIELDS:
            raise BadCallback(f"The body is no form, or has more than {MOST_FIELDS} fields.")
        begin, end = pair.span()
        name, _, value = body[begin : min(end, begin + 3 * MOST_BYTES)].replace(b"+", b" ").partition(b"=")
        yield unquote_to_bytes(name).decode("utf-8", "replace"), unquote_to_bytes(value)[:MOST_BYTES]


def _multipart(content_type: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    """RFC 7578. The last part may be cut short."""
    try:
        head = _headers(b"Content-Type: " + CONTROL.sub(" ", content_type).encode("ascii", "replace"))
        cuts = list(islice(_boundaries(body, (head.get_boundary() or "").encode()), MOST_FIELDS))
        if not cuts:
            raise BadCallback("The form has no parts between its boundaries.")
        for (_, begin), (end, _) in pairwise([*cuts, (len(body), 0)]):
            blank = BLANK.search(body, begin, min(end, begin + MOST_HEAD))
            if blank is None:
                continue
            name = _headers(body[begin : blank.start()]).get_param("name", header="content-disposition")
            if isinstance(name, str):
                yield name, body[blank.end() : min(end, blank.end() + MOST_BYTES)]
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as wrong:
        raise BadCallback(f"The form cannot be read ({type(wrong).__name__}).") from None


def _boundaries(body: bytes, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Where each line with the boundary begins and ends, the line end before it included, which is no part's."""
    # A pattern that begins with plain letters is looked for ten times as fast as one that begins with a line end or none.
    line = re.compile(b"--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\r?\n|\Z)")
    for found in line.finditer(body) if boundary else ():
        begin, end = found.span()
        before = body[max(begin - 2, 0) : begin]
        if begin == 0 or before.endswith(b"\n"):
            yield begin - (2 if before == b"\r\n" else len(before[-1:])), end


def _headers(lines: bytes) -> Message:
    return BytesParser(policy=compat32).parsebytes(lines + b"\r\n\r\n", headersonly=True)


def _whole(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
