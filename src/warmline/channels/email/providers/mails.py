"""A mail put together again from the parts a provider posts, and forms as providers post them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.errors import MessageError
from email.header import Header
from email.message import Message
from email.mime.text import MIMEText
from email.parser import BytesParser
from urllib.parse import parse_qsl

from warmline.channels.contract import BadCallback, Callback

NAME = re.compile(r"[!-9;-~]{1,100}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
MOST_FIELDS = 500
OURS = frozenset({"content-type", "content-transfer-encoding", "mime-version", "content-disposition"})


def build_mail(headers: Iterable[tuple[str, str]], text: str, html: str) -> bytes:
    """One text part under these headers; the first of a name counts, as the named ones come first."""
    mail = MIMEText(_whole(text or html), "plain" if text or not html else "html", "utf-8")
    for name, value in headers:
        if not value or not NAME.fullmatch(name) or name.lower() in OURS or (name in mail and name != "Received"):
            continue
        line = CONTROL.sub(" ", _whole(value)).strip()
        mail[name] = line if line.isascii() else Header(line, "utf-8", maxlinelen=998).encode()
    return mail.as_bytes()


def read_form(callback: Callback) -> Mapping[str, bytes]:
    """The fields of a form, the last of a name; files too. Raises BadCallback."""
    kind = callback.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        return _multipart(kind, callback.body)
    try:
        pairs = parse_qsl(
            callback.body.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise BadCallback(f"The body is no form, or has more than {MOST_FIELDS} fields.") from None
    return {name: value.encode("utf-8", "surrogateescape") for name, value in pairs}


def text_of(form: Mapping[str, bytes], name: str) -> str:
    return form.get(name, b"").decode("utf-8", "replace").replace("\0", "")


def _multipart(content_type: str, body: bytes) -> Mapping[str, bytes]:
    try:
        head = b"Content-Type: " + CONTROL.sub(" ", content_type).encode("ascii", "replace") + b"\r\n\r\n"
        parsed = BytesParser().parsebytes(head + body)
        parts = parsed.get_payload() if parsed.is_multipart() else None
        if not isinstance(parts, list):
            raise BadCallback("The form has no parts between its boundaries.")
        found = {}
        for part in parts[:MOST_FIELDS]:
            if not isinstance(part, Message):
                continue
            name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            if isinstance(name, str) and isinstance(content, bytes):
                found[name] = content
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as wrong:
        raise BadCallback(f"The form cannot be read ({type(wrong).__name__}).") from None
    return found


def _whole(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
