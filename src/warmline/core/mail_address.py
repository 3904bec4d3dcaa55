"""A mail address as people write it -> lower case, checked for its syntax only: nothing is asked of any server."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

#: The plain addresses nearly everybody has. Anything else takes the long way.
_PLAIN = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\.)+[a-z](?:[a-z]{0,30}[a-z])", re.ASCII
)
_SHORT = 64  # no rule on lengths can be broken below it


_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,30}[a-z0-9]", re.ASCII)


def read_domain(text: str) -> str | None:
    """The domain that "@acme.test" or "acme.test" names, in lower case; None when it is none."""
    text = text.strip().lower().removeprefix("@")
    return text if len(text) <= 253 and _DOMAIN.fullmatch(text) else None


def read_email(text: str) -> str | None:
    """The normalised address, its domain in ASCII where that can be, or None when it is no address.

    Reserved domains such as acme.test pass: rehearsals and sandboxes live there. A domain without a dot does not.
    """
    text = text.strip().lower().removeprefix("mailto:")
    if len(text) <= _SHORT and _PLAIN.fullmatch(text) and "--" not in text:
        return text
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError:
        return None
    if "." not in found.ascii_domain or found.ascii_domain.startswith("["):
        return None
    return (found.ascii_email or found.normalized).lower()
