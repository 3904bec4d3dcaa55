"""Playing the lead in the sandbox: each button is the signal a provider would have sent, through the real way in."""

from __future__ import annotations

from collections.abc import Callable

from ..channels.call.contract import KEY, Detected, HangUp, Heard, LegMoved, Pressed
from ..channels.contract import Signal
from ..insight.story import Story
from ..intake import calls as calling
from ..intake import inbound
from ..store import calls
from ..store.ids import new_id, touch_ref
from ..store.stories import Touch
from .asking import Ask

#: Buttons beside the reply box.
BUTTONS = (
    ("stop", "Reply STOP"),
    ("click", "Click a link"),
    ("open", "Open the mail"),
    ("missed", "Call, nobody answers"),
    ("call", "Call, somebody answers"),
    ("voicemail", "Call and leave a voicemail"),
    ("bounce", "Let the mail bounce"),
)
#: And while a person of the workspace calls from the page of a task.
CALL_BUTTONS = (("pick-up", "Take the call"), ("ring-out", "Let it ring"), ("machine", "Let a machine answer"))


class CannotError(Exception):
    """The lead can't do that now. The text says what is missing."""


def play(ask: Ask, story: Story, act: str) -> None:
    """Raises CannotError, KeyError for an act that is none."""
    if act in _CALLED:
        _answer(ask, story, _CALLED[act])
        return
    signals = _voicemail(ask, story) if act == "voicemail" else [_SIGNALS[act](ask, story)]
    inbound.receive(ask.conn, ask.workspace, signals, ask.now)


def buttons(ask: Ask, story: Story) -> tuple[tuple[str, str], ...]:
    live = calls.live_of_lead(ask.conn, ask.workspace_id, story.lead.lane, story.lead.id)
    return (*CALL_BUTTONS, *BUTTONS) if live and live.provider == "sandbox" else BUTTONS


def _answer(ask: Ask, story: Story, what: Callable[[str], tuple[Heard, ...]]) -> None:
    """Take the rep's call for them, press the key, and let the lead's phone do what the button says."""
    call = calls.live_of_lead(ask.conn, ask.workspace_id, story.lead.lane, story.lead.id)
    if call is None or call.provider != "sandbox":
        raise CannotError("Nobody is calling. Press Call now on the page of a call first.")
    ref = touch_ref(call.lane, call.id)
    connected = calling.hear(ask.conn, ask.workspace, Pressed(ref, KEY, call.provider_id), ask.now)
    if isinstance(connected, HangUp):
        raise CannotError(connected.said)
    for heard in (*what(ref), LegMoved(ref, "rep", "ended")):
        calling.hear(ask.conn, ask.workspace, heard, ask.now)


def _taken(ref: str) -> tuple[Heard, ...]:
    return LegMoved(ref, "lead", "answered"), Detected(ref, "human"), LegMoved(ref, "lead", "ended", 95)


def _rung_out(ref: str) -> tuple[Heard, ...]:
    return LegMoved(ref, "lead", "ringing"), LegMoved(ref, "lead", "no_answer")


def _machine(ref: str) -> tuple[Heard, ...]:
    return LegMoved(ref, "lead", "answered"), Detected(ref, "machine"), LegMoved(ref, "lead", "ended", 31)


_CALLED: dict[str, Callable[[str], tuple[Heard, ...]]] = {
    "pick-up": _taken,
    "ring-out": _rung_out,
    "machine": _machine,
}


def _reply(ask: Ask, story: Story) -> Signal:
    text = ask.posted("text")[:1000]
    if not text:
        raise CannotError("Write something to reply.")
    return _inbound(ask, story, ask.posted("channel"), text)


def _stop(ask: Ask, story: Story) -> Signal:
    return _inbound(ask, story, "sms" if story.lead.phone else "email", "STOP")


def _inbound(ask: Ask, story: Story, channel: str, text: str) -> Signal:
    sender = story.lead.email if channel == "email" else story.lead.phone
    if not sender:
        raise CannotError("The lead has no address for that channel. Add one on its page.")
    return Signal("inbound", ask.now, sender=sender, text=text, key=_key(), data={"channel": channel})


def _click(ask: Ask, story: Story) -> Signal:
    touch = _last(story, ("sms", "email"))
    return Signal(
        "clicked", ask.now, touch_ref(story.lead.lane, touch.id), key=_key(), data={"url": "a link of the message"}
    )


def _open(ask: Ask, story: Story) -> Signal:
    return Signal("opened", ask.now, touch_ref(story.lead.lane, _last(story, ("email",)).id), key=_key())


def _bounce(ask: Ask, story: Story) -> Signal:
    touch = _last(story, ("email",))
    return Signal(
        "bounced", ask.now, touch_ref(story.lead.lane, touch.id), reason="invalid_address", code="5.1.1", key=_key()
    )


def _call(ask: Ask, story: Story) -> Signal:
    return _rings(ask, story, {"answered": "yes"})


def _missed(ask: Ask, story: Story) -> Signal:
    return _rings(ask, story, {})


def _voicemail(ask: Ask, story: Story) -> list[Signal]:
    """Nobody answers, and the lead leaves a message. The sandbox has no sound: only what a machine wrote down of it."""
    missed = _missed(ask, story)
    said = "Hi, I got your message. Please call me back this afternoon."
    return [
        missed,
        Signal("voicemail", ask.now, sender=missed.sender, key=_key(), data={"seconds": "6"}),
        Signal("voicemail", ask.now, sender=missed.sender, key=_key(), text=said),
    ]


def _rings(ask: Ask, story: Story, data: dict[str, str]) -> Signal:
    if not story.lead.phone:
        raise CannotError("The lead has no phone number. Add one on its page.")
    return Signal("call", ask.now, sender=story.lead.phone, key=_key(), data=data)


_SIGNALS: dict[str, Callable[[Ask, Story], Signal]] = {
    "reply": _reply,
    "stop": _stop,
    "click": _click,
    "open": _open,
    "bounce": _bounce,
    "call": _call,
    "missed": _missed,
}


def _last(story: Story, channels: tuple[str, ...]) -> Touch:
    """The latest touch that reached the lead on one of these channels."""
    found = [one for one in story.touches if one.channel in channels and one.status in ("sent", "delivered")]
    if not found:
        raise CannotError("Nothing of that kind has arrived yet. Wait for the next message.")
    return max(found, key=lambda one: one.sent_at or one.created_at)


def _key() -> str:
    """Every press of a button is news."""
    return f"sandbox:{new_id().hex}"
