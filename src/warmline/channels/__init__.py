"""Channels: the ways out. `build` makes the one that a `[channels.x]` table of warmline.toml asks for; calls are placed for
people and have two ends, so what `[channels.call]` asks for is a dialer, made by `build_dialer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, get_args

from warmline.channels.call.contract import Dialer
from warmline.channels.call.sandbox import SandboxDialer
from warmline.channels.call.twilio import TwilioDialer
from warmline.channels.contract import Channel, Kind
from warmline.channels.email.smtp import SmtpChannel
from warmline.channels.sandbox.behaviour import read_behaviour
from warmline.channels.sandbox.channel import SandboxChannel, World
from warmline.channels.sandbox.remote import RemoteSandboxChannel
from warmline.channels.settings import ChannelSettingsError, Settings, is_base_url
from warmline.channels.sms.kannel import KannelChannel
from warmline.channels.sms.twilio import TwilioChannel
from warmline.channels.voicemail.dropcowboy import DropCowboyChannel
from warmline.channels.voicemail.slybroadcast import SlybroadcastChannel
from warmline.core.settings import Config

__all__ = ["ChannelSettingsError", "World", "build", "build_dialer", "needs_recording"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a channel is built: what it gets beside its own table. `error_classes` are {code: class} of its provider."""

    public_url: str
    token_key: bytes
    error_classes: Mapping[str, str]
    world: World | None


Maker = Callable[[Settings, Place], Channel]
Made = TypeVar("Made", Channel, Dialer)


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
    if table.kind == "email":
        table.table("inbox")
        table.secret_list("hook_secret", [])
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
        "kannel": lambda table, place: KannelChannel(table, place.public_url, place.error_classes),
        "sandbox": _sandbox,
    },
    "email": {
        "smtp": lambda table, place: SmtpChannel(table, place.public_url, place.token_key, place.error_classes),
        "sandbox": _sandbox,
    },
    "voicemail": {
        "dropcowboy": lambda table, place: DropCowboyChannel(
            table, place.public_url, place.token_key, place.error_classes
        ),
        "slybroadcast": lambda table, place: SlybroadcastChannel(
            table, place.public_url, place.token_key, place.error_classes
        ),
        "sandbox": _sandbox,
    },
}

DIALERS: Mapping[str, Callable[[Settings, Place], Dialer]] = {
    "twilio": lambda table, place: TwilioDialer(table, place.public_url, place.error_classes),
    "sandbox": lambda table, _: SandboxDialer(table),
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
    _refuse_ringing(table, kind, settings.get("provider"))
    if kind not in PROVIDERS:
        raise table.error(
            "", "is not a channel with a provider", f"Write one of [channels.{'], [channels.'.join(PROVIDERS)}]"
        )
    return _made(table, PROVIDERS[kind], public_url, token_key, error_classes, world)


def build_dialer(
    settings: Mapping[str, object],
    secrets: Callable[[str], str],
    public_url: str,
    error_classes: Mapping[str, Mapping[str, str]],
) -> Dialer:
    """What `[channels.call]` asks for; arguments as for `build`. Raises ChannelSettingsError."""
    return _made(Settings("call", settings, secrets), DIALERS, public_url, b"", error_classes, None)


def _made(
    table: Settings,
    makers: Mapping[str, Callable[[Settings, Place], Made]],
    public_url: str,
    token_key: bytes,
    error_classes: Mapping[str, Mapping[str, str]],
    world: World | None,
) -> Made:
    if not is_base_url(public_url):
        raise ChannelSettingsError(
            table.kind,
            "",
            f'cannot work while public_url in [workspace] is "{public_url}"',
            'Write public_url = "https://..."',
        )
    provider = table.choice("provider", tuple(makers))
    classes = error_classes.get(SPEAKS.get(provider, provider), {})
    made = makers[provider](table, Place(public_url, token_key, classes, world))
    if table.kind == "sms":
        table.leave("keywords", "answers")
    table.finish()
    return made


#: Providers that reach a mailbox only by calling: the phone rings.
RINGING = frozenset({"twilio", "telnyx", "plivo", "vonage", "bandwidth", "signalwire"})


def _refuse_ringing(table: Settings, kind: str, provider: object) -> None:
    """A voicemail drop on a ringing call is not ringless, and other consent covers it. Raises ChannelSettingsError."""
    if kind == "voicemail" and isinstance(provider, str) and provider in RINGING:
        raise table.error(
            "provider",
            f"can't be {provider}: it calls the phone and plays the recording when a machine answers, so the phone rings",
            'Name one that lays it in the mailbox: provider = "dropcowboy" or "slybroadcast"',
        )


def needs_recording(config: Config) -> bool:
    """Whether a voicemail of this workspace plays a recording of a person: the sandbox takes the words themselves."""
    voicemail = config.channels.get("voicemail")
    return voicemail is not None and voicemail.provider != "sandbox"


def _kind(word: str) -> Kind:
    """The same word, known to be one of the kinds."""
    found: Kind = next(kind for kind in get_args(Kind) if kind == word)
    return found
