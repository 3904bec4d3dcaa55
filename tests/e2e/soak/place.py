"""Everything that runs: database, provider, two webs, two engines; looked after, so that what was killed comes back."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.builders import TUESDAY
from tests.e2e.support import WARMLINE, Machine, Process, answers, until
from tests.far_ends.ports import closed_port
from warmline.store.clock import Clock, real_now

from .clocks import SteppedClock, build_library
from .database import Database, SmallDisk
from .load import ask
from .workspace import BEHAVIOUR, LEASE, SPEED, TOKEN, write_workspace

ENGINES, WEBS = ("engine-1", "engine-2"), ("web-1", "web-2")
PATIENCE = 240  # seconds; machines of CI are slow
RESTART = 1.0  # seconds until a process that ended by itself is started again


@dataclass
class Place:
    folder: Path
    database: Database
    disk: SmallDisk
    machine: Machine
    web_urls: list[str]
    provider_url: str
    clock: Clock  # of business
    clocks: dict[str, SteppedClock]
    no_clocks: str  # why there are none
    say: Callable[[str], None]
    ended: Counter[str] = field(default_factory=Counter)  # by itself, and started again
    _again_at: dict[str, float] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.clock.now()

    def process(self, name: str) -> Process:
        return self.machine.processes[name]

    def tend(self) -> None:
        """Start again what has ended."""
        self.database.tend()
        for name, process in self.machine.processes.items():
            if process.runs():
                continue
            if name not in self._again_at:
                self._again_at[name] = time.monotonic() + RESTART
                self.ended[name] += 1
            elif time.monotonic() >= self._again_at[name]:
                del self._again_at[name]
                process.start()

    def kill(self, name: str) -> None:
        process = self.process(name)
        process.kill()
        process.start()

    def engine_of(self, name: str) -> Any:
        """The id under which the process gives signs of life; None before the first."""
        query = "select id from engines where pid = %s order by started_at desc limit 1"
        found = self.database.rows_or_none(query, self.process(name).pid)
        return found[0][0] if found else None

    def in_hand(self, engine: Any) -> int:
        """Touches that this engine is handing over."""
        return self.database.count(
            "select count(*) from touches where status = 'sending' and claimed_by = %s", engine
        )  # fmt: skip

    def set_mood(self, mood: str) -> None:
        status, said = ask(f"{self.provider_url}/mood", json.dumps({"mood": mood}).encode())
        assert status == 200, said

    def provider_says(self, what: str) -> list[dict[str, Any]]:
        """`messages` that it accepted, or what it `told` us."""
        status, said = ask(f"{self.provider_url}/{what}", None)
        assert status == 200, said
        found: list[dict[str, Any]] = json.loads(said)[what]
        return found


@contextmanager
def a_place(say: Callable[[str], None], ask_for: int) -> Iterator[Place]:
    """A house in a folder of its own below /tmp, which stays when the block raises. `ask_for`: seconds for which a provider
    that can't say is asked."""
    folder = Path(tempfile.mkdtemp(prefix="wl-soak-", dir="/tmp"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        disk = stack.enter_context(SmallDisk(folder / "disk"))
        database = Database(disk, say)
        stack.callback(database.close)
        ports = [closed_port() for _ in range(3)]
        provider_url, *web_urls = [f"http://127.0.0.1:{port}" for port in ports]
        write_workspace(folder / "acme", provider_url, web_urls[0])
        (folder / "behaviour.toml").write_text(BEHAVIOUR)
        environment = {
            "DATABASE_URL": database.dsn, "WARMLINE_DIR": str(folder / "acme"), "WARMLINE_PUBLIC_URL": web_urls[0],
            "WARMLINE_SECRET": "a secret of tests that is long enough for it", "WARMLINE_LEASE": str(LEASE),
            "WARMLINE_ASK_FOR": str(ask_for), "TWILIO_AUTH_TOKEN": TOKEN,
        }  # fmt: skip
        machine = stack.enter_context(Machine(folder, environment))
        machine.run(*WARMLINE, "migrate")
        clock = Clock(TUESDAY, real_now(), SPEED)
        query = "insert into clocks (id, base, real_base, speed) values (1, %s, %s, %s) returning id"
        database.rows(query, clock.base, clock.real_base, clock.speed)
        machine.run(*WARMLINE, "apply", str(folder / "acme"))
        library, no_clocks = build_library(folder)
        clocks = (
            {name: SteppedClock(library, folder / f"{name}.clock") for name in (*ENGINES, *WEBS)} if library else {}
        )
        machine.start(
            "provider", WARMLINE[0], "-m", "tests.e2e.soak.provider", "--port", str(ports[0]),
            "--behaviour", str(folder / "behaviour.toml"), "--auth-token", TOKEN,
        )  # fmt: skip
        for name, port in zip(WEBS, ports[1:], strict=True):
            _start(machine, clocks, name, "web", "--port", str(port))
        for name in ENGINES:
            _start(machine, clocks, name, "engine")
        place = Place(folder, database, disk, machine, web_urls, provider_url, clock, clocks, no_clocks, say)
        until(lambda: answers(f"{provider_url}/messages"), PATIENCE, "the provider answers")
        until(lambda: all(answers(f"{url}/readyz") for url in web_urls), PATIENCE, "the webs answer")
        until(lambda: all(map(place.engine_of, ENGINES)), PATIENCE, "both engines give a sign of life")
        with machine.explained():
            yield place


def _start(machine: Machine, clocks: dict[str, SteppedClock], name: str, *command: str) -> None:
    more = clocks[name].environment if name in clocks else {}
    process = Process((*WARMLINE, *command), {**machine.environment, **more}, machine.folder / f"{name}.log")
    machine.processes[name] = process
    process.start()
