import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.conformance import KEY, NOW, PUBLIC, callback, message, secrets
from tests.e2e.support import PATIENCE
from tests.far_ends.ports import closed_port
from tests.far_ends.web import serve
from tests.waiting import comes_about
from warmline.channels import build
from warmline.channels.contract import Callback, Kind, Message, Signal
from warmline.channels.sandbox.behaviour import Behaviour, conduct, read_behaviour
from warmline.channels.sandbox.callbacks import Outgoing
from warmline.channels.sandbox.channel import SandboxChannel
from warmline.channels.sandbox.provider import make_app

EVERYTHING = Behaviour(
    busy=0.2,
    silent=0.1,
    refuse=0.1,
    undelivered=0.2,
    doubled=0.3,
    late=0.2,
    reordered=0.3,
    lost=0.2,
    replies=0.4,
    opts_out=0.2,
)


@given(st.lists(st.integers(0, 500), unique=True), st.randoms())
def test_a_message_meets_the_same_fate_in_whatever_order_messages_come(numbers: list[int], shuffle) -> None:
    def fates(order: Sequence[int]) -> dict[int, object]:
        return {number: conduct(EVERYTHING, "sms", f"+1555867{number:04d}", "Hi", 0) for number in order}

    shuffled = list(numbers)
    shuffle.shuffle(shuffled)
    assert fates(numbers) == fates(shuffled)


def test_shares_come_out_as_told_and_a_busy_far_end_takes_it_in_the_end() -> None:
    seen = [conduct(EVERYTHING, "sms", str(number), "Hi", 0) for number in range(4000)]
    shares = Counter(one.verdict for one in seen)
    assert 0.17 < shares["busy"] / 4000 < 0.23
    assert 0.08 < shares["silent"] / 4000 < 0.12
    assert 0.08 < shares["refuse"] / 4000 < 0.12
    tries = [conduct(Behaviour(busy=0.5), "sms", "+1", "Hi", attempt).verdict for attempt in range(20)]
    assert {"busy", "accept"} == set(tries)


def test_another_seed_is_another_run() -> None:
    def run(seed: int) -> list[str]:
        return [conduct(Behaviour(seed=seed, busy=0.5), "sms", str(number), "Hi", 0).verdict for number in range(50)]

    assert run(1) == run(1) != run(2)


def test_callbacks_are_lost_doubled_late_and_reordered_as_told() -> None:
    def told(**how: float) -> list[tuple[str, float]]:
        behaviour = Behaviour(replies=1, callback_after=1, act_after=2, late_by=10, **how)
        return [(one.name, one.after) for one in conduct(behaviour, "sms", "+1", "Hi", 0).follow_ups]

    assert told() == [("delivered", 1), ("reply", 2)]
    assert told(lost=1) == []
    assert told(doubled=1) == [("delivered", 1), ("delivered", 1), ("reply", 2), ("reply", 2)]
    assert told(late=1) == [("delivered", 11), ("reply", 12)]
    assert told(reordered=1) == [("reply", 1), ("delivered", 2)]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"busi": 1}, "busi"),
        ({"busy": "often"}, "busy must be a share"),
        ({"busy": True}, "busy must be a share"),
        ({"delay": -1}, "delay must be seconds"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"refuse_to": {"+1": 21610}}, "refuse_to must be a table"),
        ({"reply_texts": []}, "reply_texts must be a list"),
        ({"busy": 0.6, "silent": 0.6}, "more than 1"),
    ],
)
def test_a_wrong_behaviour_is_named(table: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_behaviour(table)


def in_process(kind: Kind, behaviour: Behaviour, given_message: Message) -> tuple[list[Signal], list[float]]:
    """Everything a lead does in this process, in a time that does not pass."""
    heard: list[Signal] = []
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(0)

    async def listen(signal: Signal) -> None:
        heard.append(signal)

    async def steps() -> None:
        channel = SandboxChannel(kind, behaviour=behaviour, listener=listen, clock=lambda: NOW, sleep=sleep)
        await channel.send(given_message)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others)
        await channel.close()

    asyncio.run(steps())
    return heard, waited


def test_leads_answer_opt_out_call_back_and_click_in_this_process() -> None:
    sms, _ = in_process("sms", Behaviour(replies=1, reply_texts=("Yes",)), message("sms"))
    assert [(one.kind, one.text, one.sender) for one in sms[1:]] == [("inbound", "Yes", message("sms").to)]
    stop, _ = in_process("sms", Behaviour(opts_out=1, opt_out_texts=("STOP",)), message("sms"))
    assert [(one.kind, one.text) for one in stop[1:]] == [("inbound", "STOP")]
    call, _ = in_process("voicemail", Behaviour(replies=1), message("voicemail"))
    assert [one.kind for one in call] == ["delivered", "call"]
    left, _ = in_process("email", Behaviour(opts_out=1), message("email"))
    assert [one.kind for one in left] == ["delivered", "unsubscribed"]
    click, waited = in_process("email", Behaviour(clicks=1, act_after=90), message("email", text="https://acme.test/a"))
    assert [(one.kind, one.data.get("url")) for one in click] == [
        ("delivered", None),
        ("clicked", "https://acme.test/a"),
    ]
    assert waited == [0.05, 90]
    ignored, _ = in_process("email", Behaviour(clicks=1), message("email", text="no link"))
    assert [one.kind for one in ignored] == ["delivered"]


def test_the_same_signal_told_twice_has_one_key_and_two_signals_have_two() -> None:
    heard, _ = in_process("sms", Behaviour(doubled=1, replies=1), message("sms"))
    assert len(heard) == 4
    assert len({one.key for one in heard}) == 2


def test_a_closed_channel_says_nothing_more() -> None:
    heard: list[Signal] = []

    async def listen(signal: Signal) -> None:
        heard.append(signal)

    async def steps() -> int:
        channel = SandboxChannel("sms", behaviour=Behaviour(callback_after=3600), listener=listen)
        await channel.send(message("sms"))
        await channel.close()
        return len(asyncio.all_tasks())

    assert asyncio.run(steps()) == 1
    assert heard == []


def test_the_far_end_calls_back_over_the_network_and_the_channel_believes_it() -> None:
    async def steps() -> list[Signal]:
        came: asyncio.Queue[Callback] = asyncio.Queue()

        async def hook(request: web.Request) -> web.Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            url, tail = str(request.url), request.match_info["tail"]
            await came.put(Callback(request.method, url, headers, await request.read(), tail))
            return web.Response()

        hooks = web.Application()
        hooks.router.add_post("/hooks/sms/{tail}", hook)
        far_end = make_app(Behaviour(replies=1, act_after=0.01, callback_after=0.0, reply_texts=("Ja, gern ✓",)))
        async with asyncio.timeout(PATIENCE), serve(hooks) as public_url, serve(far_end) as base_url:
            table = {"provider": "twilio", "account_sid": "AC1", "auth_token": "sandbox", "from": "+15005550006"}
            channel = build("sms", table | {"base_url": base_url}, secrets, public_url, KEY, {})
            await channel.send(message("sms"))
            signals = [signal for _ in range(2) for signal in channel.read(await came.get(), NOW)]
            await channel.close()
            return signals

    delivered, reply = sorted(asyncio.run(steps()), key=lambda signal: signal.kind)
    assert (delivered.kind, delivered.touch_id) == ("delivered", message("sms").touch_id)
    assert (reply.kind, reply.text, reply.sender) == ("inbound", "Ja, gern ✓", message("sms").to)


def far_end_tells(kind: str, behaviour: Behaviour, text: str) -> list[Outgoing]:
    sent: list[Outgoing] = []

    async def keep(outgoing: Outgoing) -> None:
        sent.append(outgoing)

    async def steps() -> None:
        app = make_app(behaviour, keep)
        async with serve(app) as base_url:
            channel = build(kind, {"provider": "sandbox", "base_url": base_url}, secrets, PUBLIC, KEY, {})
            await channel.send(
                Message(message("email").touch_id, "email", "z@lead.test", text, unsubscribe_url=f"{PUBLIC}/u/1")
            )
            await channel.close()
            await comes_about(lambda: len(sent) == 2)

    asyncio.run(steps())
    return sent


def test_a_lead_clicks_by_opening_the_link_and_unsubscribes_by_one_click() -> None:
    quick = {"act_after": 0.02, "callback_after": 0.0}
    [delivered, click] = far_end_tells("email", Behaviour(clicks=1, **quick), f"See {PUBLIC}/t/abc.")
    assert callback(delivered).tail == "status"
    assert (click.method, click.url) == ("GET", f"{PUBLIC}/t/abc")
    [_, left] = far_end_tells("email", Behaviour(opts_out=1, **quick), "Hi")
    assert (left.method, left.url, left.body) == ("POST", f"{PUBLIC}/u/1", b"List-Unsubscribe=One-Click")


@pytest.mark.parametrize(
    ("form", "authorization", "status", "code"),
    [
        ({"To": "+1", "From": "+2", "Body": "Hi"}, "", 401, 20003),
        ({"From": "+2", "Body": "Hi"}, "Basic eDp5", 400, 21604),
        ({"To": "+1", "Body": "Hi"}, "Basic eDp5", 400, 21603),
        ({"To": "+1", "From": "+2"}, "Basic eDp5", 400, 21602),
        ({"To": "+1", "From": "+2", "Body": "x" * 1601}, "Basic eDp5", 400, 21617),
    ],
)
def test_the_far_end_refuses_malformed_texts_as_twilio_does(form, authorization: str, status: int, code: int) -> None:
    async def steps() -> tuple[int, dict[str, object]]:
        async with serve(make_app(Behaviour())) as base_url, aiohttp.ClientSession() as session:
            url = f"{base_url}/2010-04-01/Accounts/AC1/Messages.json"
            async with session.post(url, data=form, headers={"Authorization": authorization}) as answer:
                return answer.status, await answer.json()

    found, body = asyncio.run(steps())
    assert (found, body["code"]) == (status, code)


def test_the_far_end_runs_as_a_process_of_its_own_and_lists_what_arrived(tmp_path: Path) -> None:
    port = closed_port()
    told = tmp_path / "behaviour.toml"
    told.write_text('[refuse_to]\n"+15558670002" = "21610"\n')
    command = [sys.executable, "-m", "warmline.channels.sandbox", "--port", str(port), "--behaviour", str(told)]
    process = subprocess.Popen(command)

    async def steps() -> tuple[list[str], dict[str, object]]:
        table = {
            "provider": "twilio",
            "account_sid": "AC1",
            "auth_token": "t",
            "from": "+1",
            "base_url": f"http://127.0.0.1:{port}",
        }
        channel = build("sms", table, secrets, PUBLIC, KEY, {})
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            while type(await channel.send(message("sms", 1))).__name__ == "NotSent":
                await asyncio.sleep(0.1)
            refused = await channel.send(message("sms", 2))
            await channel.close()
            async with session.get(f"http://127.0.0.1:{port}/messages") as answer:
                return [type(refused).__name__], await answer.json()

    try:
        refused, listed = asyncio.run(steps())
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert refused == ["Refused"]
    [arrived] = listed["messages"]
    assert (arrived["to"], arrived["text"]) == (message("sms", 1).to, message("sms", 1).text)
    assert datetime.fromisoformat(arrived["at"]).tzinfo == UTC


def test_a_behaviour_file_with_a_mistake_is_named_and_nothing_starts(tmp_path: Path) -> None:
    told = tmp_path / "behaviour.toml"
    told.write_text("busy = 3\n")
    command = [sys.executable, "-m", "warmline.channels.sandbox", "--port", "1", "--behaviour", str(told)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert "behaviour.toml: behaviour: busy must be a share from 0 to 1" in done.stderr
