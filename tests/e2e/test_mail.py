"""Mail for real: out through Postfix into Dovecot, and back come a bounce, a delay, a vacation note and a person's answer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Any

import pytest

from tests.builders import TUESDAY
from tests.far_ends.dovecot import PASSWORD, Dovecot
from tests.far_ends.ports import closed_port
from tests.far_ends.postfix import Postfix

from .house import House, Person, a_house
from .support import PATIENCE, until

pytestmark = pytest.mark.slow

OURS = "hello@acme.test"
PRICING = """
name: Pricing request
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 90}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply], act within: 10 minutes, else: escalate}
steps:
  hello: {send: email, template: context, at: now}
  more:  {send: email, or: sms, template: ack, at: 1 hour}
after: close
"""


@dataclass
class Mail:
    house: House
    postfix: Postfix
    dovecot: Dovecot

    def lead(self, name: str) -> str:
        return self.house.lead("pricing", Person().form(email=f"{name}@lead.test"))

    def arrives(self, name: str, count: int = 1) -> Message:
        """The latest mail in the mailbox of somebody, once there are so many."""
        until(
            lambda: len(self.dovecot.mails(f"{name}@lead.test")) >= count,
            PATIENCE,
            lambda: f"{name}: {self.postfix.log()}",
        )
        return self.dovecot.mails(f"{name}@lead.test")[-1]

    def write(self, sender: str, text: str, answers: Message | None = None) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, OURS, "Re: your request"
        mail["Message-ID"] = f"<{text.encode().hex()[:40]}.{sender}>"
        if answers is not None:
            mail["In-Reply-To"] = answers["Message-ID"]
            text += f"\n\nOn Tue, Nov 24, 2026 at 10:30 AM Acme <{OURS}> wrote:\n> Reply STOP to opt out\n"
        mail.set_content(text)
        self.postfix.send(sender, OURS, mail.as_bytes())

    def told(self, lead: str, kind: str) -> dict[str, Any]:
        """What the first event of that kind says."""
        query = "select data from events where lead_id = %s and kind = %s order by seq limit 1"
        ((data,),) = self.house.conn.execute(query, (lead, kind)).fetchall()
        return dict(data)

    def touches(self, lead: str) -> dict[tuple[str, str], str]:
        """(step, channel) -> status of what was to go out, without what the gate refused."""
        query = "select step, channel, status from touches where lead_id = %s and status <> 'refused'"
        return {(step, channel): status for step, channel, status in self.house.conn.execute(query, (lead,))}


@pytest.fixture(scope="module")
def mail(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mail]:
    folder = Path(tempfile.mkdtemp(prefix="wl-mail-", dir="/tmp"))
    folder.chmod(0o755)  # the mail servers change users
    port = closed_port()
    people = tuple(f"{name}@lead.test" for name in ("ann", "bob"))
    dovecot = Dovecot(folder / "dovecot", port, (OURS, *people))
    ours = {"bounce@acme.test": OURS, "reply@acme.test": OURS}
    postfix = Postfix(
        folder / "postfix", dovecot.lmtp, ("acme.test", "lead.test"), ours, ("slow@lead.test",), port=port
    )
    email = f"""[channels.email]
provider = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "Acme Roofing <{OURS}>"
rate = 1000

[channels.email.inbox]
host = "127.0.0.1"
port = {dovecot.imap}
tls = "none"
user = "{OURS}"
password = "env:INBOX_PASSWORD"
"""
    try:
        dovecot.start()
        postfix.start()
        files = {"playbooks/pricing.yaml": PRICING}
        there = tmp_path_factory.mktemp("mail")
        secrets = {"INBOX_PASSWORD": PASSWORD}
        with a_house(server, there, TUESDAY, files, email=email, secrets=secrets) as house, house.machine.explained():
            yield Mail(house, postfix, dovecot)
    finally:
        postfix.stop()
        dovecot.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_bounce_stops_the_address_and_a_delay_nothing_and_a_note_rests_the_cadence_and_an_answer_hands_over(
    mail: Mail,
) -> None:
    house = mail.house
    mail.dovecot.answer("ann@lead.test", "Out of office", "Thanks! I am away until 3 December.")
    gone, slow, ann, bob = (mail.lead(name) for name in ("gone", "slow", "ann", "bob"))

    # A person answers, with our mail quoted below.
    first = mail.arrives("bob")
    assert first["List-Unsubscribe"] is None, "the far end took it away, as Exchange's answering machine does"
    mail.write("bob@lead.test", "Yes, call me at five.", answers=first)
    house.happens(bob, "handed.off")
    assert mail.told(bob, "replied")["text"] == "Yes, call me at five."
    assert "hand_off" in house.tasks(bob)

    # Nobody of that name: a real 5.1.1.
    house.happens(gone, "bounced")
    assert mail.told(gone, "bounced")["code"] == "5.1.1"
    state = house.conn.execute("select addresses->>email from leads where id = %s", (gone,)).fetchone()
    assert state == ("bounced",)

    # A full mailbox: a warning, and no more.
    house.happens(slow, "touch.delayed")
    assert mail.touches(slow) == {("hello", "email"): "sent"}

    # The vacation note is no human signal.
    house.happens(ann, "replied")
    assert mail.told(ann, "replied")["until"] == "2026-12-03"
    assert "away until 3 Dec, from its out-of-office" in house.warmline("why", ann)
    house.pass_time(timedelta(hours=1, minutes=1))
    house.happens(slow, "touch.sent", 2)
    house.happens(gone, "touch.sent", 2)
    house.rests()
    assert mail.touches(gone) == {("hello", "email"): "failed", ("more", "sms"): "sent"}, "the other channel goes on"
    assert mail.touches(slow) == {("hello", "email"): "sent", ("more", "email"): "sent"}
    assert mail.touches(ann) == {("hello", "email"): "sent"}, "the cadence rests"
    assert [house.status(one) for one in (ann, bob)] == ["open", "handed_off"]

    # On the morning after the day it named, the cadence goes on in the same thread.
    first = mail.arrives("ann")
    house.pass_until(datetime(2026, 12, 4, 14, 1, tzinfo=UTC))
    second = mail.arrives("ann", 2)
    assert second["In-Reply-To"] == first["Message-ID"]


def test_an_engine_that_is_killed_while_it_reads_loses_no_mail_and_reads_none_twice(mail: Mail) -> None:
    house, count = mail.house, 40
    kept = "select count(*) from quarantine where body like '%%stranger%%'"
    house.machine.processes["engine"].kill()
    for number in range(count):
        mail.write(f"stranger{number}@else.test", f"Hello, this is number {number}")
    until(lambda: mail.dovecot.unseen(OURS) >= count, PATIENCE, "the mails are in the mailbox")
    for reached in (1, count // 2):
        house.machine.processes["engine"].start()
        until(lambda reached=reached: house.count(kept) >= reached, PATIENCE, "the engine reads")  # type: ignore[misc]
        house.machine.processes["engine"].kill()
    engine = house.machine.processes["engine"]
    engine.start()
    alive = "select count(*) from engines where pid = %s"  # the last one may have read all of them before it was killed
    until(lambda: house.count(alive, engine.pid) == 1, PATIENCE, "the engine gives a sign of life")
    until(lambda: house.count(kept) >= count, PATIENCE, "all are read")
    until(lambda: mail.dovecot.unseen(OURS) == 0, PATIENCE, "all are marked as seen")
    told = house.conn.execute("select body::json->>'sender' from quarantine where body like '%stranger%'").fetchall()
    assert sorted(told) == sorted((f"stranger{number}@else.test",) for number in range(count))
