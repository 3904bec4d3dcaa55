"""The gate: the only way out. Says whether a touch may go now, and shows every rule it looked at.

`check` is pure. It runs when a touch is planned and once more at the moment of hand-over. It never stops at the first
refusal: a person who asks why gets the whole list, what each rule saw, and the smallest change that would flip it.

Most findings pass, and say the same of most leads of a morning: those are made once and handed out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

import msgspec

from .consent import LEVEL_WORDS, RANK, Consent, Suppression, best
from .hours import NO_HOLIDAYS, Week, is_open, local_clock, next_open, open_in_all
from .playbook import ChannelKind, Office, Purpose

Result = Literal["pass", "hold", "refuse"]

#: Channels whose touches go out by machine. A call is made by a person, and its attempts are counted apart.
AUTOMATED = ("sms", "email", "voicemail")


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """What one rule said. `until` only for a hold whose end is known; a hold without it waits for a person."""

    rule: str
    result: Result
    saw: str
    flip: str = ""
    until: datetime | None = None
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rule` is the one that decided ("" when allowed). `until` ends a hold; None: a person must act."""

    result: Literal["allow", "hold", "refuse"]
    rule: str
    until: datetime | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """The touch as the gate sees it. `id` lets the last look leave the touch itself out of the count."""

    channel: ChannelKind
    purpose: Purpose = "marketing"
    id: str = ""
    office: bool = True  # a call that may be made outside office hours says False; the law's hours bind it all the same


@dataclass(slots=True)
class Facts:
    """All that is known of the lead for this question. Empty or None means not known, and that narrows."""

    address: str | None = None
    address_state: str = "ok"  # ok | invalid | not_sms_capable | bounced | unsure
    zones: frozenset[str] = frozenset()
    zone_basis: str = "unknown"
    consents: list[Consent] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    opted_out_at: datetime | None = None
    human_live: str = ""  # the signal, or who has the lead
    requested_at: datetime | None = None
    attempts: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    channel_on: bool = True
    unrecorded: str = ""  # the recording that a voicemail would play and that nobody has made, in words


@dataclass(frozen=True, slots=True)
class HoursRule:
    """`closed` are dates without any hours. `zone`: the hours bind by its clock beside the lead's own."""

    id: str
    week: Week
    cite: str
    closed: frozenset[date] = NO_HOLIDAYS
    zone: str = ""

    def __hash__(self) -> int:
        """Equal rules have equal ids, and a week is slow to hash: what is open when is asked for every touch."""
        return hash((self.id, self.cite))


@dataclass(frozen=True, slots=True)
class ConsentRule:
    id: str
    level: str
    cite: str


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` attempts in any `per`, over the channels named, across all playbooks."""

    id: str
    channels: tuple[str, ...]
    count: int
    per: timedelta
    cite: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What binds, combined from jurisdictions and the workspace's own tighter choices. Immutable and versioned."""

    version: str
    hours: Mapping[tuple[str, str], tuple[HoursRule, ...]]
    consent: Mapping[tuple[str, str], ConsentRule]
    caps: tuple[Cap, ...]
    office: Office
    fresh: timedelta  # an acknowledgement answers the lead's own request within this, or it is marketing
    lifetimes: Mapping[tuple[str, str], int] = field(default_factory=dict)  # months a proof lasts, by channel and level
    unknown: tuple[str, ...] = ()  # countries that the lead may be in and whose rules nobody has written down

    def lasts(self, level: str, channels: Iterable[str]) -> int | None:
        """Months that a proof for these channels lasts: as long as the one it ends for first. None: it does not end."""
        months = [self.lifetimes[channel, level] for channel in channels if (channel, level) in self.lifetimes]
        return min(months, default=None)


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
    """Look at every rule. A refusal outweighs a hold; among holds the latest end counts, and one without end most."""
    ask = _as_what_it_is(ask, facts, rules, now)
    findings = tuple([look(ask, facts, rules, now) for look in CHECKS])
    refused = held = None
    for finding in findings:
        if finding.result == "refuse":
            refused = refused or finding
        elif finding.result == "hold" and (held is None or _later(finding, held)):
            held = finding
    if refused is not None:
        return Verdict("refuse", refused.rule, None, findings)
    if held is not None:
        return Verdict("hold", held.rule, held.until, findings)
    return Verdict("allow", "", None, findings)


def _as_what_it_is(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Ask:
    if ask.purpose == "acknowledge" and (facts.requested_at is None or now - facts.requested_at > rules.fresh):
        return Ask(ask.channel, "marketing", ask.id, ask.office)
    return ask


def _later(finding: Finding, held: Finding) -> bool:
    if held.until is None:
        return False
    return finding.until is None or finding.until > held.until


def _opted_out(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    at = facts.opted_out_at
    if at is None:
        return _passes("opted_out", "no opt-out")
    return Finding("opted_out", "refuse", f"opted out on {_day(at)}", "needs new consent from the lead, with proof")


def _suppressed(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    for one in facts.suppressions:
        if not one.channels or ask.channel in one.channels:
            saw = f"{one.scope} {one.value} suppressed on {_day(one.at)}: {one.reason}"
            return Finding("suppressed", "refuse", saw, "lift the suppression, with proof of new consent")
    return _passes("suppressed", "not on any do-not-contact list")


def _human_live(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    if facts.human_live:
        saw = f"a person has the lead ({facts.human_live})"
        return Finding("human_live", "refuse", saw, "the owner hands the lead back to the playbook")
    return _passes("human_live", "no conversation with a person is open")


def _channel_off(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    if facts.channel_on:
        return _passes("channel_off", f"{ask.channel} is set up")
    return Finding(
        "channel_off", "refuse", f"{ask.channel} is not set up", f"add [channels.{ask.channel}] to warmline.toml"
    )


def _recording(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    if ask.channel != "voicemail":
        return _passes("no_recording", f"{ask.channel} plays none")
    if not facts.unrecorded:
        return _passes("no_recording", "there is one, or the words will do")
    return Finding("no_recording", "hold", facts.unrecorded, "record one on the page Recordings")


def _address(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    kind = "email" if ask.channel == "email" else "phone number"
    if facts.address is None:
        return Finding("no_address", "refuse", f"no {kind} known", f"add a {kind} to the lead")
    state = facts.address_state
    if state in ("invalid", "bounced") or (state == "not_sms_capable" and ask.channel == "sms"):
        return Finding("no_address", "refuse", f"{kind} is marked {state.replace('_', ' ')}", f"correct the {kind}")
    return _passes("no_address", f"{kind} known")


def _consent(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    rule = rules.consent.get((ask.channel, ask.purpose))
    if rule is None and rules.unknown:
        return _passes("no_consent", "see the rules of the place")
    if rule is None:
        saw = f"no rule says that {ask.channel} may carry {ask.purpose}"
        return Finding("no_consent", "refuse", saw, "use another channel for this step")
    held = best(facts.consents, ask.channel, now)
    level = held.level if held else "none"
    if RANK[level] >= RANK[rule.level]:
        saw = f"has {LEVEL_WORDS[level]} for {ask.channel}" if held else f"{ask.channel} needs no consent here"
        if held and held.wording:
            saw += f", wording {held.wording}"
        return _passes("no_consent", saw, rule.cite)
    saw = f"has {LEVEL_WORDS[level]} for {ask.channel}; {ask.purpose} needs {LEVEL_WORDS[rule.level]}"
    flip = f"a form whose wording names {ask.channel} and records {LEVEL_WORDS[rule.level]}"
    return Finding("no_consent", "refuse", saw, flip, None, rule.cite)


def _place(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    if not rules.unknown:
        return _passes("unknown_place", "the rules of every place are known")
    saw = f"no rules are known for {', '.join(rules.unknown)}"
    return Finding("unknown_place", "hold", saw, "a person decides, and contacts this lead by hand")


def _zone(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    if facts.zones:
        return _zones_known(facts.zone_basis, facts.zones)
    if not rules.hours.get((ask.channel, ask.purpose)):
        return _passes("unknown_zone", f"not needed for {ask.channel}")
    saw = "no time zone can be told from the number or the address"
    return Finding("unknown_zone", "hold", saw, "a person sets the lead's time zone or region")


def _quiet_hours(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    binding = rules.hours.get((ask.channel, ask.purpose), ())
    if not binding:
        return _passes("quiet_hours", f"no hours bind {ask.purpose} by {ask.channel}")
    if not facts.zones:
        return _passes("quiet_hours", "see zone")
    return _hours(binding, facts.zones, now)


@lru_cache(maxsize=4096)
def _hours(binding: tuple[HoursRule, ...], zones: frozenset[str], now: datetime) -> Finding:
    # Every rule must be open in every zone at once, so walk from opening to opening until nothing moves.
    at, rule = now, binding[0]
    for _ in range(64):
        shut = next((one for one in binding if not open_in_all(one.week, _clocks(one, zones), at, one.closed)), None)
        if shut is None:
            break
        opens = next_open(shut.week, _clocks(shut, zones), at, holidays=shut.closed)
        if opens is None:
            saw = f"{shut.id} is never open in all of {', '.join(sorted(_clocks(shut, zones)))}"
            return Finding("quiet_hours", "hold", saw, "a person sets the lead's time zone", None, shut.cite)
        at, rule = opens, shut
    else:
        saw = f"{', '.join(one.id for one in binding)} are never open together in {', '.join(sorted(zones))}"
        return Finding("quiet_hours", "hold", saw, "a person sets the lead's time zone", None, rule.cite)
    clocks = ", ".join(f"{local_clock(now, zone):%H:%M} {zone}" for zone in sorted(zones))
    if at == now:
        return Finding("quiet_hours", "pass", clocks, "", None, rule.cite)
    # Name the zone that keeps it shut: there the clock shows opening time at `at`.
    shown = sorted(_clocks(rule, zones))
    last = next((z for z in shown if not is_open(rule.week, z, now, rule.closed)), shown[0])
    flip = f"opens {local_clock(at, last):%H:%M} {last}, in {_span(at - now)}"
    return Finding("quiet_hours", "hold", clocks, flip, at, rule.cite)


def _clocks(rule: HoursRule, zones: frozenset[str]) -> frozenset[str]:
    return zones | {rule.zone} if rule.zone else zones


def _office_hours(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    if ask.channel != "call" or not ask.office:
        return _passes("office_hours", "does not need the office to be open")
    office = rules.office
    zones = frozenset((office.zone,))
    clock = f"{local_clock(now, office.zone):%H:%M} {office.zone}"
    if is_open(office.week, office.zone, now, office.holidays):
        return Finding("office_hours", "pass", f"{clock}, the office is open")
    opens = next_open(office.week, zones, now, holidays=office.holidays)
    if opens is None:
        return Finding("office_hours", "hold", f"{clock}, no office hours ahead", "set [office] hours in warmline.toml")
    flip = f"the office opens {local_clock(opens, office.zone):%H:%M}, in {_span(opens - now)}"
    return Finding("office_hours", "hold", f"{clock}, the office is closed", flip, opens)


def _attempt_cap(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding:
    if ask.purpose == "acknowledge":
        return _passes("attempt_cap", "an acknowledgement of the lead's own request is not counted against it")
    most = ""
    held: Finding | None = None
    for cap in rules.caps:
        if ask.channel not in cap.channels:
            continue
        since = now - cap.per
        times = [
            at
            for key, (at, channel) in facts.attempts.items()
            if at > since and channel in cap.channels and key != ask.id
        ]
        most = _counted(len(times), cap.count, cap.per)
        if len(times) >= cap.count:
            until = sorted(times)[len(times) - cap.count] + cap.per
            flip = f"the oldest attempt drops out in {_span(until - now)}"
            finding = Finding("attempt_cap", "hold", f"{most} ({cap.id})", flip, until, cap.cite)
            if held is None or _later(finding, held):
                held = finding
    return held or _passes("attempt_cap", most or f"no cap on {ask.channel}")


Check = Callable[[Ask, Facts, Rules, datetime], Finding]

#: In this order on every page and in every stored decision.
CHECKS: tuple[Check, ...] = (
    _opted_out,
    _suppressed,
    _human_live,
    _channel_off,
    _recording,
    _address,
    _consent,
    _place,
    _zone,
    _quiet_hours,
    _office_hours,
    _attempt_cap,
)

#: What each rule looks at, in the order of CHECKS. A rule's key says why it held or refused, and is read wrongly beside
#: "pass": there people see the label.
LABELS: Mapping[str, str] = {
    "opted_out": "opt-out",
    "suppressed": "do-not-contact list",
    "human_live": "person in touch",
    "channel_off": "channel",
    "no_recording": "recording",
    "no_address": "address",
    "no_consent": "consent",
    "unknown_place": "rules of the place",
    "unknown_zone": "time zone",
    "quiet_hours": "quiet hours",
    "office_hours": "office hours",
    "attempt_cap": "attempt cap",
}

#: The closed list of reasons, the same in the database, the metrics, the logs and on pages.
REASONS = tuple(LABELS)


@lru_cache(maxsize=16_384)
def _passes(rule: str, saw: str, cite: str = "") -> Finding:
    return Finding(rule, "pass", saw, "", None, cite)


@lru_cache(maxsize=4096)
def _zones_known(basis: str, zones: frozenset[str]) -> Finding:
    return Finding("unknown_zone", "pass", f"{basis}: {', '.join(sorted(zones))}")


@lru_cache(maxsize=4096)
def _counted(times: int, most: int, per: timedelta) -> str:
    return f"{times} of {most} in {_span(per)}"


def _day(at: datetime) -> str:
    return f"{at:%d %b %Y %H:%M} UTC"


@lru_cache(maxsize=4096)
def _span(span: timedelta) -> str:
    minutes = max(int(span.total_seconds() // 60), 0)
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{days} d" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes or not days + hours else "",
    ]
    return " ".join(part for part in parts if part)
