"""The gate: the only way out. Says whether a touch may go now, and shows every rule it looked at.

`check` is pure. It runs when a touch is planned and once more at the moment of hand-over. It never stops at the first
refusal: a person who asks why gets the whole list, what each rule saw, and the smallest change that would flip it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from .bound import Cap, ConsentRule, HoursRule, NumberCheck, Rules, Scrub
from .consent import Proofs, in_force
from .facts import Ask, Facts, Reassigned, Registry
from .finding import Finding, Verdict, later, minute_of, passes
from .gate_proofs import consent, reassigned, registry
from .gate_times import attempt_cap, office_hours, quiet_hours, zone

__all__ = [
    "AUTOMATED", "CHECKS", "LABELS", "REASONS", "Ask", "Cap", "ConsentRule", "Facts", "Finding", "HoursRule", "NumberCheck",
    "Reassigned", "Registry", "Rules", "Scrub", "Verdict", "check",
]  # fmt: skip

#: Channels whose touches go out by machine. A call is made by a person, and its attempts are counted apart.
AUTOMATED = ("sms", "email", "voicemail")

#: So much later a touch is looked at again while a person is on the phone with the lead. The end of the call wakes it sooner.
ON_THE_PHONE = timedelta(minutes=5)

#: So much later a touch is looked at again that waits for what a look-up says of its number.
LOOK_UP = timedelta(minutes=1)


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
    """Look at every rule. A refusal outweighs a hold; among holds the latest end counts, and one without end most."""
    ask = _as_what_it_is(ask, facts, rules, now)
    proofs = in_force(facts.consents, ask.channel, ask.purpose, facts.address, now, rules.lifetimes)
    findings = tuple([look(ask, facts, rules, now, proofs) for look in CHECKS])
    refused = held = None
    for finding in findings:
        result = finding.result
        if result == "pass":  # most do
            continue
        if result == "refuse":
            refused = refused or finding
        elif held is None or later(finding, held):
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


def _opted_out(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    at = facts.opted_out_at
    if at is None:
        return passes("opted_out", "no opt-out")
    return Finding(
        "opted_out", "refuse", f"opted out on {minute_of(at)}", "needs new consent from the lead, with proof"
    )


#: Of suppressions of one moment, which is named first.
_SCOPES = ("person", "address", "domain")


def _suppressed(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    standing = [one for one in facts.suppressions if not one.channels or ask.channel in one.channels]
    if not standing:
        return passes("suppressed", "not on any do-not-contact list")
    # The same one in whatever order they are known, or a replay would find a difference where there is none.
    one = min(standing, key=lambda one: (one.at, _SCOPES.index(one.scope), one.value, one.reason))
    saw = f"{one.scope} {one.value} suppressed on {minute_of(one.at)}: {one.reason}"
    return Finding("suppressed", "refuse", saw, "lift the suppression, with proof of new consent")


def _human_live(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    if facts.human_live:
        saw = f"a person has the lead ({facts.human_live})"
        return Finding("human_live", "refuse", saw, "the owner hands the lead back to the playbook")
    if facts.on_call is not None:
        saw = f"on the phone with a person since {facts.on_call:%H:%M} UTC"
        return Finding("human_live", "hold", saw, "the call ends", now + ON_THE_PHONE)
    return passes("human_live", "no conversation with a person is open")


def _channel_off(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    if facts.channel_on:
        return passes("channel_off", f"{ask.channel} is set up")
    return Finding(
        "channel_off", "refuse", f"{ask.channel} is not set up", f"add [channels.{ask.channel}] to warmline.toml"
    )


def _recording(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    if ask.channel != "voicemail":
        return passes("no_recording", f"{ask.channel} plays none")
    if not facts.unrecorded:
        return passes("no_recording", "there is one, or the words will do")
    return Finding("no_recording", "hold", facts.unrecorded, "record one on the page Recordings")


def _address(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    kind = "email" if ask.channel == "email" else "phone number"
    if facts.address is None:
        return Finding(
            "no_address",
            "refuse",
            f"no {kind} known",
            f"add {'an email' if kind == 'email' else 'a phone number'} to the lead",
        )
    state = facts.address_state
    if state in ("invalid", "bounced") or (state == "not_sms_capable" and ask.channel == "sms"):
        return Finding("no_address", "refuse", f"{kind} is marked {state.replace('_', ' ')}", f"correct the {kind}")
    return passes("no_address", f"{kind} known")


def _place(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    if not rules.unknown:
        return passes("unknown_place", "the rules of every place are known")
    saw = f"no rules are known for {', '.join(rules.unknown)}"
    return Finding("unknown_place", "hold", saw, "a person decides, and contacts this lead by hand")


def _line(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    """A text to a landline reaches nobody and costs money; to a number that is none it costs standing with carriers."""
    if ask.channel != "sms":
        return passes("line", f"{ask.channel} does not ask for a kind of line")
    if facts.line in ("landline", "invalid"):
        saw = "the number is a landline" if facts.line == "landline" else "a look-up says that there is no such number"
        return Finding("line", "refuse", saw, "add a mobile number to the lead")
    if not facts.lines_asked:
        return passes("line", f"{facts.line}" if facts.line else "no look-up is set up")
    if facts.line is None:
        return Finding("line", "hold", "the look-up of the number has not answered yet", "it answers", now + LOOK_UP)
    if facts.line == "unknown":
        return Finding(
            "line", "hold", "the look-up can't tell what kind of line it is", "a person makes sure, or calls"
        )
    return passes("line", facts.line)


#: `proofs` are those of the lead's that speak for the touch now: several rules ask for them.
Check = Callable[[Ask, Facts, Rules, datetime, Proofs], Finding]

#: In this order on every page and in every stored decision.
CHECKS: tuple[Check, ...] = (
    _opted_out,
    _suppressed,
    _human_live,
    _channel_off,
    _recording,
    _address,
    _line,
    consent,
    registry,
    reassigned,
    _place,
    zone,
    quiet_hours,
    office_hours,
    attempt_cap,
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
    "line": "kind of line",
    "no_consent": "consent",
    "registry": "registries",
    "reassigned": "owner of the number",
    "unknown_place": "rules of the place",
    "unknown_zone": "time zone",
    "quiet_hours": "quiet hours",
    "office_hours": "office hours",
    "attempt_cap": "attempt cap",
}

#: The closed list of reasons, the same in the database, the metrics, the logs and on pages.
REASONS = tuple(LABELS)
