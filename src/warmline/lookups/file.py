"""Answers from a CSV file: `number,line,reassigned,asked_at`. Whoever has bought look-ups elsewhere lays them here."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from warmline.core.numbers import ANSWERS, LINES
from warmline.core.phone import read_phone

from .contract import LookUpError, Question, Told

COLUMNS = ("number", "line", "reassigned", "asked_at")


class FileLookUp:
    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, numbers: Sequence[str], questions: Sequence[Question], now: datetime) -> list[Told]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                known = {(one.number, one.question): one for one in read_answers(file)}
        except OSError as error:
            raise LookUpError(
                f"{self._path} can't be read ({error.strerror}). Put it there, or change [numbers]."
            ) from error
        except UnicodeDecodeError as error:
            raise LookUpError(f"{self._path} is not UTF-8 text. Save it as UTF-8.") from error
        nothing = {"line": "unknown", "reassigned": "no_data"}
        return [
            known.get((number, question)) or Told(number, question, nothing[question], now)
            for number in numbers
            for question in questions
        ]


def read_answers(lines: Iterable[str]) -> Iterator[Told]:
    """Raises LookUpError at the first line that can't be read, with its number and what to write."""
    rows = csv.DictReader(lines)
    try:
        names = [name.strip().lower() for name in rows.fieldnames or ()]
    except csv.Error as error:
        raise LookUpError(f"Line 1 is no CSV: {error}.") from error
    if "number" not in names or not {"line", "reassigned"} & set(names) or "asked_at" not in names:
        raise LookUpError(
            f"The first line must name the columns: {','.join(COLUMNS)}. Of line and reassigned one will do."
        )
    rows.fieldnames = names
    try:
        for row in rows:
            yield from _read(row, rows.line_num)
    except csv.Error as error:
        raise LookUpError(f"Line {rows.line_num} is no CSV: {error}.") from error


def _read(row: dict[str, str | None], line: int) -> Iterator[Told]:
    number = read_phone(row["number"] or "", "US")
    if number is None:
        raise LookUpError(f"Line {line}: {(row['number'] or '')[:40]!r} is no phone number. Write +12125550123.")
    try:
        at = datetime.fromisoformat((row["asked_at"] or "").strip())
    except ValueError as error:
        raise LookUpError(f"Line {line}: {row['asked_at']!r} is no date. Write 2026-11-26.") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    for question, answers in (("line", LINES), ("reassigned", ANSWERS)):
        said = (row.get(question) or "").strip().lower().replace(" ", "_").replace("-", "_")
        if not said:
            continue
        if said not in answers:
            raise LookUpError(
                f"Line {line}: {said[:40]!r} is no answer for {question}. Write one of {', '.join(answers)}."
            )
        yield Told(number, question, said, at)  # type: ignore[arg-type] # one of the two
