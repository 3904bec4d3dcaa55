"""Tokens of addresses: kept for good, so the same address has the same token in every version."""

from __future__ import annotations

from warmline.core.tokens import tokens_of


def test_a_token_is_the_keyed_digest_of_its_address_and_never_changes() -> None:
    key = bytes(range(32))
    found = tokens_of(key, ["ann@example.com", "+12125550123"])
    assert found["token:7fd723e36b1c9108cdb7920372eed4450ff2050f"] == "ann@example.com"
    assert sorted(found.values()) == ["+12125550123", "ann@example.com"]
    assert tokens_of(key[1:], ["ann@example.com"]).keys().isdisjoint(found)
