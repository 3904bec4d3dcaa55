"""Dates as people write them, found in a text: numbers, names of months and weekdays, "tomorrow". Pure.

12/3 is read as its writer's other dates, then as the caller's hint says, then as its language does. What stays open
is taken as the later of the two: whoever is away is left alone a little longer rather than disturbed too early.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

#: Month and weekday names by their beginnings, in English, German, French and Spanish.
_MONTHS = (
    "january|jan|januar|jänner|janvier|janv|enero|ene", "february|feb|februar|feber|février|fevrier|févr|fév|febrero",
    "march|mar|märz|maerz|mrz|mars|marzo", "april|apr|avril|avr|abril|abr", "may|mai|mayo",
    "june|jun|juni|juin|junio", "july|jul|juli|juillet|juil|julio", "august|aug|août|aout|agosto|ago",
    "september|sept|sep|septembre|septiembre", "october|oct|oktober|okt|octobre|octubre",
    "november|nov|novembre|noviembre", "december|dec|dezember|dez|décembre|decembre|déc|diciembre|dic",
)  # fmt: skip
_WEEKDAYS = (
    "monday|mon|montag|lundi|lunes", "tuesday|tues|tue|dienstag|mardi|martes",
    "wednesday|wed|mittwoch|mercredi|miércoles|miercoles", "thursday|thurs|thur|thu|donnerstag|jeudi|jueves",
    "friday|fri|freitag|vendredi|viernes", "saturday|sat|samstag|sonnabend|samedi|sábado|sabado",
    "sunday|sun|sonntag|dimanche|domingo",
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split("|")}
WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split("|")}
_NEXT_WEEK = (
    "next week", "nächste woche", "nächster woche", "kommende woche", "kommender woche", "la semaine prochaine",
    "la próxima semana", "la proxima semana", "la semana que viene",
)  # fmt: skip
_TOMORROW = ("tomorrow", "morgen", "demain", "mañana")


def _names(names: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_MONTH = rf"(?:{_names(MONTHS)})"
_WEEKDAY = rf"(?:{_names(WEEKDAYS)})"
_YEAR = r"(?:20\d\d)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_WITH_WEEKDAY = rf"(?:\b{_WEEKDAY}\.?\s*,?\s*(?:the |dem |den |le |el |día )*)?"
_NUMBERS = (
    rf"(?<![\d/.:-])(?P<a>\d{{1,2}})(?P<sep>[./-])(?P<b>\d{{1,2}})"
    rf"(?:(?P=sep)(?P<y3>{_YEAR}|\d\d)(?!\d)|(?P<dot>\.)(?!\d)|(?![\d/-]|[.:]\d))"
)
_DAY_MONTH = (
    rf"\b(?P<range>{_DAY}\s*[-–]\s*)?(?P<d1>{_DAY})(?:[-/]|(?:\.|st|nd|rd|th|er|º|°)?\s*(?:de |of |the )?\s*)"
    rf"(?P<m1>{_MONTH})\b(?:[-/](?P<y4>{_YEAR}|\d\d\b)|\.?(?:,?\s*(?:de |del )?(?P<y1>{_YEAR}))?)"
)
_MONTH_DAY = (
    rf"\b(?P<m2>{_MONTH})\b\.?\s+(?:the )?(?P<range2>{_DAY}(?:st|nd|rd|th)?\s*[-–]\s*)?(?P<d2>{_DAY})(?:st|nd|rd|th)?\b"
    rf"(?!\s*[:.]\d\d)(?:,?\s*(?P<y2>{_YEAR}))?"
)
_DATE = re.compile(
    rf"{_WITH_WEEKDAY}(?:\b(?P<iso>{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}})\b|{_DAY_MONTH}|{_MONTH_DAY}|{_NUMBERS}"
    rf"|\b(?P<next>(?:next|nächsten|kommenden|this|coming)\s+)?(?P<weekday>{_WEEKDAY})\b"
    rf"|\b(?P<week>{'|'.join(_NEXT_WEEK)})\b|\b(?P<tomorrow>{'|'.join(_TOMORROW)})\b)",
    re.IGNORECASE,
)
_GERMAN = re.compile(r"\b(?:ich|bin|nicht|und|bis|urlaub|der|abwesend)\b", re.IGNORECASE)
_ROMANCE = re.compile(r"\b(?:je|suis|jusqu|vous|estoy|hasta|oficina|bureau|estaré|retour)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A date and where it stands. `on` None: it names no day that can be meant. `ends_range`: "3-7 December"."""

    start: int
    end: int
    on: date | None
    ends_range: bool = False


def find_dates(text: str, told_on: date, farthest: timedelta, month_first: bool | None) -> list[Found]:
    """All of them in order. `told_on` is the day of the text; a date without a year is the next one from there."""
    matches = list(_DATE.finditer(text))
    order = _order(matches, text, month_first)
    return [
        Found(one.start(), one.end(), _day(one, told_on, farthest, order), bool(one["range"] or one["range2"]))
        for one in matches
    ]


def _order(matches: list[re.Match[str]], text: str, hint: bool | None) -> bool | None:
    """Whether the month comes first in 12/3; None: it can't be told."""
    for one in matches:
        if one["a"] and one["sep"] != ".":
            if int(one["a"]) > 12:
                return False
            if int(one["b"]) > 12:
                return True
    if _GERMAN.search(text) or _ROMANCE.search(text):
        return False
    return hint


def _day(one: re.Match[str], told_on: date, farthest: timedelta, month_first: bool | None) -> date | None:
    if one["iso"]:
        year, month, day = (int(part) for part in re.split(r"[-/.]", one["iso"]))
        return _made(year, month, day)
    for day_key, month_key, named in (("d1", "m1", one["y1"] or one["y4"]), ("d2", "m2", one["y2"])):
        if one[month_key]:
            return _dated(int(one[day_key]), MONTHS[one[month_key].lower()], named, told_on, farthest)
    if one["a"]:
        return _numbered(one, told_on, farthest, month_first)
    if one["week"]:
        return told_on + timedelta(days=7 - told_on.weekday())
    if one["tomorrow"]:
        return told_on + timedelta(days=1)
    # On a Monday, "until Monday" was written last week: it means today.
    days = (WEEKDAYS[one["weekday"].lower()] - told_on.weekday()) % 7
    return told_on + timedelta(days=days or (7 if one["next"] else 0))


def _numbered(one: re.Match[str], told_on: date, farthest: timedelta, month_first: bool | None) -> date | None:
    a, b = int(one["a"]), int(one["b"])
    if one["sep"] == ".":
        month_first = False
    european = _dated(a, b, one["y3"], told_on, farthest)
    american = _dated(b, a, one["y3"], told_on, farthest)
    if month_first is not None:
        return american if month_first else european
    plausible = [day for day in (european, american) if day is not None and told_on <= day <= told_on + farthest]
    return max(plausible, default=european or american)


def _dated(day: int, month: int, year: str | None, told_on: date, farthest: timedelta) -> date | None:
    if year:
        number = int(year)
        return _made(number if number > 99 else 2000 + number, month, day)
    this = _made(told_on.year, month, day)
    if this is not None and this >= told_on:
        return this
    following = _made(told_on.year + 1, month, day)
    # Without a year a day of last month is last month's, not one in eleven months.
    return following if following is not None and following <= told_on + farthest else this


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
