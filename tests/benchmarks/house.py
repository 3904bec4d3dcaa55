"""A running house for benchmarks: published workspace, web and engine as real processes, a provider in this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from tests.builders import a_workspace, starter_files
from tests.far_ends.ports import closed_port
from warmline.store.connect import connect

SECRET = "a-secret-for-benchmarks-only-0123456789"


@dataclass(slots=True)
class Provider:
    """Stands in for Twilio: takes every message at once and notes when which number was written to."""

    port: int
    arrived: dict[str, float] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.Response:
        at = time.perf_counter()
        form = await request.post()
        self.arrived.setdefault(str(form["To"]), at)
        return web.json_response({"sid": f"SM{len(self.arrived):032d}", "status": "queued"}, status=201)

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", self.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port, backlog=1024).start()
        return runner


@contextmanager
def a_house(dsn: str, provider_port: int, *, engines: int = 1) -> Iterator[str]:
    """The address of the web. SMS goes to the provider in Twilio's form, everything else to the sandbox."""
    port = closed_port()
    url = f"http://127.0.0.1:{port}"
    toml = starter_files()["warmline.toml"]
    start = toml.index("[channels.sms]")
    end = toml.index("[", start + 1)
    sms = (
        f'[channels.sms]\nprovider = "twilio"\naccount_sid = "AC{"0" * 32}"\nauth_token = "env:BENCH_TOKEN"\n'
        f'from = "+15005550006"\nrate = 10000\nbase_url = "http://127.0.0.1:{provider_port}"\n\n'
    )
    with connect(dsn) as conn:
        a_workspace(conn, {"warmline.toml": toml[:start] + sms + toml[end:]}, now=datetime.now(UTC))
    environment = {
        **os.environ, "DATABASE_URL": dsn, "WARMLINE_SECRET": SECRET, "WARMLINE_PUBLIC_URL": url, "BENCH_TOKEN": "token",
    }  # fmt: skip
    this = [sys.executable, "-m", "warmline.cli"]
    subprocess.run([*this, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    commands = [[*this, "web", "--port", str(port)], *([[*this, "engine"]] * engines)]
    log = None if os.environ.get("BENCH_LOG") else subprocess.DEVNULL
    running = [subprocess.Popen(command, env=environment, stdout=log, stderr=log) for command in commands]
    try:
        _wait_until_ready(url, running)
        yield url
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(60)


def _wait_until_ready(url: str, running: list[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if any(process.poll() is not None for process in running):
            raise RuntimeError("A process of the house ended before it was ready.")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The house was not ready within a minute.")
