"""Every page of a workspace with a million leads and twenty million events, through the real web, signed in."""

from __future__ import annotations

import re
import shutil
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from statistics import median, quantiles
from typing import Any
from urllib.parse import quote, urlencode

import psycopg

from warmline.store import sign_ins
from warmline.store.connect import connect
from warmline.store.workspaces import Workspace

from .crowd import Crowd, fill_crowd
from .house import House, a_house, publish
from .report import Bar, Found, Row
from .server import a_database

#: Bytes of disk that a lead with its story takes, its share of the write-ahead log included.
DISK_A_LEAD = 25_000

#: Statements slower than this, in milliseconds, are told.
SLOW = 50

Address = Callable[[int], str]


def measure(server: str, *, leads: int = 1_000_000, rounds: int = 40) -> Found:
    """One request at a time; pages take turns. A round asks every page once, for somebody else each time."""
    free = shutil.disk_usage("/tmp").free
    if free < leads * DISK_A_LEAD:
        raise RuntimeError(
            f"This needs {leads * DISK_A_LEAD / 1e9:.0f} GB in /tmp, and {free / 1e9:.0f} are free. Use --leads."
        )
    with a_database(server) as dsn:
        with connect(dsn) as conn:
            workspace = publish(conn, 9)
        crowd = fill_crowd(dsn, workspace, leads, datetime.now(UTC))
        with connect(dsn) as conn:
            conn.execute(f"alter database {conn.info.dbname} set log_min_duration_statement = {SLOW}".encode())
            with a_house(dsn, engines=0) as house:
                cookie = sign_in(conn, house, workspace, "kim")
                log_begins = _log_size(conn)
                took = _ask_all(house, cookie, _pages(crowd, house, cookie), rounds)
                slow = _slow_statements(conn, log_begins)
    rows = [_row(name, times, crowd) for name, times in took.items()]
    worst = max(rows, key=lambda row: row.value)
    rows.insert(0, Row("pages.worst", f"slowest page at {leads:,} leads, {crowd.events:,} events: p95 of {worst.what}",
                       worst.value, "ms", bar=worst.bar))  # fmt: skip
    return Found(rows, slow)


def _pages(crowd: Crowd, house: House, cookie: str) -> dict[str, Address]:
    """What is asked for in round n."""
    leads, tasks = crowd.leads, crowd.tasks
    number: Callable[[int], int] = lambda n: 1 + n * 7919 % max(1, len(leads) * 100)  # noqa: E731
    deep = _deep(house, cookie)
    return {
        "today": lambda n: "/",
        "leads": lambda n: "/leads",
        "leads, far down": lambda n: deep,
        "leads of a common name": lambda n: "/leads?q=Miller",
        "leads by first and last name": lambda n: f"/leads?q=Ann+Name{number(n) % 20_000}",
        "leads by phone": lambda n: "/leads?q=" + quote(f"(415) {200 + number(n) // 10_000}-{number(n) % 10_000:04d}"),
        "leads by mail address": lambda n: f"/leads?q=lead{number(n)}@",
        "leads by status, common": lambda n: "/leads?status=open",
        "leads by status, none lately": lambda n: "/leads?status=won",
        "leads by owner": lambda n: "/leads?owner=sam",
        "leads by playbook": lambda n: "/leads?playbook=pricing",
        "a lead": lambda n: f"/leads/{leads[n % len(leads)]}",
        "tasks, mine": lambda n: "/tasks",
        "tasks, all": lambda n: "/tasks?whose=all",
        "tasks, nobody's": lambda n: "/tasks?whose=free",
        "a task": lambda n: f"/tasks/{tasks[n % len(tasks)]}",
        "attention": lambda n: "/attention",
        "playbooks": lambda n: "/playbooks",
        "a playbook": lambda n: "/playbooks/pricing",
        "which step works": lambda n: "/playbooks/pricing/review",
        "sandbox": lambda n: "/sandbox",
        "a thread of the sandbox": lambda n: f"/sandbox/{leads[(n + 100) % len(leads)]}",
    }  # fmt: skip


def _deep(house: House, cookie: str, pages: int = 5) -> str:
    """The address some pages on, as somebody gets there who keeps asking for more."""
    address = "/leads"
    for _ in range(pages):
        _, body = _get(HTTPConnection("127.0.0.1", house.port), address, cookie)
        onward = re.search(r'href="(?:/leads)?(\?[^"]*after=[^"]+)"', body.decode())
        if onward is None:
            return address
        address = "/leads" + onward[1].replace("&amp;", "&")
    return address


def _ask_all(house: House, cookie: str, pages: dict[str, Address], rounds: int) -> dict[str, list[float]]:
    """Milliseconds from the request to the last byte of the answer. The first of each page is kept: somebody gets it."""
    took: dict[str, list[float]] = defaultdict(list)
    connection = HTTPConnection("127.0.0.1", house.port, timeout=60)
    for number in range(rounds):
        for name, address in pages.items():
            began = time.perf_counter()
            status, body = _get(connection, address(number), cookie)
            took[name].append((time.perf_counter() - began) * 1e3)
            if status != 200:
                raise RuntimeError(f"{address(number)} answered {status}: {body[:300]!r}")
    return took


def _get(connection: HTTPConnection, address: str, cookie: str) -> tuple[int, bytes]:
    connection.request("GET", address, headers={"cookie": cookie, "host": f"127.0.0.1:{connection.port}"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def sign_in(conn: psycopg.Connection, house: House, workspace: Workspace, person: str) -> str:
    """By a one-time link, as a person does. Returns the session's cookie."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    address = f"http://127.0.0.1:{house.port}/sign-in/{sign_ins.create(conn, workspace.id, person, datetime.now(UTC))}"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.open(address).read().decode())
    assert token is not None
    browser.open(address, urlencode({"csrfmiddlewaretoken": token[1]}).encode()).read()
    return "; ".join(f"{one.name}={one.value}" for one in jar)


def _row(name: str, times: list[float], crowd: Crowd) -> Row:
    p95 = quantiles(times, n=20, method="inclusive")[18] if len(times) > 1 else times[0]
    beside = {"p50": f"{median(times):.0f} ms", "slowest": f"{max(times):.0f} ms", "first": f"{times[0]:.0f} ms"}
    key = "pages." + re.sub(r"\W+", "-", name)
    return Row(key, name, p95, "ms", bar=Bar(150, "at most"), beside=beside)


def _log_size(conn: psycopg.Connection) -> int:
    row = conn.execute("select size from pg_stat_file(pg_current_logfile())").fetchone()
    return int(row[0]) if row else 0


def _slow_statements(conn: psycopg.Connection, begin: int, most: int = 12) -> list[dict[str, Any]]:
    """What PostgreSQL's own log says took long: the slowest first, alike ones together."""
    row = conn.execute("select pg_read_file(pg_current_logfile(), %s, 50000000)", (begin,)).fetchone()
    entries = re.findall(
        r"duration: ([\d.]+) ms  \w+(?: [^:]*)?: (.*?)(?=\n\d{4}-\d\d-\d\d |\Z)", row[0] if row else "", re.S
    )
    alike: dict[str, list[float]] = defaultdict(list)
    for milliseconds, statement in entries:
        alike[" ".join(statement.split())[:300]].append(float(milliseconds))
    told = [{"times": len(all_of), "p50_ms": median(all_of), "slowest_ms": max(all_of), "statement": statement}
            for statement, all_of in alike.items()]  # fmt: skip
    return sorted(told, key=lambda one: -one["slowest_ms"])[:most]
