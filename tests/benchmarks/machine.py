"""The machine that is measured on, how busy it is, and how much its processes take."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median
from typing import Any

import phonenumbers
import psutil
import psycopg

MB = 1024 * 1024

#: Above this share of the cores before a part begins, its absolute figures are not to be trusted.
BUSY = 0.25


def describe(server: str) -> dict[str, Any]:
    """What a reader needs to judge the figures, and to repeat them."""
    with psycopg.connect(server) as conn:
        row = conn.execute("select current_setting('server_version'), current_setting('shared_buffers')").fetchone()
    assert row is not None
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": row[0].split()[0],
        "shared_buffers": row[1],
        "libraries": {name: version(name) for name in ("psycopg", "granian", "aiohttp", "msgspec", "django")},
    }


def cores_worth(times: int = 3) -> list[float]:
    """How many times the work of one process all cores do at once: least, median, most. Where a machine is shared, its cores
    are now a core each and now two threads of one, which do little more than one."""
    found = sorted(sum(_spun(os.cpu_count() or 1)) / _spun(1)[0] for _ in range(times))
    return [round(one, 1) for one in (found[0], median(found), found[-1])]


def _spun(processes: int) -> list[int]:
    """Rounds of a plain loop, of as many processes at once, within the same second."""
    begin = time.time() + 0.4
    program = (
        f"import time\nwhile time.time() < {begin}: pass\nn = 0\nwhile time.time() < {begin + 0.4}: n += 1\nprint(n)"
    )
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(processes)]
    return [int(one.communicate()[0]) for one in running]


#: As people write them, of several countries.
_NUMBERS = (
    ("+1 (212) 555-0142", "US"), ("020 7946 0018", "GB"), ("(415) 555-2671", "US"), ("+49 30 901820", "DE"),
    ("04 91 57 01 58", "FR"), ("212-555-0188", "US"), ("+61 2 9374 4000", "AU"), ("1-800-356-9377", "US"),
    ("+1 416 555 0123", "CA"), ("(305) 555-0199", "US"),
)  # fmt: skip


def number_cost(times: int = 9) -> float:
    """Microseconds for which phonenumbers reads a number, asks whether it is one, and writes it anew: how fast one core and
    this Python are, in a unit that another machine can be asked for. The median of a few rounds."""
    return round(median(_numbers_read() for _ in range(times)) / len(_NUMBERS) * 1e6, 1)


def _numbers_read(times: int = 40) -> float:
    began = time.perf_counter()
    for _ in range(times):
        for number, region in _NUMBERS:
            parsed = phonenumbers.parse(number, region)
            phonenumbers.is_valid_number(parsed)
            phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return (time.perf_counter() - began) / times


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def busy_share() -> float:
    """How much of all cores others take right now, 0 to 1: half a second of watching. The load average lags a minute."""
    return psutil.cpu_percent(0.5) / 100


@dataclass(slots=True)
class Usage:
    """CPU seconds of a group of processes while it was watched, and the most memory that one of them had (bytes)."""

    cpu: float = 0.0
    memory: int = 0
    processes: int = 0


@dataclass(slots=True)
class Watched:
    """Groups of processes by name, each by the ids of its heads; children count with their head."""

    heads: dict[str, list[int]]
    seconds: float = 0.0
    usage: dict[str, Usage] = field(default_factory=dict)

    def share(self, name: str) -> str:
        """Of one core, in percent."""
        return f"{self.usage[name].cpu / self.seconds:.0%} of a core" if self.seconds else ""


@contextmanager
def watch(heads: dict[str, list[int]]) -> Iterator[Watched]:
    """Measure what groups of processes take between entering and leaving."""
    watched = Watched(heads)
    before = {name: _spent(ids) for name, ids in heads.items()}
    began = time.perf_counter()
    yield watched
    watched.seconds = time.perf_counter() - began
    for name, ids in heads.items():
        alive = [one for head in ids for one in _family(head)]
        memory = max((private_memory(one) for one in alive), default=0)
        watched.usage[name] = Usage(_spent(ids) - before[name], memory, len(alive))


def private_memory(process: psutil.Process) -> int:
    """Bytes resident, without what is shared with other processes (PostgreSQL's buffers would count in every backend)."""
    try:
        seen = process.memory_info()
    except psutil.NoSuchProcess:
        return 0
    return int(seen.rss - seen.shared) if process.name() == "postgres" else int(seen.rss)


def _spent(heads: Iterable[int]) -> float:
    """CPU seconds of processes and their children, those that have ended included."""
    total = 0.0
    for head in heads:
        for one in _family(head):
            try:
                times = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
            if head != os.getpid():
                total += times.children_user + times.children_system
    return total


def _family(head: int) -> list[psutil.Process]:
    if head == os.getpid():  # everybody is a child of the bench: it stands for itself alone
        return [psutil.Process()]
    try:
        process = psutil.Process(head)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
