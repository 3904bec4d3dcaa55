"""Static files under an address that names their content: browsers keep them for good and never see old ones."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent / "static"


@cache
def prefix() -> str:
    """/static/<digest of every file>/: a change of one file is another address for all, and relative links work."""
    digest = hashlib.sha256()
    for path in sorted(path for path in ROOT.rglob("*") if path.is_file()):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"/static/{digest.hexdigest()[:16]}/"


def url(name: str) -> str:
    """The address of the static file `name`, such as "app.css"."""
    return prefix() + name
