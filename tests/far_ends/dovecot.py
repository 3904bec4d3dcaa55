"""A real Dovecot with Pigeonhole: mailboxes over IMAP, delivery over LMTP, vacation notes by Sieve. A private instance with
its own folder, all of it on loopback."""

from __future__ import annotations

import os
import pwd
import socket
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from imap_tools import MailBoxUnencrypted

from tests.e2e.support import PATIENCE, Process, until
from tests.far_ends.ports import closed_port

PASSWORD = "password-of-tests"
#: Both far ends change users, so they start as root.
AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
OWNER = pwd.getpwnam("nobody")


@dataclass
class Dovecot:
    """`submission` is the port of the mail server that takes vacation notes. `folder` can be entered by everybody."""

    folder: Path
    submission: int
    users: tuple[str, ...]
    imap: int = field(default_factory=closed_port)
    lmtp: int = field(default_factory=closed_port)
    process: Process | None = None

    def start(self) -> None:
        for name in ("mail", "sieve", "state"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            os.chown(self.folder / name, OWNER.pw_uid, OWNER.pw_gid)
        (self.folder / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in self.users))
        (self.folder / "dovecot.conf").write_text(self._config())
        command = (*AS_ROOT, "/usr/sbin/dovecot", "-F", "-c", str(self.folder / "dovecot.conf"))
        self.process = Process(command, {}, self.folder / "started.log")
        self.process.start()
        until(lambda: all(map(listens, (self.imap, self.lmtp))), PATIENCE, lambda: f"Dovecot: {self.log()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def answer(self, user: str, subject: str, text: str) -> None:
        """From now on the user's mailbox answers by itself."""
        script = self.folder / "sieve" / f"{user}.sieve"
        script.write_text(f'require "vacation";\nvacation :days 1 :subject "{subject}" "{text}";\n')
        os.chown(script, OWNER.pw_uid, OWNER.pw_gid)

    def mails(self, user: str) -> list[Message]:
        """All that lies in the user's INBOX, oldest first, left as it is."""
        with MailBoxUnencrypted("127.0.0.1", self.imap).login(user, PASSWORD) as box:
            return [mail.obj for mail in box.fetch(mark_seen=False)]

    def unseen(self, user: str) -> int:
        with MailBoxUnencrypted("127.0.0.1", self.imap).login(user, PASSWORD) as box:
            return len(box.uids("UNSEEN"))

    def log(self) -> str:
        log = self.folder / "dovecot.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def _config(self) -> str:
        return f"""
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_username_format = %Lu
mail_location = maildir:{self.folder}/mail/%u
mail_uid = {OWNER.pw_uid}
mail_gid = {OWNER.pw_gid}
first_valid_uid = {OWNER.pw_uid}
first_valid_gid = {OWNER.pw_gid}
recipient_delimiter = +
hostname = mda.lead.test
postmaster_address = postmaster@lead.test
submission_host = 127.0.0.1:{self.submission}
maildir_very_dirty_syncs = yes
passdb {{
  driver = passwd-file
  args = {self.folder}/users
}}
userdb {{
  driver = static
  args = home={self.folder}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {self.lmtp}
  }}
}}
protocol lmtp {{
  mail_plugins = sieve
}}
plugin {{
  sieve = file:{self.folder}/sieve/%u.sieve
}}
"""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
