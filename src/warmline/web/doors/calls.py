"""/hooks/call/...: the part of a door that talks with a provider of calls, one word at a time."""

from __future__ import annotations

from datetime import datetime

import psycopg

from ...channels.call.contract import HangUp, Nothing
from ...channels.contract import Callback, Reply
from ...intake import calls
from ...intake.messages import UnplacedError
from ...store import quarantine
from ...store.workspaces import Workspace
from .. import dialers


def hear(conn: psycopg.Connection, workspace: Workspace, callback: Callback, now: datetime) -> Reply:
    """Raises BadSignature and BadCallback. Whoever is on the line of a call that is not ours is not left waiting."""
    dialer = dialers.known(workspace)
    heard = dialer.read(callback)
    if heard is None:
        return dialer.answer(Nothing())
    try:
        return dialer.answer(calls.hear(conn, workspace, heard, now))
    except UnplacedError as error:
        body = callback.body.decode("utf-8", "replace")
        context = {"url": callback.url}
        form = callback.headers.get("content-type", "")
        quarantine.keep(conn, workspace.id, f"hook:call/{callback.tail}", str(error), body, form, context, now)
        return dialer.answer(HangUp())
