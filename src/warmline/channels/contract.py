"""What a channel is: hand one message over, say what became of it, read what the provider sends back.

Every channel passes `tests/channels/conformance.py`. A channel knows nothing of playbooks, leads or the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from warmline.core.media import Media

Kind = Literal["sms", "email", "voicemail", "call"]


@dataclass(frozen=True, slots=True)
class Message:
    """One touch, rendered and ready to hand over. `touch_id` is the idempotency key and comes back in callbacks."""

    touch_id: str  # "<lane>-<uuid hex>", safe in a URL, a mail local part and a header
    channel: Kind
    to: str  # E.164 or an email address
    text: str  # SMS body, plain-text mail body, or the words of a voicemail
    lead_id: str = ""
    subject: str = ""  # email only
    html: str = ""  # email only
    follows: tuple[str, ...] = ()  # email only: touch ids of the mails before it that it belongs to, oldest first
    unsubscribe_url: str = ""  # email only: RFC 8058 endpoint
    audio_url: str = ""  # voicemail only: where the provider fetches the recording, for a while
    postal_code: str = ""  # of the lead, where it is known: some providers tell the local hours by it
    tags: Mapping[str, str] = field(default_factory=dict)  # playbook, step: for the provider's own reports


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it. It must never be handed over again."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider answered and did not take it. `reason` is a key of rules/provider_errors.yaml's classes."""

    reason: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certain that nothing left (connection refused, 429, 503 before acceptance): may be tried again after `retry_after`.

    `counts`: not where the try was broken off on our side; however often that happens, the touch is not given up for it.
    """

    detail: str
    retry_after: timedelta
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bytes left and no answer came: nobody may send this again on a guess."""

    detail: str


Receipt = Accepted | Refused | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class Signal:
    """Something a provider told us, in our words. Late, doubled and reordered signals are normal.

    `kind` is one of: sent, delivered, delayed, failed, inbound (a message from a person), bounced, opened, clicked,
    unsubscribed, call. Without a `touch_id`, what somebody wrote or wants is about the lead of the address in `sender`, and
    a report is about none.

    `data` of an inbound one: `asks` (stop, start or help) is what the provider has taken it for, and acted on; `answered_by`
    who has answered it.
    """

    kind: str
    at: datetime
    touch_id: str = ""  # ours, when the provider carried it back
    provider_id: str = ""  # theirs
    sender: str = ""  # inbound: who wrote; of a report on a mail: whom that mail was for
    recipient: str = ""  # inbound: which of our addresses
    text: str = ""
    reason: str = ""  # failed: class of provider_errors.yaml
    code: str = ""
    key: str = ""  # dedupe key: the same signal told twice has the same key
    data: Mapping[str, str] = field(default_factory=dict)
    media: tuple[Media, ...] = ()  # inbound: pictures and files that came with the text


@dataclass(frozen=True, slots=True)
class Callback:
    """An HTTP request from a provider, exactly as it came. `url` is the public one that the provider signed."""

    method: str
    url: str
    headers: Mapping[str, str]  # lower-case names
    body: bytes
    tail: str = ""  # the path after /hooks/{channel}/, such as "status" or "inbound"
    whole: bool = True  # False: it was larger than a door takes, and `body` is how it begins


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider wants to read when its callback was taken."""

    content: str = "ok\n"
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class BadSignature(Exception):
    """The request is not from the provider: change nothing, and answer `status`."""

    def __init__(self, text: str, status: int = 403) -> None:
        super().__init__(text)
        self.status = status


class BadCallback(Exception):
    """The request is signed but unreadable: quarantine it with this message, and answer `status`."""

    def __init__(self, text: str, status: int = 200) -> None:
        super().__init__(text)
        self.status = status


class Channel(Protocol):
    """One provider account. Made once per process and workspace; `send` may run hundreds of times at once."""

    kind: Kind
    provider: str
    account: str  # names the account, and is no secret: of what another one was given, this one knows nothing
    rate: float  # touches a second that the account may hand over, shared by all workers
    reply: Reply  # to every callback that was taken

    @property
    def most(self) -> int | None:
        """How many `send`s of this process need not wait for one another; None: any number. Beyond that a message would
        wait for a connection when its last look is over."""
        ...

    async def send(self, message: Message) -> Receipt:
        """Cancelled before any of the message can have left, it says so: NotSent. After that the cancel goes through."""
        ...

    async def find(self, message: Message, since: datetime) -> Accepted | Literal["absent", "cannot_say"]:
        """Ask the provider whether `message` arrived there, after a crash. "absent" only if it can be sure."""
        ...

    def read(self, callback: Callback, now: datetime) -> list[Signal]:
        """Verify and translate a callback. Raises BadSignature or BadCallback."""
        ...

    async def close(self) -> None: ...


class Line(Protocol):
    """A connection in the hands of one message, which is either sent over it or leaves it to others."""

    fresh: bool  # it was opened for this message, which may have taken seconds

    async def send(self, message: Message) -> Receipt:
        """As `Channel.send`, and it opens nothing any more."""
        ...

    def leave(self) -> None: ...


@runtime_checkable
class OpensFirst(Protocol):
    """A channel whose connections take long to open: whoever opens one first can take the last look when it is there."""

    async def open_line(self) -> Line | NotSent | Refused:
        """Nothing has left, whatever it says. Cancelled, it says NotSent."""
        ...


@runtime_checkable
class AnswersBack(Protocol):
    """A channel whose provider sends what it reads in the answer to its callback back to the person who wrote."""

    def answer(self, texts: Sequence[str]) -> Reply: ...
