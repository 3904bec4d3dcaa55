"""The body of a request -> rows of plain text fields: JSON (one, many, or {"leads": [...]}), form or multipart."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from warmline.core.lead import MOST_NAME
from warmline.core.multipart import NoFormError, read_parts

Row = dict[str, str]

#: The only name in a row that stands for something else than an object of fields; its value is the JSON that came.
NO_OBJECT = "\x00 no object"

#: More in one request would hold one transaction for too long; larger lists are imports.
MOST_ROWS = 1_000

#: How deep the fields of a lead are opened; what lies deeper is one text. Names joined on and on would grow without end.
DEEPEST = 20

#: Some programs write a byte order mark before it.
_BEGINS_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")


class UnreadableBodyError(Exception):
    """The body as a whole can't be read. The text says what was expected."""


def read_rows(content_type: str, body: bytes) -> tuple[list[Row], bool]:
    """The rows, and whether the sender sent a list and so expects a list back. Raises UnreadableBodyError."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return [_multipart(content_type, body)], False
    if kind == "application/x-www-form-urlencoded" or (not kind and not _BEGINS_JSON.match(body)):
        return [_form(body)], False
    return _json(body)


def _json(body: bytes) -> tuple[list[Row], bool]:
    try:
        return _leads(msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        advice = 'Send JSON such as {"email": "ann@example.com"}, or a form.'
        raise UnreadableBodyError(f"The body is not JSON: {error}. {advice}") from error


def _leads(told: Any) -> tuple[list[Row], bool]:
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
        _flatten(told, "", row, 0)
    else:
        row[NO_OBJECT] = msgspec.json.encode(told).decode()
    return row


def _flatten(told: Mapping[str, Any], prefix: str, row: Row, depth: int) -> None:
    for name, value in told.items():
        if isinstance(value, str):
            row[prefix + name] = value
        elif isinstance(value, dict) and depth < DEEPEST and len(prefix) + len(name) <= MOST_NAME:
            _flatten(value, prefix if name in ("fields", "lead") else f"{prefix}{name}_", row, depth + 1)
        elif (text := _text(value)) is not None:
            row[prefix + name] = text


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
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
    try:
        parts = list(read_parts(content_type, body, len(body)))
    except NoFormError as error:
        raise UnreadableBodyError(f"The form can't be read: {error}. Send it otherwise.") from error
    return _joined([(part.name, _decoded(part.body)) for part in parts if not part.is_file])  # a file is no field


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
