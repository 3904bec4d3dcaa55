"""Calls through Twilio's Calls API. Source: twilio.com/docs/voice/api/call-resource and the official OpenAPI document.

The call is placed to the rep. What the rep hears travels with the request (`Twiml`), so one webhook fewer can fail; the
key the rep presses comes to us, and only then, after one more look at the gate, is the lead dialled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import aiohttp

from warmline.channels.call import twiml
from warmline.channels.call.contract import (
    Answer,
    CannotSay,
    Connect,
    Detected,
    HangUp,
    Heard,
    LegMoved,
    Nothing,
    Offer,
    Placing,
    Recording,
    Ring,
    TakeMessage,
)
from warmline.channels.call.twilio_answers import read_lead, read_rep
from warmline.channels.call.twilio_callbacks import read_heard
from warmline.channels.contract import Callback, NotSent, Receipt, Reply, Unknown
from warmline.channels.http import Answer as HttpAnswer
from warmline.channels.http import Http
from warmline.channels.secrets import Secret
from warmline.channels.settings import Settings
from warmline.channels.signature import verify
from warmline.channels.sms.twilio_answers import read_receipt
from warmline.core.calls import NOT_ANSWERED

CALL = re.compile(r"CA[0-9a-fA-F]{32}")
RECORDING = re.compile(r"RE[0-9a-f]{32}")
LARGEST_RECORDING = 20 * 1024 * 1024


class TwilioDialer:
    """One Twilio account and number. The API has no idempotency key: a call is placed once, and never again on a guess."""

    provider = "twilio"

    def __init__(self, settings: Settings, public_url: str, error_classes: Mapping[str, str]) -> None:
        self._account = settings.text("account_sid")
        self._auth_tokens = settings.secret_list("auth_token")
        self._shared_keys = settings.secret_list("shared_keys", [])
        self._number = settings.text("from")
        self._rep_rings = int(settings.number("rep_ring_seconds", 20, 5, 120))
        self._lead_rings = int(settings.number("ring_seconds", 25, 5, 120))
        self.detects = settings.flag("machine_detection", True)
        self._records = settings.flag("record_voicemail", True)
        self._transcribes = settings.flag("transcribe_voicemail", False)
        self._longest = int(settings.number("longest_voicemail", 120, 5, 600))
        self._greeting = settings.text("greeting", "")
        self.rate = settings.number("rate", 1, 0.1, 1000)  # an account begins with one call a second
        self.patience = settings.number("timeout", 15, 0.05, 120)
        self._http = Http(timeout=self.patience, concurrency=10)
        base_url = settings.url("base_url", "https://api.twilio.com")
        self._account_url = f"{base_url}/2010-04-01/Accounts/{self._account}"
        self._hooks = f"{public_url.rstrip('/')}/hooks/call"
        self._error_classes = error_classes

    async def place(self, call: Placing) -> Receipt:
        form = {
            "To": call.rep_phone,
            "From": self._number,
            "Timeout": str(self._rep_rings),
            "Twiml": twiml.rep_hears(call.said, self._hook("pressed", ref=call.ref)),
            "StatusCallback": self._hook("status", ref=call.ref, leg="rep"),
        }
        # A list goes as the same name again and again.
        events = [("StatusCallbackEvent", event) for event in ("initiated", "ringing", "answered", "completed")]
        answer = await self._http.request(
            "POST",
            f"{self._account_url}/Calls.json",
            body=urlencode([*form.items(), *events]).encode(),
            headers={**self._headers(), "Content-Type": "application/x-www-form-urlencoded"},
        )
        return read_receipt(answer, self._error_classes) if isinstance(answer, HttpAnswer) else answer

    async def ask(self, ref: str, provider_id: str) -> Sequence[LegMoved | Detected] | CannotSay:
        if not CALL.fullmatch(provider_id):
            return CannotSay("Twilio never gave it a name")
        rep = read_rep(await self._get(f"Calls/{provider_id}.json"), ref, provider_id)
        if isinstance(rep, CannotSay):
            return rep
        if rep.leg in NOT_ANSWERED:  # then nobody was dialled
            return [rep]
        lead = read_lead(await self._get(f"Calls.json?ParentCallSid={provider_id}"), ref, provider_id)
        return lead if isinstance(lead, CannotSay) else [*lead, rep]

    def read(self, callback: Callback) -> Heard | None:
        fields = verify(callback, self._auth_tokens, self._shared_keys)
        return read_heard(callback, fields, self._account)

    def answer(self, answer: Answer) -> Reply:
        return Reply(self._document(answer), "text/xml; charset=utf-8")

    async def fetch(self, recording: str) -> Recording | None:
        if not RECORDING.fullmatch(recording):
            return None
        answer = await self._get(f"Recordings/{recording}.mp3")
        if not isinstance(answer, HttpAnswer) or answer.status != 200 or len(answer.body) > LARGEST_RECORDING:
            return None
        return Recording(answer.body, "audio/mpeg")

    async def close(self) -> None:
        await self._http.close()

    def _document(self, answer: Answer) -> str:
        match answer:
            case Nothing():
                return twiml.nothing()
            case HangUp(said):
                return twiml.hang_up(said)
            case Connect(ref, lead_phone):
                machine_url = self._hook("detected", ref=ref) if self.detects else ""
                status_url = self._hook("status", ref=ref, leg="lead")
                done_url = self._hook("dialled", ref=ref)
                return twiml.dial_lead(
                    twiml.LeadLeg(lead_phone, self._number, self._lead_rings, done_url, status_url, machine_url)
                )
            case Ring(call, caller, people):
                numbers = [(phone, self._hook("picked-up", call=call, caller=caller, rep=rep)) for rep, phone in people]
                return twiml.ring_people(numbers, self._lead_rings, self._hook("rang-out", call=call, caller=caller))
            case Offer(call, caller, rep, said):
                return twiml.offer(said, self._hook("took", call=call, caller=caller, rep=rep))
            case TakeMessage(call, caller, company):
                return self._take_message(call, caller, company)

    def _take_message(self, call: str, caller: str, company: str) -> str:
        if not self._records:
            return twiml.hang_up(f"You have reached {company}. Nobody can take your call now. We will call you back.")
        said = self._greeting or (
            f"You have reached {company}. Nobody can take your call now. Please leave a message after the tone."
        )
        heard = self._hook("transcribed", call=call, caller=caller) if self._transcribes else ""
        return twiml.take_message(said, self._hook("recorded", call=call, caller=caller), heard, self._longest)

    def _hook(self, tail: str, **query: str) -> str:
        """An address of ours. What it carries is covered by the signature of whoever calls it."""
        return f"{self._hooks}/{tail}?{urlencode(query)}"

    async def _get(self, path: str) -> HttpAnswer | NotSent | Unknown:
        return await self._http.request("GET", f"{self._account_url}/{path}", headers=self._headers())

    def _headers(self) -> dict[str, str]:
        newest: Secret = self._auth_tokens[0]
        return {"Authorization": aiohttp.encode_basic_auth(self._account, newest.reveal())}
