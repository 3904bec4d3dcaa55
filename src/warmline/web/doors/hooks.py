"""/hooks/{channel}/...: what providers tell us. Their signature is checked on the public address, as they signed it."""

from __future__ import annotations

import asyncio
import os
from functools import lru_cache, partial

import psycopg

from ... import channels, rules
from ...channels.contract import BadCallback, BadSignature, Callback, Channel
from ...channels.secrets import resolve
from ...intake import inbound
from ...store import quarantine, workspaces
from ...store.workspaces import Workspace
from .. import database
from .http import Request, Response, masked, text
from .where import find_workspace


async def take(request: Request) -> Response:
    return await asyncio.to_thread(_take, request)


def _take(request: Request) -> Response:
    kind, _, tail = request.tail.partition("/")
    workspace = find_workspace(request)
    with database.connection() as conn:
        if workspace is None:
            return text(
                404,
                "No workspace has this host name in its public_url. Correct public_url, or the provider's webhook.\n",
            )
        if kind not in workspace.config.channels:
            return text(
                404, f"This workspace has no channel {kind[:40]}. Add [channels.{kind[:40]}] to warmline.toml.\n"
            )
        channel = _channel(kind, workspace)
        try:
            return _read(conn, workspace, channel, request, kind, tail)
        except BadSignature as error:
            return text(error.status, f"{error}\n")


def _read(
    conn: psycopg.Connection, workspace: Workspace, channel: Channel, request: Request, kind: str, tail: str
) -> Response:
    """Raises BadSignature."""
    now = database.now(conn)
    callback = Callback(request.method, _public(request, workspace), request.headers, request.body, tail)
    try:
        signals = channel.read(callback, now)
    except BadCallback as error:
        body = request.body.decode("utf-8", "replace")
        context = {"ip": request.client, "url": masked(callback.url), "headers": _kept(request)}
        door = f"hook:{kind}/{masked(tail)}"
        quarantine.keep(conn, workspace.id, door, str(error), body, request.content_type, context, now)
        if error.status != 200:
            return text(error.status, f"{error}\n")
    else:
        inbound.receive(conn, workspace, signals, now)
    return text(200, channel.reply.content, channel.reply.content_type.encode())


def _public(request: Request, workspace: Workspace) -> str:
    """The address as the provider knows it: a proxy in front may have changed scheme, host and port."""
    base = database.environment_here().public_url or workspace.config.workspace.public_url
    return base.rstrip("/") + request.path + (f"?{request.query}" if request.query else "")


def _kept(request: Request) -> dict[str, str]:
    """Headers worth keeping for a replay; no cookies, no authorisation."""
    return {name: value for name, value in request.headers.items() if name.startswith("x-") or name == "user-agent"}


def _channel(kind: str, workspace: Workspace) -> Channel:
    return _built(kind, workspace.id, workspace.config_version)


@lru_cache(maxsize=256)
def _built(kind: str, workspace_id: int, config_version: int) -> Channel:  # noqa: ARG001 - a new version is a new channel
    with database.connection() as conn:
        config = workspaces.load(conn, workspace_id).config
    here = database.environment_here()
    return channels.build(
        kind,
        config.channels[kind].options,
        partial(resolve, environ=os.environ),
        here.public_url or config.workspace.public_url,
        here.secret.encode(),
        rules.provider_errors().classes_by_code(),
    )
