"""The web in this process, on a database of its own: the ASGI application for doors, Django's client for pages."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg import sql

import warmline.web
from tests.builders import a_workspace, starter_files
from tests.conftest import TEMPLATE, of
from warmline.store import sign_ins
from warmline.store.clock import real_now
from warmline.store.connect import connect
from warmline.store.ids import lane_of, new_id
from warmline.store.workspaces import Workspace

SECRET = "a-secret-of-the-tests-that-is-long-enough"
_numbers = itertools.count(1)

TWILIO = """
[channels.sms]
provider = "twilio"
account_sid = "AC00000000000000000000000000000000"
auth_token = "env:TWILIO_TOKEN_OF_TESTS"
from = "+15005550006"
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@pytest.fixture(scope="session")
def site(server: str) -> Iterator[str]:
    """The address of a database with our tables and Django's, and the web set up for it."""
    name = f"web_{os.getpid()}"
    with connect(server) as conn:
        source = sql.Identifier(f"{TEMPLATE}_{os.getpid()}")
        conn.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), source))
    dsn = of(server, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARMLINE_DSN", dsn)
        patch.setenv("WARMLINE_SECRET", SECRET)
        patch.setenv("WARMLINE_HOSTS", ".test")
        patch.setenv("TWILIO_TOKEN_OF_TESTS", "12345")
        patch.delenv("WARMLINE_PUBLIC_URL", raising=False)
        patch.delenv("WARMLINE_DIR", raising=False)
        warmline.web.migrate(dsn)
        _point_django_at(dsn)
        yield dsn
        _close()
    with connect(server) as conn:
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def conn(site: str) -> Iterator[psycopg.Connection]:
    with connect(site, "test") as conn:
        yield conn


@pytest.fixture
def place(conn: psycopg.Connection) -> Workspace:
    """A workspace with a host name of its own, and Twilio for SMS."""
    return make_place(conn)


def make_place(conn: psycopg.Connection, email: str = "") -> Workspace:
    """`email` takes the place of the starter's [channels.email]."""
    from warmline.web import kept

    kept.forget()  # a door may still hold that there is one workspace only
    number = next(_numbers)
    toml = starter_files()["warmline.toml"]
    toml = re.sub(r'public_url = ".*"', f'public_url = "http://w{number}.test"', toml)
    toml = re.sub(r"\n\[channels\.sms\]\n(?:(?!\[).*\n)*", "\n" + TWILIO + "\n", toml)
    if email:
        toml = re.sub(r"\n\[channels\.email\]\n(?:(?!\[).*\n)*", lambda _: f"\n{email}\n", toml)
    return a_workspace(conn, {"warmline.toml": toml}, name=f"Acme {number}", now=real_now() - timedelta(days=1))


def publish_with(conn: psycopg.Connection, place: Workspace, table: str) -> Workspace:
    """Publish the place anew, with this [channels.x]."""
    from warmline.web import kept

    kept.forget()
    toml = re.sub(
        r'public_url = ".*"', f'public_url = "{place.config.workspace.public_url}"', starter_files()["warmline.toml"]
    )
    header = re.escape(table.strip().splitlines()[0])
    toml = re.sub(rf"\n{header}.*\n(?:(?!\[).*\n)*", "\n" + table + "\n", toml)
    return a_workspace(conn, {"warmline.toml": toml}, name=place.name, now=real_now() - timedelta(hours=1))


@pytest.fixture
def call(site: str, place: Workspace) -> Callable[..., Answer]:
    """`call("POST", "/in/pricing", body, accept=...)`: one request through the whole application."""
    host = place.config.workspace.public_url.removeprefix("http://")

    def one(method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        named = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return asyncio.run(_ask(method, path, body, named))

    return one


@pytest.fixture
def sign_in(site: str, conn: psycopg.Connection, place: Workspace) -> Callable[..., Any]:
    """`sign_in("sam")`: a client whose session is that person's, by a link as they get it."""
    from django.test import Client

    def one(person: str, workspace: Workspace = place, **options: Any) -> Any:
        client = Client(headers={"host": "localhost"}, **options)
        address = f"/sign-in/{sign_ins.create(conn, workspace.id, person, real_now())}"
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(address).content.decode())
        assert token is not None
        answer = client.post(address, {"csrfmiddlewaretoken": token[1]})
        assert answer.status_code == 302, answer.content
        return client

    return one


@pytest.fixture
def lead(call: Callable[..., Answer]) -> UUID:
    """A lead that came in by the pricing form."""
    body = msgspec.json.encode(
        {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com", "phone": "+12125550123"}
    )
    return UUID(call("POST", "/in/pricing", body, content_type="application/json").json()["lead"])


@pytest.fixture
def task(conn: psycopg.Connection, place: Workspace, lead: UUID) -> str:
    """An open call of nobody; the last part of its address."""
    task_id = new_id()
    conn.execute(
        "insert into tasks (lane, id, lead_id, workspace_id, kind, title, due_at, opened_at)"
        " values (%s, %s, %s, %s, 'call', 'Call Ann', now(), now())",
        (lane_of(lead), task_id, lead, place.id),
    )
    return f"{lane_of(lead)}/{task_id}"


@contextmanager
def database_away(server: str, name: str) -> Iterator[None]:
    """Every connection of the web is cut, and none can be made. A door may know its workspace, or have to look it up."""
    here = sql.Identifier(name)
    from warmline.web import kept

    kept.forget()
    with connect(server) as conn:
        conn.execute(sql.SQL("alter database {} allow_connections false").format(here))
        try:
            conn.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where datname = %s and application_name like 'warmline%%'", (name,)
            )  # fmt: skip
            yield
        finally:
            conn.execute(sql.SQL("alter database {} allow_connections true").format(here))


async def _ask(method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    from warmline.web.asgi import app

    sent: list[dict[str, Any]] = []
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("198.51.100.7", 4711), "server": ("localhost", 80),
    }  # fmt: skip
    parts = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        found = next(parts, None)
        if found is None:
            await asyncio.Event().wait()  # the caller stays on the line
        return found or {}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    head = next(message for message in sent if message["type"] == "http.response.start")
    whole = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return Answer(head["status"], {name.decode(): value.decode() for name, value in head["headers"]}, whole)


def _point_django_at(dsn: str) -> None:
    """Another test may have set Django up for another database in this process."""
    from django.conf import settings
    from django.db import connections

    from warmline.web import database, environment

    database.close()
    settings.ALLOWED_HOSTS = list(environment.read().hosts)
    connections.settings["default"] = connections.configure_settings({"default": environment.for_django(dsn)})[
        "default"
    ]
    if hasattr(connections._connections, "default"):
        del connections["default"]


def _close() -> None:
    from django.db import connections

    from warmline.web import database, kept
    from warmline.web.doors import intake

    intake.close()
    kept.forget()
    database.close()
    for one in connections.all(initialized_only=True):
        one.close()
        one.close_pool()
