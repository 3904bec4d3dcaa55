"""kill -9 of engines mid-send and of the web mid-request, with real processes; then every lead is accounted for."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, starter_files
from tests.e2e.support import WARMLINE, Machine, Process, answers, until
from tests.far_ends.ports import closed_port
from warmline.store.connect import connect
from warmline.store.ids import lane_of, read_touch_ref
from warmline.store.orphans import count_orphans

KILLS, WEB_KILLS = 22, 3
LEADS_A_SECOND = 4
SPEED = 10  # so that the second text comes within seconds
LEASE = 3
DELAY = 0.4  # what the provider takes to answer
PRICING = """
name: Pricing request
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 90}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click], act within: 10 minutes, else: escalate}
steps:
  ack:    {send: sms, or: email, template: ack, at: now, purpose: acknowledge}
  mail:   {send: email, template: context, at: now}
  second: {send: sms, template: nudge, at: 1 minute}
after: close
"""
BEHAVIOUR = f"""
delay = {DELAY}
busy = 0.05
retry_after = 1.0
silent = 0.03
doubled = 0.2
late = 0.2
late_by = 3.0
reordered = 0.1
act_after = 1.0
replies = 0.08
opts_out = 0.1
"""


@dataclass
class Place:
    """Everything that runs, and what the senders of leads were told."""

    machine: Machine
    conn: psycopg.Connection
    web_url: str
    provider_url: str
    engine_ids: dict[str, set[UUID]] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)  # phone -> lead id of its 202
    posted: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def process(self, name: str) -> Process:
        return self.machine.processes[name]

    def count(self, query: str, *params: object) -> int:
        row = self.conn.execute(query.encode(), params).fetchone()
        return int(row[0]) if row else 0


@pytest.fixture
def place(dsn: str, tmp_path: Path) -> Iterator[Place]:
    web, provider = closed_port(), closed_port()
    folder = tmp_path / "acme"
    write_workspace(folder, f"http://127.0.0.1:{provider}", f"http://127.0.0.1:{web}")
    (tmp_path / "behaviour.toml").write_text(BEHAVIOUR)
    environment = {
        "DATABASE_URL": dsn,
        "WARMLINE_DIR": str(folder),
        "WARMLINE_SECRET": "a secret of tests that is long enough for it",
        "WARMLINE_PUBLIC_URL": f"http://127.0.0.1:{web}",
        "WARMLINE_LEASE": str(LEASE),
        "TWILIO_AUTH_TOKEN": "token-of-tests",
    }
    with connect(dsn, "accounts") as conn, Machine(tmp_path, environment) as machine:
        real = datetime.now(UTC)
        conn.execute("insert into clocks (id, base, real_base, speed) values (1, %s, %s, %s)", (TUESDAY, real, SPEED))
        machine.run(*WARMLINE, "migrate")
        machine.run(*WARMLINE, "apply", str(folder))
        place = Place(machine, conn, f"http://127.0.0.1:{web}", f"http://127.0.0.1:{provider}")
        behaviour = str(tmp_path / "behaviour.toml")
        machine.start(
            "provider", WARMLINE[0], "-m", "warmline.channels.sandbox", "--port", str(provider),
            "--behaviour", behaviour, "--auth-token", "token-of-tests",
        )  # fmt: skip
        machine.start("web", *WARMLINE, "web", "--port", str(web))
        for name in ("engine-1", "engine-2"):
            machine.start(name, *WARMLINE, "engine")
        until(lambda: answers(f"{place.provider_url}/messages"), 60, "the provider answers")
        until(lambda: answers(f"{place.web_url}/healthz"), 60, "the web answers")
        until(lambda: place.count("select count(*) from engines") == 2, 60, "both engines give a sign of life")
        yield place


def write_workspace(folder: Path, provider: str, public_url: str) -> None:
    files = starter_files() | {"playbooks/pricing.yaml": PRICING}
    settings = files["warmline.toml"].replace("http://127.0.0.1:8000", public_url)
    before, _, rest = settings.partition("[channels.sms]")
    after = rest[rest.index("[people.sam]") :]
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
    files["warmline.toml"] = before + channels + after
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


@pytest.mark.slow
def test_engines_and_web_killed_again_and_again_lose_no_lead_and_double_no_message(place: Place) -> None:
    senders = [threading.Thread(target=send_leads, args=(place, number)) for number in range(2)]
    for sender in senders:
        sender.start()
    with place.machine.explained():
        try:
            hits = kill_mid_send(place)
        finally:
            place.stopping.set()
            for sender in senders:
                sender.join()
            # A provider that can't say is asked for 90 s before a touch is unknown.
            until(lambda: is_quiet(place), 180, lambda: f"everything comes to rest: {unrest(place)}", every=0.5)
        table = account(place, hits)
    print("\n" + "\n".join(f"{what:<58} {found}" for what, found in table))  # noqa: T201 - the account is to be read
    for name in ("engine-1", "engine-2"):
        assert place.process(name).stop() == 0, f"{name} stops cleanly"


def send_leads(place: Place, sender: int) -> None:
    """Post leads the whole time, as a web site does that repeats a request until it is answered."""
    number = 0
    while not place.stopping.is_set():
        phone = f"+1212{2_000_000 + 2 * number + sender:07d}"
        number += 1
        body = {"name": "Ann Lee", "phone_number": phone, "email": f"ann{phone[1:]}@example.com", "agree": "yes"}
        place.posted += 1
        while phone not in place.answered:
            lead = post(f"{place.web_url}/in/pricing", body, key=phone)
            if lead:
                place.answered[phone] = lead
            else:
                time.sleep(0.2)
        place.stopping.wait(2 / LEADS_A_SECOND)


def post(url: str, body: dict[str, str], key: str) -> str:
    """The lead's id of a 202; "" when nobody answered, and the same request is due again."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            assert answer.status == 202, answer.status
            return str(json.load(answer)["lead"])
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return ""
    except (OSError, ValueError):
        return ""


def kill_mid_send(place: Place) -> int:
    """Kill engines while they are handing over. Returns after how many kills touches were left in the middle."""
    dice = random.Random(20)
    hits = 0
    for kill in range(KILLS):
        name = dice.choice(("engine-1", "engine-2"))
        process = place.process(name)
        until(lambda p=process: engine_of(place, p.pid) or not p.runs(), 60, f"{name} gives a sign of life")  # type: ignore[misc]
        engine = engine_of(place, process.pid)
        assert process.runs(), f"{name} has ended by itself"
        until(lambda e=engine: in_hand(place, e), 60, f"{name} is handing something over", every=0.005)  # type: ignore[misc]
        process.kill()
        hits += in_hand(place, engine) > 0  # it is dead, so what it holds now was cut off in the middle
        process.start()
        if kill % (KILLS // WEB_KILLS) == 3:
            place.process("web").kill()
            place.process("web").start()
    return hits


def engine_of(place: Place, pid: int) -> Any:
    row = place.conn.execute(
        "select id from engines where pid = %s order by started_at desc limit 1", (pid,)
    ).fetchone()
    return row[0] if row else None


def in_hand(place: Place, engine: Any) -> int:
    return place.count("select count(*) from touches where status = 'sending' and claimed_by = %s", engine)


def unrest(place: Place) -> dict[str, int]:
    return {
        "touches under way": place.count("select count(*) from touches where status in ('queued', 'sending')"),
        "enrollments running": place.count("select count(*) from enrollments where status = 'running'"),
    }


def is_quiet(place: Place) -> bool:
    return not any(unrest(place).values())


def account(place: Place, hits: int) -> list[tuple[str, Any]]:
    """Everything that was promised, looked up. Raises AssertionError for what does not hold."""
    arrived = read_provider(place)
    refs = Counter(ref for ref, _ in arrived)
    touches = {row[0]: row[1:] for row in place.conn.execute(
        "select lane || '-' || replace(id::text, '-', ''), status, lead_id, enrollment_id, step, channel from touches"
    )}  # fmt: skip
    stories = {
        row[0]: row[1]
        for row in place.conn.execute("select lead_id, array_agg(kind order by seq) from events group by 1")
    }
    told = set(place.answered.values())

    untold = [lead for lead in told if not {"form.submitted", "enrolled"} <= set(stories.get(UUID(lead), ()))]
    twice = [ref for ref, count in refs.items() if count > 1]
    steps = Counter((touches[ref][2], touches[ref][3], touches[ref][4]) for ref in refs)
    again = [step for step, count in steps.items() if count > 1]
    astray = [ref for ref in refs if ref not in touches or touches[ref][0] in ("queued", "sending", "held", "refused")]
    unproved = [ref for ref, row in touches.items() if row[0] in ("sent", "delivered") and ref not in refs]
    unknown = [row[1] for row in touches.values() if row[0] == "unknown"]
    shown = {row[0] for row in place.conn.execute("select lead_id from tasks where kind = 'unknown'")}
    late = sent_after_opt_out(place, arrived, touches)
    workspace = place.count("select id from workspaces")
    statuses = Counter(row[0] for row in touches.values())
    leads = place.count("select count(*) from leads")
    outs = place.count("select count(distinct lead_id) from events where kind = 'opted.out'")

    table: list[tuple[str, Any]] = [
        ("leads posted / answered 202 / in the database", f"{place.posted} / {len(told)} / {leads}"),
        ("answered leads without their story", len(untold)),
        ("engines killed / with touches in the middle of a send", f"{KILLS} / {hits}"),
        ("web killed", WEB_KILLS),
        ("messages at the provider", len(arrived)),
        ("touch ids that reached the provider twice", len(twice)),
        ("steps of which a lead got two messages", len(again)),
        ("messages that no sent, failed or unknown touch explains", len(astray)),
        ("sent touches that the provider never got", len(unproved)),
        ("touches by status", dict(statuses)),
        ("touches tried more than once", place.count("select count(*) from touches where tries > 1")),
        ("unknown touches / of them without a task", f"{len(unknown)} / {len([one for one in unknown if one not in shown])}"),
        ("opt-outs / messages begun after one", f"{outs} / {len(late)}"),
        ("orphans", count_orphans(place.conn, workspace)),
        ("parked", place.count("select count(*) from enrollments where status = 'parked'")),
    ]  # fmt: skip
    assert len(told) == place.posted == leads
    assert (untold, twice, again, astray, unproved, late) == ([], [], [], [], [], [])
    assert [one for one in unknown if one not in shown] == []
    assert statuses["sending"] == 0
    assert count_orphans(place.conn, workspace) == 0
    assert place.count("select count(*) from enrollments where status = 'parked'") == 0
    assert hits >= 20, f"only {hits} kills cut a send in the middle"
    return table


def read_provider(place: Place) -> list[tuple[str, datetime]]:
    """(touch ref, when it was taken) of everything that the provider accepted, texts and mails."""
    with urllib.request.urlopen(f"{place.provider_url}/messages", timeout=20) as answer:  # noqa: S310 - our own address
        messages = json.load(answer)["messages"]
    found = []
    for one in messages:
        callback = urlsplit(one["fields"].get("StatusCallback", ""))
        ref = one["touch_id"] or parse_qs(callback.query)["touch"][0]
        found.append((ref, datetime.fromisoformat(one["at"])))
    return found


def sent_after_opt_out(place: Place, arrived: list[tuple[str, datetime]], touches: dict[str, Any]) -> list[str]:
    """Messages whose request began after the lead's opt-out was committed. The provider takes DELAY to accept one, and
    a second more is allowed for the way; a message that ignored an opt-out would come whole steps later."""
    base, real_base, speed = place.conn.execute("select base, real_base, speed from clocks").fetchone() or (None,) * 3
    outs = {
        lead: real_base + (at - base) / speed
        for lead, at in place.conn.execute("select lead_id, min(at) from events where kind = 'opted.out' group by 1")
    }
    slack = timedelta(seconds=DELAY + 1)
    late = []
    for ref, at in arrived:
        lead = touches[ref][1]
        assert read_touch_ref(ref)[0] == lane_of(lead)
        if lead in outs and at > outs[lead] + slack:
            late.append(ref)
    return late
