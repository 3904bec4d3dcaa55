"""POST /in/{source}: leads come in. JSON for programs; a browser that posted a form is sent on to a page."""

from __future__ import annotations

import asyncio
import html
import logging
import os
from datetime import datetime
from functools import cache

import psycopg

from ...channels.secrets import MissingSecretError, resolve
from ...core.settings import Source
from ...intake.batch import Answer, Door
from ...intake.setting import prepare
from ...intake.sources import presents
from ...intake.submission import Origin
from ...store.playbooks import VersionError
from ...store.workspaces import Workspace, WorkspaceError
from .. import database
from .http import Request, Response, json, page, redirect
from .where import find_soon

_log = logging.getLogger("warmline.web")

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

#: Characters of an Idempotency-Key.
MOST_KEY = 200

#: A script on any page of the web may post and read what it is answered, as any form may post: no cookie counts here. What
#: a script can't send is X-Warmline-Key, for a key in a page would be nobody's secret. Source: fetch.spec.whatwg.org, CORS.
_FOR_SCRIPTS = ((b"access-control-allow-origin", b"*"),)
_BEFOREHAND = (
    *_FOR_SCRIPTS,
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"content-type, idempotency-key"),
    (b"access-control-max-age", b"86400"),
)


async def take(request: Request) -> Response:
    """202, or what is wrong: 422 names the fields, 404 and 403 the source, 409 the key, 503 a secret that is not set; 204
    where a browser asks beforehand. Raises DoorClosedError."""
    if request.method == "OPTIONS":
        return Response(204, headers=_BEFOREHAND)
    workspace = await find_soon(request)
    source = workspace.config.sources.get(request.tail) if workspace else None
    if workspace is None or source is None:
        return refuse(request, 404, _no_source(workspace, request.tail))
    try:
        if not presents(source, _key(source), request.headers.get("x-warmline-key", "")):
            return refuse(request, 403, "This source asks for its key in the header X-Warmline-Key.")
        key = request.headers.get("idempotency-key", "")
        if len(key) > MOST_KEY:
            return refuse(request, 422, f"An Idempotency-Key may have {MOST_KEY} characters. Make a shorter one.")
        future = door().post(workspace, source.key, _origin(request), request.body, key)
        return _answer(request, source, await asyncio.wrap_future(future))
    except MissingSecretError as error:
        return refuse(request, 503, f"This source can't be opened: {error}")


def refuse(request: Request, status: int, said: str) -> Response:
    return _answer(request, None, Answer(status, {"error": said}))


async def thanks(_request: Request) -> Response:
    """Where a form goes whose source names no page of its own."""
    return page(200, "Thank you", "<p>We have your request and will be in touch shortly.</p>")


@cache
def door() -> Door:
    """One for the process: everything that waits at once goes in as one transaction."""
    return Door(database.environment_here().dsn, _now)


def get_ready() -> None:
    """Read what the first lead would wait for. Whatever is not there yet, the first lead will read or complain of."""
    try:
        with database.connection() as conn:
            prepare(conn, database.now(conn))
    except (psycopg.Error, WorkspaceError, VersionError) as error:
        _log.info("intake: nothing could be prepared: %s", str(error).strip().partition("\n")[0])


def close() -> None:
    """Let in what waits."""
    if door.cache_info().currsize:
        door().close()
    door.cache_clear()


def _now() -> datetime:
    with database.connection() as conn:
        return database.now(conn)


def _key(source: Source) -> str:
    """Raises MissingSecretError."""
    return resolve(source.secret, os.environ) if source.secret else ""


def _no_source(workspace: Workspace | None, name: str) -> str:
    if workspace is None:
        return "No workspace has this host name in its public_url. Correct public_url, or the address."
    known = ", ".join(workspace.config.sources) or "none yet"
    named = name[:60]
    return (
        f"There is no source {named}. Add [sources.{named}] to warmline.toml, run `warmline apply`. There are: {known}."
    )


def _origin(request: Request) -> Origin:
    """`url` is the page that held the form, where the browser says so: that is where the wording was shown."""
    return Origin(
        ip=request.client,
        user_agent=request.headers.get("user-agent", "")[:500],
        url=request.headers.get("referer", "")[:2000],
        body=request.body.decode("utf-8", "replace"),
        content_type=request.headers.get("content-type", "")[:200],
    )


def _answer(request: Request, source: Source | None, answer: Answer) -> Response:
    if not (request.wants_page and request.content_type in FORMS):
        return json(answer.status, answer.body, *_FOR_SCRIPTS)
    if answer.status == 202:
        return redirect(303, source.redirect if source and source.redirect else "/thanks")
    fields = answer.body.get("fields") or {}
    listed = "".join(
        f"<li><strong>{html.escape(name)}</strong>: {html.escape(said)}</li>" for name, said in fields.items() if name
    )
    said = (
        f"<ul class='stack-small'>{listed}</ul>"
        if listed
        else f"<p>{html.escape(str(answer.body.get('error', '')))}</p>"
    )
    return page(
        answer.status, "This could not be sent", said + "<p>Go back to correct it; what you wrote is still there.</p>"
    )
