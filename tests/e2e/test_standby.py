"""The primary dies under load, with its disk; the standby is promoted: nothing accepted is lost, nothing is sent twice."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, starter_files
from tests.far_ends.ports import closed_port
from warmline.store.connect import connect
from warmline.store.orphans import count_orphans

from .standby import Pair
from .support import WARMLINE, Machine, answers, until

LEASE = 3
BEFORE, AFTER = 40, 40  # leads accepted before the primary dies, and after the standby is promoted
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
    machine: Machine
    pair: Pair
    web: str
    provider: str
    answered: dict[str, str] = field(default_factory=dict)  # phone -> lead id of its 202
    stopping: threading.Event = field(default_factory=threading.Event)

    def arrived(self) -> list[str]:
        """The touch of every message that the provider accepted."""
        with urllib.request.urlopen(f"{self.provider}/messages", timeout=20) as answer:  # noqa: S310 - our own address
            messages = json.load(answer)["messages"]
        return [
            one["touch_id"] or parse_qs(urlsplit(one["fields"]["StatusCallback"]).query)["touch"][0] for one in messages
        ]


@pytest.fixture
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/tmp"))  # a short path that every account may enter
    folder.chmod(0o755)
    pair = Pair(folder)
    try:
        pair.make_standby()
        with a_house(folder, pair) as machine_and_urls:
            yield machine_and_urls
    finally:
        pair.end()
        shutil.rmtree(folder, ignore_errors=True)


class a_house:  # noqa: N801 - reads as what it makes
    def __init__(self, folder: Path, pair: Pair) -> None:
        self.folder, self.pair = folder, pair

    def __enter__(self) -> House:
        web, provider = closed_port(), closed_port()
        urls = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{provider}"
        acme = self.folder / "acme"
        write_workspace(acme, *urls)
        (self.folder / "behaviour.toml").write_text("delay = 0.2\ndoubled = 0.1\nlate = 0.1\nlate_by = 2.0\n")
        environment = {
            "DATABASE_URL": self.pair.address, "WARMLINE_DIR": str(acme), "WARMLINE_PUBLIC_URL": urls[0],
            "WARMLINE_SECRET": "a secret of tests that is long enough for it", "WARMLINE_LEASE": str(LEASE),
            "TWILIO_AUTH_TOKEN": "token-of-tests",
        }  # fmt: skip
        self.machine = Machine(self.folder, environment)
        try:
            self.machine.run(*WARMLINE, "migrate")
            with connect(self.pair.address) as conn:
                conn.execute("insert into clocks (id, base, real_base, speed) values (1, %s, now(), 1)", (TUESDAY,))
            self.machine.run(*WARMLINE, "apply", str(acme))
            self.machine.start(
                "provider", WARMLINE[0], "-m", "warmline.channels.sandbox", "--port", str(provider),
                "--behaviour", str(self.folder / "behaviour.toml"), "--auth-token", "token-of-tests",
            )  # fmt: skip
            self.machine.start("web", *WARMLINE, "web", "--port", str(web))
            for name in ("engine-1", "engine-2"):
                self.machine.start(name, *WARMLINE, "engine")
            until(lambda: answers(f"{urls[1]}/messages"), 60, "the provider answers")
            until(lambda: answers(f"{urls[0]}/healthz"), 60, "the web answers")
        except BaseException:
            self.machine.__exit__(None, None, None)
            raise
        return House(self.machine, self.pair, *urls)

    def __exit__(self, *_: object) -> None:
        self.machine.__exit__(None, None, None)


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


@pytest.mark.slow
def test_the_primary_dies_under_load_and_the_standby_goes_on_with_nothing_lost_and_nothing_twice(house: House) -> None:
    senders = [threading.Thread(target=send_leads, args=(house, number)) for number in range(2)]
    for sender in senders:
        sender.start()
    with house.machine.explained():
        try:
            until(lambda: len(house.answered) >= BEFORE and len(house.arrived()) >= BEFORE, 120, "the house is at work")
            house.pair.destroy_primary()
            dead = time.monotonic()
            before = len(house.answered), len(house.arrived())
            promoting = house.pair.promote()
            promoted, told = time.monotonic(), len(house.arrived())
            until(lambda: len(house.arrived()) > told, 120, "something is sent again", every=0.1)
            sending = time.monotonic() - promoted
            until(lambda: len(house.answered) > before[0], 120, "leads are accepted again", every=0.1)
            accepting = time.monotonic() - promoted
            until(lambda: len(house.answered) >= before[0] + AFTER, 180, "it goes on")
        finally:
            house.stopping.set()
            for sender in senders:
                sender.join()
        with connect(house.pair.address) as conn:
            until(lambda: not unrest(conn), 240, lambda: f"everything comes to rest: {unrest(conn)}", every=0.5)
            table = [
                ("accepted / handed over when the primary died", f"{before[0]} / {before[1]}"),
                ("seconds: promoted after the order / dead until promoted", f"{promoting:.1f} / {promoted - dead:.1f}"),
                ("seconds after promotion: sending again / accepting again", f"{sending:.1f} / {accepting:.1f}"),
                *account(house, conn),
            ]
            print("\n" + "\n".join(f"{what:<58} {found}" for what, found in table))  # noqa: T201 - to be read
        for name in ("engine-1", "engine-2"):
            assert house.machine.processes[name].stop() == 0, f"{name} stops cleanly"


def account(house: House, conn: psycopg.Connection) -> list[tuple[str, Any]]:
    """Everything that was promised, looked up on the promoted server."""
    refs = Counter(house.arrived())
    touches = {
        row[0]: row[1:]
        for row in conn.execute("select lane || '-' || replace(id::text, '-', ''), status, lead_id, step from touches")
    }
    stories: dict[UUID, set[str]] = {
        row[0]: set(row[1]) for row in conn.execute("select lead_id, array_agg(kind) from events group by 1")
    }
    lost = [
        lead for lead in house.answered.values() if not {"form.submitted", "enrolled"} <= stories.get(UUID(lead), set())
    ]
    twice = [ref for ref, count in refs.items() if count > 1]
    steps = Counter(touches[ref][1:] for ref in refs if ref in touches)
    again = [step for step, count in steps.items() if count > 1]
    astray = [ref for ref in refs if ref not in touches or touches[ref][0] in ("queued", "sending", "held", "refused")]
    unproved = [ref for ref, row in touches.items() if row[0] in ("sent", "delivered") and ref not in refs]
    unknown = {row[1] for row in touches.values() if row[0] == "unknown"}
    shown = {row[0] for row in conn.execute("select lead_id from tasks where kind = 'unknown'")}
    ((workspace,),) = conn.execute("select id from workspaces").fetchall()
    assert (lost, twice, again, astray, unproved, unknown - shown) == ([], [], [], [], [], set())
    assert count_orphans(conn, workspace) == 0
    return [
        ("answered 202 / messages at the provider", f"{len(house.answered)} / {sum(refs.values())}"),
        ("lost / touches twice / steps twice / unexplained / unproved", "0 / 0 / 0 / 0 / 0"),
        ("touches by status", dict(Counter(row[0] for row in touches.values()))),
        ("orphans", 0),
    ]


def unrest(conn: psycopg.Connection) -> int:
    row = conn.execute(
        "select (select count(*) from touches where status in ('queued', 'sending'))"
        " + (select count(*) from enrollments where status = 'running')"
    ).fetchone()
    return int(row[0]) if row else 0


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
