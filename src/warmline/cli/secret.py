"""The key that signs sessions, sign-in links and links in messages."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from warmline.cli.place import DATA
from warmline.cli.say import CommandError


def read_secret(folder: Path) -> str:
    """WARMLINE_SECRET, or the key of this folder, made at the first call and readable by its owner alone.

    Several hosts that serve one database need the same WARMLINE_SECRET.
    """
    given = os.environ.get("WARMLINE_SECRET", "")
    if given:
        return given
    path = folder / DATA / "secret"
    try:
        path.parent.mkdir(exist_ok=True)
        try:
            # Whoever comes first writes it; the name appears only with the whole key in it.
            fresh = path.with_name(f"secret.{os.getpid()}")
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink(missing_ok=True)
        return path.read_text().strip()
    except OSError as error:
        raise CommandError(
            f"The secret key in {path} can't be read or made: {error.strerror}. "
            "Run this as the account that owns the workspace, or set WARMLINE_SECRET."
        ) from error
