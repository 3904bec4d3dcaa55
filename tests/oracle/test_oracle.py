"""The gate and the oracle say the same of everything that can be drawn, and the oracle is no parrot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest

from warmline import rules
from warmline.core.gate import LABELS, Cap, ConsentRule, HoursRule, Rules, Scrub
from warmline.core.hours import Window

from . import table
from .case import Case, Listing, Proof, Workspace
from .clock import DAY, MINUTE, is_open, steady, zone_of
from .draw import LAX, STARTER, WORKSPACES, Pinned, cases
from .oracle import clocks_of, judge, law_of, walk
from .product import Change, agree, answer, differs, located, policy
from .shrink import smallest, told

NEW_YORK, CHICAGO, DENVER = "America/New_York", "America/Chicago", "America/Denver"
EVERYTHING = (Proof("express_written", ("call", "email", "sms", "voicemail"), datetime(2025, 5, 1, tzinfo=UTC), None),)


def disagreement(among: Iterable[Case], change: Change | None = None) -> Case | None:
    found = next((case for case in among if differs(case, change)), None)
    return smallest(found, lambda one: differs(one, change)) if found else None


def both_agree(among: Iterable[Case]) -> None:
    found = disagreement(among)
    assert found is None, told(found)


def at(day: date, clock: str, zone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone_of(zone)).astimezone(UTC)


def lead(places: str, zones: str, now: datetime, channel: str, **known: object) -> Case:
    usual = Case(
        LAX, frozenset(places.split()), frozenset(zones.split()), now, channel, "marketing", False, proofs=EVERYTHING
    )
    return replace(usual, **known)  # type: ignore[arg-type]


# --- everything that can be drawn -------------------------------------------------------------------------------------


def test_the_gate_and_the_oracle_agree_on_a_handful_of_cases() -> None:
    both_agree(cases("a handful", 2000))


@pytest.mark.long
def test_the_gate_and_the_oracle_agree_on_the_same_hundred_thousand_cases_every_time() -> None:
    both_agree(cases("the same every time", 100_000))


@pytest.mark.long
def test_the_gate_and_the_oracle_agree_on_a_hundred_thousand_cases_nobody_has_seen() -> None:
    seed = f"{datetime.now(UTC).date()}"
    found = disagreement(cases(seed, 100_000))
    assert found is None, f"seed {seed!r}: {told(found)}"


def test_what_is_drawn_meets_every_reason_and_lies_on_the_edges() -> None:
    met: Counter[str] = Counter()
    for case in cases("what is drawn", 6000):
        opinion = judge(case)
        met.update([opinion.result, case.channel, case.purpose, *opinion.reasons])
        met.update([f"{len(case.zones)} zones", f"{len([one for one in case.places if '-' in one])} states"])
        met.update("put forward or back" for zone in case.zones if steady(zone, case.now.date()) is None)
        clocks = clocks_of(case, law_of(case.workspace, case.places, case.now.date()), "marketing")
        if clocks and case.now.microsecond == case.now.second == 0:
            before, now = is_open(clocks, case.now - MINUTE), is_open(clocks, case.now)
            met.update(["opens now"] * (now > before) + ["closes now"] * (before > now))
    rare = {key for key in LABELS if met[key] < 20}
    assert not rare, {key: met[key] for key in rare}
    for edge in ("opens now", "closes now", "put forward or back", "3 zones", "2 states", "0 zones", "allow", "hold"):
        assert met[edge] > 100, (edge, met[edge])


# --- a hold is worth waiting for --------------------------------------------------------------------------------------


def test_whoever_waits_out_every_hold_arrives_at_the_minute_to_which_the_oracle_walks() -> None:
    ends = {"quiet_hours", "office_hours", "attempt_cap"}
    waiting = (
        case
        for case in cases("waiting", 100_000)
        if case.purpose == "marketing" and len(reasons := judge(case).reasons) > 1 and reasons.keys() <= ends
    )
    for case in map(_untroubled, islice(waiting, 150)):
        walked = walk(case, 5 * 1440)
        if walked is None:
            continue
        now, law = case.now, case.now.date()
        for _ in range(100):
            verdict = answer(replace(case, now=now), on=law)
            if verdict.result == "allow":
                break
            assert verdict.until is not None, told(replace(case, now=now))
            now = verdict.until
        assert now <= walked < now + MINUTE, (now, walked, told(case))


def _untroubled(case: Case) -> Case:
    """The same, with every proof given and every registry asked: how long those last is asked elsewhere."""
    asked = {row[2] for row in table.REGISTRIES}
    return replace(
        case,
        proofs=tuple(proof._replace(at=case.now, ends=None) for proof in EVERYTHING),
        listings=tuple(Listing(name, case.now.date(), False) for name in asked),
        changed_hands="no",
        told_at=case.now,
        line="mobile",
    )


# --- the facts themselves, in a few cases a person can follow ---------------------------------------------------------

TUESDAY, SATURDAY, SUNDAY = date(2026, 11, 24), date(2026, 11, 21), date(2026, 11, 22)


@pytest.mark.parametrize(
    ("case", "until"),
    [
        (lead("US US-FL", f"{NEW_YORK} {CHICAGO}", at(TUESDAY, "08:30", NEW_YORK), "sms"), at(TUESDAY, "08:00", CHICAGO)),
        (lead("US US-FL", CHICAGO, at(TUESDAY, "19:59", CHICAGO), "sms"), None),
        (lead("US US-FL", CHICAGO, at(TUESDAY, "20:00", CHICAGO), "sms"), at(date(2026, 11, 25), "08:00", CHICAGO)),
        (lead("US US-TX", CHICAGO, at(SUNDAY, "11:59", CHICAGO), "sms"), at(SUNDAY, "12:00", CHICAGO)),
        (lead("US US-TX", CHICAGO, at(SUNDAY, "12:00", CHICAGO), "sms"), None),
        (
            lead("US US-AL", CHICAGO, at(SUNDAY, "12:00", CHICAGO), "voicemail"),
            at(date(2026, 11, 23), "08:00", CHICAGO),
        ),
        (
            lead("US US-RI", NEW_YORK, at(date(2027, 1, 16), "17:00", NEW_YORK), "call"),
            at(date(2027, 1, 19), "09:00", NEW_YORK),  # Monday is a holiday
        ),
        (lead("US", DENVER, at(date(2026, 3, 8), "07:59", DENVER), "sms"), at(date(2026, 3, 8), "08:00", DENVER)),
    ],
)  # fmt: skip
def test_the_oracle_holds_as_the_facts_say(case: Case, until: datetime | None) -> None:
    assert (judge(case).result, judge(case).until) == ("hold" if until else "allow", until)
    both_agree([case])


# --- what a first run found ---------------------------------------------------------------------------------------------

MORNING = at(TUESDAY, "10:00", NEW_YORK)
ELSEWHERE = Proof("inquiry", ("call",), MORNING - MINUTE, None, "another")


def test_what_a_state_bars_stays_barred_for_a_lead_who_may_also_be_in_a_country_nobody_wrote_down() -> None:
    case = lead("US US-MI NO", NEW_YORK, MORNING, "voicemail")
    assert judge(case).result == "refuse"
    assert agree(case, judge(case), answer(case)), told(case)


def test_a_number_that_changed_hands_is_not_given_back_by_an_inquiry_that_gave_another() -> None:
    case = lead(
        "US US-NY",
        NEW_YORK,
        MORNING,
        "call",
        proofs=(ELSEWHERE,),
        changed_hands="yes",
        told_at=MORNING - timedelta(days=9),
    )
    assert judge(case).result == "refuse"
    assert agree(case, judge(case), answer(case)), told(case)


def test_of_two_inquiries_of_one_moment_the_one_with_this_number_gives_it_back() -> None:
    here = Proof(ELSEWHERE.level, ELSEWHERE.channels, ELSEWHERE.at, None, "this")
    for proofs in ((ELSEWHERE, here), (here, ELSEWHERE)):
        case = lead(
            "US US-NY", NEW_YORK, MORNING, "call", proofs=proofs, changed_hands="yes",
            told_at=ELSEWHERE.at - timedelta(days=1),
        )  # fmt: skip
        assert "reassigned" not in judge(case).reasons
        assert agree(case, judge(case), answer(case)), told(case)


# --- area codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [*table.BORDER_CODES, *table.OVERLAYS])
def test_a_code_on_a_border_counts_by_the_clocks_of_both_sides(code: str) -> None:
    said = table.BORDER_CODES[table.OVERLAYS.get(code, code)].split()
    _, zones = located(f"+1{code}5550123")
    for now in (datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(0, 730, 5)):
        shown = {ahead(zone, now) for zone in zones}
        assert {ahead(zone, now) for zone in said} <= shown, f"{now}: {sorted(zones)}, not all of {said}"


def ahead(zone: str, now: datetime) -> timedelta | None:
    return now.astimezone(zone_of(zone)).utcoffset()


@pytest.mark.parametrize(("code", "state"), table.STATES_OF_CODES.items())
def test_a_code_brings_in_the_rules_of_its_state_whatever_the_address_says(code: str, state: str) -> None:
    places, _ = located(f"+1{code}5550123", "US-VT")
    assert {state, state[:2], "US", "US-VT"} <= places


@pytest.mark.parametrize("code", ["800", "888", "500", "900", "999"])
def test_a_code_of_no_place_tells_no_clock(code: str) -> None:
    assert located(f"+1{code}5550123") == (frozenset(), frozenset())


# --- the oracle is no parrot ------------------------------------------------------------------------------------------


def hours(rule: str, windows: Callable[[Window], Window]) -> Change:
    return _hours(rule, lambda one: replace(one, week=tuple(tuple(map(windows, day)) for day in one.week)))  # type: ignore[arg-type]


def _hours(rule: str, changed: Callable[[HoursRule], HoursRule]) -> Change:
    def change(bound: Rules) -> Rules:
        return replace(bound, hours={
            key: tuple(changed(one) if one.id == rule else one for one in binding)
            for key, binding in bound.hours.items()
        })  # fmt: skip

    return change


def cap(rule: str, changed: Callable[[Cap], Cap]) -> Change:
    return lambda bound: replace(bound, caps=tuple(changed(one) if one.id == rule else one for one in bound.caps))


def consent(channel: str, purpose: str, level: str) -> Change:
    return lambda bound: replace(
        bound, consent={**bound.consent, (channel, purpose): ConsentRule("changed", level, "")}
    )


def scrub(rule: str, changed: Callable[[Scrub], Scrub]) -> Change:
    return lambda bound: replace(bound, scrubs=tuple(changed(one) if one.id == rule else one for one in bound.scrubs))


def lasting(channel: str, level: str, months: int) -> Change:
    return lambda bound: replace(bound, lifetimes={**bound.lifetimes, (channel, level): months})


def sunday_too(rule: HoursRule) -> HoursRule:
    return replace(rule, week=(*rule.week[:6], rule.week[0]))


def flag_day_left_out(rule: HoursRule) -> HoursRule:
    return replace(rule, closed=frozenset(day for day in rule.closed if (day.month, day.day) != (6, 14)))


def office(week: str) -> Change:
    def earlier(bound: Rules) -> Rules:
        opens = replace(bound.office.week[0][0], start=time.fromisoformat(week))
        return replace(bound, office=replace(bound.office, week=(((opens,),) * 5 + bound.office.week[5:])))

    return earlier


def until(clock: str) -> Callable[[Window], Window]:
    return lambda window: replace(window, end=time.fromisoformat(clock))


def since(clock: str) -> Callable[[Window], Window]:
    return lambda window: replace(window, start=time.fromisoformat(clock))


def pinned(places: str, own: Workspace = LAX, days: tuple[date, ...] = (), zones: tuple[str, ...] = ()) -> Pinned:
    return Pinned(frozenset(places.split()), zones or Pinned().zones, own, days)


FLAG_DAYS = (date(2026, 6, 14), date(2027, 6, 14))
CAREFUL = next(own for own in WORKSPACES if own.careful)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param(hours("us.fl.hours", until("20:30")), pinned("US US-FL"), id="Florida closes at half past eight"),
        pytest.param(hours("us.fl.hours", until("20:01")), pinned("US US-FL"), id="Florida closes a minute late"),
        pytest.param(hours("us.fed.hours", since("07:59")), pinned("US"), id="a minute before eight"),
        pytest.param(
            hours("us.ok.hours.voicemail", since("08:00")), pinned("US US-OK"), id="Oklahoma's machines at eight"
        ),
        pytest.param(
            hours("us.conservative.hours", until("18:00")), pinned("US", CAREFUL), id="careful Saturdays to six"
        ),
        pytest.param(_hours("us.la.hours", sunday_too), pinned("US US-LA"), id="Sunday in Louisiana"),
        pytest.param(_hours("us.pa.holidays", flag_day_left_out), pinned("US US-PA", LAX, FLAG_DAYS), id="Flag Day"),
        pytest.param(
            _hours("us.tx.hours", lambda rule: replace(rule, zone="")),
            pinned("US US-TX", zones=(DENVER, NEW_YORK)),
            id="Texas without its second clock",
        ),
        pytest.param(
            lambda bound: replace(bound, hours={**bound.hours, ("call", "acknowledge"): ()}),
            pinned("CA", zones=("America/Toronto",)),
            id="Canada answers by telephone at night",
        ),
        pytest.param(cap("us.fl.cap", lambda one: replace(one, count=4)), pinned("US US-FL"), id="a fourth attempt"),
        pytest.param(
            cap("us.fl.cap", lambda one: replace(one, per=timedelta(hours=23))), pinned("US US-FL"), id="an hour early"
        ),
        pytest.param(
            cap("us.fl.cap", lambda one: replace(one, channels=("sms", "call"))),
            pinned("US US-FL"),
            id="voicemails uncounted",
        ),
        pytest.param(
            cap("automated_per_day", lambda one: replace(one, count=4)),
            pinned("US", STARTER),
            id="the workspace's own cap",
        ),
        pytest.param(
            cap("automated_per_week", lambda one: replace(one, per=timedelta(days=7) - MINUTE)),
            pinned("US", STARTER),
            id="a week less a minute",
        ),
        pytest.param(consent("sms", "marketing", "express"), pinned("US"), id="a text without a writing"),
        pytest.param(consent("call", "marketing", "none"), pinned("US"), id="a call without an inquiry"),
        pytest.param(
            consent("voicemail", "marketing", "express_written"),
            pinned("US US-MI"),
            id="a voicemail in Michigan",
        ),
        pytest.param(
            lambda bound: replace(bound, fresh=bound.fresh + MINUTE), pinned("US"), id="an answer a minute late"
        ),
        pytest.param(lambda bound: replace(bound, unknown=()), pinned("US NO"), id="a country nobody wrote down"),
        pytest.param(scrub("us.fed.registry", lambda one: replace(one, days=32)), pinned("US"), id="a copy of 32 days"),
        pytest.param(
            scrub("us.fed.registry", lambda one: replace(one, unless=(*one.unless, "express"))),
            pinned("US"),
            id="an oral yes lifts the registry",
        ),
        pytest.param(lambda bound: replace(bound, scrubs=()), pinned("GB", zones=("Europe/London",)), id="no registry"),
        pytest.param(lasting("call", "inquiry", 4), pinned("US"), id="an inquiry of four months"),
        pytest.param(
            lasting("call", "express", 4),
            pinned("AU", zones=("Australia/Perth",)),
            id="an Australian yes of four months",
        ),
        pytest.param(lambda bound: replace(bound, numbers=()), pinned("US US-ME"), id="Maine asks of no number"),
        pytest.param(office("08:30"), pinned("US", STARTER), id="the office opens early"),
    ],
)
def test_a_rule_that_is_changed_is_found_in_a_few_thousand_cases(change: Change, where: Pinned) -> None:
    found = disagreement(cases("parrot", 4000, where), change)
    assert found is not None
    assert not differs(found), told(found)


@pytest.mark.parametrize(("place", "channels", "since"), table.WITHDRAWS_ALL)
def test_a_withdrawal_ends_every_channel_from_the_day_the_law_says(place: str, channels: str, since: date) -> None:
    before, then = (policy(LAX, day).rules(frozenset({place})).withdraws_all for day in (since - DAY, since))
    assert (before, then) == (frozenset(), frozenset(channels.split()))


def test_every_pack_with_hours_or_caps_of_its_own_is_in_the_table() -> None:
    known = {
        place
        for row in (*table.HOURS, *table.CONSENT, *table.CAPS, *table.REGISTRIES, *table.CHANGED_HANDS)
        for place in [row[0]]
    }
    covered = {place for name in known for place in table.SAME.get(name, name).split()}
    assert covered == {place for pack in rules.packs().values() for place in pack.covers}
