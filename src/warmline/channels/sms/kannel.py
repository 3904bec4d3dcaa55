"""SMS through a Kannel gateway of your own: its smsbox over HTTP. Source: Kannel user guide 1.4.5, chapters 7 and 10.

Kannel signs nothing. What it tells us comes to an address with a secret part, which nobody else knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from warmline.channels.contract import Accepted, Callback, Kind, Message, Receipt, Reply, Signal
from warmline.channels.http import Answer, Http
from warmline.channels.secret_path import after_secret, hook_url, read_secrets
from warmline.channels.settings import Settings, place_of
from warmline.channels.sms.kannel_answers import read_receipt
from warmline.channels.sms.kannel_callbacks import read_signals
from warmline.core.length import segments
from warmline.core.phone import is_country

ALL_REPORTS = 31  # delivered, failed, buffered, taken by the SMSC, refused by the SMSC
_HEADER = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?", re.ASCII)


class KannelChannel:
    """One sendsms user of a smsbox. Kannel names no message in its answer and can't be asked about one."""

    kind: Kind = "sms"
    provider = "kannel"
    reply = Reply("")  # an empty body sends nothing back, with omit-empty in Kannel's sms-service

    def __init__(self, settings: Settings, public_url: str, error_classes: Mapping[str, str]) -> None:
        base_url = settings.url("base_url", "http://127.0.0.1:13013")
        self._url = f"{base_url}{settings.text('path', '/cgi-bin/sendsms')}"
        self._username = _in_a_header(settings, "username", settings.text("username"))
        self.account = f"{self._username} at {place_of(base_url)}"
        self._password = settings.secret("password")
        _in_a_header(settings, "password", self._password.reveal())
        self._sender = _in_a_header(settings, "from", settings.text("from"))
        self._secrets = read_secrets(settings)
        self._country = _country(settings)
        self._validity = int(settings.number("validity_minutes", 0, 0, 10080))
        self.rate = settings.number("rate", 10, 1, 10_000)
        self.most = int(settings.number("concurrency", 50, 1, 1000))
        self._http = Http(
            timeout=settings.number("timeout", 15, 0.05, 120),
            concurrency=self.most,
        )
        self._public_url = public_url
        self._error_classes = error_classes

    async def send(self, message: Message) -> Receipt:
        answer = await self._http.request(
            "POST", self._url, body=message.text.encode(), headers=self._headers(message)
        )  # fmt: skip
        return read_receipt(answer, message.touch_id, self._error_classes) if isinstance(answer, Answer) else answer

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:  # noqa: ARG002
        """Kannel has no question for this. Its delivery report, which carries the touch, may still tell."""
        return "cannot_say"

    def read(self, callback: Callback, now: datetime) -> list[Signal]:
        """`callback.tail` is {secret}/dlr or {secret}/inbound."""
        what = "/".join(after_secret(callback, self._secrets))
        return read_signals(callback, what, self._country, self._error_classes, now)

    def answer(self, texts: Sequence[str]) -> Reply:
        """Goes back to the sender. Without the header (accept-x-kannel-headers) letters outside GSM-7 become "?"."""
        said = "\n".join(texts)
        return Reply(said, headers={"X-Kannel-Coding": _coding(said)})

    async def close(self) -> None:
        await self._http.close()

    def _headers(self, message: Message) -> dict[str, str]:
        """The form of a POST: fields in headers, the text as the body. The password is in no URL, so in no log."""
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-Username": self._username,
            "X-Kannel-Password": self._password.reveal(),
            "X-Kannel-From": self._sender,
            "X-Kannel-To": message.to,
            "X-Kannel-Coding": _coding(message.text),
            "X-Kannel-DLR-Mask": str(ALL_REPORTS),
            "X-Kannel-DLR-Url": self._report_url(message),
        }
        return headers | ({"X-Kannel-Validity": str(self._validity)} if self._validity else {})

    def _report_url(self, message: Message) -> str:
        """Kannel fills in %d (the kind of report), %F (the SMSC's id) and %A (what the SMSC said); %% is a per cent sign."""
        query = {"touch": message.touch_id} | ({"lead": message.lead_id} if message.lead_id else {})
        ours = f"{hook_url(self._public_url, 'sms', self._secrets[0], 'dlr')}?{urlencode(query)}".replace("%", "%%")
        return f"{ours}&st=%d&id=%F&said=%A"


def _coding(text: str) -> str:
    return "2" if segments(text).encoding == "ucs2" else "0"


def _country(settings: Settings) -> str:
    code = settings.text("country", "US").upper()
    if not is_country(code):
        raise settings.error("country", f'"{code}" is no country with telephone numbers', 'Write country = "GB"')
    return code


def _in_a_header(settings: Settings, key: str, value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise settings.error(key, "has characters that Kannel can't take", "Write it in plain ASCII")
    return value
