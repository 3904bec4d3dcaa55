"""The pure core on a lead in the middle of its playbook: fold, decide, check, in microseconds of CPU a call."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta

import msgspec

from tests.builders import TUESDAY, starter_files
from warmline import rules
from warmline.core import gate
from warmline.core.bundle import read_bundle
from warmline.core.consent import Consent
from warmline.core.decide import decide
from warmline.core.events import Event
from warmline.core.gate import Facts
from warmline.core.settings import Config
from warmline.core.standing import history_of
from warmline.rules.binding import Somebody, places_known, policy_of, zones_known

from .population import ENROLLED, FIRST_DAY
from .report import Bar, Found, Row, of_rounds


def measure(server: str, *, times: int = 5_000, rounds: int = 7) -> Found:
    """`server` is not needed: nothing here knows a database."""
    bundle = read_bundle(starter_files()).bundle
    assert bundle is not None
    playbook = bundle.playbooks["pricing"]
    binding = policy_of(bundle.config, TUESDAY.date()).rules(frozenset({"US", "US-NY"}))
    events = [
        Event(kind, ENROLLED + timedelta(minutes=after), seq, "E", step, channel, f"t{seq}", json.loads(data))
        for seq, (kind, after, step, channel, data) in enumerate(FIRST_DAY, 1)
    ]

    def history() -> object:
        return history_of("E", 5, ENROLLED, "America/New_York", {}, {}, events)

    seen = history_of("E", 5, ENROLLED, "America/New_York", {}, {}, events)
    consent = Consent("express_written", ("sms", "voicemail"), ENROLLED, None, "sms-2026-11")
    facts = Facts(
        address="+12125550142", zones=frozenset({"America/New_York"}), zone_basis="area_code", consents=[consent],
        requested_at=ENROLLED, attempts=seen.attempts,
    )  # fmt: skip
    ask = gate.Ask("sms")
    return Found(
        [
            _row("core.fold", "fold of a first day (8 events)", history, None, times, rounds),
            _row("core.decide", "decide", lambda: decide(playbook, seen, TUESDAY, binding.office), 20, times, rounds),
            _row("core.check", "check, with its whole trace", lambda: gate.check(ask, facts, binding, TUESDAY), 30,
                 times, rounds),
            _everywhere(bundle.config, facts, rounds),
        ]
    )  # fmt: skip


def _everywhere(config: Config, facts: Facts, rounds: int) -> Row:
    """Three people in every place that a pack covers, who asked and ticked the box; a registry's file and a look-up are known
    of each, and all channels are asked for. Each batch of them comes at an instant of its own, as an engine's ticks do."""
    day = TUESDAY.date()
    asked = Consent("inquiry", ("email", "call"), ENROLLED)
    facts = msgspec.structs.replace(facts, consents=[*facts.consents, asked])
    policy = policy_of(config, day)
    people = []
    for place in sorted({place for pack in rules.packs().values() for place in pack.covers}):
        somebody = Somebody(None, place if "-" in place else "", place[:2])
        zones, binding = zones_known(somebody), policy.rules(places_known(somebody))
        known = {scrub.registry: gate.Registry(day, listed=False) for scrub in binding.scrubs}
        told = gate.Reassigned("no", TUESDAY)
        somewhere = msgspec.structs.replace(facts, zones=zones.zones, registries=known, reassigned=told, line="mobile")
        people += [(somewhere, binding)] * 3
    asks = [gate.Ask(channel) for channel in ("sms", "call", "voicemail", "email")]
    batches = 15

    def batch(number: int) -> None:
        now = TUESDAY + timedelta(seconds=number)
        for known, binding in people:
            for ask in asks:
                gate.check(ask, known, binding, now)

    found = []
    for turn in range(rounds):
        began = time.process_time()
        for number in range(batches):
            batch(turn * batches + number)
        found.append((time.process_time() - began) / (batches * len(people) * len(asks)) * 1e6)
    what = f"check, in {len(people) // 3} places of {len(rules.packs())} packs, on every channel"
    return of_rounds("core.check_packs", what, "us", found, Bar(30, "at most"))


def _row(key: str, what: str, call: Callable[[], object], bar: float | None, times: int, rounds: int) -> Row:
    found = []
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            call()
        found.append((time.process_time() - began) / times * 1e6)
    return of_rounds(key, what, "us", found, Bar(bar, "at most") if bar else None)
