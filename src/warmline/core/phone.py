"""A phone number as people write it -> E.164, by the numbering plans that phonenumbers carries."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import phonenumbers

#: The usual ways to write a North American number. Anything else takes the long way.
_PLAIN = re.compile(r"\s*(?:\+?1[\s.-]?)?\(?([2-9][0-9]{2})\)?[\s.-]{0,2}([0-9]{3})[\s.-]?([0-9]{4})\s*", re.ASCII)
_NORTH_AMERICA = ("US", "CA")
_LONGEST = 40
_DIALLED = re.compile(r"\+?[0-9 ().-]+", re.ASCII)


def read_phone(text: str, country: str) -> str | None:
    """E.164, or None when it is no valid number. `country` (two letters) is where a number without + is dialled.

    The short way answers for numbers of North America only, by the very patterns of phonenumbers, and the tests hold it
    to the same answers: it is thirty times faster, and imports are mostly such numbers.
    """
    if country in _NORTH_AMERICA and (found := _PLAIN.fullmatch(text)):
        digits = found[1] + found[2] + found[3]
        if _north_american().fullmatch(digits):
            return "+1" + digits
    return _parse(text, country)


def _parse(text: str, country: str) -> str | None:
    if len(text) > _LONGEST:
        return None
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_told(text: str, country: str) -> str | None:
    """E.164 of a number as a telephone network tells it, where the "+" may have been lost on the way.

    With "+" or "00" in front it is international. Else it is what somebody in `country` would dial; only digits that are
    no number there are taken for an international one without its "+".
    """
    bare = text.strip()
    if not _DIALLED.fullmatch(bare):  # a sender's name, whose letters are no keys of a telephone
        return None
    if bare.startswith("00"):
        return read_phone("+" + bare[2:], "")
    return read_phone(bare, country) or read_phone("+" + bare.lstrip("+"), "")


def is_country(code: str) -> bool:
    """Whether numbers of this country (two letters) can be read."""
    return code in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=4096)  # a page asks for the same few again and again
def show_phone(number: str) -> str:
    """E.164 as people read it: +44 20 7183 8750, +1 212 555 0123. What is no such number stays as it is."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace("-", " ")


@cache
def example_of(country: str) -> str:
    """A number to show beside an error, in the form that is always understood."""
    number = phonenumbers.example_number(country) if country else None
    if number is None:
        return "+1 212 555 0123"
    return show_phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@cache
def _north_american() -> re.Pattern[str]:
    """Every number that phonenumbers files under one of the countries of +1: first those of the two large ones."""
    countries = dict.fromkeys((*_NORTH_AMERICA, *phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]))
    plans = [phonenumbers.PhoneMetadata.metadata_for_region(country) for country in countries]
    kinds = (
        "fixed_line",
        "mobile",
        "toll_free",
        "premium_rate",
        "personal_number",
        "shared_cost",
        "voip",
        "pager",
        "uan",
    )
    known = [kind for plan in plans for name in kinds if (kind := getattr(plan, name)) and kind.national_number_pattern]
    patterns = dict.fromkeys(kind.national_number_pattern for kind in known)
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.ASCII)
