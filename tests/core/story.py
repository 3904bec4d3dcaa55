"""Small playbooks and short stories, for tests of one thing at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.core.simulator import NEW_YORK, OFFICE
from warmline.core.decide import Decision, decide
from warmline.core.events import Event
from warmline.core.history import History, fold
from warmline.core.playbook import (
    START,
    After,
    Anchor,
    At,
    Call,
    Chore,
    Delay,
    Enroll,
    HandOff,
    Owner,
    Playbook,
    Send,
    Step,
)

#: A Tuesday, 11:30 in New York.
BEGIN = datetime(2026, 6, 9, 15, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RUN = "run"


def now_or(after: timedelta = timedelta(0), step: str = "", outcome: str = "") -> Delay:
    return Delay(after, Anchor(step, outcome) if step else START)


def send(name: str = "text", *channels: Any, at: At | None = None, **more: Any) -> Send:
    return Send(name, channels or ("sms",), more.pop("template", f"{name}-words"), at or now_or(), **more)


def call(name: str = "call", *, at: At | None = None, **more: Any) -> Call:
    return Call(name, "owner", at or now_or(), **more)


def chore(name: str = "chore", *, at: At | None = None, **more: Any) -> Chore:
    return Chore(name, "owner", "Send the price list", at or now_or(), **more)


def playbook(*steps: Step, **more: Any) -> Playbook:
    plain = {"enroll": Enroll(None), "owner": Owner(), "hand_off": HandOff(within=HOUR), "after": After("slow-nurture")}
    return Playbook("test", "Test", steps=steps, **{**plain, **more})


def event(kind: str, after: timedelta = timedelta(0), step: str = "", channel: str = "", touch: str | None = None,
          enrollment: str | None = RUN, **data: Any) -> Event:  # fmt: skip
    """Something that happened this long after the beginning."""
    return Event(kind, BEGIN + after, 0, enrollment, step, channel, touch, data)


def planned(step: str = "text", after: timedelta = timedelta(0), channel: str = "sms", touch: str = "t1") -> Event:
    return event("touch.planned", after, step, channel, touch)


def sent(step: str = "text", after: timedelta = timedelta(0), channel: str = "sms", touch: str = "t1") -> list[Event]:
    """A touch on its way and its receipt."""
    return [planned(step, after, channel, touch), event("touch.sent", after, step, channel, touch, last=True)]


def opened(step: str = "call", after: timedelta = timedelta(0), channel: str = "call") -> Event:
    return event("task.opened", after, step, channel)


def told(outcome: str, after: timedelta, step: str = "call", *, last: bool = False, task: str = "k1") -> Event:
    """A person tells how a call went."""
    return event("task.done", after, step, "call", task, outcome=outcome, last=last)


def history(*events: Event | Iterable[Event], zone: str = NEW_YORK, seed: int = 7, **more: Any) -> History:
    flat = [one for item in events for one in ([item] if isinstance(item, Event) else item)]
    return fold(History(RUN, seed, BEGIN, zone, **more), flat)


def answer(book: Playbook, told_so_far: History, after: timedelta = timedelta(0)) -> Decision:
    """What `decide` says this long after the beginning."""
    return decide(book, told_so_far, BEGIN + after, OFFICE)
