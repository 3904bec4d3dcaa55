"""What stays of an address when its person is erased: enough to know it again, and nothing to read it from."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

PREFIX = "token:"

_BLOCK = 64  # bytes, of SHA-256


def tokens_of(key: bytes, addresses: Iterable[str]) -> dict[str, str]:
    """token -> address. `key` is the workspace's own (workspaces.token_key): without it nobody can try addresses against a
    token. HMAC-SHA-256, by hand: every address of every lead is asked for, and hmac.digest takes twice as long.
    """
    key = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = bytes(one ^ 0x36 for one in key), bytes(one ^ 0x5C for one in key)
    return {
        PREFIX + sha256(outer + sha256(inner + address.encode()).digest()).hexdigest()[:40]: address
        for address in addresses
    }
