"""Email through any SMTP server."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Literal

from warmline.channels.contract import Accepted, Callback, Kind, Message, NotSent, Receipt, Refused, Reply, Signal
from warmline.channels.email.compose import Mail, Sender, UnusableAddressError, compose
from warmline.channels.email.connections import Connections, Held, Server, given_up
from warmline.channels.email.imap import read_inbox
from warmline.channels.email.posted import POSTED, Posted, read_posted
from warmline.channels.email.providers import read_relay
from warmline.channels.email.providers.relay import mark_of
from warmline.channels.email.tracking import track
from warmline.channels.secret_path import read_secrets
from warmline.channels.settings import Settings, is_local

PORTS = {"tls": 465, "starttls": 587, "auto": 25, "none": 25}


class SmtpChannel:
    """One mail server and sender. `clock` gives the Date header and nothing else."""

    kind: Kind = "email"
    provider = "smtp"
    reply = Reply()

    def __init__(
        self,
        settings: Settings,
        public_url: str,
        token_key: bytes,
        error_classes: Mapping[str, str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sender = read_sender(settings)
        self._links = settings.flag("track_links", True)
        self._opens = settings.flag("track_opens", True)
        self._hidden = settings.flag("hidden_link", True)
        self.rate = settings.number("rate", 10, 1, 10_000)
        self._public_url = public_url
        self._token_key = token_key
        self._clock = clock
        self._error_classes = error_classes
        self._hook_secrets = read_secrets(settings, required=False)
        self._relay = read_relay(settings)
        if self._relay is not None and not self._relay.signed and not self._hook_secrets:
            raise settings.error(
                "hook_secret",
                f"is missing, and {self._relay.name} signs nothing",
                'Write hook_secret = "env:EMAIL_HOOK_SECRET"',
            )
        read_inbox(settings)  # the engine opens it; here it is only seen to be right
        self.most = int(settings.number("concurrency", 10, 1, 500))
        server = read_server(settings, self._sender.domain)
        self.account = f"{server.host}:{server.port}"  # without the user, which is the password too at some relays
        self._connections = Connections(server, self.most, error_classes)

    async def send(self, message: Message) -> Receipt:
        mail = self.written(message)
        return mail if isinstance(mail, Refused) else await self._connections.deliver(mail)

    async def open_line(self) -> SmtpLine | NotSent | Refused:
        held = await self._connections.hold()
        return SmtpLine(self, self._connections, held) if isinstance(held, Held) else held

    def written(self, message: Message) -> Mail | Refused:
        """The mail as it goes over the wire."""
        tracked = track(
            message, self._public_url, self._token_key, links=self._links, opens=self._opens, hidden=self._hidden
        )
        try:
            return compose(tracked, self._sender, self._token_key, self._clock(), self._marks(message))
        except UnusableAddressError as wrong:
            return Refused("invalid_address", "unusable_address", str(wrong))

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:  # noqa: ARG002
        """SMTP has no question for this. A bounce or a reply may still tell."""
        return "cannot_say"

    def read(self, callback: Callback, now: datetime) -> list[Signal]:
        """/hooks/email/{door} for what the relay signs; else /hooks/email/{secret}/{door}, which `hook_secret` opens."""
        posted = Posted(self._hook_secrets, self._token_key, self._error_classes, now, self._public_url.rstrip("/"))
        signed = self._relay.signed if self._relay is not None else {}
        reader = signed.get(callback.tail.strip("/"))
        if reader is not None:
            return reader(callback, posted)
        return read_posted(callback, posted, {**POSTED, **(self._relay.secret if self._relay is not None else {})})

    async def close(self) -> None:
        await self._connections.close()

    def _marks(self, message: Message) -> Mapping[str, str]:
        """Headers by which the relay carries the touch back to us with whatever it tells."""
        return self._relay.headers(mark_of(message.touch_id, self._token_key)) if self._relay is not None else {}


class SmtpLine:
    """An open session with the server, logged in."""

    def __init__(self, channel: SmtpChannel, connections: Connections, held: Held) -> None:
        self._channel, self._connections, self._held = channel, connections, held
        self.fresh = not held.kept

    async def send(self, message: Message) -> Receipt:
        try:
            mail = self._channel.written(message)
        except Exception:
            self.leave()
            raise
        if isinstance(mail, Refused):
            self.leave()
            return mail
        return await self._connections.over(self._held, mail) or given_up()

    def leave(self) -> None:
        self._connections.release(self._held)


def read_sender(settings: Settings) -> Sender:
    value = settings.text("from")
    name, address = parseaddr(value)
    try:
        domain = Address(addr_spec=address).domain.encode("idna").decode()
    except (ValueError, IndexError, UnicodeError):
        domain = ""
    if not domain or not address.isascii():
        raise settings.error("from", "is not a mail address", 'Write from = "Sam at Acme <sam@acme.test>"')
    own = _domain(settings, "domain", domain)
    return Sender(
        name=name,
        address=address,
        domain=own,
        bounce_domain=_domain(settings, "bounce_domain", own),
        reply_domain=_domain(settings, "reply_domain", ""),
    )


def read_server(settings: Settings, hello: str) -> Server:
    host = settings.text("host")
    user = settings.text("user", "")
    password = settings.secret("password", None if user else "")
    tls = settings.choice("tls", tuple(PORTS), "starttls" if user else "auto")
    if user and tls in ("auto", "none") and not is_local(host):
        raise settings.error("tls", "would send the password in the clear", 'Write tls = "starttls" or tls = "tls"')
    ca_file = settings.text("ca_file", "")
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as wrong:
        raise settings.error(
            "ca_file", f"cannot be read ({wrong.strerror})", "Name a PEM file with certificates"
        ) from wrong
    return Server(
        host=host,
        port=int(settings.number("port", PORTS[tls], 1, 65535)),
        tls=tls,
        user=user,
        password=password,
        hello=hello,
        timeout=settings.number("timeout", 30, 0.05, 300),
        context=context,
    )


def _domain(settings: Settings, key: str, default: str) -> str:
    value = settings.text(key, default)
    if value and (not value.isascii() or not all(part.replace("-", "").isalnum() for part in value.split("."))):
        raise settings.error(key, f'"{value}" is not a domain name', f'Write {key} = "acme.test"')
    return value.lower()
