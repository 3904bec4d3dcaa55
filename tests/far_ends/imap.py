"""A mail server that refuses what it is told to refuse, as no real one does on demand. It speaks the little of IMAP that
Warmline asks for; tests/far_ends/dovecot.py is the real thing."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from typing import BinaryIO


@dataclass
class ImapServer:
    """One INBOX for everybody who comes. `refused`: how a command that begins so is answered. Before the login it tells
    none of its `capabilities`, as Dovecot does."""

    mails: dict[int, bytes]
    capabilities: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    hangs_up_on: str = ""
    deleted: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def start(self) -> ImapServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rwb") as wire:
            self._say(wire, "* OK ready")
            capabilities = ""
            for line in wire:
                tag, _, command = line.decode().strip().partition(" ")
                self.asked.append(command)
                if self.hangs_up_on and command.startswith(self.hangs_up_on):
                    return
                refused = next((told for begins, told in self.refused.items() if command.startswith(begins)), "")
                if not refused and command == "CAPABILITY":
                    self._say(wire, f"* CAPABILITY IMAP4rev1 {capabilities}")
                elif not refused:
                    self._do(wire, command)
                if command.startswith("LOGIN"):
                    capabilities = self.capabilities
                self._say(wire, f"{tag} {refused or 'OK done'}")

    def _do(self, wire: BinaryIO, command: str) -> None:
        verb, _, rest = command.removeprefix("UID ").partition(" ")
        uids = (
            {int(one) for one in rest.split()[0].split(",")}
            if command.startswith("UID ") and verb != "SEARCH"
            else set()
        )
        match verb:
            case "SELECT":
                self._say(wire, f"* {len(self.mails)} EXISTS")
            case "STATUS":
                self._say(wire, f'* STATUS "INBOX" (UIDVALIDITY 1 UIDNEXT {max(self.mails, default=0) + 1})')
            case "LIST":
                self._say(wire, '* LIST () "/" "Done"')
            case "SEARCH":
                self._say(wire, " ".join(["* SEARCH", *map(str, sorted(self.mails))]))
            case "FETCH":
                for uid in uids & self.mails.keys():
                    self._say(wire, f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(self.mails[uid])}}}")
                    wire.write(self.mails[uid])
                    self._say(wire, ")")
            case "STORE":
                (self.deleted if "Deleted" in rest else self.seen).update(uids)
            case "COPY":
                self.moved |= uids
            case "MOVE":
                self.moved |= uids
                self._drop(uids)
            case "EXPUNGE":
                self._drop(self.deleted & uids if command.startswith("UID ") else self.deleted)

    def _drop(self, uids: set[int]) -> None:
        self.mails = {uid: mail for uid, mail in self.mails.items() if uid not in uids}

    @staticmethod
    def _say(wire: BinaryIO, line: str) -> None:
        wire.write(f"{line}\r\n".encode())
        wire.flush()
