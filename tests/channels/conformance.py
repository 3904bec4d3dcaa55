"""What every channel must do, against a real far end on this machine.

A rig opens a channel on a far end with one fault. Subclasses of the suites name their rig and inherit the tests.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest

from tests.e2e.support import PATIENCE
from tests.far_ends.quick import run_quickly
from warmline.channels.contract import (
    Accepted,
    BadCallback,
    BadSignature,
    Callback,
    Channel,
    Kind,
    Message,
    NotSent,
    Receipt,
    Refused,
    Signal,
    Unknown,
)
from warmline.channels.sandbox.callbacks import Outgoing
from warmline.channels.secrets import Secret

Fault = Literal["none", "refused connection", "busy", "silent", "refuse"]
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PUBLIC = "http://warmline.acme.test"
KEY = b"a key of thirty-two bytes for it"
SECRET = "a-secret-nobody-may-see"
HOOK = "a-path-that-nobody-can-guess"
UNICODE = "Zoë, your roof – 12 m² – is booked 👍\n日本語 and a line that starts with\n.a dot"


@dataclass
class Opened:
    """`texts` are the bodies that the far end accepted, in order."""

    channel: Channel
    texts: Callable[[], list[str]]
    busy_for: timedelta = timedelta(0)


class Rig(Protocol):
    kind: Kind
    faults: frozenset[Fault]  # those this far end can have

    def open(self, fault: Fault) -> AbstractAsyncContextManager[Opened]: ...


def touch(number: int) -> str:
    return f"7-{UUID(int=number).hex}"


def message(kind: Kind, number: int = 1, text: str = "Hi Zoe, thanks for asking. When can we call you?") -> Message:
    to = f"lead{number}@lead.test" if kind == "email" else f"+1555867{number:04d}"
    # A voicemail is a recording: its words are on the wire in the recording's address, where a rig finds them again.
    audio = f"{PUBLIC}/a/{quote(text, safe='')}.wav" if kind == "voicemail" else ""
    return Message(touch(number), kind, to, text, "lead-1", subject="Your request", audio_url=audio)


def run(steps: Callable[[], Awaitable[Any]], *, quickly: bool = False) -> Any:
    """`quickly` where the far end is in this process, and silent."""

    async def bounded() -> Any:
        async with asyncio.timeout(PATIENCE):
            return await steps()

    return run_quickly(bounded()) if quickly else asyncio.run(bounded())


Test = TypeVar("Test")


def with_fault(fault: Fault) -> Callable[[Test], Test]:
    """The test wants a far end that can have this fault."""

    def mark(test: Test) -> Test:
        test.fault = fault  # type: ignore[attr-defined] # functions take attributes
        return test

    return mark


class HandsOver:
    """The sending half of the contract, as far as the rig's far end can be made to fail."""

    rig: Rig

    def __init_subclass__(cls) -> None:
        for name, test in vars(HandsOver).items():
            if getattr(test, "fault", "none") not in cls.rig.faults:
                setattr(cls, name, None)

    def _send(self, fault: Fault, *messages: Message) -> tuple[list[Receipt], list[str], Opened]:
        async def steps() -> tuple[list[Receipt], list[str], Opened]:
            async with self.rig.open(fault) as opened:
                receipts = list(await asyncio.gather(*(opened.channel.send(one) for one in messages)))
                return receipts, opened.texts(), opened

        return run(steps, quickly=fault == "silent")

    def test_hands_a_message_over_once(self) -> None:
        receipts, texts, _ = self._send("none", message(self.rig.kind))
        assert isinstance(receipts[0], Accepted)
        assert receipts[0].provider_id
        assert texts == [message(self.rig.kind).text]

    @with_fault("refused connection")
    def test_a_refused_connection_is_not_sent(self) -> None:
        receipts, _, _ = self._send("refused connection", message(self.rig.kind))
        assert isinstance(receipts[0], NotSent)
        assert receipts[0].retry_after > timedelta(0)

    @with_fault("busy")
    def test_a_busy_far_end_is_not_sent_and_says_when_again(self) -> None:
        receipts, texts, opened = self._send("busy", message(self.rig.kind))
        assert isinstance(receipts[0], NotSent)
        assert receipts[0].retry_after == opened.busy_for
        assert texts == []

    @with_fault("silent")
    def test_silence_after_acceptance_is_unknown(self) -> None:
        receipts, texts, _ = self._send("silent", message(self.rig.kind))
        assert isinstance(receipts[0], Unknown)
        assert len(texts) == 1

    @with_fault("refuse")
    def test_a_refusal_carries_its_class_and_code(self) -> None:
        receipts, texts, _ = self._send("refuse", message(self.rig.kind))
        assert isinstance(receipts[0], Refused)
        assert receipts[0].reason == {"email": "invalid_address"}.get(self.rig.kind, "opted_out")
        assert receipts[0].code
        assert texts == []

    def test_every_letter_arrives(self) -> None:
        _, texts, _ = self._send("none", message(self.rig.kind, text=UNICODE))
        assert texts == [UNICODE]

    def test_a_line_that_is_only_a_dot_ends_nothing(self) -> None:
        dots = "One\n.\n.two\n..three\nend"
        _, texts, _ = self._send("none", message(self.rig.kind, text=dots))
        assert texts == [dots]

    def test_a_long_text_arrives_whole(self) -> None:
        long = ("A text of many words. " * 72).strip()  # 1,583 characters, just under the most an SMS may have
        _, texts, _ = self._send("none", message(self.rig.kind, text=long))
        assert texts == [long]

    def test_hundreds_at_once_arrive_once_each(self) -> None:
        messages = [message(self.rig.kind, number, f"Text number {number}") for number in range(200)]
        receipts, texts, _ = self._send("none", *messages)
        assert {type(receipt) for receipt in receipts} == {Accepted}
        assert sorted(texts) == sorted(one.text for one in messages)

    def test_a_hand_over_cancelled_at_any_point_leaves_the_channel_usable(self) -> None:
        async def steps() -> list[str]:
            async with self.rig.open("none") as opened:
                for turns in range(40):
                    going = asyncio.create_task(
                        opened.channel.send(message(self.rig.kind, turns, f"Cancelled {turns}"))
                    )
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    going.cancel()
                    await asyncio.gather(going, return_exceptions=True)
                    after = await opened.channel.send(message(self.rig.kind, turns, f"After {turns}"))
                    assert isinstance(after, Accepted)
                return opened.texts()

        texts = run(steps)
        assert [text for text in texts if text.startswith("After")] == [f"After {turns}" for turns in range(40)]
        assert len(texts) == len(set(texts))

    def test_shows_its_secrets_to_nobody(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        shown = []
        for fault in sorted(self.rig.faults):
            receipts, _, opened = self._send(fault, message(self.rig.kind))
            shown += [repr(receipts), repr(opened.channel), repr(vars(opened.channel)), str(vars(opened.channel))]
        assert SECRET not in "\n".join(shown) + caplog.text

    def test_asked_for_a_message_it_never_makes_one_up(self) -> None:
        async def steps() -> None:
            async with self.rig.open("none") as opened:
                found = await opened.channel.find(message(self.rig.kind), NOW)
                assert found in ("absent", "cannot_say")

        run(steps)


class TellsBack:
    """The receiving half, for channels that take callbacks. `signed` gives one right callback of each sort.

    What shows that it is from the provider is a signature in a header, unless a subclass says otherwise.
    """

    rig: Rig

    def signed(self, sort: Literal["delivered", "inbound", "garbage"]) -> Outgoing:
        raise NotImplementedError

    def of_another_key(self, right: Callback) -> Callback:
        return replace(right, headers={**right.headers, "x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="})

    def without_a_key(self, right: Callback) -> Callback:
        return replace(right, headers={})

    def _read(self, *requests: Callback) -> list[Signal]:
        async def steps() -> list[Signal]:
            async with self.rig.open("none") as opened:
                return [signal for one in requests for signal in opened.channel.read(one, NOW)]

        found: list[Signal] = run(steps)
        return found

    def test_reads_a_rightly_signed_status(self) -> None:
        [signal] = self._read(callback(self.signed("delivered")))
        assert (signal.kind, signal.touch_id, signal.at) == ("delivered", touch(1), NOW)
        assert signal.provider_id

    def test_reads_a_rightly_signed_message_of_a_person(self) -> None:
        [signal] = self._read(callback(self.signed("inbound")))
        assert (signal.kind, signal.text, signal.sender) == ("inbound", "STOP", message(self.rig.kind).to)

    def test_another_key_is_refused(self) -> None:
        with pytest.raises(BadSignature):
            self._read(self.of_another_key(callback(self.signed("delivered"))))

    def test_no_key_is_refused(self) -> None:
        with pytest.raises(BadSignature):
            self._read(self.without_a_key(callback(self.signed("delivered"))))

    def test_the_same_callback_told_twice_has_the_same_key(self) -> None:
        twice = [callback(self.signed("delivered")), callback(self.signed("delivered"))]
        first, second = self._read(*twice)
        assert first.key == second.key != ""

    def test_garbage_that_is_theirs_is_kept_apart(self) -> None:
        with pytest.raises(BadCallback):
            self._read(callback(self.signed("garbage")))


class Signs(TellsBack):
    """The receiving half where the provider signs its whole request."""

    def test_a_changed_body_is_refused(self) -> None:
        right = callback(self.signed("inbound"))
        with pytest.raises(BadSignature):
            self._read(replace(right, body=right.body.replace(b"STOP", b"START")))

    def test_a_changed_address_is_refused(self) -> None:
        right = callback(self.signed("delivered"))
        with pytest.raises(BadSignature):
            self._read(replace(right, url=right.url.replace(PUBLIC, "http://other.test")))


class TellsBackUnsigned:
    """The same for providers that sign nothing. `told` gives one right callback, on the address that was sent along."""

    rig: Rig

    def told(self, sort: Literal["delivered", "failed", "forged"]) -> Callback:
        """`forged` names a touch that nobody signed."""
        raise NotImplementedError

    def _read(self, *requests: Callback) -> list[Signal]:
        async def steps() -> list[Signal]:
            async with self.rig.open("none") as opened:
                return [signal for one in requests for signal in opened.channel.read(one, NOW)]

        found: list[Signal] = run(steps)
        return found

    @pytest.mark.parametrize("kind", ["delivered", "failed"])
    def test_reads_what_became_of_a_touch(self, kind: Literal["delivered", "failed"]) -> None:
        [signal] = self._read(self.told(kind))
        assert (signal.kind, signal.touch_id, signal.at) == (kind, touch(1), NOW)
        assert signal.provider_id
        assert bool(signal.code) == bool(signal.reason) == (kind == "failed")

    def test_another_secret_or_none_in_the_address_is_refused(self) -> None:
        right = self.told("delivered")
        for tail in (right.tail.replace(HOOK, "x" * len(HOOK)), right.tail.replace(HOOK, ""), "", "/", "☃"):
            with pytest.raises(BadSignature) as refused:
                self._read(replace(right, tail=tail))
            assert HOOK not in str(refused.value)

    def test_the_address_of_another_provider_is_refused(self) -> None:
        right = self.told("delivered")
        with pytest.raises(BadSignature):
            self._read(replace(right, tail=right.tail.replace(self.rig.provider, "another")))  # type: ignore[attr-defined]

    def test_a_touch_that_nobody_signed_is_kept_apart(self) -> None:
        with pytest.raises(BadCallback):
            self._read(self.told("forged"))

    def test_unreadable_bodies_are_kept_apart(self) -> None:
        right = self.told("delivered")
        for body in (b"", b"{", b"[]", b"null", b"var=", b"\xff\xfe", b"var=a|b|c"):
            with pytest.raises(BadCallback):
                self._read(replace(right, body=body))

    def test_the_same_callback_told_twice_has_the_same_key(self) -> None:
        first, second = self._read(self.told("delivered"), self.told("delivered"))
        assert first.key == second.key != ""


def callback(outgoing: Outgoing) -> Callback:
    tail = urlsplit(outgoing.url).path.split("/", 3)[3]  # of /hooks/{channel}/{tail}
    return Callback(outgoing.method, outgoing.url, outgoing.headers, outgoing.body, tail)


def secrets(value: str) -> str:
    return Secret({"env:SECRET": SECRET, "env:HOOK": HOOK}[value]) if value.startswith("env:") else value
