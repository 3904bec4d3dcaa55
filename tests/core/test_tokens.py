"""Tokens of addresses are HMAC-SHA-256, as the library computes it."""

from __future__ import annotations

import hmac

from hypothesis import given
from hypothesis import strategies as st

from warmline.core.tokens import PREFIX, tokens_of


@given(st.binary(max_size=200), st.sets(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), max_size=5))
def test_a_token_is_the_hmac_of_its_address(key: bytes, addresses: set[str]) -> None:
    found = tokens_of(key, addresses)
    assert set(found.values()) == addresses
    for token, address in found.items():
        assert token == PREFIX + hmac.digest(key, address.encode(), "sha256").hex()[:40]
