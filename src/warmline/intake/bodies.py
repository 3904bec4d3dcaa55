"""The body of a request -> rows of plain text fields: JSON (one, many, or {"leads": [...]}), form or multipart."""

from __future__ import annotations

from collections.abc import Mapping
from email import policy
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

import msgspec

Row = dict[str, str]

#: The only name in a row that stands for something else than an object of fields; its value is the JSON that came.
NO_OBJECT = "\x00 no object"

#: More in one request would hold one transaction for too long; larger lists are imports.
MOST_ROWS = 1_000


class UnreadableBodyError(Exception):
    """The body as a whole can't be read. The text says what was expected."""


def read_rows(content_type: str, body: bytes) -> tuple[list[Row], bool]:
    """The rows, and whether the sender sent a list and so expects a list back. Raises UnreadableBodyError."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return [_multipart(content_type, body)], False
    if kind == "application/x-www-form-urlencoded" or (not kind and not body.lstrip().startswith((b"{", b"["))):
        return [_form(body)], False
    return _json(body)


def _json(body: bytes) -> tuple[list[Row], bool]:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        advice = 'Send JSON such as {"email": "ann@example.com"}, or a form.'
        raise UnreadableBodyError(f"The body is not JSON: {error}. {advice}") from error
    if isinstance(told, dict) and isinstance(told.get("leads"), list):
        told = told["leads"]
    if isinstance(told, list):
        if len(told) > MOST_ROWS:
            raise UnreadableBodyError(
                f"{len(told):,} leads came at once; a request takes {MOST_ROWS:,}. Send several, or import a CSV file."
            )
        if not told:
            raise UnreadableBodyError('The list holds no lead. Send at least one: [{"email": "ann@example.com"}]')
        return [_flat(one) for one in told], True
    return [_flat(told)], False


def _flat(told: Any) -> Row:
    """A lead of JSON as text fields. `fields` and `lead` are opened; what else is nested gets joined names."""
    row: Row = {}
    if isinstance(told, Mapping):
        _flatten(told, "", row)
    else:
        row[NO_OBJECT] = msgspec.json.encode(told).decode()
    return row


def _flatten(told: Mapping[str, Any], prefix: str, row: Row) -> None:
    for name, value in told.items():
        if isinstance(value, str):
            row[prefix + name] = value
        elif isinstance(value, dict):
            _flatten(value, prefix if name in ("fields", "lead") else f"{prefix}{name}_", row)
        elif (text := _text(value)) is not None:
            row[prefix + name] = text


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if any(isinstance(one, dict | list) for one in value):
            return msgspec.json.encode(value).decode()
        return ", ".join(text for one in value if (text := _text(one)) is not None)
    return str(value)


def _form(body: bytes) -> Row:
    text = _decoded(body)
    try:
        try:
            pairs = _pairs(text, "utf-8", "strict")
        except UnicodeDecodeError:
            pairs = _pairs(text, "cp1252", "replace")  # old forms
    except ValueError as error:
        raise UnreadableBodyError(f"The form can't be read: {error}. Send fewer fields.") from error
    return _joined(pairs)


def _pairs(text: str, encoding: str, errors: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=512, encoding=encoding, errors=errors)


def _multipart(content_type: str, body: bytes) -> Row:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b"")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise UnreadableBodyError("The form has no parts: its boundary is missing or wrong. Send it again.")
    pairs = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str) or part.get_filename() is not None:
            continue  # a file is no field; Warmline keeps none
        payload = part.get_payload(decode=True)
        pairs.append((name, _decoded(payload) if isinstance(payload, bytes) else ""))
    return _joined(pairs)


def _joined(pairs: list[tuple[str, str]]) -> Row:
    """A field that comes several times (checkboxes) is one text; an empty one beside another says nothing."""
    row: Row = {}
    for name, value in pairs:
        before = row.get(name)
        row[name] = f"{before}, {value}" if before and value else before or value
    return row


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")  # old forms
