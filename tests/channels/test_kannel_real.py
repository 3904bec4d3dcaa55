"""The channel against a real Kannel: bearerbox, smsbox and fakesmsc."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiohttp import web

from tests.channels.conformance import KEY, NOW, HandsOver, Opened, message
from tests.e2e.support import PATIENCE, until
from tests.far_ends.kannel import OURS, PASSWORD, SECRET, USER, Kannel, a_kannel
from tests.far_ends.ports import closed_port
from warmline.channels import build
from warmline.channels.contract import Accepted, Callback, Channel, Kind, Refused, Signal
from warmline.channels.secrets import Secret

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    """Its reports go to somebody who says yes to everything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Yes) as hooks:
        listening = threading.Thread(target=hooks.serve_forever)
        listening.start()
        try:
            with a_kannel(tmp_path_factory.mktemp("kannel"), f"{url_of(hooks)}/hooks/sms/{SECRET}") as kannel:
                RealRig.kannel, RealRig.public_url = kannel, url_of(hooks)
                yield kannel
        finally:
            hooks.shutdown()
            listening.join()


class Yes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def url_of(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def channel_to(kannel: Kannel, public_url: str, **settings: object) -> Channel:
    table: dict[str, object] = {
        "provider": "kannel", "base_url": f"http://127.0.0.1:{kannel.port}", "username": USER,
        "password": "env:PASSWORD", "hook_secret": "env:KEY", "from": OURS, **settings,
    }  # fmt: skip
    known = {"env:PASSWORD": PASSWORD, "env:KEY": SECRET}
    classes = {"kannel": {"no_login": "account_refused", "number_denied": "filtered"}}
    return build(
        "sms", table, lambda value: Secret(known[value]) if value in known else value, public_url, KEY, classes
    )


class RealRig:
    kind: Kind = "sms"
    faults = frozenset({"none", "refused connection"})
    kannel: Kannel
    public_url: str

    @asynccontextmanager
    async def open(self, fault: str) -> AsyncIterator[Opened]:
        before = len(self.kannel.got())
        base_url = f"http://127.0.0.1:{closed_port() if fault == 'refused connection' else self.kannel.port}"
        channel = channel_to(self.kannel, self.public_url, base_url=base_url)
        try:
            yield Opened(channel, lambda: _settled(self.kannel, before))
        finally:
            await channel.close()


def _settled(kannel: Kannel, before: int) -> list[str]:
    kannel.settle()
    return [one.text for one in kannel.got()[before:]]


class TestRealKannel(HandsOver):
    rig = RealRig()

    @pytest.fixture(autouse=True)
    def _running(self, kannel: Kannel) -> None:
        """Every test of the suite needs it."""

    test_a_line_that_is_only_a_dot_ends_nothing = None  # fakesmsc's own protocol ends a message at a line's end


def test_a_wrong_password_is_our_own_fault_and_nothing_arrives(kannel: Kannel) -> None:
    async def steps() -> object:
        channel = channel_to(kannel, "http://127.0.0.1:9", username="nobody")
        try:
            return await channel.send(message("sms", text="Never"))
        finally:
            await channel.close()

    refused = asyncio.run(steps())
    assert refused == Refused("account_refused", "no_login", "Authorization failed for sendsms")
    assert "Never" not in [one.text for one in kannel.got()]


def test_a_number_that_is_none_is_refused(kannel: Kannel) -> None:
    async def steps() -> object:
        channel = channel_to(kannel, "http://127.0.0.1:9")
        try:
            return await channel.send(replace(message("sms"), to="nobody"))
        finally:
            await channel.close()

    refused = asyncio.run(steps())
    assert isinstance(refused, Refused)
    assert refused.code == "number_denied"


def test_what_a_real_kannel_tells_is_read_and_what_we_answer_is_sent_back(tmp_path: Path) -> None:
    """Nothing here is made by hand: the reports of a text, a person's HELP with our answer, a STOP without one."""
    told: list[Callback] = []

    async def hear(request: web.Request) -> web.Response:
        url, tail = str(request.url), request.path.removeprefix("/hooks/sms/")
        told.append(Callback(request.method, url, {}, b"", tail))
        reply = channel.answer(["Help is here: Zoë"]) if "HELP" in url else channel.reply
        return web.Response(body=reply.content.encode(), headers={"Content-Type": reply.content_type, **reply.headers})

    async def steps(kannel: Kannel) -> None:
        app = web.Application()
        app.router.add_get("/hooks/sms/{tail:.*}", hear)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            sent = await channel.send(message("sms", text="Über 20 m² – fine?"))
            assert sent == Accepted(message("sms").touch_id)
            await asyncio.to_thread(until, lambda: "delivered" in kinds(), PATIENCE, lambda: f"a report, not {told}")
            for text in ("HELP", "STOP"):
                await asyncio.to_thread(kannel.carrier, "+15558670002", text)
                await asyncio.to_thread(until, lambda t=text: t in texts(), PATIENCE, lambda: f"a keyword, not {told}")
            await asyncio.to_thread(kannel.settle)
        finally:
            await channel.close()
            await runner.cleanup()

    def signals() -> list[Signal]:
        return [signal for one in list(told) for signal in channel.read(one, NOW)]

    def kinds() -> list[str]:
        return [one.kind for one in signals()]

    def texts() -> list[str]:
        return [one.text for one in signals() if one.kind == "inbound"]

    port = closed_port()
    url = f"http://127.0.0.1:{port}"
    with a_kannel(tmp_path, f"{url}/hooks/sms/{SECRET}") as kannel:
        channel = channel_to(kannel, url)
        asyncio.run(steps(kannel))
        delivered = next(one for one in signals() if one.kind == "delivered")
        assert delivered.touch_id == message("sms").touch_id
        stop = next(one for one in signals() if one.text == "STOP")
        assert (stop.sender, stop.recipient, stop.provider_id != "") == ("+15558670002", OURS, True)
        told_stop = next(one for one in told if "STOP" in one.url)
        later = datetime.now(UTC) + timedelta(hours=3)
        assert channel.read(told_stop, later)[0].at < datetime.now(UTC)  # Kannel says when the text came
        assert kannel.to(message("sms").to) == ["Über 20 m² – fine?"]
        assert kannel.to("+15558670002") == ["Help is here: Zoë"]
