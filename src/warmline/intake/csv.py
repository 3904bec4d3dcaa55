"""Importing a list: a CSV file, streamed, through the same door as everything else.

The same file again changes nothing: every row has a key made of what it says.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import BinaryIO, TextIO

import psycopg

from warmline import rules
from warmline.core.lead import KNOWN, Problems, normalise, our_name
from warmline.core.settings import Config, Source
from warmline.store.workspaces import Workspace

from .sources import consents_of
from .submission import Origin, Rejected, Result, Submission
from .writers import written

BATCH = 1_000
#: The column that the rejects file has more than the list, and that is none of a lead's when that file is read.
REASON = "why it was not taken"

_HEAD = 64 * 1024
_LONGEST_LETTER = 4  # bytes in UTF-8
_BEYOND_ASCII = re.compile(rb"[\x80-\xff][\x00-\xff]{0,3}")


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
    mapped = {theirs: ours if ours in KNOWN else f"fields.{ours}" for ours, theirs in mapping.items()}
    return {name: mapped.get(name) or our_name(name) or f"fields.{name}" for name in names if name}


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
    mapped = {**source.map, **(mapping or {})}
    if not {"phone", "email"} & set(preview(names, mapped).values()):
        raise UnreadableListError(
            f"No column is a phone number or a mail address. There are: {', '.join(names)}. Say which it is: "
            "--map phone=COLUMN or --map email=COLUMN"
        )
    reading = _Reading(source, workspace.config, mapped, names)
    written_out = csv.writer(rejects) if rejects is not None else None
    if written_out is not None:
        written_out.writerow([*names, REASON])
    counts = Counts()
    batches = _batches(_rows(text), reading, file.tell)
    told = _unwritten(batches) if dry_run else written(conn, workspace, batches, now)
    with closing(told):
        for batch, results in told:
            for row, reason in _count(batch, results, counts):
                if written_out is not None:
                    written_out.writerow([*row, *[""] * (len(names) - len(row)), reason])
            if progress is not None:
                progress(counts)
    if counts.bytes_read < file.tell():  # what comes after the last row
        counts.bytes_read = file.tell()
        if progress is not None:
            progress(counts)
    text.detach()
    return counts


@dataclass(slots=True)
class _Batch:
    """Rows of the list, each with what it says or why it can't be taken. `bytes_read` up to its end."""

    entries: list[tuple[list[str], Submission | str]] = field(default_factory=list)
    bytes_read: int = 0

    @property
    def submissions(self) -> list[Submission]:
        return [one for _, one in self.entries if isinstance(one, Submission)]


def _batches(rows: Iterator[list[str] | str], reading: _Reading, tell: Callable[[], int]) -> Iterator[_Batch]:
    while entries := [reading.read(row) for row in islice(rows, BATCH)]:
        yield _Batch(entries, tell())


def _unwritten(batches: Iterable[_Batch]) -> Generator[tuple[_Batch, list[Result]], None, None]:
    for batch in batches:
        yield batch, []


def _count(batch: _Batch, results: Iterable[Result], counts: Counts) -> Iterator[tuple[list[str], str]]:
    """The rows that were not taken, with the reason. Without results, what was read counts and nothing else."""
    counts.rows += len(batch.entries)
    counts.bytes_read = batch.bytes_read
    came = iter(results)
    for row, one in batch.entries:
        result = next(came, None) if isinstance(one, Submission) else Rejected(one)
        if isinstance(result, Rejected):
            counts.rejected += 1
            yield row, result.reason
        elif result is not None:
            counts.created += result.created
            counts.repeated += result.reason == "repeated"
            counts.enrolled += bool(result.playbook)


class _Reading:
    """How the rows of one list are read, with all that is the same for each worked out once."""

    def __init__(self, source: Source, config: Config, mapping: Mapping[str, str], names: list[str]) -> None:
        self._source = source
        self._config = config
        self._mapping = mapping
        self._names = names
        self._regions = rules.regions()
        self._sorted = sorted({name for name in names if name})
        self._mapped = [f"{ours} = {theirs}" for ours, theirs in sorted(mapping.items()) if theirs in names]

    def read(self, row: list[str] | str) -> tuple[list[str], Submission | str]:
        """A row with its submission, or with what is wrong with it."""
        if isinstance(row, str):
            return [], row
        names = self._names
        if len(row) > len(names) and any(row[len(names) :]):
            return row, f"The row has {len(row)} cells, and the first line names {len(names)}. Is a quote missing?"
        fields = dict(zip(names, row, strict=False))
        fields.pop("", None)
        draft = normalise(fields, self._mapping, self._source.country, self._regions)
        if isinstance(draft, Problems):
            return row, "; ".join(f"{name}: {said}" if name else said for name, said in draft.fields.items())
        for rule in self._source.consent:
            draft.fields.pop(rule.field, None)
        consents, notes = consents_of(fields, self._source, self._config)
        draft.notes += notes
        key = self._key(fields)
        return row, Submission(self._source.key, draft, "lead.imported", "", "", consents, _FROM_A_LIST, key)

    def _key(self, fields: Mapping[str, str]) -> str:
        """The same for the same row of the same source, whatever order its columns have in the file. Another mapping reads
        it as something else."""
        told = [f"{name}={value}" for name in self._sorted if (value := fields.get(name, "").strip())]
        said = "\n".join([self._source.key, *self._mapped, *told]).encode("utf-8", "replace")
        return "import:" + blake2b(said, digest_size=16).hexdigest()


_FROM_A_LIST = Origin(content_type="text/csv")


def _open(file: BinaryIO) -> tuple[io.TextIOWrapper, list[str]]:
    """The text from its start, and the names in its first line, "" for a column that is not read. A byte order mark is
    dropped."""
    file.seek(0)
    encoding = _encoding(file)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    names = [name.strip() for name in _first_row(head.decode(encoding, "replace"))]
    names = ["" if name == REASON else name for name in names]
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


def _encoding(file: BinaryIO) -> str:
    """UTF-8 or UTF-16 where the file says or shows so, else what older spreadsheets write. The first letter beyond ASCII
    tells, which may stand far down; one that is broken behind it spoils its own row."""
    head = file.read(_HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    while head.isascii():
        if not (head := file.read(_HEAD)):
            return "utf-8-sig"
    found = _BEYOND_ASCII.search(head + file.read(_LONGEST_LETTER))
    letter = found[0] if found else b""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(letter, len(letter) < _LONGEST_LETTER)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _unreadable(first: int, last: int, error: csv.Error) -> str:
    if first == last:
        return f"Line {first} can't be read: {error}. Is a quote missing before it?"
    return (
        f"Lines {first} to {last} can't be read: one cell goes over all of them, so a quote is missing in line {first} or one"
        " too many is there. Correct it and import the list again: what is in already stays as it is."
    )


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
        first = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield _unreadable(first, rows.line_num, error)
            continue
        if any(cell.strip() for cell in row):
            yield row
