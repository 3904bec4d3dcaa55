"""Channels: the ways out. `build` makes the one that a `[channels.x]` table of warmline.toml asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from warmline.channels.contract import Channel, Kind
from warmline.channels.email.smtp import SmtpChannel
from warmline.channels.sandbox.behaviour import read_behaviour
from warmline.channels.sandbox.channel import SandboxChannel, World
from warmline.channels.sandbox.remote import RemoteSandboxChannel
from warmline.channels.settings import ChannelSettingsError, Settings, is_base_url
from warmline.channels.sms.twilio import TwilioChannel

__all__ = ["ChannelSettingsError", "World", "build"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a channel is built: what it gets beside its own table. `error_classes` are {code: class} of its provider."""

    public_url: str
    token_key: bytes
    error_classes: Mapping[str, str]
    world: World | None


Maker = Callable[[Settings, Place], Channel]


def _sandbox(table: Settings, place: Place) -> Channel:
    """With a base_url it is the provider app on the network, without one it lives in this process."""
    kind = _kind(table.kind)
    if table.text("base_url", ""):
        return RemoteSandboxChannel(kind, table, place.public_url, place.error_classes)
    try:
        behaviour = read_behaviour(table.table("behaviour"))
    except ValueError as wrong:
        raise table.error("behaviour", str(wrong), f"Correct it in [channels.{kind}.behaviour]") from wrong
    table.text("from", "")  # a real provider's sender may stay in the file while the sandbox takes its place
    rate = table.number("rate", 10, 1, 10_000)
    if place.world is None:
        return SandboxChannel(kind, behaviour=behaviour, error_classes=place.error_classes, rate=rate)
    return SandboxChannel(
        kind, behaviour=behaviour, error_classes=place.error_classes, rate=rate, listener=place.world.listener,
        clock=place.world.clock, sleep=place.world.sleep,
    )  # fmt: skip


PROVIDERS: Mapping[str, Mapping[str, Maker]] = {
    "sms": {
        "twilio": lambda table, place: TwilioChannel(table, place.public_url, place.error_classes),
        "sandbox": _sandbox,
    },
    "email": {
        "smtp": lambda table, place: SmtpChannel(table, place.public_url, place.token_key, place.error_classes),
        "sandbox": _sandbox,
    },
    "voicemail": {
        "sandbox": _sandbox,
    },
}

#: The sandbox refuses with Twilio's codes, so they mean what Twilio's mean.
SPEAKS = {"sandbox": "twilio"}


def build(
    kind: str,
    settings: Mapping[str, object],
    secrets: Callable[[str], str],
    public_url: str,
    token_key: bytes,
    error_classes: Mapping[str, Mapping[str, str]],
    world: World | None = None,
) -> Channel:
    """`secrets` turns a value such as "env:NAME" into what it stands for (`channels.secrets.resolve`).

    `error_classes` is {provider: {code: class}} of rules/provider_errors.yaml. Raises ChannelSettingsError.
    `world` is what a sandbox inside this process lives in; without one its leads do nothing.
    """
    table = Settings(kind, settings, secrets)
    if kind not in PROVIDERS:
        raise table.error(
            "", "is not a channel with a provider", f"Write one of [channels.{'], [channels.'.join(PROVIDERS)}]"
        )
    if not is_base_url(public_url):
        raise ChannelSettingsError(
            kind,
            "",
            f'cannot work while public_url in [workspace] is "{public_url}"',
            'Write public_url = "https://..."',
        )
    provider = table.choice("provider", tuple(PROVIDERS[kind]))
    classes = {
        **error_classes.get(SPEAKS.get(provider, provider), {}),
        **error_classes.get(str(settings.get("relay")), {}),
    }
    channel = PROVIDERS[kind][provider](table, Place(public_url, token_key, classes, world))
    table.finish()
    return channel


def _kind(word: str) -> Kind:
    """The same word, known to be one of the kinds."""
    found: Kind = next(kind for kind in get_args(Kind) if kind == word)
    return found
