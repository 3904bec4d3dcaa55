"""What the gate asks of the clock: the lead's zone, the hours that bind there, the office's, and how often."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from .bound import HoursRule, Rules
from .consent import Proofs
from .facts import Ask, Facts
from .finding import Finding, later, passes, span_of
from .hours import is_open, local_clock, local_date, next_open, open_in_all
from .playbook import Office


def zone(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    if facts.zones:
        return _zones_known(facts.zone_basis, facts.zones)
    if not rules.hours.get((ask.channel, ask.purpose)):
        return passes("unknown_zone", f"not needed for {ask.channel}")
    saw = "no time zone can be told from the number or the address"
    return Finding("unknown_zone", "hold", saw, "a person sets the lead's time zone or region")


def quiet_hours(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    binding = rules.hours.get((ask.channel, ask.purpose), ())
    if not binding:
        return passes("quiet_hours", f"no hours bind {ask.purpose} by {ask.channel}")
    if not facts.zones:
        return passes("quiet_hours", "see zone")
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
    flip = f"opens {local_clock(at, last):%H:%M} {last}, in {span_of(at - now)}"
    return Finding("quiet_hours", "hold", clocks, flip, at, rule.cite)


def _clocks(rule: HoursRule, zones: frozenset[str]) -> frozenset[str]:
    return zones | {rule.zone} if rule.zone else zones


def office_hours(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    if ask.channel != "call" or not ask.office:
        return passes("office_hours", "does not need the office to be open")
    return _office(rules.office, now)


@lru_cache(maxsize=4096)
def _office(office: Office, now: datetime) -> Finding:
    zones = frozenset((office.zone,))
    clock = f"{local_clock(now, office.zone):%H:%M} {office.zone}"
    if is_open(office.week, office.zone, now, office.holidays):
        return Finding("office_hours", "pass", f"{clock}, the office is open")
    opens = next_open(office.week, zones, now, holidays=office.holidays)
    if opens is None:
        return Finding("office_hours", "hold", f"{clock}, no office hours ahead", "set [office] hours in warmline.toml")
    flip = f"the office opens {_day_of(opens, now, office.zone)}, in {span_of(opens - now)}"
    return Finding("office_hours", "hold", f"{clock}, the office is {_closed(office, now)}", flip, opens)


def _closed(office: Office, now: datetime) -> str:
    today = local_date(now, office.zone)
    if today not in office.holidays:
        return "closed"
    return f"closed for {office.named[today]}" if today in office.named else "closed today, a holiday of yours"


def _day_of(at: datetime, now: datetime, zone: str) -> str:
    """`09:00` today, `Fri 09:00` within the week, else `Fri 4 Dec 09:00`."""
    day, clock = local_date(at, zone), f"{local_clock(at, zone):%H:%M}"
    away = (day - local_date(now, zone)).days
    if away == 0:
        return clock
    return f"{day:%a} {clock}" if away < 7 else f"{day:%a} {day.day} {day:%b} {clock}"


def attempt_cap(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    if ask.purpose == "acknowledge":
        return passes("attempt_cap", "an acknowledgement of the lead's own request is not counted against it")
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
            flip = f"the oldest attempt drops out in {span_of(until - now)}"
            finding = Finding("attempt_cap", "hold", f"{most} ({cap.id})", flip, until, cap.cite)
            if held is None or later(finding, held):
                held = finding
    return held or passes("attempt_cap", most or f"no cap on {ask.channel}")


@lru_cache(maxsize=4096)
def _zones_known(basis: str, zones: frozenset[str]) -> Finding:
    return Finding("unknown_zone", "pass", f"{basis}: {', '.join(sorted(zones))}")


@lru_cache(maxsize=4096)
def _counted(times: int, most: int, per: timedelta) -> str:
    return f"{times} of {most} in {span_of(per)}"
