"""What Twilio's answers say of a call that was placed, in the words of its callbacks: pure readings of status and body.

Source: twilio.com/docs/voice/api/call-resource. The call is the rep's leg; the lead's is a call of its own, whose parent it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from warmline.channels.call.contract import CannotSay, Detected, LegMoved
from warmline.channels.call.twilio_callbacks import LEGS, detected, seconds_of
from warmline.channels.contract import NotSent, Unknown
from warmline.channels.http import Answer
from warmline.core.calls import Leg

Fields = Mapping[str, object]


def read_rep(answer: Answer | NotSent | Unknown, ref: str, call: str) -> LegMoved | CannotSay:
    """The whole call, `call` by Twilio's name."""
    found = _fields(answer)
    if isinstance(found, CannotSay):
        return found
    leg = _leg(found)
    return leg if isinstance(leg, CannotSay) else LegMoved(ref, "rep", leg, provider_id=call)


def read_lead(answer: Answer | NotSent | Unknown, ref: str, call: str) -> list[LegMoved | Detected] | CannotSay:
    """The calls that `call` has dialled: one, or none when the lead's phone never rang. Who answered comes first, so that
    the end of a leg is told with it."""
    found = _fields(answer)
    if isinstance(found, CannotSay):
        return found
    listed = found.get("calls")
    if not isinstance(listed, list):
        return CannotSay("Twilio's answer can't be read")
    told: list[LegMoved | Detected] = []
    for one in listed:
        if not isinstance(one, Mapping) or one.get("parent_call_sid") != call:
            continue
        leg = _leg(one)
        if isinstance(leg, CannotSay):
            return leg
        if one.get("answered_by"):
            told.append(detected(ref, str(one["answered_by"])))
        told.append(LegMoved(ref, "lead", leg, seconds_of(str(one.get("duration") or "")), provider_id=call))
    return told


def _fields(answer: Answer | NotSent | Unknown) -> Fields | CannotSay:
    if not isinstance(answer, Answer):
        return CannotSay(f"Twilio could not be asked: {answer.detail.rstrip('.')}")
    if answer.status == 404:
        return CannotSay("Twilio knows no such call")
    found = answer.json()
    if answer.status != 200:
        return CannotSay(f"Twilio answered {answer.status} when it was asked")
    return found if isinstance(found, Mapping) else CannotSay("Twilio's answer can't be read")


def _leg(fields: Fields) -> Leg | CannotSay:
    status = str(fields.get("status") or "").lower()
    leg = LEGS.get(status)
    return CannotSay(f'Twilio says "{status[:40]}" of it, which is not known here') if leg is None else leg
