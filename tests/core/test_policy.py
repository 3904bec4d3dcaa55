"""Rules that bind: combined from jurisdictions and a workspace's own settings, and never loosened by either."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from tests.core.gate_facts import starter_config
from warmline import rules
from warmline.core.gate import AUTOMATED, Rules
from warmline.core.office_hours import parse_week
from warmline.core.policy import Policy, office_of, rules_for
from warmline.core.rulebook import (
    AcknowledgeRule,
    AnyRule,
    CapRule,
    ConsentRule,
    HoursRule,
    LifetimeRule,
    Pack,
    ReassignedRule,
    RevocationRule,
    ScrubRule,
    Source,
)
from warmline.core.settings import Caps, Config

TODAY = date(2026, 11, 24)
SOURCE: dict[str, Any] = {"source": ("x",), "confidence": "high"}


def pack(name: str, *own: AnyRule, since: date = date(2020, 1, 1)) -> Pack:
    return Pack(
        as_of=TODAY, sources={"x": Source("x")}, id=name, name=name, covers=("US",), effective_from=since, rules=own
    )


def hours(name: str, window: str, *channels: Any, purposes: tuple[Any, ...] = ("marketing",), **more: Any) -> HoursRule:
    return HoursRule(
        id=name, channels=channels or ("sms",), purposes=purposes, windows={"mon-sun": (window,)}, **SOURCE, **more
    )


def consent(name: str, level: Any, *, default: Any = "none", purpose: Any = "marketing", **more: Any) -> ConsentRule:
    return ConsentRule(
        id=name, channels=("sms",), purposes=(purpose,), level=level, engine_default=default, **SOURCE, **more
    )


def acknowledge(name: str, minutes: int, *, bound: bool = False) -> AcknowledgeRule:
    return AcknowledgeRule(
        id=name, channels=("sms",), within_minutes=minutes, hours_bind_acknowledge=bound, **SOURCE
    )  # fmt: skip


def config(**own: Any) -> Config:
    return msgspec.structs.replace(starter_config(), **own)


def combine(packs: Iterable[Pack], own: Config | None = None, on: date = TODAY) -> Rules:
    config = own or starter_config()
    return rules_for(packs, config, office_of(config, rules.holidays(), on), {}, on)


def ids(found: Rules, channel: str, purpose: str) -> list[str]:
    return [one.id for one in found.hours.get((channel, purpose), ())]


def test_federal_law_binds_texts_calls_and_voicemail_from_eight_to_nine_and_no_mail() -> None:
    found = combine([rules.packs()["us.fed"]])
    for channel in ("sms", "call", "voicemail"):
        (rule,) = found.hours[channel, "marketing"]
        assert [(one.start, one.end) for one in rule.week[0]] == [(time(8), time(21))]
        assert rule.cite.startswith("47 CFR")
    assert ("email", "marketing") not in found.hours
    assert found.consent["sms", "marketing"].level == "express_written"
    assert found.consent["email", "marketing"].level == "inquiry"
    assert ("voicemail", "acknowledge") not in found.consent
    assert found.fresh == timedelta(minutes=15)


def test_hours_of_several_packs_all_bind() -> None:
    found = combine([pack("a", hours("a.h", "08:00-21:00")), pack("b", hours("b.h", "09:00-20:00"))])
    assert ids(found, "sms", "marketing") == ["a.h", "b.h"]


@pytest.mark.parametrize("order", list(permutations(("inquiry", "express_written", "express"))))
def test_of_several_consent_rules_the_highest_level_counts_whatever_the_order(order: tuple[str, ...]) -> None:
    found = combine([pack(f"p{n}", consent(f"p{n}.c", level)) for n, level in enumerate(order)])
    assert found.consent["sms", "marketing"].level == "express_written"


def test_what_we_ask_beyond_the_law_counts() -> None:
    assert (
        combine([pack("a", consent("a.c", "none", default="express"))]).consent["sms", "marketing"].level == "express"
    )


@pytest.mark.parametrize("turn", [1, -1])
def test_what_one_pack_bars_no_other_allows(turn: int) -> None:
    packs = [pack("a", consent("a.c", "none", allowed=False)), pack("b", consent("b.c", "none"))]
    assert ("sms", "marketing") not in combine(packs[::turn]).consent


def test_a_rule_binds_from_its_first_day_until_the_day_before_its_end() -> None:
    dated = hours("a.h", "09:00-20:00", effective_from=date(2026, 11, 25), effective_until=date(2026, 12, 1))
    days = [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 30), date(2026, 12, 1)]
    assert [bool(ids(combine([pack("a", dated)], on=day), "sms", "marketing")) for day in days] == [0, 1, 1, 0]
    later = pack("a", hours("a.h", "09:00-20:00"), since=date(2027, 1, 1))
    assert combine([later]).hours == {}


def test_the_shortest_time_for_an_acknowledgement_counts_and_without_a_rule_there_is_none() -> None:
    assert combine([pack("a", acknowledge("a.a", 30)), pack("b", acknowledge("b.a", 10))]).fresh == timedelta(
        minutes=10
    )
    assert combine([pack("a", hours("a.h", "08:00-21:00"))]).fresh == timedelta(0)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_pack_that_binds_acknowledgements_binds_them_to_the_hours_of_every_pack(turn: int) -> None:
    packs = [pack("a", acknowledge("a.a", 15, bound=True)), pack("b", hours("b.h", "09:00-20:00", "sms", "call"))]
    found = combine(packs[::turn])
    assert ids(found, "sms", "acknowledge") == ids(found, "call", "acknowledge") == ["b.h"]


def test_a_workspace_may_keep_acknowledgements_for_the_day() -> None:
    book = [
        pack("a", hours("a.h", "08:00-21:00"), hours("a.both", "09:00-20:00", purposes=("marketing", "acknowledge")))
    ]
    assert ids(combine(book), "sms", "acknowledge") == ["a.both"]
    assert ids(combine(book, config(acknowledge_at_night=False)), "sms", "acknowledge") == ["a.both", "a.h"]


def test_the_caps_are_the_workspaces_own_over_all_automated_channels() -> None:
    day, week = combine([], config(caps=Caps(2, 5))).caps
    assert (day.count, day.per, week.count, week.per) == (2, timedelta(days=1), 5, timedelta(days=7))
    assert day.channels == week.channels == AUTOMATED


def test_the_office_keeps_its_own_days_and_the_holidays_of_its_calendars() -> None:
    own = msgspec.structs.replace(starter_config().office, holidays=frozenset({date(2026, 12, 24)}))
    office = office_of(config(office=own), rules.holidays(), TODAY)
    assert {date(2026, 12, 24), date(2026, 12, 25), date(2027, 1, 1), date(2026, 11, 26)} <= office.holidays
    assert date(2026, 11, 24) not in office.holidays


def test_the_version_names_the_packs_the_day_and_every_setting_that_binds() -> None:
    federal = [rules.packs()["us.fed"]]
    plain = combine(federal).version
    assert plain == combine(federal).version
    assert plain.startswith("us.fed@")
    assert plain.endswith(str(TODAY))
    office = msgspec.structs.replace(starter_config().office, holidays=frozenset({date(2026, 12, 24)}))
    others = [
        combine(federal, config(caps=Caps(2, 5))), combine(federal, config(acknowledge_at_night=False)),
        combine(federal, config(office=office)), combine(federal, on=date(2026, 11, 25)), combine([]),
    ]  # fmt: skip
    assert len({plain, *(one.version for one in others)}) == 6


def test_a_holiday_that_gets_a_name_is_another_version_for_the_gate_says_the_name() -> None:
    office = office_of(config(), rules.holidays(), TODAY)
    nameless = replace(office, named={})
    named, before = (rules_for([pack("us")], config(), one, {}, TODAY).version for one in (office, nameless))
    assert named != before


@pytest.mark.slow
def test_the_version_is_the_same_in_every_process() -> None:
    ask = (
        "from tests.core.gate_facts import starter_rules; from datetime import date;"
        "print(starter_rules(date(2026, 11, 24)).version)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", ask], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1


# --- by place ---------------------------------------------------------------------------------------------------------


def at(name: str, cover: str, *own: AnyRule, **more: Any) -> Pack:
    return msgspec.structs.replace(pack(name, *own), covers=(cover,), **more)


def policy(*packs: Pack, own: Config | None = None, forbidden: Any = None) -> Policy:
    return Policy(
        packs, own or starter_config(), TODAY, office_of(starter_config(), rules.holidays(), TODAY), forbidden or {}
    )


def cap(name: str, count: int, **more: Any) -> CapRule:
    return CapRule(id=name, channels=("sms", "call"), count=count, per_hours=24, **SOURCE, **more)


def lifetime(name: str, level: Any, months: int, *channels: Any) -> LifetimeRule:
    return LifetimeRule(id=name, channels=channels, level=level, months=months, **SOURCE)


UNITED_STATES = at("us", "US", hours("us.h", "08:00-21:00"))
FLORIDA = at("us.fl", "US-FL", hours("us.fl.h", "08:00-20:00"), cap("us.fl.c", 3))
TEXAS = at("us.tx", "US-TX", hours("us.tx.h", "09:00-21:00"))


def test_the_packs_of_every_place_bind_and_those_of_no_other() -> None:
    found = policy(UNITED_STATES, FLORIDA, TEXAS)
    assert ids(found.rules(frozenset({"US", "US-NY"})), "sms", "marketing") == ["us.h"]
    assert ids(found.rules(frozenset({"US", "US-FL", "US-TX"})), "sms", "marketing") == ["us.h", "us.fl.h", "us.tx.h"]
    assert [one.id for one in found.rules(frozenset({"US", "US-FL"})).caps][2:] == ["us.fl.c"]
    assert [one.id for one in found.rules(frozenset({"US"})).caps][2:] == []


def test_a_country_without_a_pack_is_named_and_a_state_without_one_is_its_countrys() -> None:
    found = policy(UNITED_STATES)
    assert found.rules(frozenset({"US", "US-CA"})).unknown == ()
    assert found.rules(frozenset({"US", "BR"})).unknown == ("BR",)
    assert "?BR" in found.rules(frozenset({"BR"})).version


def test_a_lead_that_tells_no_place_is_where_the_forms_are_for() -> None:
    found = policy(UNITED_STATES)
    assert found.home == {"US"}
    assert ids(found.rules(frozenset()), "sms", "marketing") == ["us.h"]
    assert found.rules(frozenset()).unknown == ()


def test_a_profile_binds_only_those_who_chose_it() -> None:
    careful = at("us.conservative", "US", hours("us.conservative.h", "10:00-18:00"), profile="conservative")
    chosen = config(profile="conservative")
    here = frozenset({"US"})
    assert ids(policy(UNITED_STATES, careful).rules(here), "sms", "marketing") == ["us.h"]
    assert ids(policy(UNITED_STATES, careful, own=chosen).rules(here), "sms", "marketing") == [
        "us.h", "us.conservative.h"
    ]  # fmt: skip
    assert policy(UNITED_STATES).rules(here).version != policy(UNITED_STATES, careful, own=chosen).rules(here).version


def test_forbidden_days_come_with_the_rule_that_forbids_them() -> None:
    christmas = frozenset({date(2026, 12, 25)})
    strict = at("us.ri", "US-RI", hours("us.ri.h", "09:00-18:00", forbidden_days="ri"))
    (ri,) = policy(strict, forbidden={"ri": christmas}).rules(frozenset({"US-RI"})).hours["sms", "marketing"]
    assert ri.closed == christmas


def test_a_proof_is_over_when_the_shortest_rule_of_its_places_has_ended_it_for_each_of_its_channels() -> None:
    canada = at("ca", "CA", lifetime("ca.l", "inquiry", 6, "email", "sms"))
    found = policy(at("us", "US", lifetime("us.l", "inquiry", 3, "call", "sms")), canada)
    assert found.rules(frozenset({"CA"})).lasts("inquiry", ("email", "sms")) == 6
    assert found.rules(frozenset({"US", "CA"})).lasts("inquiry", ("sms",)) == 3
    assert found.rules(frozenset({"US", "CA"})).lasts("inquiry", ("email", "call")) == 6
    assert found.rules(frozenset({"US"})).lasts("inquiry", ("email", "call")) is None
    assert found.rules(frozenset({"CA"})).lasts("express", ("email",)) is None


def test_a_workspaces_own_hours_bind_beside_the_laws_and_bind_no_mail() -> None:
    own = rules_for_config(
        config(hours=parse_week("mon-fri 10:00-12:00")), pack("us", hours("us.hours", "08:00-21:00"))
    )
    assert [rule.id for rule in own.hours["sms", "marketing"]] == ["us.hours", "own_hours"]
    assert [rule.id for rule in own.hours["call", "marketing"]] == ["own_hours"]
    assert ("email", "marketing") not in own.hours
    assert own.version != rules_for_config(config(), pack("us", hours("us.hours", "08:00-21:00"))).version


def test_registries_and_questions_about_numbers_add_up_and_what_withdraws_all_does_so_from_its_day() -> None:
    scrub = ScrubRule(id="us.list", channels=("call",), registry="us.national", max_age_days=31, **SOURCE)
    asks = ReassignedRule(id="us.asks", channels=("sms",), unless=("inquiry",), **SOURCE)
    ends = RevocationRule(
        id="us.ends", channels=("sms",), honour_within_business_days=10, confirmations=1, confirm_within_minutes=5,
        reaches_all=True, effective_from=date(2027, 1, 31), **SOURCE,
    )  # fmt: skip
    found = rules_for_config(config(), pack("us", scrub, asks, ends), pack("us.fl", scrub))
    assert [one.registry for one in found.scrubs] == ["us.national"] * 2
    assert [one.unless for one in found.numbers] == [("inquiry",)]
    assert found.withdraws_all == frozenset()
    assert rules_for_config(config(), pack("us", ends), on=date(2027, 1, 31)).withdraws_all == {"sms"}


def rules_for_config(own: Config, *packs: Pack, on: date = TODAY) -> Rules:
    return rules_for(packs, own, office_of(own, rules.holidays(), on), {}, on)
