"""Which workspace a door leads to. It is told by the host name; a database with one workspace needs no telling."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from ...store import workspaces
from ...store.workspaces import Workspace
from .. import database
from ..kept import is_fresh, kept
from .http import Request

#: Seconds until a door knows what was published. A busy door asks once, not for every lead.
FRESH = 1.0


async def find_soon(request: Request) -> Workspace | None:
    """The same for a door that must not wait: a thread is asked only when the database has to be."""
    if is_fresh(_name(request), FRESH):
        return find_workspace(request)
    return await asyncio.to_thread(find_workspace, request)


def find_workspace(request: Request) -> Workspace | None:
    """None when there are several and none has this host name in its public_url, or when there is none yet."""
    name = _name(request)
    return kept(name, FRESH, lambda: _find(name[1]))


def _name(request: Request) -> tuple[str, str]:
    return "workspace of", request.headers.get("host", "").lower()


def _find(host: str) -> Workspace | None:
    with database.connection() as conn:
        found = [workspaces.load(conn, key) for key in workspaces.keys(conn)]
        return found[0] if len(found) == 1 else next((one for one in found if _is_at(one, host)), None)


def _is_at(workspace: Workspace, host: str) -> bool:
    return urlsplit(workspace.config.workspace.public_url).netloc.lower() == host
