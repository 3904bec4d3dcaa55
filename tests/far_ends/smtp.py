"""A mail server on asyncio that follows a script of faults. It keeps what it accepted, in order."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CUT = "cut"  # close the connection instead of answering
SILENCE = "silence"  # never answer
WAIT = "wait"  # answer as usual, once the test says go on


@dataclass
class Mailbox:
    port: int = 0
    accepted: list[tuple[str, str, bytes]] = field(default_factory=list)  # envelope sender, recipient, content
    connections: int = 0
    logins: list[tuple[str, str]] = field(default_factory=list)
    silent: asyncio.Event = field(
        default_factory=asyncio.Event
    )  # somebody waits for an answer that never comes, or not yet
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def serve_smtp(
    faults: Mapping[str, str] | None = None,
    *,
    extensions: tuple[str, ...] = ("8BITMIME",),
    tls: ssl.SSLContext | None = None,
    mails_per_connection: int = 1000,
    tired: str = "421 4.4.2 too many mails on this connection",
) -> AsyncIterator[Mailbox]:
    """`faults`: verb (CONNECT, MAIL, RCPT, DATA, CONTENT, AUTH) = a reply line, CUT, SILENCE or WAIT.

    `CONTENT` is what happens after the final dot: after CUT and SILENCE the mail is accepted, after a reply it is not.
    After `mails_per_connection` mails the next MAIL meets `tired`, a reply line or CUT.
    """
    box = Mailbox()
    open_sessions: set[asyncio.Task[None]] = set()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_sessions.add(task)
        box.connections += 1
        try:
            await _talk(box, dict(faults or {}), (mails_per_connection, tired), extensions, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            open_sessions.discard(task)
            writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", 0, ssl=tls)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        for task in list(open_sessions):
            task.cancel()
        await asyncio.gather(*open_sessions, return_exceptions=True)
        await server.wait_closed()


async def _talk(
    box: Mailbox,
    faults: dict[str, str],
    patience: tuple[int, str],
    extensions: tuple[str, ...],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    async def say(verb: str, usual: str) -> bool:
        """Answers as the script says; True if the usual answer was given."""
        fault = faults.get(verb, usual)
        if fault == SILENCE:
            box.silent.set()
            await asyncio.sleep(3600)
        if fault == WAIT:
            box.silent.set()
            await box.go_on.wait()
            fault = usual
        if fault == CUT:
            raise ConnectionResetError
        writer.write(fault.encode() + b"\r\n")
        await writer.drain()
        return fault == usual

    if not await say("CONNECT", "220 mx.lead.test ESMTP"):
        return
    sender = recipient = ""
    mails = 0
    while line := (await reader.readline()).decode().rstrip("\r\n"):
        verb = line.split(" ", 1)[0].upper()
        if verb == "EHLO":
            lines = ["mx.lead.test", *extensions]
            writer.write("".join(f"250{'-' if one != lines[-1] else ' '}{one}\r\n" for one in lines).encode())
        elif verb == "AUTH":
            _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
            if await say("AUTH", "235 2.7.0 welcome"):
                box.logins.append((user, password))
        elif verb == "MAIL":
            mails += 1
            if mails > patience[0]:
                faults["MAIL"] = patience[1]
            if await say("MAIL", "250 2.1.0 ok"):
                sender = _between(line)
        elif verb == "RCPT":
            if await say("RCPT", "250 2.1.5 ok"):
                recipient = _between(line)
        elif verb == "DATA":
            if await say("DATA", "354 go on"):
                content = await _content(reader)
                if faults.get("CONTENT", CUT) in (CUT, SILENCE):
                    box.accepted.append((sender, recipient, content))
                await say("CONTENT", "250 2.0.0 queued")
        elif verb == "QUIT":
            writer.write(b"221 2.0.0 bye\r\n")
            return
        else:
            writer.write(b"250 2.0.0 ok\r\n")


async def _content(reader: asyncio.StreamReader) -> bytes:
    lines = []
    while (line := await reader.readuntil(b"\r\n")) != b".\r\n":
        lines.append(line[1:] if line.startswith(b"..") else line)
    return b"".join(lines)


def _between(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]
