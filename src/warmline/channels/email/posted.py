"""What is posted to /hooks/email/{secret}/{door}: mails that an MTA pipes to us, and providers' own reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from warmline.channels.contract import BadCallback, Callback, Signal
from warmline.channels.email.inbound import read_mail
from warmline.channels.secret_path import after_secret
from warmline.channels.secrets import Secret


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
    door = "/".join(after_secret(callback, posted.secrets))
    if not callback.whole:
        raise BadCallback(
            "The mail is larger than anything that is taken. This is how it begins; the sender has it whole."
        )
    if door not in doors:
        raise BadCallback(f"Mail callbacks go to .../{', .../'.join(doors)}, and this one came to .../{door[:60]}.")
    return doors[door](callback, posted)


def read_raw(callback: Callback, posted: Posted) -> list[Signal]:
    """The mail as it is (message/rfc822). An MTA that knows the envelope adds it: ?to=...&from=..."""
    envelope = parse_qs(urlsplit(callback.url).query, keep_blank_values=True)
    return read_mail(
        callback.body, posted.token_key, posted.error_classes, posted.now,
        # No address has a space: it is a + that whoever put the address together left as it was.
        envelope.get("to", [""])[0].replace(" ", "+"), envelope.get("from", [None])[0],
    )  # fmt: skip


#: The last part of the path -> who reads what is posted there.
POSTED: Mapping[str, Callable[[Callback, Posted], list[Signal]]] = {
    "raw": read_raw,
}
