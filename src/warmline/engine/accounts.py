"""The channels of each workspace, each made when it is first needed and made anew when the settings change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from warmline import channels as kinds
from warmline import rules
from warmline.channels.contract import Channel, Signal
from warmline.channels.secrets import resolve
from warmline.core.settings import Config
from warmline.intake import inbound
from warmline.store import workspaces
from warmline.store.clock import Clock
from warmline.store.connect import AWAY, connect

from .catalog import Catalog

log = structlog.get_logger()

#: What a channel was made of: its table in warmline.toml, and the public address.
Made = tuple[Mapping[str, Any], str]


class Accounts:
    """`of(workspace_id, kind)` gives its channel of that kind; None where it has none.

    Raises ChannelSettingsError, which says what to write where: of this one channel, for the others work without it.
    """

    def __init__(
        self, catalog: Catalog, environ: Mapping[str, str], secret: bytes, now: Callable[[], datetime],
        world: Callable[[int], kinds.World] | None = None,
    ) -> None:  # fmt: skip
        """`world(workspace_id)` is what a sandbox of that workspace lives in; see `sandbox_world`."""
        self._catalog = catalog
        self._environ = environ
        self._secret = secret
        self._now = now
        self._world = world
        self._open: dict[tuple[int, str], tuple[Made, Channel]] = {}
        self._replaced: list[Channel] = []

    def of(self, workspace_id: int, kind: str) -> Channel | None:
        site = self._catalog.site(workspace_id, self._now())
        table = site.config.channels.get(kind)
        if table is None:
            return None
        options, address = wanted = table.options, public_url(site.config, self._environ)
        known = self._open.get((workspace_id, kind))
        if known is not None and known[0] == wanted:
            return known[1]
        made = kinds.build(
            kind, options, partial(resolve, environ=self._environ), address, self._secret,
            rules.provider_errors().classes_by_code(), self._world(workspace_id) if self._world else None,
        )  # fmt: skip
        if known is not None:
            self._replaced.append(known[1])  # something may still be in flight on it: closed at the end
        self._open[workspace_id, kind] = (wanted, made)
        return made

    async def close(self) -> None:
        for channel in [*self._replaced, *(one for _, one in self._open.values())]:
            await channel.close()
        self._open.clear()
        self._replaced.clear()


def sandbox_world(dsn: str, clock: Callable[[], Clock]) -> Callable[[int], kinds.World]:
    """What leads of a sandbox do comes in by the same way as from any provider, on the business clock."""

    def receive(workspace_id: int, signal: Signal) -> None:
        with connect(dsn, "warmline sandbox") as conn:
            inbound.receive(conn, workspaces.load(conn, workspace_id), [signal], clock().now())

    def world(workspace_id: int) -> kinds.World:
        async def listener(signal: Signal) -> None:
            try:
                await asyncio.to_thread(receive, workspace_id, signal)
            except AWAY as error:  # a provider would tell it again; this one forgets
                log.warning("sandbox.signal_lost", kind=signal.kind, error=str(error).strip())

        return kinds.World(
            listener, lambda: clock().now(), lambda seconds: asyncio.sleep(clock().real_seconds(seconds))
        )

    return world


def public_url(config: Config, environ: Mapping[str, str]) -> str:
    """The address that links and callbacks carry. WARMLINE_PUBLIC_URL wins: `warmline up` sets it to the port it got."""
    return environ.get("WARMLINE_PUBLIC_URL", "").rstrip("/") or config.workspace.public_url
