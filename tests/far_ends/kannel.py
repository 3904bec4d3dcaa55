"""A real Kannel: bearerbox and smsbox, with its own fakesmsc in place of a carrier. All on loopback, all ours to kill."""

import re
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

from tests.e2e.support import PATIENCE, Process, until
from tests.far_ends.ports import closed_port

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
USER, PASSWORD, SECRET, OURS = "warmline", "password-of-tests", "a-secret-of-tests-24char", "13013"
_GOT = re.compile(r"Got message \d+: <(\S+) (\S+) (text|ucs-2|udh) ?(.*)>$")


@dataclass(frozen=True)
class Got:
    """One text as it arrived at the carrier: concatenated parts are one, and `parts` is how many there were."""

    sender: str
    to: str
    text: str
    parts: int = 1


@dataclass
class Kannel:
    """`hooks` is where it tells what happens: the address of the channel with its secret, {public_url}/hooks/sms/{secret}.

    fakesmsc takes one text to send when it starts, so every text of a person is a fakesmsc of its own. `says_when`: it tells
    when a text came, by the machine's own clock.
    """

    folder: Path
    port: int = field(default_factory=closed_port)
    processes: dict[str, Process] = field(default_factory=dict)
    says_when: bool = True

    def __post_init__(self) -> None:
        self._admin, self._boxes, self._smsc = closed_port(), closed_port(), closed_port()
        self._logs: list[Path] = []

    @property
    def settings(self) -> str:
        """The table of warmline.toml that sends through it."""
        return (
            f'[channels.sms]\nprovider = "kannel"\nbase_url = "http://127.0.0.1:{self.port}"\nusername = "{USER}"\n'
            f'password = "env:KANNEL_PASSWORD"\nhook_secret = "env:KANNEL_SECRET"\nfrom = "{OURS}"\nrate = 1000\n'
        )

    @property
    def environment(self) -> dict[str, str]:
        return {"KANNEL_PASSWORD": PASSWORD, "KANNEL_SECRET": SECRET}

    def start(self, hooks: str) -> None:
        (self.folder / "spool").mkdir(parents=True, exist_ok=True)
        (self.folder / "kannel.conf").write_text(self._config(hooks))
        self._run("bearerbox", "/usr/sbin/bearerbox", str(self.folder / "kannel.conf"))
        until(lambda: "running" in self.status(), PATIENCE, self._told("bearerbox"))
        self.start_smsbox()
        self.carrier()

    def start_smsbox(self) -> None:
        self._run("smsbox", "/usr/sbin/smsbox", str(self.folder / "kannel.conf"))
        until(lambda: _listens(self.port) and "smsbox:" in self.status(), PATIENCE, self._told("smsbox"))

    def carrier(self, sender: str = "", text: str = "") -> None:
        """A carrier in place of the one before; with a `text`, a person sends it at once."""
        if "fakesmsc" in self.processes:
            self.settle()  # fakesmsc confirms nothing: what is on its way to it would be lost with it
            self.processes["fakesmsc"].kill()
            until(lambda: "online" not in self._smsc_status(), PATIENCE, self._told("bearerbox"))
        log = self.folder / f"fakesmsc-{len(self._logs)}.log"
        self._logs.append(log)
        most = "1" if text else "0"
        said = f"{sender or '1'} {OURS} text {text or 'nothing'}"
        self._run(
            "fakesmsc", FAKESMSC, "-H", "127.0.0.1", "-r", str(self._smsc), "-i", "0.05", "-m", most, said, log=log
        )
        until(lambda: "online" in self._smsc_status(), PATIENCE, self._told("fakesmsc"))

    def got(self) -> list[Got]:
        """Everything that arrived at the carrier, in order."""
        whole: list[Got] = []
        begun: dict[tuple[str, int], dict[int, bytes]] = {}
        for log in self._logs:
            for line in log.read_bytes().decode("utf-8", "replace").splitlines():
                found = _GOT.search(line)
                if found:
                    whole += _whole(begun, *found.groups())
        return whole

    def to(self, phone: str) -> list[str]:
        return [one.text for one in self.got() if one.to == phone]

    def settle(self) -> None:
        """Wait until nothing is queued and all that was sent has been seen at the carrier."""
        until(self._settled, PATIENCE, self.status)

    def _settled(self) -> bool:
        told = self.status()
        found = re.search(r"SMS: received \d+ \(0 queued\), sent (\d+) \(0 queued\), store size 0", told)
        return found is not None and "queued 0 msgs" in told and len(self.got()) == int(found[1])

    def status(self) -> str:
        with suppress(OSError), urllib.request.urlopen(
            f"http://127.0.0.1:{self._admin}/status.txt?password={PASSWORD}", timeout=2
        ) as answer:  # fmt: skip
            return str(answer.read().decode())
        return ""

    def _smsc_status(self) -> str:
        return next((line for line in self.status().splitlines() if "FAKE:" in line.upper()), "")

    def stop(self) -> None:
        for process in self.processes.values():
            if process.runs():
                process.kill()

    def _run(self, name: str, *command: str, log: Path | None = None) -> None:
        process = self.processes[name] = Process(command, {}, log or self.folder / f"{name}.log")
        process.start()

    def _told(self, name: str) -> str:
        return f"{name} of Kannel: {self.processes[name].tail()}"

    def _config(self, hooks: str) -> str:
        # Kannel's fake SMSC can't be bound to one interface, so connect-allow-ip has to do.
        asked = "from=%q&to=%P&text=%b&id=%I&charset=%C&coding=%c" + ("&ts=%T" if self.says_when else "")
        return f"""
group = core
admin-port = {self._admin}
admin-password = {PASSWORD}
admin-interface = 127.0.0.1
smsbox-port = {self._boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
dlr-storage = internal
store-type = spool
store-location = "{self.folder}/spool"
sms-resend-freq = 1

group = smsc
smsc = fake
smsc-id = fake
port = {self._smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {self.port}
sendsms-interface = 127.0.0.1
mo-recode = true
http-request-retry = 1000
http-queue-delay = 1
reply-couldnotfetch = ""
reply-couldnotrepresent = ""
reply-requestfailed = ""
reply-emptymessage = ""

group = sendsms-user
username = {USER}
password = {PASSWORD}
max-messages = 20
concatenation = true

group = sms-service
keyword = default
catch-all = true
get-url = "{hooks}/inbound?{asked}"
max-messages = 3
concatenation = true
omit-empty = true
accept-x-kannel-headers = true
"""


@contextmanager
def a_kannel(folder: Path, hooks: str) -> Iterator[Kannel]:
    kannel = Kannel(folder)
    try:
        kannel.start(hooks)
        yield kannel
    finally:
        kannel.stop()


def _whole(begun: dict[tuple[str, int], dict[int, bytes]], sender: str, to: str, kind: str, rest: str) -> list[Got]:
    """The text that this message completes. A part's header (3GPP TS 23.040, 9.2.3.24.1): 05 00 03, number, of, nth."""
    if kind == "text":
        return [Got(sender, to, rest)]
    if kind == "ucs-2":
        return [Got(sender, to, _bytes(rest).decode("utf-16-be"))]
    header, _, data = rest.partition(" data ")
    _, _, _, number, of, nth = _bytes(header)
    parts = begun.setdefault((to, number), {})
    parts[nth] = _bytes(data)
    if len(parts) < of:
        return []
    joined = b"".join(parts[nth] for nth in sorted(begun.pop((to, number))))
    # The fake protocol does not say which alphabet a part is in; every second byte of a Latin text in UCS-2 is 0.
    return [Got(sender, to, joined.decode("utf-16-be" if b"\0" in joined else "utf-8"), of)]


def _bytes(told: str) -> bytes:
    return unquote_to_bytes(told.replace("+", " "))


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
