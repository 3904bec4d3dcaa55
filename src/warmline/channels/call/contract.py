"""What a dialer is: place a call for a person, read what the provider tells of it, answer what it asks.

A call is no touch: it has two legs and a person in it, what became of it is told while it goes on, and the provider asks
on the way what to do next. So it has a contract of its own beside `channels/contract.py`, whose receipts, callbacks and
replies it shares. A dialer knows no leads and no database: it puts what a callback says into our words (`Heard`), the house
decides, and the dialer puts the `Answer` into the provider's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from warmline.channels.contract import Callback, Receipt, Reply
from warmline.core.calls import AnsweredBy, Leg

#: The key that joins a rep and a lead. A voicemail that takes the call of a rep presses none.
KEY = "1"


@dataclass(frozen=True, slots=True)
class Placing:
    """A call to place: the rep's phone rings first. `ref` ("<lane>-<uuid hex>") comes back in every callback."""

    ref: str
    rep_phone: str  # E.164
    said: str  # what the rep hears before pressing the key that dials the lead


# --- heard ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegMoved:
    """One leg of a call that we placed has come so far."""

    ref: str
    which: Literal["rep", "lead"]
    leg: Leg
    seconds: int = 0
    code: str = ""
    provider_id: str = ""  # of the rep's leg: the provider's name of the whole call


@dataclass(frozen=True, slots=True)
class Detected:
    """Who answered the lead's phone."""

    ref: str
    answered_by: AnsweredBy


@dataclass(frozen=True, slots=True)
class Pressed:
    """The rep heard who it is and pressed a key. Wants Connect or HangUp."""

    ref: str
    digits: str
    provider_id: str


@dataclass(frozen=True, slots=True)
class Rang:
    """Somebody calls our number. `call` is the provider's name of the call, here and below. Wants Ring or TakeMessage."""

    call: str
    caller: str


@dataclass(frozen=True, slots=True)
class PickedUp:
    """The phone of a rep was taken while a caller waits: perhaps by the rep, perhaps by their voicemail. Wants Offer."""

    call: str
    caller: str
    rep: str


@dataclass(frozen=True, slots=True)
class Took:
    """The rep pressed a key at the offer. Wants Nothing, which joins the two, or HangUp."""

    call: str
    caller: str
    rep: str
    digits: str


@dataclass(frozen=True, slots=True)
class RangOut:
    """The phones of the reps have rung, and whatever came of that is over. Wants TakeMessage or HangUp."""

    call: str
    caller: str
    talked: bool  # the provider says that the caller was joined to somebody


@dataclass(frozen=True, slots=True)
class Recorded:
    """The caller left a message."""

    call: str
    caller: str
    recording: str
    url: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Transcribed:
    """What a message says, as the provider's machine heard it."""

    call: str
    caller: str
    recording: str
    text: str


Heard = LegMoved | Detected | Pressed | Rang | PickedUp | Took | RangOut | Recorded | Transcribed


# --- answered -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing to say: the call goes on as it is."""


@dataclass(frozen=True, slots=True)
class HangUp:
    said: str = ""


@dataclass(frozen=True, slots=True)
class Connect:
    """Dial the lead and join the two."""

    ref: str
    lead_phone: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Let the phones of these people ring, all at once; the first who presses the key has the caller."""

    call: str
    caller: str
    people: Sequence[tuple[str, str]]  # key, E.164


@dataclass(frozen=True, slots=True)
class Offer:
    """Tell who picked up whose call it is, and ask for a key."""

    call: str
    caller: str
    rep: str
    said: str


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Ask the caller for a message, in the name of `company`."""

    call: str
    caller: str
    company: str


Answer = Nothing | HangUp | Connect | Ring | Offer | TakeMessage


@dataclass(frozen=True, slots=True)
class Recording:
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class CannotSay:
    """Nobody knows what became of a call. `why` is the end of a sentence: "Twilio knows no such call"."""

    why: str


class Dialer(Protocol):
    """One provider account for calls."""

    provider: str
    rate: float  # calls a second that the account may begin, shared by all workers
    detects: bool  # it says whether a person or a machine answered
    patience: float  # seconds until `place` gives up waiting for an answer

    async def place(self, call: Placing) -> Receipt: ...

    async def ask(self, ref: str, provider_id: str) -> Sequence[LegMoved | Detected] | CannotSay:
        """What has become of a call that was placed, as its callbacks would have told it. `provider_id` is "" where the
        provider never named the call."""
        ...

    def read(self, callback: Callback) -> Heard | None:
        """Verify and translate a callback; None: it says nothing that counts. Raises BadSignature or BadCallback."""
        ...

    def answer(self, answer: Answer) -> Reply: ...

    async def fetch(self, recording: str) -> Recording | None:
        """A message that a caller left. None: the provider has it no more, or can't be reached."""
        ...

    async def close(self) -> None: ...
