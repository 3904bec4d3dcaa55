"""Ids that providers give to what they tell: they become keys in the database."""

from __future__ import annotations

from warmline.core.lead import clean

MOST = 200  # characters; no provider's own come near


def read_id(text: str) -> str:
    """Without what no key can hold, whatever a gateway in between has made of it."""
    return clean(text)[:MOST]
