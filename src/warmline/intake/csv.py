"""Importing a list: a CSV file, streamed, through the same door as everything else.

The same file again changes nothing: every row has a key made of what it says.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, BinaryIO, TextIO

import psycopg

from warmline import rules
from warmline.core.lead import Problems, normalise, our_name
from warmline.core.settings import Source
from warmline.store.workspaces import Workspace

from .accept import accept
from .sources import consents_of
from .submission import Origin, Rejected, Submission

BATCH = 1_000
REASON = "reason"  # the column that the rejects file has more than the list

_HEAD = 64 * 1024


class UnreadableListError(Exception):
    """The file as a whole can't be imported. The text says why and what to do."""


@dataclass(slots=True)
class Counts:
    """How far an import has come. `bytes_read` is for a progress bar, out of the file's size."""

    rows: int = 0
    created: int = 0
    enrolled: int = 0
    repeated: int = 0  # rows that had come in before
    rejected: int = 0
    bytes_read: int = 0


def header_of(file: BinaryIO) -> list[str]:
    """The column names; the file is back at its start afterwards. Raises UnreadableListError."""
    text, names = _open(file)
    text.detach()
    file.seek(0)
    return names


def preview(names: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """What each column becomes: a field of ours, or "fields.NAME". `mapping` is {our field: theirs}."""
    ours = {theirs: ours for ours, theirs in mapping.items()}
    return {name: ours.get(name) or our_name(name) or f"fields.{name}" for name in names}


def import_list(
    conn: psycopg.Connection,
    workspace: Workspace,
    source: Source,
    file: BinaryIO,
    now: Callable[[], datetime],
    *,
    mapping: Mapping[str, str] | None = None,
    rejects: TextIO | None = None,
    progress: Callable[[Counts], None] | None = None,
    dry_run: bool = False,
) -> Counts:
    """Read `file` to its end. Rows that can't be read go to `rejects` as they were, with the reason as last column.

    `mapping` {our field: theirs} comes before the source's own. `dry_run` reads everything and stores nothing.
    A crash leaves whole batches behind: run it again. Raises UnreadableListError.
    """
    text, names = _open(file)
    for theirs in (mapping or {}).values():
        if theirs not in names:
            raise UnreadableListError(f"The list has no column {theirs!r}. It has: {', '.join(names)}.")
    one = _Import(conn, workspace, source, {**source.map, **(mapping or {})}, names, dry_run)
    if rejects is not None:
        one.rejects = csv.writer(rejects)
        one.rejects.writerow([*names, REASON])
    for row in _rows(text):
        one.take(row)
        if len(one.batch) >= BATCH or one.counts.rows % BATCH == 0:
            one.send(now())
            if progress is not None:
                one.counts.bytes_read = file.tell()
                progress(one.counts)
    one.send(now())
    one.counts.bytes_read = file.tell()
    if progress is not None:
        progress(one.counts)
    text.detach()
    return one.counts


@dataclass(slots=True)
class _Import:
    conn: psycopg.Connection
    workspace: Workspace
    source: Source
    mapping: Mapping[str, str]
    names: list[str]
    dry_run: bool
    rejects: Any = None  # a csv.writer
    counts: Counts = field(default_factory=Counts)
    batch: list[tuple[Submission, list[str]]] = field(default_factory=list)

    def take(self, row: list[str] | str) -> None:
        """One row, or what is wrong with it."""
        self.counts.rows += 1
        if isinstance(row, str):
            self._reject([], row)
            return
        if len(row) > len(self.names) and any(row[len(self.names) :]):
            self._reject(
                row, f"The row has {len(row)} cells, and the first line names {len(self.names)}. Is a quote missing?"
            )
            return
        fields = dict(zip(self.names, row, strict=False))
        fields.pop("", None)
        draft = normalise(fields, self.mapping, self.source.country, rules.regions())
        if isinstance(draft, Problems):
            self._reject(row, " ".join(f"{name}: {said}" if name else said for name, said in draft.fields.items()))
            return
        for rule in self.source.consent:
            draft.fields.pop(rule.field, None)
        consents, notes = consents_of(fields, self.source, self.workspace.config)
        draft.notes += notes
        self.batch.append(
            (
                Submission(
                    self.source.key,
                    draft,
                    "lead.imported",
                    "",
                    "",
                    consents,
                    _FROM_A_LIST,
                    _key(self.source.key, fields),
                ),
                row,
            )
        )

    def send(self, at: datetime) -> None:
        batch, self.batch = self.batch, []
        if not batch or self.dry_run:
            return
        results = accept(self.conn, self.workspace, [one for one, _ in batch], at)
        for result, (_, row) in zip(results, batch, strict=True):
            if isinstance(result, Rejected):
                self._reject(row, result.reason)
                continue
            self.counts.created += result.created
            self.counts.repeated += result.reason == "repeated"
            self.counts.enrolled += bool(result.playbook)

    def _reject(self, row: list[str], reason: str) -> None:
        self.counts.rejected += 1
        if self.rejects is not None:
            padded = [*row, *[""] * (len(self.names) - len(row))]
            self.rejects.writerow([*padded, reason])


_FROM_A_LIST = Origin(content_type="text/csv")


def _key(source: str, fields: Mapping[str, str]) -> str:
    """The same for the same row of the same source, whatever order its columns have in the file."""
    told = [f"{name}={value.strip()}" for name, value in sorted(fields.items()) if value.strip()]
    return "import:" + blake2b("\n".join([source, *told]).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _open(file: BinaryIO) -> tuple[io.TextIOWrapper, list[str]]:
    """The text from its start, and the names in its first line. A byte order mark is dropped."""
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    encoding = _encoding(head)
    names = [name.strip() for name in _first_row(head.decode(encoding, "replace"))]
    if not any(names):
        raise UnreadableListError("The file is empty. Its first line must name the columns, such as: name,email,phone")
    doubled = next((name for name in names if name and names.count(name) > 1), None)
    if doubled:
        raise UnreadableListError(f"Two columns are called {doubled!r}. Give each column a name of its own.")
    return io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=""), names


def _first_row(head: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(head, newline=""), delimiter=_delimiter(head)), [])
    except csv.Error as error:
        raise UnreadableListError(f"The first line can't be read: {error}. Is it a CSV file?") from error


def _encoding(head: bytes) -> str:
    """UTF-8 or UTF-16 where the file says or shows so, else what older spreadsheets write."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut in half
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _delimiter(head: str) -> str:
    """Of the usual three, the one that the first line has most of."""
    first = head.lstrip().partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _rows(text: io.TextIOWrapper) -> Iterator[list[str] | str]:
    """The rows after the first; what is wrong, as text, where one can't be read."""
    head = text.readline()
    text.seek(0)
    rows = csv.reader(text, delimiter=_delimiter(head))
    next(rows)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"Line {rows.line_num} can't be read: {error}. Is a quote missing before it?"
            continue
        if any(cell.strip() for cell in row):
            yield row
