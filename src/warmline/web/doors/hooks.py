"""/hooks/{channel}/...: what providers tell us. Their signature is checked on the public address, as they signed it."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from functools import lru_cache, partial

import psycopg

from ... import channels, rules
from ...channels.contract import AnswersBack, BadCallback, BadSignature, Callback, Channel, Reply
from ...channels.secret_path import masked
from ...channels.secrets import resolve
from ...intake import inbound
from ...store import quarantine, workspaces
from ...store.workspaces import Workspace
from .. import database
from . import calls
from .http import LIMIT, Request, Response, text
from .where import find_workspace


async def take(request: Request) -> Response:
    return await asyncio.to_thread(_take, request)


def takes_mail(tail: str) -> bool:
    """Whether mails are posted there, which come with all that is attached to them."""
    parts = tail.strip("/").split("/")
    return parts[0] == "email" and parts[-1] in ("raw", "inbound")


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
        try:
            return _read(conn, workspace, request, kind, tail)
        except BadSignature as error:
            return text(error.status, f"{error}\n")


def _read(conn: psycopg.Connection, workspace: Workspace, request: Request, kind: str, tail: str) -> Response:
    """Raises BadSignature. What is said back to a person is in the lead's story before the answer leaves."""
    now = database.now(conn)
    url = _public(request, workspace)
    callback = Callback(request.method, url, request.headers, request.body, tail, request.whole)
    reply = Reply()
    try:
        if kind == "call":  # a conversation: what the provider is to do next depends on what is known
            reply = calls.hear(conn, workspace, callback, now)
        else:
            channel = _channel(kind, workspace)
            reply = channel.reply
            texts = inbound.receive(conn, workspace, channel.read(callback, now), now)
            if texts and isinstance(channel, AnswersBack):
                reply = channel.answer(texts)
    except BadCallback as error:
        body = request.body[:LIMIT].decode("utf-8", "replace")
        # Where a provider signs nothing, its address holds the secret that tells it from others: that is not kept.
        context = {"ip": request.client, "url": masked(callback.url), "headers": _kept(request)}
        door = f"hook:{kind}/{masked(tail)}"
        quarantine.keep(conn, workspace.id, door, str(error), body, request.content_type, context, now)
        if error.status != 200:
            return text(error.status, f"{error}\n")
    answer = text(200, reply.content, reply.content_type.encode())
    more = tuple((name.lower().encode(), value.encode()) for name, value in reply.headers.items())
    return replace(answer, headers=(*answer.headers, *more))


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
