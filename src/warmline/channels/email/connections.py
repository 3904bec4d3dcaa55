"""A few SMTP connections, kept open between mails, and one mail over one of them.

The steps are taken one by one, not by the library's `sendmail`, to know on which side of the point of no return a
failure was: until the content is written nothing can have been delivered; from then on only an answer tells.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import aiosmtplib

from warmline.channels.contract import Accepted, NotSent, Receipt, Refused, Unknown
from warmline.channels.email.compose import Mail
from warmline.channels.email.replies import Stage, read_refusal
from warmline.channels.secrets import Secret

LEADING_DOT = re.compile(rb"(?m)^\.")
IDLE_SECONDS = 20.0
RETRY_UNREACHABLE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to connect. `tls`: "tls" from the first byte, "starttls" required, "auto" if offered, "none"."""

    host: str
    port: int
    tls: str
    user: str
    password: Secret
    hello: str  # our name in EHLO
    timeout: float
    context: ssl.SSLContext


@dataclass(slots=True)
class Progress:
    """How far one mail has come."""

    written: bool = False  # its content is on the wire: from here on only an answer tells
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A connection in the hands of one mail. `kept`: from a mail before it; else it was opened for this one."""

    smtp: aiosmtplib.SMTP
    kept: bool


class Connections:
    def __init__(self, server: Server, most: int, error_classes: Mapping[str, str]) -> None:
        self._server = server
        self._error_classes = error_classes
        self._room = asyncio.Semaphore(most)
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []

    async def deliver(self, mail: Mail) -> Receipt:
        """Whoever cancels it hears what is known all the same; the cancel goes through only where nobody can tell."""
        while True:
            held = await self.hold()
            if not isinstance(held, Held):
                return held
            receipt = await self.over(held, mail)
            if receipt is not None:
                return receipt

    async def hold(self) -> Held | NotSent | Refused:
        """A connection for one mail: it goes to `over` or `release`. Whoever cancels it hears that nothing has left."""
        try:
            await self._room.acquire()
        except asyncio.CancelledError:
            return _broken_off()
        held: Held | NotSent | Refused | None = None
        try:
            kept = self._take()
            opened = kept or await self._connect()
            held = Held(opened, kept is not None) if isinstance(opened, aiosmtplib.SMTP) else opened
        except asyncio.CancelledError:
            held = _broken_off()
        finally:
            if not isinstance(held, Held):
                self._room.release()
        return held

    async def over(self, held: Held, mail: Mail) -> Receipt | None:
        """None only for a kept connection that the server had given up: nothing was said, another one may be tried."""
        progress = Progress()
        try:
            return await self._over(held, mail, progress)
        except asyncio.CancelledError:
            if progress.receipt is not None:
                return progress.receipt
            if progress.written:
                raise
            return _broken_off()
        except Exception as failure:
            if progress.written:
                raise
            return NotSent(f"The mail could not be handed over ({type(failure).__name__}).", RETRY_UNREACHABLE)
        finally:
            self._room.release()

    def release(self, held: Held) -> None:
        """Nothing was sent over it."""
        self._keep(held.smtp)
        self._room.release()

    async def close(self) -> None:
        while self._idle:
            await _part(self._idle.pop()[1])

    def _take(self) -> aiosmtplib.SMTP | None:
        """The connection used last, if it is still open and was not left alone for long."""
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_connected and asyncio.get_running_loop().time() - since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connect(self) -> aiosmtplib.SMTP | NotSent | Refused:
        server = self._server
        connection = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=server.hello,
            timeout=server.timeout,
            use_tls=server.tls == "tls",
            start_tls={"starttls": True, "auto": None}.get(server.tls, False),
            tls_context=server.context,
        )
        try:
            await connection.connect()
            if connection.is_ehlo_or_helo_needed:  # what the server can do must be known before the first mail
                await connection.ehlo()
            if server.user:
                await connection.login(server.user, server.password.reveal())
        except aiosmtplib.SMTPAuthenticationError as refused:
            connection.close()
            return read_refusal("login", refused.code, refused.message, self._error_classes)
        except (aiosmtplib.SMTPException, OSError) as failure:
            connection.close()
            return NotSent(f"No session with the mail server ({_words(failure)}).", RETRY_UNREACHABLE)
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep(self, connection: aiosmtplib.SMTP) -> None:
        self._idle.append((asyncio.get_running_loop().time(), connection))

    async def _over(self, held: Held, mail: Mail, progress: Progress) -> Receipt | None:
        connection = held.smtp
        try:
            receipt = progress.receipt = await self._hand_over(connection, mail, progress, kept=held.kept)
            if isinstance(receipt, Accepted):
                self._keep(connection)
            elif isinstance(receipt, Refused | NotSent) and connection.is_connected:
                await connection.rset()
                self._keep(connection)
            else:
                connection.close()
        except Exception:
            connection.close()
            if progress.receipt is None:
                raise
            # RSET failed: the receipt stands, the connection does not.
        except BaseException:
            connection.close()
            raise
        return progress.receipt

    async def _hand_over(
        self, connection: aiosmtplib.SMTP, mail: Mail, progress: Progress, *, kept: bool
    ) -> Receipt | None:
        stage: Stage = "sender"
        options = ["SMTPUTF8", "BODY=8BITMIME"] if mail.utf8 else []
        if mail.utf8 and not connection.supports_extension("smtputf8"):
            return Refused(
                "unreachable", "no_smtputf8", "The mail server does not take addresses with letters beyond ASCII."
            )
        try:
            await connection.mail(mail.envelope_from, options=options)
            stage = "recipient"
            await connection.rcpt(mail.recipient, encoding="utf-8" if mail.utf8 else "ascii")
            stage = "content"
            start = await connection.execute_command(b"DATA")
        except aiosmtplib.SMTPResponseException as refused:
            if kept and stage == "sender" and refused.code == 421:
                return None
            return read_refusal(stage, refused.code, refused.message, self._error_classes)
        except (aiosmtplib.SMTPException, OSError) as failure:
            connection.close()
            if kept and stage == "sender":
                return None
            return NotSent(f"The mail server was lost before it had the mail ({_words(failure)}).", RETRY_UNREACHABLE)
        if start.code != 354:
            return read_refusal(stage, start.code, start.message, self._error_classes)
        return await self._write_content(connection, mail, progress)

    async def _write_content(self, connection: aiosmtplib.SMTP, mail: Mail, progress: Progress) -> Receipt:
        protocol = connection.protocol
        if protocol is None or not protocol.is_connected:
            return _cut()
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # wait_for of Python 3.11 loses a cancel that comes with an answer
            connection.close()
            return _broken_off()
        progress.written = True
        try:
            protocol.write(LEADING_DOT.sub(b"..", mail.content) + b".\r\n")
            end = await protocol.read_response(timeout=self._server.timeout)
        except (aiosmtplib.SMTPException, OSError) as failure:
            connection.close()
            return Unknown(
                f"The mail was handed over and the server did not say whether it has it ({_words(failure)})."
            )
        if 200 <= end.code < 300:
            return Accepted(mail.message_id)
        if not 400 <= end.code < 600:
            connection.close()
            return Unknown(f"The mail was handed over, and the server's answer says neither yes nor no ({end.code}).")
        return read_refusal("content", end.code, end.message, self._error_classes)


def given_up() -> NotSent:
    return NotSent("The mail server had closed the connection that was kept.", timedelta(0), counts=False)


def _cut() -> NotSent:
    return NotSent("The mail server was lost before it had the mail.", RETRY_UNREACHABLE)


def _broken_off() -> NotSent:
    return NotSent("There was no time left before the mail server had the mail.", RETRY_UNREACHABLE, counts=False)


async def _part(connection: aiosmtplib.SMTP) -> None:
    """Says goodbye where somebody still listens."""
    try:
        await connection.quit(timeout=1)
    except (aiosmtplib.SMTPException, OSError):
        connection.close()


def _words(failure: BaseException) -> str:
    """Kind and first words of a failure. aiosmtplib's texts name hosts and replies, never a login."""
    return f"{type(failure).__name__}: {' '.join(str(failure).split())[:200]}"
