"""The key that signs sessions, sign-in links and links in messages."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from warmline.cli.place import DATA
from warmline.cli.say import CommandError
from warmline.core.bundle import SETTINGS


def read_secret(folder: Path) -> str:
    """WARMLINE_SECRET, or the key of this workspace's folder, made at the first call and readable by its owner alone.

    Several hosts that serve one database need the same WARMLINE_SECRET. Raises CommandError when there is neither.
    """
    given = os.environ.get("WARMLINE_SECRET", "")
    if given:
        return given
    if not (folder / SETTINGS).is_file():
        raise CommandError(
            "WARMLINE_SECRET is not set, and there is no workspace here that could keep a key. "
            "Set it to a long random text, the same on every host: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    path = folder / DATA / "secret"
    try:
        if not path.exists():
            _make(path)
        return path.read_text().strip()
    except OSError as error:
        raise CommandError(
            f"The secret key in {path} can't be read or made: {error.strerror}. "
            "Run this as the account that owns the workspace, or set WARMLINE_SECRET."
        ) from error


def keep_unpublished(data: Path) -> None:
    """Keep a workspace's `.warmline/` out of version control, whatever the folder's own .gitignore says of it."""
    data.mkdir(exist_ok=True)
    (data / ".gitignore").write_text("*\n")


def _make(path: Path) -> None:
    """Whoever comes first makes it; the name appears only with the whole key in it."""
    keep_unpublished(path.parent)
    fresh = path.with_name(f"secret.{secrets.token_hex(8)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
