"""Twilio's voice webhooks in our words.

Sources: twilio.com/docs/voice/api/call-resource (statuses), /docs/voice/answering-machine-detection (AnsweredBy),
/docs/voice/twiml (gather, dial, number, record: what each of them sends). Our own addresses carry whose call it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from warmline.channels.call.contract import (
    Detected,
    Heard,
    LegMoved,
    PickedUp,
    Pressed,
    Rang,
    RangOut,
    Recorded,
    Took,
    Transcribed,
)
from warmline.channels.contract import BadCallback, Callback
from warmline.channels.signature import Fields
from warmline.core.calls import AnsweredBy, Leg

LEGS: Mapping[str, Leg] = {
    "queued": "", "initiated": "", "ringing": "ringing", "in-progress": "answered", "answered": "answered",
    "canceled": "canceled", "failed": "failed", "busy": "busy", "no-answer": "no_answer", "completed": "ended",
}  # fmt: skip
ANSWERED_BY: Mapping[str, AnsweredBy] = {
    "human": "human", "machine_start": "machine", "machine_end_beep": "machine", "machine_end_silence": "machine",
    "machine_end_other": "machine", "fax": "fax", "unknown": "unknown",
}  # fmt: skip
MOST_TEXT = 8_000

Named = Mapping[str, str]


def read_heard(callback: Callback, fields: Fields, account: str) -> Heard | None:
    """`fields` are verified. None for what tells nothing new. Raises BadCallback."""
    named = dict(fields)
    try:
        "".join(value for pair in fields for value in pair).encode()
    except UnicodeEncodeError:
        raise BadCallback("A field of the callback is not UTF-8.") from None
    if named.get("AccountSid", account) != account:
        raise BadCallback("The callback belongs to another Twilio account than account_sid in warmline.toml.")
    ours = dict(parse_qsl(urlsplit(callback.url).query))
    tail = callback.tail.strip("/")
    if tail not in _READERS:
        raise BadCallback(
            f"Twilio's calls go to .../call/inbound, the rest to addresses of ours, and this one came to .../{tail[:60]}."
        )
    return _READERS[tail](named, ours)


def detected(ref: str, said: str) -> Detected:
    return Detected(ref, ANSWERED_BY.get(said.lower(), "unknown"))  # a new word is nobody's certainty


def seconds_of(text: str) -> int:
    """0 where it is no number; never more than a day."""
    return min(int(text), 86_400) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _status(named: Named, ours: Named) -> Heard | None:
    which = ours.get("leg", "")
    if which not in ("rep", "lead"):
        raise BadCallback("The callback does not say which leg of the call it is about.")
    leg = _leg(_need(named, "CallStatus"))
    if leg == "":
        return None
    seconds = seconds_of(named.get("CallDuration", ""))
    return LegMoved(
        _need(ours, "ref"), "rep" if which == "rep" else "lead", leg, seconds, _code(named),
        provider_id=named.get("CallSid", "") if which == "rep" else named.get("ParentCallSid", ""),
    )  # fmt: skip


def _dialled(named: Named, ours: Named) -> Heard | None:
    """The end of <Dial>, told to its action: the same of the lead's leg as its own last status."""
    leg = _leg(_need(named, "DialCallStatus"))
    seconds = seconds_of(named.get("DialCallDuration", ""))
    # "answered" is said of a conference only; here it would mean that the leg is over all the same.
    return LegMoved(
        _need(ours, "ref"), "lead", "ended" if leg == "answered" else leg, seconds, _code(named), named.get("CallSid", "")
    )  # fmt: skip


def _detected(named: Named, ours: Named) -> Heard:
    return detected(_need(ours, "ref"), _need(named, "AnsweredBy"))


def _pressed(named: Named, ours: Named) -> Heard:
    return Pressed(_need(ours, "ref"), named.get("Digits", ""), _need(named, "CallSid"))


def _inbound(named: Named, _: Named) -> Heard:
    return Rang(_need(named, "CallSid"), _need(named, "From"))


def _picked_up(_: Named, ours: Named) -> Heard:
    return PickedUp(_need(ours, "call"), _need(ours, "caller"), _need(ours, "rep"))


def _took(named: Named, ours: Named) -> Heard:
    return Took(_need(ours, "call"), _need(ours, "caller"), _need(ours, "rep"), named.get("Digits", ""))


def _rang_out(named: Named, ours: Named) -> Heard:
    # DialCallStatus says "completed" of a voicemail that picked up and pressed nothing, too.
    return RangOut(_need(ours, "call"), _need(ours, "caller"), named.get("DialBridged", "").lower() == "true")


def _recorded(named: Named, ours: Named) -> Heard:
    url, seconds = _need(named, "RecordingUrl"), seconds_of(named.get("RecordingDuration", ""))
    # Twilio's reference names RecordingUrl for this request; the recording's name is the last part of it.
    recording = named.get("RecordingSid") or urlsplit(url).path.rpartition("/")[2].partition(".")[0]
    return Recorded(_need(ours, "call"), _need(ours, "caller"), recording, url, seconds)


def _transcribed(named: Named, ours: Named) -> Heard | None:
    text = named.get("TranscriptionText", "").strip()
    if named.get("TranscriptionStatus", "completed") != "completed" or not text:
        return None
    return Transcribed(_need(ours, "call"), _need(ours, "caller"), _need(named, "RecordingSid"), text[:MOST_TEXT])


_READERS: Mapping[str, Callable[[Named, Named], Heard | None]] = {
    "status": _status,
    "dialled": _dialled,
    "detected": _detected,
    "pressed": _pressed,
    "inbound": _inbound,
    "picked-up": _picked_up,
    "took": _took,
    "rang-out": _rang_out,
    "recorded": _recorded,
    "transcribed": _transcribed,
}


def _leg(status: str) -> Leg:
    leg = LEGS.get(status.lower())
    if leg is None:
        raise BadCallback(f'The call status "{status[:40]}" is not known here.')
    return leg


def _need(named: Named, name: str) -> str:
    value = named.get(name, "")
    if not value:
        raise BadCallback(f"The callback does not say {name}.")
    return value


def _code(named: Named) -> str:
    return (named.get("ErrorCode") or "")[:20]
