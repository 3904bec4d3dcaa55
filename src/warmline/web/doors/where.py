"""Which workspace a door leads to. It is told by the host name; a database with one workspace needs no telling."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg

from ...store import workspaces
from ...store.workspaces import Workspace
from .http import Request


def find_workspace(conn: psycopg.Connection, request: Request) -> Workspace | None:
    """None when there are several and none has this host name in its public_url, or when there is none yet."""
    all_keys = workspaces.keys(conn)
    if len(all_keys) == 1:
        return workspaces.load(conn, all_keys[0])
    host = request.headers.get("host", "").lower()
    found = [workspaces.load(conn, key) for key in all_keys]
    return next((one for one in found if urlsplit(one.config.workspace.public_url).netloc.lower() == host), None)
