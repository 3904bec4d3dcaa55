"""What is posted to /hooks/email/{secret}/{door}: mails that an MTA pipes to us, and providers' own reports."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from warmline.channels.contract import BadCallback, BadSignature, Callback, Signal
from warmline.channels.email.inbound import read_mail
from warmline.channels.secrets import Secret
from warmline.channels.settings import Settings

SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class Posted:
    """What a door needs to read. `error_classes` are {enhanced status: class}."""

    secrets: Sequence[Secret]
    token_key: bytes
    error_classes: Mapping[str, str]
    now: datetime
    public_url: str = ""


def read_posted(
    callback: Callback, posted: Posted, doors: Mapping[str, Callable[[Callback, Posted], list[Signal]]]
) -> list[Signal]:
    """Raises BadSignature where the path holds none of the secrets, BadCallback where the mail can't be read."""
    given, _, door = callback.tail.strip("/").partition("/")
    if not any(hmac.compare_digest(one.reveal().encode(), given.encode()) for one in posted.secrets):
        raise BadSignature("The path holds no hook_secret of [channels.email]. Correct the address of the callback.")
    if door not in doors:
        raise BadCallback(f"Mail callbacks go to .../{', .../'.join(doors)}, and this one came to .../{door[:60]}.")
    return doors[door](callback, posted)


def read_raw(callback: Callback, posted: Posted) -> list[Signal]:
    """The mail as it is (message/rfc822). An MTA that knows the envelope adds it: ?to=...&from=..."""
    envelope = parse_qs(urlsplit(callback.url).query, keep_blank_values=True)
    return read_mail(
        callback.body, posted.token_key, posted.error_classes, posted.now,
        envelope.get("to", [""])[0], envelope.get("from", [None])[0],
    )  # fmt: skip


#: The last part of the path -> who reads what is posted there.
POSTED: Mapping[str, Callable[[Callback, Posted], list[Signal]]] = {
    "raw": read_raw,
}


def read_hook_secrets(settings: Settings) -> list[Secret]:
    """`hook_secret`: one or, while it is being changed, several. Without one nothing may be posted."""
    secrets = settings.secret_list("hook_secret", [])
    for secret in secrets:
        if len(secret) < SHORTEST_SECRET or not secret.isascii() or "/" in secret:
            raise settings.error(
                "hook_secret",
                f"must be at least {SHORTEST_SECRET} letters and digits, without a slash",
                'Write hook_secret = "env:EMAIL_HOOK_SECRET", and set it to what `openssl rand -hex 24` prints',
            )
    return secrets
