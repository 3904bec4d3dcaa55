"""Files of do-not-contact registries and of look-ups, as people bring them -> what the gate asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from typing import Any

import psycopg

from warmline import rules
from warmline.core.hours import local_date
from warmline.core.phone import read_phone
from warmline.core.rulebook import ScrubRule
from warmline.core.words import suggest
from warmline.lookups.file import read_answers
from warmline.store import numbers
from warmline.store.workspaces import Workspace


class UnusableFileError(Exception):
    """The file can't be taken, and nothing of it was. The text says what to do."""


@dataclass(slots=True)
class Lines:
    """Numbers of a registry's file, one a line, read while they are asked for. `country` dials those without a +.

    The FTC writes area code and number apart ("212,5550123"), others a number a line; what stands behind them is left out.
    """

    source: Iterable[str]
    country: str
    read: int = 0
    wrong: list[str] = field(default_factory=list)  # the first few lines that name no number
    unread: int = 0
    is_cut: bool = False  # the last line has no end, and names no number
    digest: Any = field(default_factory=sha256)

    def __iter__(self) -> Iterator[str]:
        for line in self.source:
            self.digest.update(line.encode())
            text = line.strip().strip('"')
            if not text or text[0] == "#":
                continue
            number = self._number(text)
            if number is None:
                self.unread += 1
                self.is_cut = not line.endswith("\n")
                if len(self.wrong) < _SHOWN:
                    self.wrong.append(text[:60])
                continue
            self.read += 1
            yield number

    def _number(self, text: str) -> str | None:
        first, _, rest = text.replace("\t", ",").partition(",")
        first, second = first.strip().strip('"'), rest.partition(",")[0].strip().strip('"')
        if len(first) == 3 and first.isdigit() and second.isdigit() and len(second) == 7:
            return read_phone(first + second, self.country)
        return read_phone(first, self.country)


_SHOWN = 5
#: More lines than this without a number, of all, and it is no such file.
_MOST_WRONG = 0.05


def registries_known() -> dict[str, str]:
    """Name of every registry that a law of the packs asks -> the country it is of."""
    return {rule.registry: rule.registry.partition(".")[0].upper() for rule in _scrub_rules()}


def days_allowed() -> dict[str, int]:
    """Name of every registry -> how many days old its file may be, by the strictest of the laws that ask it."""
    found: dict[str, int] = {}
    for rule in _scrub_rules():
        found[rule.registry] = min(rule.max_age_days, found.get(rule.registry, rule.max_age_days))
    return found


def _scrub_rules() -> Iterator[ScrubRule]:
    return (rule for pack in rules.packs().values() for rule in pack.rules if isinstance(rule, ScrubRule))


def import_registry(
    conn: psycopg.Connection,
    workspace: Workspace,
    registry: str,
    source: Iterable[str],
    *,
    as_of: date,
    area_codes: Iterable[str] = (),
    name: str,
    who: str,
    now: datetime,
) -> tuple[int, Lines]:
    """Take a file as the registry's whole word on the area codes named, or on all numbers. Raises UnusableFileError.

    Returns how many numbers it lists, and what of it could not be read.
    """
    known = registries_known()
    if registry not in known:
        raise UnusableFileError(f"There is no registry {registry[:40]!r}. {suggest(registry, sorted(known), 'one of')}")
    if as_of > local_date(now, workspace.config.workspace.time_zone):
        raise UnusableFileError(f"{as_of} has not come yet. Give the day on which the file was downloaded.")
    covers = [_beginning(code) for code in area_codes]
    lines = Lines(source, known[registry])
    with conn.transaction():
        count = numbers.import_registry(
            conn, workspace.id, registry, as_of, covers, _fitting(lines, covers), name=name, digest=lines.digest, who=who,
            now=now,
        )  # fmt: skip
        if not lines.read or lines.is_cut:
            raise UnusableFileError(
                f"The file {'ends in the middle of a line' if lines.is_cut else 'names no number'}, as one that was not "
                "downloaded whole. Fetch it again. Nothing was changed."
            )
        if lines.unread > max(_SHOWN, _MOST_WRONG * (lines.read + lines.unread)):
            raise UnusableFileError(
                f"{lines.unread:,} of {lines.read + lines.unread:,} lines name no number of {lines.country}, such as "
                f"{lines.wrong[0]!r}. Is it the right file? Nothing was changed."
            )
    return count, lines


def _fitting(lines: Lines, covers: list[str]) -> Iterator[str]:
    """Raises UnusableFileError at a number that the area codes named do not cover: the file speaks of more than was said."""
    beginnings = tuple(covers)
    for number in lines:
        if beginnings and not number.startswith(beginnings):
            raise UnusableFileError(
                f"{number} is outside the area codes named. Name every area code of the file, or none if it holds all. "
                "Nothing was changed."
            )
        yield number


def _beginning(area_code: str) -> str:
    code = area_code.strip()
    if not (len(code) == 3 and code.isdigit()):
        raise UnusableFileError(f"{area_code[:20]!r} is no area code. Write three digits, such as 212.")
    return f"+1{code}"


def import_answers(
    conn: psycopg.Connection, workspace: Workspace, source: Iterable[str], name: str, now: datetime
) -> tuple[int, int]:
    """Take the answers of look-ups made elsewhere: (read, news). Raises lookups.contract.LookUpError; nothing is taken then."""
    read = news = 0
    with conn.transaction():
        answers = read_answers(source, now)
        while some := list(islice(answers, 5_000)):
            read += len(some)
            rows = [
                {
                    "workspace_id": workspace.id, "value": one.number, "kind": one.question, "answer": one.answer,
                    "at": one.at, "source": name,
                }
                for one in some
            ]  # fmt: skip
            news += len(numbers.add_answers(conn, rows))
    return read, news
