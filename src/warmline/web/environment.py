"""What the web is told by the environment it is started in.

WARMLINE_DSN or DATABASE_URL  the database (WARMLINE_DSN wins: `warmline web` sets it to the one it found)
WARMLINE_SECRET               at least 32 characters; signs sessions and links, the same on every host
WARMLINE_DIR                  the workspace's folder, if there is one on this host
WARMLINE_PUBLIC_URL           the address people and providers use; else `public_url` of the folder's warmline.toml
WARMLINE_HOSTS                more host names to answer to, comma-separated
WARMLINE_PROXIES              addresses of the reverse proxies in front, comma-separated; loopback is always one
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from ..store.connect import GIVE_UP, patience


class BadEnvironmentError(Exception):
    """Something the web needs to start is missing or wrong. The text says which variable, and what to set."""


@dataclass(frozen=True, slots=True)
class Environment:
    dsn: str
    secret: str
    public_url: str
    hosts: tuple[str, ...]
    proxies: frozenset[str]

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def mark(self) -> str:
        """Tells this installation from others at the same host name: browsers send a cookie to every port of it. The same
        on all hosts of the installation."""
        database = conninfo_to_dict(self.dsn).get("dbname", "")
        return sha256(f"cookies of {database}\0{self.secret}".encode()).hexdigest()[:8]


def read(environ: Mapping[str, str] = os.environ) -> Environment:
    """Raises BadEnvironmentError."""
    dsn = environ.get("WARMLINE_DSN") or environ.get("DATABASE_URL") or ""
    if not dsn:
        raise BadEnvironmentError(
            "No database is named. Set DATABASE_URL, for example postgresql://user@host/warmline."
        )
    secret = environ.get("WARMLINE_SECRET", "")
    if len(secret) < 32:
        raise BadEnvironmentError(
            "WARMLINE_SECRET is missing or shorter than 32 characters. Set a long random text, the same everywhere:"
            ' python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    public_url = environ.get("WARMLINE_PUBLIC_URL") or _from_folder(environ.get("WARMLINE_DIR", ""))
    return Environment(
        dsn=dsn,
        secret=secret,
        public_url=public_url.rstrip("/"),
        hosts=_hosts(public_url, environ.get("WARMLINE_HOSTS", "")),
        proxies=frozenset({"127.0.0.1", "::1", *_words(environ.get("WARMLINE_PROXIES", ""))}),
    )


def for_django(dsn: str) -> dict[str, Any]:
    """One entry of Django's DATABASES. What it has no name for (sslmode, service, ...) goes to libpq as it is."""
    parts = conninfo_to_dict(dsn)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,  # a server may have been away, or another one be the primary now
        # The last two as in store/connect.py: pages come back as soon as the database does.
        "OPTIONS": {
            **patience(dsn),
            **parts,
            "pool": {"min_size": 1, "max_size": 4, "timeout": 3, "reconnect_timeout": GIVE_UP},
        },
    }


def _from_folder(folder: str) -> str:
    path = Path(folder) / "warmline.toml"
    if not folder or not path.is_file():
        return ""
    try:
        workspace = tomllib.loads(path.read_text(encoding="utf-8")).get("workspace", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadEnvironmentError(f"{path} can't be read: {error}. Run `warmline check` for details.") from error
    return str(workspace.get("public_url", "")) if isinstance(workspace, dict) else ""


def _hosts(public_url: str, more: str) -> tuple[str, ...]:
    named = urlsplit(public_url).hostname
    return ("localhost", "127.0.0.1", "[::1]", *([named] if named else []), *_words(more))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
