"""Calls through Twilio: what is asked of it, what its answers mean, and its webhooks in our words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

import pytest
from twilio.request_validator import RequestValidator

from tests.far_ends.ports import closed_port
from tests.far_ends.voice import VoiceProvider, serve_voice
from warmline.channels import ChannelSettingsError, build_dialer
from warmline.channels.call.contract import (
    CannotSay,
    Connect,
    Detected,
    Dialer,
    LegMoved,
    PickedUp,
    Placing,
    Pressed,
    Rang,
    RangOut,
    Recorded,
    Recording,
    Took,
    Transcribed,
)
from warmline.channels.contract import Accepted, BadCallback, BadSignature, Callback, NotSent, Receipt, Refused, Unknown

VECTORS = Path(__file__).parents[1] / "vectors"
ACCOUNT, TOKEN, OURS = "AC" + "a" * 32, "token-of-tests", "+15005550006"
PUBLIC = "https://leads.acme.test"
REF = "7-" + "0" * 32
SID = "CA" + "1" * 32
CALL = Placing(REF, "+15550104477", "Lead: Zoë & Søn. Press 1 to connect.")


def a_dialer(base_url: str = "http://127.0.0.1:9", **more: object) -> Dialer:
    table = {
        "provider": "twilio", "account_sid": ACCOUNT, "auth_token": [TOKEN, "the-old-one"], "from": OURS,
        "base_url": base_url, **more,
    }  # fmt: skip
    return build_dialer(table, str, PUBLIC, {"twilio": {"21211": "invalid_number"}})


@pytest.fixture
def voice() -> Iterator[VoiceProvider]:
    provider = VoiceProvider(ACCOUNT, TOKEN)
    with serve_voice(provider):
        yield provider


def run(work: Callable[[Dialer], Any], dialer: Dialer) -> Any:
    async def once() -> Any:
        try:
            return await work(dialer)
        finally:
            await dialer.close()

    return asyncio.run(once())


def place(dialer: Dialer) -> Receipt:
    receipt: Receipt = run(lambda one: one.place(CALL), dialer)
    return receipt


# --- placing ----------------------------------------------------------------------------------------------------------


def test_the_rep_is_called_with_the_words_and_every_event_is_asked_for(voice: VoiceProvider) -> None:
    voice.reps[CALL.rep_phone] = "no-answer"
    assert place(a_dialer(voice.base_url)) == Accepted("CA" + "0" * 32)
    (asked,) = voice.placed
    assert (asked["To"], asked["From"], asked["Timeout"]) == (CALL.rep_phone, OURS, "20")
    assert asked["events"] == ["initiated", "ringing", "answered", "completed"]
    assert asked["StatusCallback"] == f"{PUBLIC}/hooks/call/status?ref={REF}&leg=rep"
    assert fromstring(asked["Twiml"]).findtext("Gather/Say") == CALL.said


def test_what_its_answers_mean(voice: VoiceProvider) -> None:
    voice.refuse = 21211
    assert place(a_dialer(voice.base_url)) == Refused("invalid_number", "21211", "as the test wants it")
    voice.refuse, voice.slow_by = 0, 5
    assert isinstance(place(a_dialer(voice.base_url, timeout=0.3)), Unknown)
    assert len(voice.placed) == 1
    assert isinstance(place(a_dialer(f"http://127.0.0.1:{closed_port()}")), NotSent)


def test_a_recording_is_fetched_with_the_key_and_by_its_name_alone(voice: VoiceProvider) -> None:
    name = "RE" + "0" * 32
    voice.recordings[name] = b"ID3"
    assert run(lambda one: one.fetch(name), a_dialer(voice.base_url)) == Recording(b"ID3", "audio/mpeg")
    for other in ("RE" + "1" * 32, "../Calls", "http://169.254.169.254/"):
        assert run(lambda one, name=other: one.fetch(name), a_dialer(voice.base_url)) is None


# --- asking -----------------------------------------------------------------------------------------------------------


def ask(base_url: str, sid: str = SID, **more: object) -> object:
    return run(lambda one: one.ask(REF, sid), a_dialer(base_url, **more))


CHILD = "CA" + "c" * 32


@pytest.mark.parametrize(
    ("status", "rep", "children", "told"),
    [
        ("queued", "", [], []),
        ("ringing", "ringing", [], []),
        ("in-progress", "answered", [], []),
        ("in-progress", "answered", [("in-progress", 0, None)], [LegMoved(REF, "lead", "answered", 0, "", SID)]),
        (
            "in-progress",
            "answered",
            [("in-progress", 0, "human")],
            [Detected(REF, "human"), LegMoved(REF, "lead", "answered", 0, "", SID)],
        ),
        (
            "completed",
            "ended",
            [("completed", 42, "machine_start")],
            [Detected(REF, "machine"), LegMoved(REF, "lead", "ended", 42, "", SID)],
        ),
        ("completed", "ended", [("no-answer", 0, None)], [LegMoved(REF, "lead", "no_answer", 0, "", SID)]),
        ("completed", "ended", [("busy", 0, None)], [LegMoved(REF, "lead", "busy", 0, "", SID)]),
    ],
)
def test_what_became_of_a_call_is_told_as_its_callbacks_would_have_told_it(
    voice: VoiceProvider, status: str, rep: Any, children: list[tuple[str, int, str | None]], told: list[object]
) -> None:
    voice.knows(SID, status, seconds=60)
    voice.knows("CA" + "9" * 32, "completed", parent="CA" + "8" * 32, seconds=9, answered_by="human")  # another's
    for state, seconds, answered_by in children:
        voice.knows(CHILD, state, parent=SID, seconds=seconds, answered_by=answered_by)
    assert ask(voice.base_url) == [*told, LegMoved(REF, "rep", rep, provider_id=SID)]


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
def test_a_rep_who_was_not_reached_dialled_nobody_so_nothing_more_is_asked(voice: VoiceProvider, status: str) -> None:
    voice.knows(SID, status)
    assert ask(voice.base_url) == [LegMoved(REF, "rep", status.replace("-", "_"), provider_id=SID)]  # type: ignore[arg-type]
    assert len(voice.asked) == 1


def test_where_it_can_not_say_it_says_why(voice: VoiceProvider) -> None:
    assert ask(voice.base_url) == CannotSay("Twilio knows no such call")
    for name in ("", "sandbox-1", "../Messages", f"{SID}/Events"):
        assert ask(voice.base_url, name) == CannotSay("Twilio never gave it a name")
    assert len(voice.asked) == 1, "what is no name is not asked about"
    voice.knows(SID, "completed")
    voice.breaks = 503
    assert ask(voice.base_url) == CannotSay("Twilio answered 503 when it was asked")
    voice.breaks = 0
    assert ask(voice.base_url, auth_token="another") == CannotSay("Twilio answered 401 when it was asked")
    voice.knows(SID, "teleported")
    assert ask(voice.base_url) == CannotSay('Twilio says "teleported" of it, which is not known here')
    voice.slow_by = 5
    assert ask(voice.base_url, timeout=0.2) == CannotSay(
        "Twilio could not be asked: The request went out and no complete answer came (time-out)"
    )
    gone = ask(f"http://127.0.0.1:{closed_port()}")
    assert isinstance(gone, CannotSay)
    assert gone.why.startswith("Twilio could not be asked: No connection to the provider")


def test_a_setting_nobody_knows_is_named() -> None:
    with pytest.raises(ChannelSettingsError, match=r"\[channels\.call\] ring_second: .*Did you mean ring_seconds"):
        a_dialer(ring_second=3)


def test_the_lead_is_dialled_from_our_number_with_its_own_callbacks() -> None:
    document = fromstring(a_dialer().answer(Connect(REF, "+12125550123")).content)
    number = document.find("Dial/Number")
    assert number is not None
    assert number.attrib["amdStatusCallback"] == f"{PUBLIC}/hooks/call/detected?ref={REF}"
    assert (number.text, document.find("Dial").attrib["callerId"]) == ("+12125550123", OURS)  # type: ignore[union-attr]


# --- webhooks ---------------------------------------------------------------------------------------------------------


def hook(tail: str, fields: dict[str, str], key: str = TOKEN, **query: str) -> Callback:
    url = f"{PUBLIC}/hooks/call/{tail}" + (f"?{urlencode(query)}" if query else "")
    signature = RequestValidator(key).compute_signature(url, fields)
    return Callback("POST", url, {"x-twilio-signature": signature}, urlencode(fields).encode(), tail)


ME = {"CallSid": SID, "AccountSid": ACCOUNT, "From": "+12125550123", "To": OURS}
LEFT = {
    "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE1",
    "RecordingDuration": "17",
}


REP, LEAD = {"ref": REF, "leg": "rep"}, {"ref": REF, "leg": "lead"}
INBOUND = {"call": "CA9", "caller": "+1212"}
SAID = {"RecordingSid": "RE1", "TranscriptionText": "Call me", "TranscriptionStatus": "completed"}
DIALLED = {"DialCallStatus": "completed", "DialCallDuration": "42"}
OVER = {"CallStatus": "completed", "CallDuration": "42", "ParentCallSid": "CA9"}
ALONE = {"DialCallStatus": "completed", "DialBridged": "false"}


@pytest.mark.parametrize(
    ("tail", "query", "fields", "heard"),
    [
        ("status", REP, {"CallStatus": "ringing"}, LegMoved(REF, "rep", "ringing", provider_id=SID)),
        ("status", REP, {"CallStatus": "no-answer"}, LegMoved(REF, "rep", "no_answer", provider_id=SID)),
        ("status", REP, {"CallStatus": "initiated"}, None),
        (
            "status",
            LEAD,
            OVER | {"CallStatus": "in-progress"},
            LegMoved(REF, "lead", "answered", 42, provider_id="CA9"),
        ),
        ("status", LEAD, OVER, LegMoved(REF, "lead", "ended", 42, provider_id="CA9")),
        ("dialled", {"ref": REF}, {"DialCallStatus": "busy"}, LegMoved(REF, "lead", "busy", provider_id=SID)),
        ("dialled", {"ref": REF}, DIALLED, LegMoved(REF, "lead", "ended", 42, provider_id=SID)),
        ("detected", {"ref": REF}, {"AnsweredBy": "human"}, Detected(REF, "human")),
        ("detected", {"ref": REF}, {"AnsweredBy": "machine_end_silence"}, Detected(REF, "machine")),
        ("detected", {"ref": REF}, {"AnsweredBy": "screened"}, Detected(REF, "unknown")),
        ("pressed", {"ref": REF}, {"Digits": "1"}, Pressed(REF, "1", SID)),
        ("inbound", {}, {"CallStatus": "ringing"}, Rang(SID, "+12125550123")),
        ("picked-up", INBOUND | {"rep": "sam"}, {}, PickedUp("CA9", "+1212", "sam")),
        ("took", INBOUND | {"rep": "sam"}, {"Digits": "1"}, Took("CA9", "+1212", "sam", "1")),
        ("rang-out", INBOUND, ALONE, RangOut("CA9", "+1212", False)),
        ("recorded", INBOUND, LEFT, Recorded("CA9", "+1212", "RE1", LEFT["RecordingUrl"], 17)),
        ("transcribed", INBOUND, SAID, Transcribed("CA9", "+1212", "RE1", "Call me")),
        ("transcribed", INBOUND, {"RecordingSid": "RE1", "TranscriptionStatus": "failed"}, None),
    ],
)
def test_every_webhook_in_our_words(tail: str, query: dict[str, str], fields: dict[str, str], heard: object) -> None:
    assert a_dialer().read(hook(tail, ME | fields, **query)) == heard


def test_the_documented_answer_of_the_machine_detection() -> None:
    fields = json.loads((VECTORS / "twilio_call_amd.form.json").read_text())
    assert a_dialer().read(hook("detected", fields, ref=REF)) == Detected(REF, "machine")


def test_the_key_before_this_one_is_good_while_keys_are_changed() -> None:
    assert a_dialer().read(hook("inbound", ME, key="the-old-one"))


def test_what_was_changed_on_the_way_or_is_nobodys_is_refused() -> None:
    signed = hook("pressed", ME | {"Digits": "1"}, ref=REF)
    other_ref = Callback("POST", signed.url.replace("7-0", "7-1"), signed.headers, signed.body, signed.tail)
    other_key = Callback("POST", signed.url, signed.headers, signed.body.replace(b"Digits=1", b"Digits=2"), signed.tail)
    unsigned = Callback("POST", signed.url, {}, signed.body, signed.tail)
    for bad in (other_ref, other_key, unsigned, hook("inbound", ME, key="somebody-else's")):
        with pytest.raises(BadSignature):
            a_dialer().read(bad)


@pytest.mark.parametrize(
    ("tail", "fields", "query"),
    [
        ("status", {"CallStatus": "ringing"}, {"ref": REF}),
        ("status", {"CallStatus": "teleported"}, {"ref": REF, "leg": "rep"}),
        ("pressed", {"Digits": "1"}, {}),
        ("elsewhere", {}, {}),
        ("detected", {"AnsweredBy": "human", "AccountSid": "AC" + "b" * 32}, {"ref": REF}),
    ],
)
def test_what_can_not_be_read_is_kept_for_a_person(tail: str, fields: dict[str, str], query: dict[str, str]) -> None:
    with pytest.raises(BadCallback):
        a_dialer().read(hook(tail, ME | fields, **query))


def test_patience_is_the_time_out() -> None:
    assert timedelta(seconds=a_dialer(timeout=3).patience) == timedelta(seconds=3)
