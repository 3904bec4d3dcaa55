"""The channels of each workspace, made when first needed and made anew when its settings change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

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


class Accounts:
    """`of(workspace_id)` gives its channels by kind. Raises ChannelSettingsError, which says what to write where."""

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
        self._open: dict[int, tuple[int, Mapping[str, Channel]]] = {}
        self._replaced: list[Channel] = []

    def of(self, workspace_id: int) -> Mapping[str, Channel]:
        site = self._catalog.site(workspace_id, self._now())
        known = self._open.get(workspace_id)
        if known is not None and known[0] == site.config_version:
            return known[1]
        if known is not None:
            self._replaced += known[1].values()  # something may still be in flight on them: closed at the end
        secrets = partial(resolve, environ=self._environ)
        made = {
            kind: kinds.build(
                kind, channel.options, secrets, public_url(site.config, self._environ), self._secret,
                rules.provider_errors().classes_by_code(), self._world(workspace_id) if self._world else None,
            )
            for kind, channel in site.config.channels.items()
            if kind != "call"  # placed by people, from the pages
        }  # fmt: skip
        self._open[workspace_id] = (site.config_version, made)
        return made

    async def close(self) -> None:
        for channel in [*self._replaced, *(one for _, made in self._open.values() for one in made.values())]:
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
