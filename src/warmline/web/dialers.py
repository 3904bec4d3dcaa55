"""The dialer of a workspace, as `[channels.call]` asks for it."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from functools import lru_cache, partial

from .. import channels, rules
from ..channels import ChannelSettingsError
from ..channels.call.contract import Dialer, Placing, Recording
from ..channels.contract import NotSent, Receipt, Unknown
from ..channels.secrets import resolve
from ..store import workspaces
from ..store.workspaces import Workspace
from . import database


def known(workspace: Workspace) -> Dialer:
    """To read and to answer. Its connections belong to no event loop, so it places no calls. Raises
    ChannelSettingsError when there is none, or one of its variables is not set on this host."""
    return _made(workspace.id, workspace.config_version)


def place(workspace: Workspace, call: Placing) -> Receipt:
    """Place a call now, and wait for the provider's answer."""

    async def once(dialer: Dialer) -> Receipt:
        try:
            return await dialer.place(call)
        finally:
            await dialer.close()

    try:
        dialer = _make(workspace)
    except ChannelSettingsError as error:
        return NotSent(str(error), timedelta(0))
    try:
        return asyncio.run(once(dialer))
    except Exception as error:  # noqa: BLE001 - it may have left: nobody may conclude that it has not
        return Unknown(f"{type(error).__name__}: {error}")


def fetch(workspace: Workspace, recording: str) -> Recording | None:
    async def once(dialer: Dialer) -> Recording | None:
        try:
            return await dialer.fetch(recording)
        finally:
            await dialer.close()

    return asyncio.run(once(_make(workspace)))


@lru_cache(maxsize=64)
def _made(workspace_id: int, config_version: int) -> Dialer:  # noqa: ARG001 - a new version is a new dialer
    with database.connection() as conn:
        return _make(workspaces.load(conn, workspace_id))


def _make(workspace: Workspace) -> Dialer:
    config, here = workspace.config, database.environment_here()
    table = config.channels.get("call")
    if table is None:
        raise ChannelSettingsError(
            "call", "", "is not in the file", 'Write [channels.call] with provider = "twilio" and publish'
        )
    return channels.build_dialer(
        table.options,
        partial(resolve, environ=os.environ),
        here.public_url or config.workspace.public_url,
        rules.provider_errors().classes_by_code(),
    )
