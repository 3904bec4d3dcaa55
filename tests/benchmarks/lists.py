"""A list of a million rows, as bought lists are, through `warmline import`: rows a second, and how much memory it takes.

Beside it the same rows copied bare into the same tables: what PostgreSQL and this machine allow.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from random import Random

from warmline.store.connect import connect

from .copied import copy_again
from .house import WARMLINE, publish, surroundings
from .machine import MB, watch
from .report import Bar, Found, Row
from .server import a_database, postmaster

FIRST = ("Ann", "Ben", "Chloé", "Dmitri", "Eve", "Frank", "Grace", "José", "Ian", "Judy", "Kei", "Liam")
LAST = ("Lee", "Nguyen", "O'Neil", "Smith", "García", "Kowalski", "Jones", "Brown", "Miller", "Davis")
AREAS = (212, 415, 312, 305, 617, 206, 702, 404, 214, 480)


def measure(server: str, *, rows: int = 1_000_000) -> Found:
    """The command itself as a process: its start is in the time, its high-water mark is the kernel's own count."""
    with tempfile.TemporaryDirectory(prefix="wl-bench-list-", dir="/tmp") as folder, a_database(server) as dsn:
        path = Path(folder) / "list.csv"
        write_list(path, rows)
        with connect(dsn) as conn:
            publish(conn, 9)
        command = [
            *WARMLINE,
            "import",
            str(path),
            "--source",
            "pricing",
            "--map",
            "phone=Phone",
            "--json",
        ]
        with watch({"PostgreSQL": [postmaster(dsn)]}) as watched:
            began = time.perf_counter()
            process = subprocess.Popen(command, env=surroundings(dsn, 9), stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            told = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            took = time.perf_counter() - began
        if process.returncode:
            raise RuntimeError(f"warmline import ended with {process.returncode}: {told}")
        bare = {connections: rows / copy_again(dsn, Path(folder), connections) for connections in (1, 2)}
    cpu = (usage.ru_utime + usage.ru_stime) / took
    beside = {
        "told": " ".join(told.split()).strip("{} ").replace('"', ""),
        "import": f"{cpu:.0%} of a core",
        "PostgreSQL": watched.share("PostgreSQL"),
    }
    return Found(
        [
            Row("lists.rows", f"a list of {rows:,} rows imported", rows / took, "/s", bar=Bar(25_000), beside=beside),
            Row("lists.memory", "most memory of the import", usage.ru_maxrss * 1024 / MB, "MB", bar=Bar(400, "at most")),
            *[
                Row(f"lists.bare.{connections}", f"the same rows copied bare, {counted(connections)}", rate, "/s")
                for connections, rate in bare.items()
            ],
            Row("lists.share", "import: share of the bare copy's, 2 connections", rows / took / bare[2] * 100, "%"),
        ]
    )  # fmt: skip


def counted(connections: int) -> str:
    return "1 connection" if connections == 1 else f"{connections} connections"


def write_list(path: Path, rows: int) -> None:
    """Seeded. Of a hundred rows: two name somebody for the second time, two can't be read, six lack one address."""
    random = Random(7)
    with path.open("w", encoding="utf-8") as file:
        file.write("First Name,Last Name,Email,Phone,Company,State,Budget,agree\n")
        for number in range(rows):
            file.write(_line(random, number))


def _line(random: Random, number: int) -> str:
    chance = random.random()
    who = random.randrange(number) if chance < 0.02 and number else number
    first, last = FIRST[who % len(FIRST)], LAST[who // 7 % len(LAST)]
    area, rest = AREAS[who % len(AREAS)], 2_000_000 + who // len(AREAS)
    phone = random.choice(PHONES).format(area=area, middle=rest // 10_000, end=rest % 10_000)
    email = f"{first}.{last}.{who}@Example{who % 500}.com".replace("'", "").replace("é", "e").replace("í", "i")
    if chance > 0.98:
        email, phone = random.choice((("not an address", ""), ("", ""), ("a@", "12"), ("", "call me")))
    elif chance > 0.95:
        email = ""
    elif chance > 0.92:
        phone = ""
    company = f'"{last}, {first} & Sons"' if chance > 0.7 else ""
    return f"{first},{last},{email},{phone},{company},{random.choice(('NY', 'CA', ''))},{number % 50_000},yes\n"


PHONES = (
    "+1{area}{middle}{end:04d}", "({area}) {middle}-{end:04d}", "{area}-{middle}-{end:04d}", "1 {area} {middle} {end:04d}",
    "{area}.{middle}.{end:04d}",
)  # fmt: skip
