"""Finding an address, or a name, in what people have typed."""

from __future__ import annotations

import re

import phonenumbers

#: What stands between the digits of a number, or in its place in the body of a form.
_BETWEEN = "(?:[^0-9a-z]|%[0-9a-f]{2}){0,3}"


def mention_of(address: str) -> str:
    """A regular expression, for Python and for PostgreSQL without regard to case, that finds a mail address or an E.164 number
    however it is written: "(212) 555-0123" for +12125550123."""
    if "@" in address:
        local, _, domain = (re.escape(part) for part in address.rpartition("@"))
        return rf"(?<![\w.+-]){local}(?:@|%40){domain}(?![\w-])"
    digits = phonenumbers.national_significant_number(phonenumbers.parse(address))
    return f"{_BETWEEN.join(digits)}(?![0-9])"


def mention_of_name(name: str) -> str | None:
    """The same for a name: its first word and its last close together, whichever comes first, also as fields of a form. None
    where there is but one word, which may be anybody's."""
    words = [re.escape(word) for word in name.split()]
    if len(words) < 2:
        return None
    first, last = (rf"(?<![a-z]){word}(?![a-z])" for word in (words[0], words[-1]))
    return f"{first}.{{0,40}}{last}|{last}.{{0,40}}{first}"
