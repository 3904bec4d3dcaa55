"""A whole house for a test to live in: database, web and engine as real processes, and the far ends they talk to.

The business clock stands where the test wants it, so no story depends on the hour at which it is run.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
from aiohttp import web
from twilio.request_validator import RequestValidator

from tests.benchmarks.server import a_database
from tests.builders import starter_files
from tests.far_ends.ports import closed_port
from tests.far_ends.ringless import Drop, Ringless
from tests.far_ends.smtp import Mailbox, serve_smtp
from tests.far_ends.web import serve
from warmline.store.clock import read_clock, real_now
from warmline.store.connect import connect

from .support import PATIENCE, WARMLINE, Machine, answers, until

ACCOUNT, TOKEN, OURS = "AC" + "0" * 32, "token-of-tests", "+15005550006"
FORM = "application/x-www-form-urlencoded"
SANDBOX = 'provider = "sandbox"'
_numbers = count()


@dataclass(frozen=True)
class Person:
    """Somebody of New York whom nobody has heard of yet."""

    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def phone(self) -> str:
        return f"+1212{2_000_000 + self.number}"

    @property
    def email(self) -> str:
        return f"lead{self.number}@example.com"

    def form(self, **more: str) -> dict[str, str]:
        """The pricing form, the box ticked."""
        mine = {"first_name": "Ann", "phone_number": self.phone, "email": self.email, "agree": "yes"}
        return {**mine, **more}


@dataclass(frozen=True)
class Asked:
    """One request at the text provider, byte for byte."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    sid: str
    at: float  # time.perf_counter

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class FarEnds:
    """In a thread of their own: a text provider on `port`, a mail server, providers of ringless voicemail at
    `ringless_url`, and a web site with the business's form."""

    def __init__(self) -> None:
        self.port = closed_port()
        self.asked: list[Asked] = []
        self.fates: dict[str, tuple[int, int]] = {}  # phone -> HTTP status and error code
        self.pages: dict[str, str] = {}
        self.mailbox = Mailbox()
        self.ringless = Ringless()
        self.ringless_url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="far-ends")
        self._stack = AsyncExitStack()
        self._runner: web.AppRunner | None = None

    def __enter__(self) -> FarEnds:
        self._thread.start()
        self._do(self._begin())
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._do(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self) -> None:
        self._do(self._open())

    def shut(self) -> None:
        """From now on connections to the text provider are refused."""
        if self._runner is not None:
            self._do(self._runner.cleanup())
            self._runner = None

    def texts_to(self, phone: str) -> list[Asked]:
        return [one for one in self.asked if one.fields["To"] == phone]

    def mails_to(self, address: str) -> list[EmailMessage]:
        found = []
        for _, recipient, content in self.mailbox.accepted:
            if recipient == address:
                mail = message_from_bytes(content, policy=policy.default)
                assert isinstance(mail, EmailMessage)
                found.append(mail)
        return found

    def hear(self, drop: Drop) -> float:
        """Fetch the recording of a drop as its provider would. Returns its seconds; raises when it can't be played."""
        rate, frames = self._do(self.ringless.hear(drop))
        return float(frames / rate)

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _begin(self) -> None:
        self.mailbox = await self._stack.enter_async_context(serve_smtp())
        self.ringless_url = await self._stack.enter_async_context(serve(self.ringless.app()))

    async def _open(self) -> None:
        app = web.Application()
        app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", self._take)
        app.router.add_get("/site/{page}", self._show)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def _take(self, request: web.Request) -> web.Response:
        at = time.perf_counter()
        body = await request.read()
        one = Asked(request.method, request.path, dict(request.headers), body, f"SM{len(self.asked):032d}", at)
        self.asked.append(one)
        if one.fields["To"] in self.fates:
            status, code = self.fates[one.fields["To"]]
            said = {"code": code, "message": "as the test wants it", "status": status}
            return web.json_response(said, status=status, headers={"Retry-After": "600"} if status == 429 else None)
        return web.json_response({"sid": one.sid, "status": "queued"}, status=201)

    async def _show(self, request: web.Request) -> web.Response:
        return web.Response(text=self.pages[request.match_info["page"]], content_type="text/html")


@dataclass
class House:
    machine: Machine
    conn: psycopg.Connection
    url: str
    far: FarEnds

    # --- what comes in ----------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request, headers by their names with underscores; no cookies, and no redirect is followed."""
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def post_form(self, source: str, fields: Mapping[str, str], **headers: str) -> Answer:
        return self.ask("POST", f"/in/{source}", urlencode(fields).encode(), content_type=FORM, **headers)

    def post_json(self, source: str, content: object, **headers: str) -> Answer:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.ask("POST", f"/in/{source}", body, content_type="application/json", **headers)

    def lead(self, source: str, fields: Mapping[str, str]) -> str:
        """Post a form that is taken. Returns the lead's id."""
        answer = self.post_form(source, fields)
        assert answer.status == 202, answer.body
        return str(answer.json()["lead"])

    def at_once(self, source: str, forms: list[dict[str, str]]) -> list[Answer]:
        with ThreadPoolExecutor(len(forms)) as threads:
            return list(threads.map(lambda form: self.post_form(source, form), forms))

    def text_from(self, phone: str, text: str, sid: str, token: str = TOKEN) -> Answer:
        """A person's text, as Twilio tells it."""
        fields = {"AccountSid": ACCOUNT, "MessageSid": sid, "From": phone, "To": OURS, "Body": text, "NumMedia": "0"}
        return self._hook(f"{self.url}/hooks/sms/inbound", fields, token)

    def status_of(self, text: Asked, status: str, code: str = "", token: str = TOKEN) -> Answer:
        """What became of a text, told to the address that came with it."""
        to = text.fields["To"]
        fields = {"AccountSid": ACCOUNT, "MessageSid": text.sid, "MessageStatus": status, "From": OURS, "To": to}
        return self._hook(text.fields["StatusCallback"], fields | ({"ErrorCode": code} if code else {}), token)

    def _hook(self, url: str, fields: dict[str, str], token: str) -> Answer:
        signature = RequestValidator(token).compute_signature(url, fields)
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.ask("POST", path, urlencode(fields).encode(), content_type=FORM, x_twilio_signature=signature)

    # --- what is to be seen -----------------------------------------------------------------------------------------

    def warmline(self, *arguments: str) -> str:
        return self.machine.run(*WARMLINE, *arguments)

    def why(self, ref: str) -> Story:
        return Story(json.loads(self.warmline("why", ref, "--json")))

    def first_text(self, phone: str) -> Asked:
        until(lambda: self.far.texts_to(phone), PATIENCE, f"a text to {phone}")
        return self.far.texts_to(phone)[0]

    def first_mail(self, address: str) -> EmailMessage:
        until(lambda: self.far.mails_to(address), PATIENCE, f"a mail to {address}")
        return self.far.mails_to(address)[0]

    def happens(self, lead: str, kind: str, times: int = 1) -> None:
        """Wait until the lead's story has so many events of the kind."""
        query = "select count(*) from events where lead_id = %s and kind = %s"
        until(lambda: self.count(query, lead, kind) >= times, PATIENCE, f"{kind} for lead {lead}")

    def rests(self) -> None:
        """Wait until nothing is due and nothing is on its way out: whatever was going to follow has followed."""
        due = "select count(*) from enrollments where status in ('running', 'handed_off', 'scheduled') and due_at <= %s"
        leaving = "select count(*) from touches where status = 'sending' or (status = 'queued' and ready_at <= %s)"
        until(lambda: not any(self.count(one, self.now()) for one in (due, leaving)), PATIENCE, "everything rests")

    def status(self, lead: str) -> str:
        row = self.conn.execute("select status from leads where id = %s", (lead,)).fetchone()
        assert row is not None
        return str(row[0])

    def tasks(self, lead: str) -> list[str]:
        """The kinds of the open tasks."""
        rows = self.conn.execute(
            "select kind from tasks where lead_id = %s and status = 'open' order by due_at", (lead,)
        )
        return [kind for (kind,) in rows]

    def count(self, query: str, *params: object) -> int:
        row = self.conn.execute(query.encode(), params).fetchone()
        assert row is not None
        return int(row[0])

    def now(self) -> datetime:
        return read_clock(self.conn).now()

    def pass_time(self, span: timedelta) -> None:
        """The business clock of every process jumps ahead. They look at it once a second."""
        self.conn.execute("update clocks set base = base + %s", (span,))

    def pass_until(self, at: datetime) -> None:
        self.pass_time(at - self.now())


class Story:
    """What `warmline why --json` told."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.status: str = told["lead"]["status"]

    def kinds(self, *wanted: str) -> list[str]:
        """The kinds of what happened, in order; only those wanted, if any are named."""
        return [line["kind"] for line in self.told["lines"] if not wanted or line["kind"] in wanted]

    def line(self, kind: str) -> dict[str, Any]:
        """The first of that kind."""
        found: dict[str, Any] = next(line for line in self.told["lines"] if line["kind"] == kind)
        return found

    def runs(self) -> dict[str, str]:
        """playbook -> status of the lead's run through it, or why it ended."""
        runs = [one["run"] for one in self.told["runs"]]
        assert len({run["playbook"] for run in runs}) == len(runs), "two runs through one playbook"
        return {run["playbook"]: run["end_reason"] or run["status"] for run in runs}

    def touches(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(step, channel) -> (status, reason)."""
        return {(one["step"], one["channel"]): (one["status"], one["reason"]) for one in self.told["touches"]}

    def tasks(self) -> list[str]:
        """The kinds of the open tasks, by due time."""
        return [task["kind"] for task in self.told["tasks"]]

    def suppressed(self) -> set[tuple[str, str, str]]:
        """(scope, value, reason) of every do-not-contact in force."""
        return {(one["scope"], one["value"], one["reason"]) for one in self.told["suppressions"]}

    def closed_channels(self) -> set[str]:
        """Channels that a do-not-contact closes; {"all"} when one names none."""
        return {name for one in self.told["suppressions"] for name in one["channels"] or ["all"]}

    def to_come(self) -> list[str]:
        """Steps by which the machine would still reach the lead."""
        return [one["step"] for one in self.told["coming"] if one["what"] in ("reach", "touch")]


@contextmanager
def a_house(
    server: str, folder: Path, now: datetime, files: Mapping[str, str] | None = None, *, sms: str = "", email: str = "",
    voicemail: str = SANDBOX, secrets: Mapping[str, str] | None = None, hook_secret: str = "",
) -> Iterator[House]:  # fmt: skip
    """The starter workspace, its texts going out in Twilio's form and its mails by SMTP. `files` replace its own.

    `sms` is another [channels.sms] in place of Twilio's, `email` another [channels.email] in place of the scripted server's;
    `voicemail` the table of that channel, in which {url} stands for the address of its far end; `secrets` the environment
    that they name; `hook_secret` opens the scripted server's door for mails that are posted.
    """
    port = closed_port()
    url = f"http://127.0.0.1:{port}"
    with a_database(server) as dsn, FarEnds() as far, connect(dsn, "house of tests") as conn:
        conn.execute("insert into clocks (id, base, real_base, speed) values (1, %s, %s, 1)", (now, real_now()))
        _write(
            folder / "acme",
            {**starter_files(), **(files or {})},
            url,
            far,
            sms,
            email or _smtp(far, hook_secret),
            voicemail,
        )
        environment = {
            "DATABASE_URL": dsn, "WARMLINE_DIR": str(folder / "acme"), "WARMLINE_PUBLIC_URL": url,
            "WARMLINE_SECRET": "a secret of tests that is long enough for it", "TWILIO_AUTH_TOKEN": TOKEN,
            **(secrets or {}),
        }  # fmt: skip
        with Machine(folder, environment) as machine:
            machine.run(*WARMLINE, "migrate")
            machine.run(*WARMLINE, "apply", str(folder / "acme"))
            house = House(machine, conn, url, far)
            processes = [
                machine.start("web", *WARMLINE, "web", "--port", str(port)),
                machine.start("engine", *WARMLINE, "engine"),
            ]
            until(lambda: answers(f"{url}/readyz"), PATIENCE, "the web answers")
            until(lambda: house.count("select count(*) from engines") == 1, PATIENCE, "the engine gives a sign of life")
            yield house
            for process in processes:
                code = process.stop()
                assert code == 0, f"it ended with {code}\n{process.tail()}"


def _smtp(far: FarEnds, hook_secret: str) -> str:
    """The scripted mail server; `hook_secret` lets mails be posted, too."""
    return f"""[channels.email]
provider = "smtp"
host = "127.0.0.1"
port = {far.mailbox.port}
from = "Acme Roofing <hello@acme.test>"
rate = 1000
{f'hook_secret = "{hook_secret}"' if hook_secret else ""}
"""


def _write(
    folder: Path, files: Mapping[str, str], url: str, far: FarEnds, sms: str, email: str, voicemail: str
) -> None:
    settings = files["warmline.toml"].replace("http://127.0.0.1:8000", url)
    before, _, rest = settings.partition("[channels.sms]")
    twilio = f"""[channels.sms]
provider = "twilio"
account_sid = "{ACCOUNT}"
auth_token = "env:TWILIO_AUTH_TOKEN"
from = "{OURS}"
base_url = "http://127.0.0.1:{far.port}"
rate = 1000
"""
    channels = f"""{sms or twilio}
{email}
[channels.voicemail]
{voicemail.replace("{url}", far.ringless_url)}

"""
    given = {**files, "warmline.toml": before + channels + rest[rest.index("[people.sam]") :]}
    for path, text in given.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
