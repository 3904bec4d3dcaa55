"""The documents that steer a call at Twilio. Pure: addresses and words in, XML out, everything escaped.

Sources: twilio.com/docs/voice/twiml, pages gather, dial, number, record, say. The classes of the official library judge
these documents in tests/channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

LONGEST_SAID = 400  # letters: a document handed over with the call may have 4,000 altogether


@dataclass(frozen=True, slots=True)
class LeadLeg:
    """How the lead is dialled. Addresses are absolute and ours; an empty `machine_url` detects no machines."""

    phone: str
    caller_id: str
    ring_seconds: int
    done_url: str
    status_url: str
    machine_url: str


def rep_hears(said: str, pressed_url: str) -> str:
    """For the rep's leg of a call: who it is, twice, and a key to press."""
    response = Element("Response")
    _ask(response, said, pressed_url)
    _say(response, "No key was pressed. Goodbye.")
    SubElement(response, "Hangup")
    return _text(response)


def dial_lead(leg: LeadLeg) -> str:
    response = Element("Response")
    dial = SubElement(
        response, "Dial", callerId=leg.caller_id, timeout=str(leg.ring_seconds), answerOnBridge="true", action=leg.done_url
    )  # fmt: skip
    number = SubElement(
        dial, "Number", statusCallback=leg.status_url, statusCallbackEvent="initiated ringing answered completed"
    )
    if leg.machine_url:
        number.set("machineDetection", "Enable")
        number.set("amdStatusCallback", leg.machine_url)
    number.text = leg.phone
    return _text(response)


def ring_people(people: Sequence[tuple[str, str]], ring_seconds: int, done_url: str) -> str:
    """`people`: (phone, address of what its owner hears before the two are joined). The first to press has the call."""
    response = Element("Response")
    dial = SubElement(response, "Dial", timeout=str(ring_seconds), answerOnBridge="true", action=done_url)
    for phone, url in people:
        SubElement(dial, "Number", url=url).text = phone
    return _text(response)


def offer(said: str, pressed_url: str) -> str:
    """What a rep hears who picked up. The end of the document joins the two, so without a key it hangs up."""
    response = Element("Response")
    _ask(response, said, pressed_url)
    SubElement(response, "Hangup")
    return _text(response)


def take_message(said: str, recorded_url: str, transcribed_url: str, longest: int) -> str:
    """`longest` in seconds. An empty `transcribed_url` asks for no transcription."""
    response = Element("Response")
    _say(response, said)
    record = SubElement(response, "Record", action=recorded_url, maxLength=str(longest), playBeep="true")
    if transcribed_url:
        record.set("transcribe", "true")
        record.set("transcribeCallback", transcribed_url)
    SubElement(response, "Hangup")  # nothing was said: Record falls through
    return _text(response)


def hang_up(said: str = "") -> str:
    response = Element("Response")
    if said:
        _say(response, said)
    SubElement(response, "Hangup")
    return _text(response)


def nothing() -> str:
    return _text(Element("Response"))


def _ask(response: Element, said: str, pressed_url: str) -> None:
    gather = SubElement(response, "Gather", numDigits="1", timeout="8", action=pressed_url)
    _say(gather, said, loop="2")  # whoever is still on the way to the ear hears it the second time


def _say(parent: Element, said: str, **attributes: str) -> None:
    SubElement(parent, "Say", attributes).text = _plain(said)[:LONGEST_SAID]


def _plain(text: str) -> str:
    """Letters that XML 1.0 may hold; a name may have come with others."""
    return (
        "".join(one for one in text if one in "\t\n\r" or (one >= " " and one not in "\ufffe\uffff"))
        .encode("utf-8", "ignore")
        .decode()
    )


def _text(response: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")
