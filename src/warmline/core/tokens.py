"""What stays of an address when its person is erased: enough to know it again, and nothing to read it from."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

PREFIX = "token:"


def tokens_of(key: bytes, addresses: Iterable[str]) -> dict[str, str]:
    """token -> address. `key` is the workspace's own (workspaces.token_key): without it nobody can try addresses against a
    token."""
    return {PREFIX + hmac.digest(key, address.encode(), "sha256").hex()[:40]: address for address in addresses}
