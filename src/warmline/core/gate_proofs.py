"""What the gate asks of proofs: the lead's consent, the registries it may stand in, and whether the number is still its own."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from .bound import Rules, Scrub
from .consent import LEVEL_WORDS, RANK, Consent, Proofs, latest, strongest
from .facts import Ask, Facts, Reassigned
from .finding import Finding, day_of, passes
from .hours import local_date


def consent(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    rule = rules.consent.get((ask.channel, ask.purpose))
    if rule is None and rules.unknown and not rules.consent:
        return passes("no_consent", "see the rules of the place")
    if rule is None:
        saw = f"no rule says that {ask.channel} may carry {ask.purpose}"
        return Finding("no_consent", "refuse", saw, "use another channel for this step")
    held = strongest(proofs)
    level = held.level if held else "none"
    if RANK[level] >= RANK[rule.level]:
        saw = f"has {LEVEL_WORDS[level]} for {ask.channel}" if held else f"{ask.channel} needs no consent here"
        if held and held.wording:
            saw += f", wording {held.wording}"
        return passes("no_consent", saw, rule.cite)
    saw = f"has {LEVEL_WORDS[level]} for {ask.channel}; {ask.purpose} needs {LEVEL_WORDS[rule.level]}"
    flip = f"a form whose wording names {ask.channel} and records {LEVEL_WORDS[rule.level]}"
    if RANK[rule.level] >= RANK["express"]:  # the key of rules/consent_wordings.yaml
        flip += f", such as the ready words {ask.channel}-{rule.level.replace('_', '-')}"
    if near := latest(facts.consents, now):
        flip += f"; {_given(near, ask, facts, rules, now)}"
    return Finding("no_consent", "refuse", saw, flip, None, rule.cite)


def _given(near: Consent, ask: Ask, facts: Facts, rules: Rules, now: datetime) -> str:
    """The lead's last proof, and why it does not do."""
    gave = f"this lead gave {LEVEL_WORDS[near.level]} for {' and '.join(near.channels)} on {day_of(near.at)}"
    end = near.ends(ask.channel, rules.lifetimes)
    if end is not None and now >= end:
        return f"{gave}, which ran out on {day_of(end)}"
    if not near.speaks_for(ask.channel, facts.address):
        return f"{gave}, for {near.email if ask.channel == 'email' else near.phone}"
    return gave


def registry(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    """A person who stands in a registry, or whom nobody has looked up in it, hears no marketing without the proof it names."""
    if ask.purpose != "marketing":
        return passes("registry", "an answer to the lead's own request needs none")
    binding = [scrub for scrub in rules.scrubs if ask.channel in scrub.channels]
    if not binding:
        return passes("registry", f"no registry binds {ask.channel} here")
    held = {one.level for one in proofs}
    asked = [scrub for scrub in binding if held.isdisjoint(scrub.unless)]
    if not asked:
        return passes("registry", "the lead's own consent exempts it")
    today = _latest_date(now, facts.zones)
    refused = [(scrub, said) for scrub in asked if (said := _refused(scrub.registry, scrub.days, facts, today))]
    if refused:
        saws = dict.fromkeys(said for _, said in refused)  # two laws may ask one registry
        flips = dict.fromkeys(_cleared(scrub, ask) for scrub, _ in refused)
        cite = "; ".join(dict.fromkeys(scrub.cite for scrub, _ in refused if scrub.cite))
        return Finding("registry", "refuse", "; ".join(saws), "; ".join(flips), None, cite)
    clean = [f"{scrub.registry} of {day_of(facts.registries[scrub.registry].as_of)}" for scrub in asked]
    return passes("registry", f"not in {', '.join(clean)}")


@lru_cache(maxsize=4096)
def _latest_date(now: datetime, zones: frozenset[str]) -> date:
    """Where the lead's day has begun already, the file is a day older."""
    return max([now.date(), *(local_date(now, zone) for zone in zones)])


def _cleared(scrub: Scrub, ask: Ask) -> str:
    """What would let it pass."""
    file = f"a file of {scrub.registry} of the last {scrub.days} days that does not list the number"
    return f"{file}, or {_either(scrub.unless)} for {ask.channel}" if scrub.unless else file


def _refused(name: str, days: int, facts: Facts, today: date) -> str:
    found = facts.registries.get(name)
    if found is None:
        return f"the registry {name} was never asked about this number"
    if found.listed:
        return f"the number stands in the registry {name} of {day_of(found.as_of)}"
    age = (today - found.as_of).days
    if age > days:
        return f"the registry {name} was asked with a file {age} days old, and it may be {days}"
    return ""


def reassigned(ask: Ask, facts: Facts, rules: Rules, now: datetime, proofs: Proofs) -> Finding:
    """A number that has changed hands carries no consent of its former owner."""
    if ask.channel == "email":
        return passes("reassigned", "a mail address is not given to others")
    told = facts.reassigned
    if told is not None and not _given_since(told, facts, proofs):
        on = day_of(told.at)
        if told.answer == "yes":
            saw = f"the number has changed hands, as was said on {on}"
            return Finding("reassigned", "refuse", saw, "new consent from whoever has the number now")
        if told.answer == "no_data":
            saw = f"asked on {on}, nobody could say whether the number has changed hands"
            return Finding("reassigned", "hold", saw, "a person makes sure who has the number, and records the consent")
        return passes("reassigned", f"has not changed hands, as was said on {on}")
    for rule in rules.numbers:
        if ask.channel in rule.channels and not _exempt(rule.unless, facts, proofs):
            saw = "nobody has asked whether the number has changed hands"
            flip = "import an answer: warmline numbers import FILE"
            return Finding("reassigned", "hold", saw, flip, None, rule.cite)
    return passes("reassigned", "the consent is newer than the answer" if told else "not asked, and no rule here asks")


def _given_since(told: Reassigned, facts: Facts, proofs: Proofs) -> bool:
    """Whether the lead gave its best proof after the answer, and with this number. Of equals given together one will do."""
    held = strongest(proofs)
    if held is None or held.at <= told.at:
        return False
    equals = (one for one in proofs if (one.level, one.at) == (held.level, held.at))
    return any(one.was_given_with(facts.address) for one in equals)


def _exempt(unless: tuple[str, ...], facts: Facts, proofs: Proofs) -> bool:
    """Only a proof that did not come with another number says anything of who has this one."""
    return any(one.level in unless and one.was_given_with(facts.address) for one in proofs)


def _either(levels: tuple[str, ...]) -> str:
    return " or ".join(LEVEL_WORDS[level] for level in sorted(levels, key=RANK.__getitem__))
