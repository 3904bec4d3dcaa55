"""A real Postfix: takes mails over SMTP, hands them to a mailbox server over LMTP, and sends delivery reports. A private
instance with its own configuration and queue, on loopback."""

from __future__ import annotations

import os
import pwd
import smtplib
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.support import PATIENCE, Process, until
from tests.far_ends.dovecot import AS_ROOT, listens
from tests.far_ends.ports import closed_port

#: Services of master.cf that a relay needs; none in a chroot.
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """Mail for `domains` goes to the mailbox server at `lmtp`; `aliases` = {address: mailbox}, with any +extension.

    Mail for an address in `slow` meets a full mailbox: its sender hears of the delay after `delay` seconds.
    """

    folder: Path
    lmtp: int
    domains: tuple[str, ...]
    aliases: dict[str, str] = field(default_factory=dict)
    slow: tuple[str, ...] = ()
    delay: int = 2
    port: int = field(default_factory=closed_port)
    process: Process | None = None

    def start(self) -> None:
        etc, owner = self.folder / "etc", pwd.getpwnam("postfix")
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        os.chown(self.folder / "data", owner.pw_uid, owner.pw_gid)
        (etc / "main.cf").write_text(self._config())
        (etc / "master.cf").write_text(MASTER.format(port=self.port))
        # Mail programs of the big providers answer mails with List-Unsubscribe too; Sieve would not.
        (etc / "headers").write_text("/^List-/ IGNORE\n")
        self.process = Process((*AS_ROOT, "/usr/sbin/postfix", "-c", str(etc), "start-fg"), {}, self.folder / "out.log")
        self.process.start()
        until(lambda: listens(self.port), PATIENCE, lambda: f"Postfix: {self.log()}")

    def stop(self) -> None:
        if self.process is not None:
            self._postfix("stop")
            self.process.stop()

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, "client.lead.test", timeout=20) as smtp:
            smtp.sendmail(sender, [recipient], content)

    def log(self) -> str:
        log = self.folder / "postfix.log"
        return log.read_text(errors="replace")[-4000:] if log.exists() else ""

    def _postfix(self, verb: str) -> None:
        command = (*AS_ROOT, "/usr/sbin/postfix", "-c", str(self.folder / "etc"), verb)
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60
        )
        assert done.returncode == 0, f"postfix {verb}: {done.stdout}{done.stderr}{self.log()}"

    def _config(self) -> str:
        aliases = ", ".join(f"{{ {address} = {mailbox} }}" for address, mailbox in self.aliases.items())
        slow = ", ".join(f"{{ {address} = retry:4.2.2 mailbox full }}" for address in self.slow)
        return f"""
compatibility_level = 3.6
queue_directory = {self.folder}/queue
data_directory = {self.folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {self.folder}/postfix.log
maillog_file_prefixes = {self.folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.engine.test
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
recipient_delimiter = +
virtual_mailbox_domains = {", ".join(self.domains)}
virtual_mailbox_maps =
virtual_alias_maps = inline:{{ {aliases} }}
virtual_transport = lmtp:inet:127.0.0.1:{self.lmtp}
transport_maps = inline:{{ {slow} }}
header_checks = regexp:{self.folder}/etc/headers
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
delay_warning_time = {self.delay}s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
"""
