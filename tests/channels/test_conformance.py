"""Every channel there is, held to the one suite."""

import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote, urlencode

from tests.channels.conformance import (
    KEY,
    PUBLIC,
    SECRET,
    Fault,
    HandsOver,
    Opened,
    Signs,
    TellsBack,
    TellsBackUnsigned,
    message,
    run,
    secrets,
    touch,
)
from tests.far_ends.kannel_form import BUSY_FOR, KannelForm
from tests.far_ends.ports import closed_port
from tests.far_ends.ringless import RETRY_AFTER, Drop, Fate, Ringless
from tests.far_ends.smtp import SILENCE, serve_smtp
from tests.far_ends.web import serve
from warmline.channels import build
from warmline.channels.contract import Callback, Channel, Kind, Message
from warmline.channels.sandbox.behaviour import Behaviour, FollowUp
from warmline.channels.sandbox.callbacks import Outgoing, json_request, twilio_request
from warmline.channels.sandbox.channel import SandboxChannel
from warmline.channels.sandbox.provider import ARRIVED, make_app
from warmline.channels.secrets import Secret
from warmline.channels.signature import sign

ACCOUNT = "AC" + "0" * 32
CLASSES = {
    "twilio": {"21610": "opted_out", "30003": "unreachable"},
    "smtp": {},
    "kannel": {"number_denied": "opted_out"},
    "dropcowboy": {"6666": "opted_out", "4001": "no_voicemail"},
    "slybroadcast": {"number_is_on_your_do_not_call_list": "opted_out", "mailbox_full": "no_voicemail"},
}
ALL: frozenset[Fault] = frozenset({"none", "refused connection", "busy", "silent", "refuse"})
BEHAVIOURS: dict[Fault, Behaviour] = {
    "none": Behaviour(),
    "busy": Behaviour(busy=1, retry_after=7),
    "silent": Behaviour(silent=1),
    "refuse": Behaviour(refuse=1, refuse_code="21610"),
}


async def hush(outgoing: Outgoing) -> None:
    """Callbacks are made by hand in these tests."""


@asynccontextmanager
async def on_provider(kind: Kind, settings: dict[str, object], fault: Fault) -> AsyncIterator[Opened]:
    app = make_app(BEHAVIOURS.get(fault, Behaviour()), hush, signing_key=SECRET)
    async with serve(app) as base_url:
        address = f"http://127.0.0.1:{closed_port()}" if fault == "refused connection" else base_url
        table = {
            **settings,
            "base_url": address,
            "auth_token": "env:SECRET",
            "timeout": 100,
        }
        channel = build(kind, table, secrets, PUBLIC, KEY, CLASSES)
        try:
            yield Opened(channel, lambda: [one.text for one in app[ARRIVED]], timedelta(seconds=7))
        finally:
            await channel.close()


class TwilioRig:
    kind: Kind = "sms"
    faults = ALL

    def open(self, fault: Fault):
        return on_provider("sms", {"provider": "twilio", "account_sid": ACCOUNT, "from": "+15005550006"}, fault)


class RemoteSandboxRig:
    faults = ALL

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def open(self, fault: Fault):
        return on_provider(self.kind, {"provider": "sandbox"}, fault)


class SandboxRig:
    faults = ALL - {"refused connection"}

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    @asynccontextmanager
    async def open(self, fault: Fault) -> AsyncIterator[Opened]:
        taken: list[str] = []

        def outbox(given: Message) -> str:
            taken.append(given.text)
            return f"sandbox-{given.touch_id}"

        # An in-process far end has no mail server to judge an address: its refusals are told by code.
        classes = {"21610": "invalid_address" if self.kind == "email" else "opted_out"}
        channel: Channel = SandboxChannel(self.kind, outbox, behaviour=BEHAVIOURS[fault], error_classes=classes)
        yield Opened(channel, lambda: taken, timedelta(seconds=7))
        await channel.close()


class KannelRig:
    """The smsbox's form with faults that no real one can be told to have; tests/channels/test_kannel_real.py has a real one."""

    kind: Kind = "sms"
    faults = ALL

    @asynccontextmanager
    async def open(self, fault: Fault) -> AsyncIterator[Opened]:
        far = KannelForm(fault, password=SECRET)
        async with serve(far.app()) as base_url:
            table = {
                "provider": "kannel",
                "base_url": f"http://127.0.0.1:{closed_port()}" if fault == "refused connection" else base_url,
                "username": "warmline",
                "password": "env:SECRET",
                "hook_secret": "env:SECRET",
                "from": "13013",
                "timeout": 100,
            }
            channel = build("sms", table, secrets, PUBLIC, KEY, CLASSES)
            try:
                yield Opened(channel, lambda: far.texts, BUSY_FOR)
            finally:
                await channel.close()


class SmtpRig:
    kind: Kind = "email"
    faults = ALL

    @asynccontextmanager
    async def open(self, fault: Fault) -> AsyncIterator[Opened]:
        faults = {
            "busy": {"RCPT": "451 4.7.1 later"},
            "silent": {"CONTENT": SILENCE},
            "refuse": {"RCPT": "550 5.1.1 nobody"},
        }
        async with serve_smtp(faults.get(fault), extensions=("8BITMIME", "AUTH PLAIN")) as box:
            table = {
                "provider": "smtp",
                "host": "127.0.0.1",
                "port": closed_port() if fault == "refused connection" else box.port,
                "tls": "none",
                "user": "sam",
                "password": "env:SECRET",
                "from": "Sam at Acme <sam@acme.test>",
                "timeout": 100,
            }
            channel = build("email", table, secrets, PUBLIC, KEY, CLASSES)
            try:
                yield Opened(channel, lambda: [_body(content) for _, _, content in box.accepted], timedelta(minutes=5))
            finally:
                await channel.close()


class RinglessRig:
    """`settings` are those of the provider beside what both have."""

    kind: Kind = "voicemail"
    faults = ALL

    def __init__(self, provider: str, settings: dict[str, object]) -> None:
        self.provider = provider
        self.settings = settings

    @asynccontextmanager
    async def open(self, fault: Fault) -> AsyncIterator[Opened]:
        fates: dict[Fault, Fate] = {"busy": "busy", "silent": "silent", "refuse": "refused"}
        far = Ringless(fates.get(fault, "taken"))
        async with serve(far.app()) as base_url:
            table = {
                "provider": self.provider,
                **self.settings,
                "hook_secret": ["env:HOOK", "the-one-before-it"],
                "base_url": f"http://127.0.0.1:{closed_port()}" if fault == "refused connection" else base_url,
                "timeout": 100,
            }
            channel = build("voicemail", table, secrets, PUBLIC, KEY, CLASSES)
            try:
                yield Opened(channel, lambda: [_said(drop) for drop in far.taken], timedelta(seconds=RETRY_AFTER))
            finally:
                await channel.close()

    def told(self, sort, **more: object) -> Callback:
        """What the provider would tell of touch 1, made from the request that it really got."""

        async def steps() -> Callback:
            far = Ringless()
            async with serve(far.app()) as base_url:
                table = {"provider": self.provider, **self.settings, "hook_secret": "env:HOOK", "base_url": base_url}
                channel = build(
                    "voicemail", table, secrets, PUBLIC, b"of a stranger" if sort == "forged" else KEY, CLASSES
                )
                await channel.send(message("voicemail"))
                await channel.close()
            return _callback(far.taken[0], "failure" if sort == "failed" else "success", **more)

        return run(steps)


def _said(drop: Drop) -> str:
    return unquote(drop.audio_url.removeprefix(f"{PUBLIC}/a/").removesuffix(".wav"))


def _callback(drop: Drop, status, **more: object) -> Callback:
    content_type, body = drop.result(status, **more)
    tail = drop.callback_url.removeprefix(f"{PUBLIC}/hooks/voicemail/")
    return Callback("POST", drop.callback_url, {"content-type": content_type}, body, tail)


DROPCOWBOY = {"key": "k-1", "secret": "env:SECRET"}
DROPCOWBOY_OLD = {"team_id": "t-1", "secret": "env:SECRET", "brand_id": "b-1"}
SLYBROADCAST = {"user": "sam@acme.test", "password": "env:SECRET", "from": "+16173999982"}


def _body(content: bytes) -> str:
    mail = email.message_from_bytes(content, policy=email.policy.default)
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content().replace("\r\n", "\n").removesuffix("\n")  # line ends are CRLF on the wire


class TestTwilio(HandsOver, Signs):
    rig = TwilioRig()

    def signed(self, sort):
        form = {"To": message("sms").to, "From": "+15005550006", "Body": "Hi"}
        form["StatusCallback"] = f"{PUBLIC}/hooks/sms/status?touch={touch(1)}&lead=lead-1"
        if sort == "garbage":
            url = f"{PUBLIC}/hooks/sms/status"
            return Outgoing("POST", url, {"x-twilio-signature": sign(url, [("a", "b")], Secret(SECRET))}, b"a=b")
        event = FollowUp(0, sort, sort, text="STOP" if sort == "inbound" else "")
        request = twilio_request("SM1", form, ACCOUNT, event, Secret(SECRET), "")
        assert request is not None
        return request


class TestKannel(HandsOver, TellsBack):
    rig = KannelRig()

    def signed(self, sort):
        if sort == "garbage":
            return Outgoing("GET", f"{PUBLIC}/hooks/sms/{SECRET}/dlr?st=1")
        if sort == "delivered":
            return Outgoing("GET", f"{PUBLIC}/hooks/sms/{SECRET}/dlr?touch={touch(1)}&lead=lead-1&st=1&id=&said=")
        told = {"from": message("sms").to, "to": "13013", "text": "STOP", "id": "m1", "charset": "UTF-8", "coding": "0"}
        return Outgoing("GET", f"{PUBLIC}/hooks/sms/{SECRET}/inbound?{urlencode(told)}")

    def of_another_key(self, right):
        return replace(right, tail=right.tail.replace(SECRET, SECRET[:-1] + "x"))

    def without_a_key(self, right):
        return replace(right, tail=right.tail.partition("/")[2])


class TestRemoteSandboxSms(HandsOver, Signs):
    rig = RemoteSandboxRig("sms")

    def signed(self, sort):
        if sort == "garbage":
            url = f"{PUBLIC}/hooks/sms/status"
            return Outgoing("POST", url, {"x-twilio-signature": sign(url, [("{", "")], Secret(SECRET))}, b"{")
        given = {"touch_id": touch(1), "to": message("sms").to, "text": "Hi", "callback_url": f"{PUBLIC}/hooks/sms"}
        request = json_request("m1", given, FollowUp(0, sort, sort, text="STOP"), Secret(SECRET))
        assert request is not None
        return request


class TestRemoteSandboxVoicemail(HandsOver):
    rig = RemoteSandboxRig("voicemail")


class TestSandboxSms(HandsOver):
    rig = SandboxRig("sms")


class TestSandboxEmail(HandsOver):
    rig = SandboxRig("email")


class TestSandboxVoicemail(HandsOver):
    rig = SandboxRig("voicemail")


class TestSmtp(HandsOver):
    rig = SmtpRig()


class TestDropCowboy(HandsOver, TellsBackUnsigned):
    rig = RinglessRig("dropcowboy", DROPCOWBOY)

    def told(self, sort):
        return self.rig.told(sort, **({"reason": "No voicemail", "reason_code": 4001} if sort == "failed" else {}))


class TestDropCowboyOfOld(HandsOver, TellsBackUnsigned):
    rig = RinglessRig("dropcowboy", DROPCOWBOY_OLD)

    def told(self, sort):
        return self.rig.told(sort, **({"reason": "Voicemail full"} if sort == "failed" else {}))


class TestSlybroadcast(HandsOver, TellsBackUnsigned):
    rig = RinglessRig("slybroadcast", SLYBROADCAST)

    def told(self, sort):
        return self.rig.told(sort, **({"reason": "Mailbox full"} if sort == "failed" else {}))
