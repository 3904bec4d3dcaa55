"""What must hold, looked at by code of its own: none of this asks the gate, and it reads what went out, not what was said.

`Seen` is what the prover has seen happen. It is kept beside the history, so that a fold that forgets is found out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from warmline.core.consent import RANK, Consent
from warmline.core.gate import Finding, HoursRule, NumberCheck, Rules, Scrub
from warmline.core.hours import find_zone
from warmline.core.months import add_months
from warmline.core.playbook import Call, Chore, Office

#: In the order in which the proof tells of them.
PROPERTIES = {
    "window": "nothing goes out outside the hours of any zone or place the lead may be in",
    "opt-out": "nothing goes out after an opt-out",
    "human": "nothing goes out by itself after a human signal, until the lead is handed back",
    "cap": "never more attempts than a cap allows in its span",
    "twice": "never a second touch for a step that went out, never one channel twice, no more calls than the step asks",
    "consent": "nothing goes out without the consent that the rules ask, or where nobody knows the rules",
    "left": "every lead has a next action: a time ahead, an open task, or an end that says what comes after",
    "rest": "a look comes to rest, and the same history gives the same decision",
}

MINUTES = 24 * 60


class Broken(Exception):
    """A property does not hold. `findings` are the gate's at that moment."""

    def __init__(self, name: str, said: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(said)
        self.name, self.said, self.findings = name, said, findings


@dataclass(frozen=True, slots=True)
class Out:
    """A touch that was handed over."""

    channel: str
    id: str
    failed: bool = False


@dataclass(slots=True)
class Seen:
    """What has happened, as the prover saw it. Values are immutable, so that a copy may share them."""

    requested_at: datetime | None = None  # the lead's latest own request
    gone: tuple[tuple[str, str], ...] = ()  # (channel, how the lead opted out of it)
    live: str = ""  # the human signal after which nothing was handed back
    out: tuple[tuple[str, Out], ...] = ()  # (step, touch), in order
    attempts: tuple[tuple[datetime, str], ...] = ()  # (when, channel), calls that were placed among them
    asked: tuple[str, ...] = ()  # a step for each task that it opened

    def leaves(self, channels: Iterable[str], how: str) -> None:
        self.gone = (*self.gone, *((channel, how) for channel in channels if not self.left(channel)))

    def left(self, channel: str) -> str:
        """How the lead opted out of a channel, or ""."""
        return next((how for gone, how in self.gone if gone == channel), "")

    def fails(self, touch: str) -> None:
        self.out = tuple((step, replace(one, failed=True) if one.id == touch else one) for step, one in self.out)


def goes_out(
    seen: Seen, channel: str, purpose: str, zones: frozenset[str], consents: list[Consent], rules: Rules, at: datetime
) -> None:
    """A touch is handed over, or a call is placed. Raises Broken."""
    _wanted(seen, channel)
    if channel != "call" and seen.live:
        raise Broken("human", f"{_named(channel)} goes out, although {seen.live}")
    purpose = meant(seen, purpose, rules, at)
    _within(channel, purpose, zones, rules, at)
    _proven(channel, purpose, consents, rules, at)
    if purpose == "marketing":
        for cap in rules.caps:
            if channel not in cap.channels:
                continue
            count = 1 + sum(when > at - cap.per and other in cap.channels for when, other in seen.attempts)
            if count > cap.count:
                raise Broken("cap", f"{count} attempts in {_span(cap.per)}, and {cap.id} allows {cap.count}")


def once_only(seen: Seen, step: str, channel: str) -> None:
    """Raises Broken when `step` has gone out already: on this channel, or on another that has not failed."""
    for name, one in seen.out:
        if name == step and one.channel == channel:
            raise Broken("twice", f"{step} goes out by {channel}, where it went out before")
        if name == step and not one.failed:
            raise Broken("twice", f"{step} goes out by {channel}, and it went out by {one.channel} before")


def asks(
    seen: Seen,
    step: Call | Chore,
    open_already: bool,
    zones: frozenset[str],
    consents: list[Consent],
    rules: Rules,
    office: Office,
    at: datetime,
) -> None:
    """The playbook asks a person to call or to do something. Raises Broken."""
    if seen.live:
        raise Broken("human", f"The playbook asks for {step.name}, although {seen.live}")
    most = step.attempts if isinstance(step, Call) else 1
    if open_already or seen.asked.count(step.name) >= most:
        raise Broken("twice", f"{step.name} is asked for once more, and {most} was all that it may be")
    if isinstance(step, Call):
        _wanted(seen, "call")
        _within("call", "marketing", zones, rules, at)
        _proven("call", "marketing", consents, rules, at)
        if step.hours == "office" and not is_inside(as_rule(office), office.zone, at):
            raise Broken("window", f"{step.name} is asked for while the office is closed")


def meant(seen: Seen, purpose: str, rules: Rules, at: datetime) -> str:
    """An acknowledgement is one only while the lead's own request is fresh."""
    fresh = seen.requested_at is not None and at - seen.requested_at <= rules.fresh
    return "acknowledge" if purpose == "acknowledge" and fresh else "marketing"


def _wanted(seen: Seen, channel: str) -> None:
    if how := seen.left(channel):
        raise Broken("opt-out", f"{_named(channel)} goes out, although {how}")


def _within(channel: str, purpose: str, zones: frozenset[str], rules: Rules, at: datetime) -> None:
    binding = rules.hours.get((channel, purpose), ())
    if binding and not zones:
        raise Broken("window", f"{_named(channel)} goes out, and nobody knows what time it is for the lead")
    for rule in binding:
        for zone in sorted(zones | {rule.zone} if rule.zone else zones):
            if not is_inside(rule, zone, at):
                clock = at.astimezone(find_zone(zone))
                raise Broken(
                    "window", f"{_named(channel)} goes out at {clock:%H:%M on %a %d %b} in {zone}, against {rule.id}"
                )


def _proven(channel: str, purpose: str, consents: list[Consent], rules: Rules, at: datetime) -> None:
    if rules.unknown:
        raise Broken("consent", f"{_named(channel)} goes out, and nobody knows the rules of {', '.join(rules.unknown)}")
    asked = rules.consent.get((channel, purpose))
    if asked is None:
        raise Broken("consent", f"{_named(channel)} goes out, and no rule allows {purpose} on it")
    levels = {"none", *(one.level for one in consents if _holds(one, channel, purpose, rules, at))}
    if max(RANK[level] for level in levels) < RANK[asked.level]:
        held = max(levels, key=RANK.__getitem__)
        raise Broken("consent", f"{_named(channel)} goes out with {held} consent, and {asked.id} asks {asked.level}")
    if purpose == "marketing":
        asking: tuple[Scrub | NumberCheck, ...] = (*rules.scrubs, *rules.numbers)
        for rule in asking:
            if channel in rule.channels and not levels.intersection(rule.unless):
                raise Broken(
                    "consent", f"{_named(channel)} goes out, and nobody looked the number up as {rule.id} asks"
                )


def _holds(consent: Consent, channel: str, purpose: str, rules: Rules, at: datetime) -> bool:
    """Whether a proof speaks for the channel and purpose, and has not run out by itself or by the rules of the place."""
    if consent.purpose not in ("marketing", purpose):
        return False
    if channel not in consent.channels or at < consent.at or (consent.expires_at and at >= consent.expires_at):
        return False
    months = rules.lifetimes.get((channel, consent.level))
    return not months or at < add_months(consent.at, months)


@lru_cache(maxsize=64)
def as_rule(office: Office) -> HoursRule:
    return HoursRule("office", office.week, "", office.holidays)


def is_inside(rule: HoursRule, zone: str, at: datetime) -> bool:
    """Whether the minute that the wall clock shows is one of the week's open ones, and its day no closed one."""
    local = at.astimezone(find_zone(zone))
    return local.date() not in rule.closed and bool(open_minutes(rule)[local.weekday()][local.hour * 60 + local.minute])


@lru_cache(maxsize=512)
def open_minutes(rule: HoursRule) -> tuple[bytes, ...]:
    """For each day, Monday first, each of its minutes: 1 where it lies in a window."""
    days = [bytearray(MINUTES) for _ in range(7)]
    for day, windows in enumerate(rule.week):
        for window in windows:
            start, end = (clock.hour * 60 + clock.minute for clock in (window.start, window.end))
            for minute in range(start, end if end > start else end + MINUTES):
                days[(day + minute // MINUTES) % 7][minute % MINUTES] = 1
    return tuple(bytes(day) for day in days)


def rests_on_something(at: datetime, due_at: datetime | None, open_tasks: bool, on_its_way: bool) -> None:
    """Raises Broken when a look has left nothing behind that would ever bring the next one, and nobody to act."""
    if due_at is not None and due_at <= at:
        raise Broken("left", f"The next look is due at {due_at.astimezone(UTC):%d %b %H:%M} UTC, which is not ahead")
    if due_at is None and not open_tasks and not on_its_way:
        raise Broken("left", "Nothing is due, nothing is on its way, and nobody has a task: the lead is left behind")


def _named(channel: str) -> str:
    return {"sms": "A text", "email": "A mail", "voicemail": "A voicemail", "call": "A call"}[channel]


def _span(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" if hours % 24 == 0 and hours > 24 else f"{hours} hours"
