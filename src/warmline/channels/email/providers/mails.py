"""A mail put together again from the parts a provider posts, and forms as providers post them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from email.header import Header
from email.mime.text import MIMEText
from urllib.parse import unquote_to_bytes

from warmline.channels.contract import BadCallback, Callback
from warmline.channels.email.reading.letter import MOST_BYTES
from warmline.core.multipart import NoFormError, read_parts

NAME = re.compile(r"[!-9;-~]{1,100}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
PAIR = re.compile(rb"[^&]+")
MOST_FIELDS = 500
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
        try:
            return {part.name: part.body for part in read_parts(kind, callback.body, MOST_BYTES)}
        except NoFormError as wrong:
            raise BadCallback(f"The form can't be read: {wrong}.") from wrong
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


def _whole(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
