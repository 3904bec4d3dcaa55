"""Which of our touches a mail belongs to, by what we signed: nobody can name another lead's touch by guessing."""

from __future__ import annotations

import re

from warmline.channels.email.reading.letter import Letter, attached, headers_of
from warmline.channels.email.tokens import Purpose, read_address, read_message_id, read_touch

#: Where mail servers write the address a mail was delivered for; an alias may have replaced it in To.
_DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To", "To", "Cc")
_SIGNED = re.compile(r"\b\d{1,9}-[0-9a-f]{32}\.[a-z2-7]{16}\b", re.IGNORECASE)
_MOST = 50
_PURPOSES: tuple[Purpose, ...] = ("message", "bounce", "reply", "unsubscribe")


def touch_of(letter: Letter, key: bytes, envelope_to: str = "") -> str:
    """By the address it came to, then by the mail it answers. "" when neither is ours."""
    for address in [envelope_to, *letter.addresses(*_DELIVERED)][:_MOST]:
        found = read_address(address, key)
        if found is not None:
            return found[1]
    answered = [one for name in ("In-Reply-To", "References") for one in reversed(letter.header(name).split())]
    return next((touch for one in answered[:_MOST] if (touch := read_message_id(one, key))), "")


def touch_reported(letter: Letter, key: bytes, envelope_to: str = "") -> str:
    """The same for a report, which is about a mail of ours: also by the mail that came back in it, whole or quoted, if only
    by its link to unsubscribe."""
    found = touch_of(letter, key, envelope_to)
    if found:
        return found
    original = attached(letter)
    if original is not None:
        for name in ("Message-ID", "Return-Path", "Reply-To"):
            for value in headers_of(original, name):
                touch = read_message_id(value, key) or (read_address(value, key) or ("", ""))[1]
                if touch:
                    return touch
    for signed in _SIGNED.findall(letter.raw.decode("latin-1"))[:_MOST]:
        for purpose in _PURPOSES:
            named = read_touch(signed, purpose, key)
            if named:
                return named
    return ""
