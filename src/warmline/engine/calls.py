"""Asks the providers of calls what became of those of which nothing was heard, a few at once and for a few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import psycopg
import structlog

from warmline import channels, rules
from warmline.channels import ChannelSettingsError
from warmline.channels.call.contract import CannotSay, Dialer
from warmline.channels.secrets import resolve
from warmline.core.settings import Config
from warmline.intake.lost_calls import Told, settle_lost
from warmline.store.calls import Lost
from warmline.store.ids import touch_ref

from .accounts import public_url
from .catalog import Catalog

log = structlog.get_logger()

WITHIN = 10.0  # seconds: whoever has not answered by then can't say


def ask_about_calls(
    conn: psycopg.Connection, catalog: Catalog, environ: Mapping[str, str], now: Callable[[], datetime]
) -> int:
    """Of what is lost, as many as are asked about at once. Returns how many they were."""

    def ask(lost: Sequence[Lost]) -> Sequence[Told]:
        configs = {one.workspace_id: catalog.site(one.workspace_id, now()).config for one in lost}
        return asyncio.run(_ask_all(lost, configs, environ))

    return settle_lost(conn, ask, now)


async def _ask_all(lost: Sequence[Lost], configs: Mapping[int, Config], environ: Mapping[str, str]) -> Sequence[Told]:
    dialers = {workspace_id: _dialer(config, environ) for workspace_id, config in configs.items()}
    try:
        return await asyncio.gather(*(_ask(one, dialers[one.workspace_id]) for one in lost))
    finally:
        for dialer in dialers.values():
            if not isinstance(dialer, CannotSay):
                await dialer.close()


async def _ask(call: Lost, dialer: Dialer | CannotSay) -> Told:
    if isinstance(dialer, CannotSay):
        return dialer
    if dialer.provider != call.provider:
        return CannotSay(f"calls go through {dialer.provider} now, and no longer through {call.provider}")
    try:
        async with asyncio.timeout(WITHIN):
            return await dialer.ask(touch_ref(call.lane, call.id), call.provider_id)
    except TimeoutError:
        return CannotSay(f"its provider did not say within {WITHIN:g} s what became of it")
    except Exception as error:
        log.exception("call.ask_failed", call=str(call.id))  # a provider that can't be asked is one that can't say
        return CannotSay(f"its provider could not be asked ({type(error).__name__})")


def _dialer(config: Config, environ: Mapping[str, str]) -> Dialer | CannotSay:
    table = config.channels.get("call")
    if table is None:
        return CannotSay("its provider is no longer in warmline.toml")
    secrets, classes = partial(resolve, environ=environ), rules.provider_errors().classes_by_code()
    try:
        return channels.build_dialer(table.options, secrets, public_url(config, environ), classes)
    except ChannelSettingsError as error:
        log.error("channel.unusable", channel="call", error=str(error))
        return CannotSay("the engine can't use its provider's account, as its log says")
