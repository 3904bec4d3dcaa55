"""What gate tests start from: the starter workspace's rules, and a lead that may be reached on every channel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from tests.core.simulator import NEW_YORK, STARTER
from warmline.core.consent import Consent
from warmline.core.gate import Ask, Facts, Finding, Rules, Verdict, check
from warmline.core.history import History
from warmline.core.playbook import Call, Office, Send
from warmline.core.settings import Config, parse_settings
from warmline.rules.binding import policy_of

#: A Tuesday, 12:00 in New York and 09:00 in Los Angeles: every window and the office are open.
NOON = datetime(2026, 6, 9, 16, 0, tzinfo=UTC)
TODAY = NOON.date()
LONG_AGO = NOON - timedelta(days=400)
LATELY = NOON - timedelta(days=30)
WRITTEN = Consent("express_written", ("sms", "voicemail"), LONG_AGO, None, "sms-2026-11")
INQUIRY = Consent("inquiry", ("email", "call"), LATELY)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SMS, EMAIL, CALL, VOICEMAIL = Ask("sms"), Ask("email"), Ask("call"), Ask("voicemail")
ACK = Ask("sms", "acknowledge")
CHANNELS = (SMS, EMAIL, CALL, VOICEMAIL)


@cache
def starter_config() -> Config:
    config = parse_settings((STARTER / "warmline.toml").read_text(encoding="utf-8")).config
    assert config is not None
    return config


@cache
def starter_rules(on: date = TODAY) -> Rules:
    return policy_of(starter_config(), on).rules(frozenset({"US"}))


def starter_office(on: date) -> Office:
    return starter_rules(on).office


def facts(**known: Any) -> Facts:
    """A lead in New York that may be reached on every channel, with `known` in place of what is usual."""
    usual = Facts(
        address="+12125550123", zones=frozenset({NEW_YORK}), zone_basis="area_code", consents=[WRITTEN, INQUIRY]
    )
    return msgspec.structs.replace(usual, **known)


def finding(verdict: Verdict, rule: str) -> Finding:
    return next(one for one in verdict.findings if one.rule == rule)


def look(ask: Ask = SMS, known: Facts | None = None, now: datetime = NOON, rules: Rules | None = None) -> Verdict:
    return check(ask, known or facts(), rules or starter_rules(TODAY), now)


def tried(*ago: timedelta, channel: str = "sms") -> dict[str, tuple[datetime, str]]:
    return {f"t{number}": (NOON - one, channel) for number, one in enumerate(ago)}


def starter_gate(*zones: str | Rules) -> Callable[[str, Send | Call, History, datetime], Verdict]:
    """The real gate, for a lead with every consent who may be in any of the zones. The last argument is the rules."""
    *names, bound = zones
    assert isinstance(bound, Rules)

    def gate(channel: str, step: Send | Call, history: History, now: datetime) -> Verdict:
        known = Facts(
            "known", "ok", frozenset(str(name) for name in names), "stated",
            [Consent("express_written", ("sms", "email", "voicemail", "call"), history.started_at)], [],
            history.opted_out_at, history.signal, history.requested_at, history.attempts,
        )  # fmt: skip
        purpose = step.purpose if isinstance(step, Send) else "marketing"
        office = isinstance(step, Call) and step.hours == "office"
        return check(Ask(channel, purpose, "", office), known, bound, now)  # type: ignore[arg-type]

    return gate
