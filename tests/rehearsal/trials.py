"""Worlds of the starter workspace from a fixed day on, small playbooks, and gates and decisions that are wrong on purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

import msgspec

from tests.core.gate_facts import starter_config
from warmline.core import gate as gates
from warmline.core.decide import Decision, Escalate, Reach
from warmline.core.decide import decide as decides
from warmline.core.gate import Ask, Facts, Rules, Verdict
from warmline.core.history import History
from warmline.core.parse import parse
from warmline.core.playbook import Office, Playbook
from warmline.core.settings import Config
from warmline.rehearsal.life import Decide, Gate
from warmline.rehearsal.worlds import World, Worlds
from warmline.rules.binding import places_known, policy_of, zones_known

#: Thanksgiving: the next change of the clock is in March, the next holiday Christmas.
ON = date(2026, 11, 26)


def worlds(playbook: Playbook, *names: str, config: Config | None = None, on: date = ON) -> list[World]:
    config = config or starter_config()
    found = Worlds(playbook, config, on, partial(policy_of, config), zones_known, places_known)
    return found.named(names) if names else found.every()


def book(steps: str, **more: str) -> Playbook:
    """A playbook of these steps: `text: {send: sms, template: a, at: now}`, one a line."""
    lines = [f"  {line.strip()}" for line in steps.strip().splitlines()]
    rest = "\n".join(f"{name}: {value}" for name, value in more.items())
    source = f"name: Trial\nowner: {{team: sales}}\n{rest}\nsteps:\n" + "\n".join(lines) + "\n"
    parsed = parse(source, "playbooks/trial.yaml")
    assert parsed.playbook is not None, parsed.problems
    return parsed.playbook


# --- gates that are wrong -----------------------------------------------------------------------------------------------


def forgets(*names: str) -> Gate:
    """A gate that looks at everything but this."""

    def gate(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
        left = tuple(one for one in gates.check(ask, facts, rules, now).findings if one.rule not in names)
        refused = next((one for one in left if one.result == "refuse"), None)
        held = [one for one in left if one.result == "hold"]
        if refused is not None:
            return Verdict("refuse", refused.rule, None, left)
        if held:
            last = max(held, key=lambda one: (one.until is None, one.until or now))
            return Verdict("hold", last.rule, last.until, left)
        return Verdict("allow", "", None, left)

    return gate


def counts_one_too_few(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
    caps = tuple(replace(cap, count=cap.count + 1) for cap in rules.caps)
    return gates.check(ask, facts, replace(rules, caps=caps), now)


def asks_one_zone(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
    return gates.check(ask, msgspec.structs.replace(facts, zones=frozenset(sorted(facts.zones)[:1])), rules, now)


def asks_only_the_lead_s_clock(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
    hours = {pair: tuple(replace(rule, zone="") for rule in binding) for pair, binding in rules.hours.items()}
    return gates.check(ask, facts, replace(rules, hours=hours), now)


def never_sees_an_end(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
    """Of a consent that runs out."""
    lasting = [msgspec.structs.replace(one, expires_at=None) for one in facts.consents]
    return gates.check(ask, msgspec.structs.replace(facts, consents=lasting), rules, now)


def holds_until_now(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Verdict:
    return msgspec.structs.replace(gates.check(ask, facts, rules, now), result="hold", rule="quiet_hours", until=now)


# --- decisions that are wrong ---------------------------------------------------------------------------------------------


def plans_twice(playbook: Playbook, history: History, now: datetime, office: Office) -> Decision:
    """The first step once more, when it has gone out."""
    right = decides(playbook, history, now, office)
    first: Any = playbook.steps[0]
    state = history.steps.get(first.name)
    if right.end is None and state is not None and state.settled and now > history.started_at:
        again = Reach(first, first.channels[0], first.template, last=True)
        return msgspec.structs.replace(right, actions=(*right.actions, again))
    return right


def does_not_hear(playbook: Playbook, history: History, now: datetime, office: Office) -> Decision:
    """A human signal. Not even the story tells the gate of it."""
    history.signal, history.signal_at = "", None
    return decides(playbook, history, now, office)


def forgets_the_lead(_playbook: Playbook, _history: History, _now: datetime, _office: Office) -> Decision:
    return Decision()


def turns_round() -> Decide:
    return lambda *_: Decision((Escalate("promise"),))


def changes_its_mind() -> Decide:
    answers = iter(range(10**9))

    def decide(playbook: Playbook, history: History, now: datetime, office: Office) -> Decision:
        right = decides(playbook, history, now, office)
        return msgspec.structs.replace(right, next_at=now.replace(microsecond=1 + next(answers) % 2))

    return decide
