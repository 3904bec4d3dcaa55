"""A provider of calls that behaves like Twilio: it rings, runs our documents, presses keys, and tells what happened.

What people do is told beforehand (`reps`, `leads`, by number). Callbacks that want no answer may come doubled and in any
order. Sources: twilio.com/docs/voice, pages call-resource, twiml/gather, twiml/dial, twiml/number, twiml/record.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Literal
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, fromstring

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

RepDoes = Literal["presses", "voicemail", "no-answer", "busy"]
LeadDoes = Literal["human", "machine", "no-answer", "busy", "failed"]
Form = Sequence[tuple[str, str]]


@dataclass
class VoiceProvider:
    """`slow_by`: seconds until the request that places a call is answered, though the call is taken at once; and until a
    question about one is."""

    account: str
    token: str
    reps: dict[str, RepDoes] = field(default_factory=dict)
    leads: dict[str, LeadDoes] = field(default_factory=dict)
    doubled: bool = False
    shuffled: int | None = None  # a seed
    slow_by: float = 0.0
    refuse: int = 0  # an error code: no call is taken
    mute: bool = False  # nothing is told of a call; it has to be asked about
    breaks: int = 0  # a status: whoever asks about a call is answered that, and nothing else
    calls: dict[str, dict[str, str | None]] = field(default_factory=dict)  # each leg as it can be asked about
    asked: list[str] = field(default_factory=list)  # paths of such questions
    at_once: int = 0
    most_at_once: int = 0
    placed: list[dict[str, Any]] = field(default_factory=list)
    rang: list[str] = field(default_factory=list)  # numbers, in the order in which they rang
    answers: list[tuple[str, int, str]] = field(default_factory=list)  # (address, status, body) of each callback
    recordings: dict[str, bytes] = field(default_factory=dict)
    port: int = 0
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- its interface ----------------------------------------------------------------------------------------------

    async def take(self, request: web.Request) -> web.Response:
        if not self._may(request):
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        fields = parse_qsl((await request.read()).decode(), keep_blank_values=True)
        if self.refuse:
            said = {"code": self.refuse, "message": "as the test wants it", "status": 400}
            return web.json_response(said, status=400)
        sid = f"CA{len(self.placed):032x}"
        self.placed.append({**dict(fields), "events": [v for name, v in fields if name == "StatusCallbackEvent"]})
        task = asyncio.create_task(self._call(sid, dict(fields)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.sleep(self.slow_by)
        return web.json_response({"sid": sid, "status": "queued"}, status=201)

    async def play(self, request: web.Request) -> web.Response:
        found = self.recordings.get(request.match_info["recording"])
        if found is None or not self._may(request):
            return web.Response(status=404)
        return web.Response(body=found, content_type="audio/mpeg")

    async def tell_of(self, request: web.Request) -> web.Response:
        """One call, or those of a parent. Source: twilio.com/docs/voice/api/call-resource."""
        self.asked.append(request.path_qs)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await asyncio.sleep(self.slow_by)
        finally:
            self.at_once -= 1
        if not self._may(request):
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        if self.breaks:
            return web.json_response({"message": "as the test wants it"}, status=self.breaks)
        parent = request.query.get("ParentCallSid")
        if parent is not None:
            found = [one for one in self.calls.values() if one["parent_call_sid"] == parent]
            return web.json_response({"calls": found, "next_page_uri": None})
        call = self.calls.get(request.match_info["sid"])
        return web.json_response(call or {"code": 20404, "status": 404}, status=200 if call else 404)

    def knows(
        self, sid: str, status: str, *, parent: str | None = None, seconds: int = 0, answered_by: str | None = None
    ) -> None:
        """What it says of a call from now on."""
        self.calls[sid] = {
            "sid": sid, "account_sid": self.account, "parent_call_sid": parent,
            "status": "queued" if status == "initiated" else status,
            "duration": str(seconds) if status == "completed" else None, "answered_by": answered_by,
        }  # fmt: skip

    def _may(self, request: web.Request) -> bool:
        wanted = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        return (
            request.headers.get("Authorization") == f"Basic {wanted}" and request.match_info["account"] == self.account
        )

    # --- what it does -----------------------------------------------------------------------------------------------

    async def _call(self, sid: str, asked: Mapping[str, str]) -> None:
        """The rep's leg, from ringing on, with everything that our documents ask for."""
        rep, me = asked["To"], {"CallSid": sid, "AccountSid": self.account, "From": asked["From"], "To": asked["To"]}
        told: list[tuple[str, Form]] = []

        def tell(status: str, **more: str) -> None:
            self.knows(sid, status, seconds=int(more.get("CallDuration", 0)))
            told.append((asked["StatusCallback"], [*me.items(), ("CallStatus", status), *more.items()]))

        self.rang.append(rep)
        tell("initiated")
        tell("ringing")
        does = self.reps.get(rep, "presses")
        if does in ("no-answer", "busy"):
            tell(does, CallDuration="0")
            return await self._tell_all(told)
        tell("in-progress")
        document = fromstring(asked["Twiml"])
        gather = document.find("Gather")
        if does == "presses" and gather is not None:
            body = await self._post(
                gather.attrib["action"], [*me.items(), ("Digits", "1"), ("CallStatus", "in-progress")]
            )
            document = fromstring(body)
            dial = document.find("Dial")
            if dial is not None:
                await self._dial(dial, me, told)
        tell("completed", CallDuration="60")
        return await self._tell_all(told)

    async def _dial(self, dial: Element, me: Mapping[str, str], told: list[tuple[str, Form]]) -> None:
        number = dial.find("Number")
        assert number is not None
        assert number.text
        self.rang.append(number.text)
        child = {
            **me, "CallSid": "CA" + "c" * 12 + me["CallSid"][-20:], "ParentCallSid": me["CallSid"],
            "From": dial.attrib["callerId"], "To": number.text,
        }  # fmt: skip

        by = {"human": "human", "machine": "machine_start"}.get(self.leads.get(number.text, ""))
        by = by if "amdStatusCallback" in number.attrib else None

        def tell(status: str, **more: str) -> None:
            self.knows(
                child["CallSid"], status, parent=me["CallSid"], seconds=int(more.get("CallDuration", 0)), answered_by=by
            )
            told.append((number.attrib["statusCallback"], [*child.items(), ("CallStatus", status), *more.items()]))

        does = self.leads.get(number.text, "no-answer")
        tell("initiated")
        tell("ringing")
        end, seconds = (does, "0") if does in ("no-answer", "busy", "failed") else ("completed", "42")
        if end == "completed":
            tell("in-progress")
            if by:
                fields = {"CallSid": child["CallSid"], "AccountSid": self.account, "AnsweredBy": by}
                told.append(
                    (number.attrib["amdStatusCallback"], [*fields.items(), ("MachineDetectionDuration", "3000")])
                )
        tell(end, CallDuration=seconds)
        done = {"DialCallStatus": end, "DialCallSid": child["CallSid"], "DialCallDuration": seconds}
        if not self.mute:
            await self._post(dial.attrib["action"], [*me.items(), ("CallStatus", "in-progress"), *done.items()])

    async def _tell_all(self, told: list[tuple[str, Form]]) -> None:
        if self.mute:
            return
        if self.doubled:
            told = [*told, *told]
        if self.shuffled is not None:
            random.Random(self.shuffled).shuffle(told)
        for url, fields in told:
            await self._post(url, fields)

    async def inbound(
        self, url: str, caller: str, ours: str, sid: str, *, takes: str = "", leaves: int = 0
    ) -> list[str]:
        """Somebody calls our number: `takes` is the number that presses the key, `leaves` the seconds of a message.
        Returns the words that the caller heard."""
        me = {"CallSid": sid, "AccountSid": self.account, "From": caller, "To": ours}
        heard: list[str] = []
        document = fromstring(await self._post(url, [*me.items(), ("CallStatus", "ringing"), ("Direction", "inbound")]))
        dial = document.find("Dial")
        if dial is not None:
            bridged = False
            for number in dial.findall("Number"):
                assert number.text
                self.rang.append(number.text)
                child = {
                    **me,
                    "CallSid": "CA" + number.text[-10:].rjust(32, "c"),
                    "ParentCallSid": sid,
                    "To": number.text,
                }
                if number.text == takes:
                    gather = fromstring(await self._post(number.attrib["url"], list(child.items()))).find("Gather")
                    assert gather is not None
                    answer = await self._post(gather.attrib["action"], [*child.items(), ("Digits", "1")])
                    bridged = fromstring(answer).find("Hangup") is None
            done = {"DialCallStatus": "completed" if bridged else "no-answer", "DialBridged": str(bridged).lower()}
            document = fromstring(await self._post(dial.attrib["action"], [*me.items(), *done.items()]))
        heard += [one.text or "" for one in document.iter("Say")]
        record = document.find("Record")
        if record is not None and leaves:
            recording = f"RE{len(self.recordings):032x}"
            self.recordings[recording] = b"ID3 the voice of a lead"
            url = f"{self.base_url}/2010-04-01/Accounts/{self.account}/Recordings/{recording}"
            left = {
                "RecordingUrl": url,
                "RecordingSid": recording,
                "RecordingDuration": str(leaves),
                "Digits": "hangup",
            }
            document = fromstring(await self._post(record.attrib["action"], [*me.items(), *left.items()]))
            heard += [one.text or "" for one in document.iter("Say")]
        return heard

    async def _post(self, url: str, fields: Form) -> str:
        signature = RequestValidator(self.token).compute_signature(url, dict(fields))
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=list(fields), headers={"X-Twilio-Signature": signature}) as answer,
        ):
            body = await answer.text()
            self.answers.append((url, answer.status, body))
            return body


@contextmanager
def serve_voice(provider: VoiceProvider) -> Iterator[Any]:
    """In a thread of its own. Yields `do(coroutine)`, which runs one there and waits for what it returns."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="voice")
    thread.start()

    def do(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    async def begin() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/2010-04-01/Accounts/{account}/Calls.json", provider.take)
        app.router.add_get("/2010-04-01/Accounts/{account}/Calls.json", provider.tell_of)
        app.router.add_get("/2010-04-01/Accounts/{account}/Calls/{sid}.json", provider.tell_of)
        app.router.add_get("/2010-04-01/Accounts/{account}/Recordings/{recording}.mp3", provider.play)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", provider.port)
        await site.start()
        provider.port = runner.addresses[0][1]
        return runner

    async def end(runner: web.AppRunner) -> None:
        for task in provider._running:
            task.cancel()
        await runner.cleanup()

    runner = do(begin())
    try:
        yield do
    finally:
        do(end(runner))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
