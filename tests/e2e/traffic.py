"""A house at work for tests of what happens to its database: web, engines and a provider, and leads that never stop."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.builders import TUESDAY, starter_files
from tests.far_ends.ports import closed_port
from warmline.store.connect import connect

from .support import PATIENCE, WARMLINE, Machine, answers, until

LEASE = 3
PRICING = """
name: Pricing request
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 90}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click], act within: 10 minutes, else: escalate}
steps:
  ack:    {send: sms, or: email, template: ack, at: now, purpose: acknowledge}
  mail:   {send: email, template: context, at: now}
after: close
"""


@dataclass
class House:
    """`answered` is what the senders of leads were told: phone -> lead id of its 202."""

    machine: Machine
    folder: Path
    web: str
    provider: str
    answered: dict[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def messages(self) -> list[dict[str, Any]]:
        """Everything that the provider accepted."""
        with urllib.request.urlopen(f"{self.provider}/messages", timeout=20) as answer:  # noqa: S310 - our own address
            messages: list[dict[str, Any]] = json.load(answer)["messages"]
        return messages

    def arrived(self) -> list[str]:
        """The touch of every message."""
        return [
            one["touch_id"] or parse_qs(urlsplit(one["fields"]["StatusCallback"]).query)["touch"][0]
            for one in self.messages()
        ]

    @contextmanager
    def leads(self) -> Iterator[None]:
        """Leads come in until the block ends."""
        senders = [threading.Thread(target=send_leads, args=(self, number)) for number in range(2)]
        for sender in senders:
            sender.start()
        try:
            yield
        finally:
            self.stopping.set()
            for sender in senders:
                sender.join()


@contextmanager
def a_house_at_work(folder: Path, dsn: str) -> Iterator[House]:
    """In `folder`, on an empty or migrated database: Tuesday morning, one web, two engines, one provider."""
    web, provider = closed_port(), closed_port()
    urls = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{provider}"
    acme = folder / "acme"
    write_workspace(acme, *urls)
    (folder / "behaviour.toml").write_text("delay = 0.2\ndoubled = 0.1\nlate = 0.1\nlate_by = 2.0\n")
    environment = {
        "DATABASE_URL": dsn, "WARMLINE_DIR": str(acme), "WARMLINE_PUBLIC_URL": urls[0],
        "WARMLINE_SECRET": "a secret of tests that is long enough for it", "WARMLINE_LEASE": str(LEASE),
        "TWILIO_AUTH_TOKEN": "token-of-tests",
    }  # fmt: skip
    with Machine(folder, environment) as machine:
        machine.run(*WARMLINE, "migrate")
        with connect(dsn) as conn:
            conn.execute("insert into clocks (id, base, real_base, speed) values (1, %s, now(), 1)", (TUESDAY,))
        machine.run(*WARMLINE, "apply", str(acme))
        machine.start(
            "provider", WARMLINE[0], "-m", "warmline.channels.sandbox", "--port", str(provider),
            "--behaviour", str(folder / "behaviour.toml"), "--auth-token", "token-of-tests",
        )  # fmt: skip
        machine.start("web", *WARMLINE, "web", "--port", str(web))
        for name in ("engine-1", "engine-2"):
            machine.start(name, *WARMLINE, "engine")
        until(lambda: answers(f"{urls[1]}/messages"), PATIENCE, "the provider answers")
        until(lambda: answers(f"{urls[0]}/healthz"), PATIENCE, "the web answers")
        yield House(machine, folder, *urls)


def write_workspace(folder: Path, web: str, provider: str) -> None:
    files = starter_files() | {"playbooks/pricing.yaml": PRICING}
    before, _, rest = files["warmline.toml"].replace("http://127.0.0.1:8000", web).partition("[channels.sms]")
    channels = f"""
[channels.sms]
provider = "twilio"
account_sid = "AC00000000000000000000000000000000"
auth_token = "env:TWILIO_AUTH_TOKEN"
from = "+15005550006"
base_url = "{provider}"
timeout = 2
absent_after = 1
rate = 500

[channels.email]
provider = "sandbox"
base_url = "{provider}"
auth_token = "env:TWILIO_AUTH_TOKEN"
timeout = 2
rate = 500

[channels.voicemail]
provider = "sandbox"

"""
    files["warmline.toml"] = before + channels + rest[rest.index("[people.sam]") :]
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def send_leads(house: House, sender: int) -> None:
    """Post leads the whole time, as a web site does that repeats a request until it is answered."""
    number = 0
    while not house.stopping.is_set():
        phone = f"+1212{2_000_000 + 2 * number + sender:07d}"
        number += 1
        body = {"name": "Ann Lee", "phone_number": phone, "email": f"ann{phone[1:]}@example.com", "agree": "yes"}
        while phone not in house.answered and not house.stopping.is_set():
            lead = post(f"{house.web}/in/pricing", body, phone)
            if lead:
                house.answered[phone] = lead
            else:
                time.sleep(0.2)
        house.stopping.wait(0.3)


def post(url: str, body: dict[str, str], key: str) -> str:
    """The lead's id of a 202; "" when it is to be sent again."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            return str(json.load(answer)["lead"]) if answer.status == 202 else ""
    except urllib.error.HTTPError as error:
        if error.code not in (500, 503):
            raise
        return ""
    except (OSError, ValueError):
        return ""
