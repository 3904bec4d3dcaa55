"""Our documents are those that the official library writes, and no name can break out of them."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from warmline.channels.call import twiml

URL = "https://leads.acme.test/hooks/call/pressed?ref=7-00ff&leg=rep"
LEAD, OURS = "+12125550123", "+15005550006"


def same(document: str, theirs: VoiceResponse) -> bool:
    return tree(fromstring(document)) == tree(fromstring(theirs.to_xml()))


def tree(element: Element) -> tuple[object, ...]:
    return (element.tag, dict(element.attrib), element.text or "", [tree(one) for one in element])


def test_what_the_rep_hears() -> None:
    gather = Gather(num_digits=1, timeout=8, action=URL)
    gather.say("Lead: Zoë & Søn. Press 1.", loop=2)
    theirs = VoiceResponse()
    theirs.append(gather)
    theirs.say("No key was pressed. Goodbye.")
    theirs.hangup()
    assert same(twiml.rep_hears("Lead: Zoë & Søn. Press 1.", URL), theirs)


def test_how_the_lead_is_dialled() -> None:
    dial = Dial(caller_id=OURS, timeout=25, answer_on_bridge=True, action=f"{URL}&d=1")
    dial.number(
        LEAD, status_callback=f"{URL}&s=1", status_callback_event="initiated ringing answered completed",
        machine_detection="Enable", amd_status_callback=f"{URL}&m=1",
    )  # fmt: skip
    theirs = VoiceResponse()
    theirs.append(dial)
    leg = twiml.LeadLeg(LEAD, OURS, 25, f"{URL}&d=1", f"{URL}&s=1", f"{URL}&m=1")
    assert same(twiml.dial_lead(leg), theirs)


def test_without_a_machine_url_nothing_is_detected() -> None:
    assert "achineDetection" not in twiml.dial_lead(twiml.LeadLeg(LEAD, OURS, 25, URL, URL, ""))


def test_how_phones_ring() -> None:
    dial = Dial(timeout=20, answer_on_bridge=True, action=URL)
    dial.number("+15550104477", url=f"{URL}&rep=sam")
    dial.number("+15550104478", url=f"{URL}&rep=jo")
    theirs = VoiceResponse()
    theirs.append(dial)
    people = [("+15550104477", f"{URL}&rep=sam"), ("+15550104478", f"{URL}&rep=jo")]
    assert same(twiml.ring_people(people, 20, URL), theirs)


def test_what_a_rep_hears_who_picked_up() -> None:
    gather = Gather(num_digits=1, timeout=8, action=URL)
    gather.say("Ann is calling.", loop=2)
    theirs = VoiceResponse()
    theirs.append(gather)
    theirs.hangup()
    assert same(twiml.offer("Ann is calling.", URL), theirs)


def test_how_a_message_is_taken() -> None:
    theirs = VoiceResponse()
    theirs.say("After the tone.")
    theirs.record(action=URL, max_length=120, play_beep=True, transcribe=True, transcribe_callback=f"{URL}&t=1")
    theirs.hangup()
    assert same(twiml.take_message("After the tone.", URL, f"{URL}&t=1", 120), theirs)


def test_hanging_up_and_saying_nothing() -> None:
    said, silent, empty = VoiceResponse(), VoiceResponse(), VoiceResponse()
    said.say("Goodbye.")
    said.hangup()
    silent.hangup()
    assert same(twiml.hang_up("Goodbye."), said)
    assert same(twiml.hang_up(), silent)
    assert same(twiml.nothing(), empty)


@given(st.text(max_size=600))
def test_no_name_breaks_out_of_the_document(name: str) -> None:
    parsed = fromstring(twiml.rep_hears(f"Lead: {name}", URL))
    assert [one.tag for one in parsed.iter()] == ["Response", "Gather", "Say", "Say", "Hangup"]
    assert len(parsed.findtext("Gather/Say") or "") <= twiml.LONGEST_SAID


def test_a_document_that_travels_with_the_call_is_within_twilios_limit() -> None:
    assert len(twiml.rep_hears("é&<" * 500, URL + "x" * 300)) < 4000
