"""What is known of a phone number from outside: the registries that list it, its kind of line, whether it changed hands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, cast, get_args

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType

from .facts import Reassigned, Registry

Line = Literal["mobile", "landline", "voip", "invalid", "unknown"]
Answer = Literal["no", "yes", "no_data"]
LINES: tuple[str, ...] = get_args(Line)
ANSWERS: tuple[str, ...] = get_args(Answer)

LISTED = "registry:"  # and the name of the registry

#: Kinds of the numbering plan that take no text. Where a plan does not tell fixed from mobile (North America), it says so,
#: and only a look-up knows.
_FIXED = (PhoneNumberType.FIXED_LINE, PhoneNumberType.PAGER, PhoneNumberType.VOICEMAIL, PhoneNumberType.UAN)

#: An answer about who has a number is asked for again when it is older.
AGAIN = timedelta(days=30)


class NumberFact(msgspec.Struct, frozen=True, array_like=True):
    """`kind`: "line", "reassigned", or LISTED and a registry. `at`: when it was asked, or the day of the registry's file."""

    kind: str
    answer: str
    at: datetime


class RegistryFile(msgspec.Struct, frozen=True):
    """An imported file. `covers` are beginnings of numbers ("+1212") that it speaks of; none: all numbers."""

    registry: str
    as_of: date
    covers: tuple[str, ...] = ()

    def speaks_of(self, phone: str) -> bool:
        return not self.covers or phone.startswith(self.covers)


def registries_of(
    phone: str | None, known: Iterable[NumberFact], files: Sequence[RegistryFile]
) -> Mapping[str, Registry]:
    """What each registry says of a number, by the latest file that speaks of it."""
    if phone is None or not files:
        return {}
    latest: dict[str, date] = {}
    for file in files:
        if file.speaks_of(phone) and file.as_of >= latest.get(file.registry, date.min):
            latest[file.registry] = file.as_of
    listed = {one.kind.removeprefix(LISTED) for one in known if one.kind.startswith(LISTED)}
    return {name: Registry(as_of, name in listed) for name, as_of in latest.items()}


def reassigned_of(known: Iterable[NumberFact]) -> Reassigned | None:
    for one in known:
        if one.kind == "reassigned":
            return Reassigned(cast("Answer", one.answer), one.at)
    return None


def line_of(phone: str | None, known: Iterable[NumberFact]) -> Line | None:
    """The kind of line: as a look-up said, or as the numbering plan tells. None: nobody has asked, and the plan is silent."""
    said: Line | None = None
    for one in known:
        if one.kind == "line":
            said = cast("Line", one.answer)
            break
    if said in (None, "unknown") and phone is not None and not phone.startswith("+1") and _is_fixed(phone):
        return "landline"
    return said


def is_to_be_asked(known: Iterable[NumberFact], questions: Iterable[str], now: datetime) -> bool:
    """Whether one of the questions has no answer, or an old one. A line stays what it is; a number changes hands."""
    told = {one.kind: one.at for one in known}
    return any(
        question not in told or (question == "reassigned" and now - told[question] > AGAIN) for question in questions
    )


@lru_cache(maxsize=65_536)
def _is_fixed(phone: str) -> bool:
    return phonenumbers.number_type(phonenumbers.parse(phone)) in _FIXED
