"""Callbacks of providers that sign nothing: a secret in the address is all that tells them from anybody else.

    {public_url}/hooks/{channel}/{secret}/{provider}

An address gets into logs more easily than a signature does, so what comes in this way may only ever narrow: end contact,
or settle the one touch whose signed id it carries.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from warmline.channels.contract import BadSignature, Callback
from warmline.channels.secrets import Secret
from warmline.channels.settings import Settings

SHORTEST = 16


def read_secrets(settings: Settings) -> list[Secret]:
    """`hook_secret`: one or a list, the newest first. Raises ChannelSettingsError for one that can be guessed."""
    found = settings.secret_list("hook_secret")
    for secret in found:
        if len(secret) < SHORTEST or quote(secret.reveal(), safe="") != secret.reveal():
            raise settings.error(
                "hook_secret",
                f"must be at least {SHORTEST} letters, digits, - and _ that nobody can guess",
                "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            )
    return found


def hook_url(public_url: str, channel: str, secret: Secret, *parts: str) -> str:
    return "/".join([f"{public_url.rstrip('/')}/hooks/{channel}", secret.reveal(), *parts])


def after_secret(callback: Callback, secrets: Sequence[Secret]) -> list[str]:
    """What follows `{secret}` in the address, part by part. Raises BadSignature."""
    given, _, rest = callback.tail.partition("/")
    # Every secret is compared, so that the time taken tells nothing.
    fits = [hmac.compare_digest(given.encode("utf-8", "replace"), secret.reveal().encode()) for secret in secrets]
    if not any(fits):
        raise BadSignature("The secret in the address is not one of hook_secret in warmline.toml.")
    return [part for part in rest.split("/") if part]


def open_path(callback: Callback, secrets: Sequence[Secret], provider: str) -> list[str]:
    """What follows `{secret}/{provider}` in the address, part by part. Raises BadSignature."""
    name, *parts = after_secret(callback, secrets) or [""]
    if name != provider:
        raise BadSignature(f"This workspace's provider is {provider}, and the address names another.")
    return parts


def masked(address: str) -> str:
    """An address, or the path of one, as it may be kept: every part that is long enough to be a secret is hidden."""
    parts = urlsplit(address)
    path = "/".join("***" if len(part) >= SHORTEST else part for part in parts.path.split("/"))
    return urlunsplit(parts._replace(path=path))
