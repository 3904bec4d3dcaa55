"""What stays of an address when its person is erased: enough to know it again, and nothing to read it from."""

from __future__ import annotations

import hmac
from hashlib import sha256

PREFIX = "token:"


def token_of(key: bytes, address: str) -> str:
    """`key` is the workspace's own (workspaces.token_key): without it nobody can try addresses against a token."""
    return PREFIX + hmac.digest(key, address.encode(), sha256).hex()[:40]
