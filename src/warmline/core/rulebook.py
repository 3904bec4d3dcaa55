"""The shapes of the data in rules/*.yaml. The files say what the rules are; here is only what a rule may look like.

Every entry names its sources and how sure we are. A jurisdiction is a file (a Pack): further states and countries are
further files, not code. A pack narrows its parent and never widens it: windows intersect, the stronger consent counts.
The words that ask for consent and take it back are in wordings.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Annotated, Literal

import msgspec
from dateutil.easter import easter

from .consent import RANK, Level
from .hours import Week, Window
from .playbook import ChannelKind, Purpose

Confidence = Literal["high", "medium", "low", "unverified"]

Minutes = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every piece of data carries: keys of its file's `sources`, and how sure we are of it."""

    source: tuple[str, ...]
    confidence: Confidence
    note: str = ""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    url: str = ""  # empty: our own choice or measurement


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The head of every file. `as_of` is the day its facts were looked up."""

    as_of: date
    sources: dict[str, Source]


# --- places ---------------------------------------------------------------------------------------------------------


class AreaCode(Entry, frozen=True, kw_only=True):
    """A three-digit code of the North American plan. Only a `place` has zones; the other kinds tell no place."""

    kind: Literal["place", "toll_free", "personal", "premium"] = "place"
    zones: tuple[str, ...] = ()  # every zone in use under the code, the most common first
    regions: tuple[str, ...] = ()  # "US-FL", "CA-NS", "JM"; several where provinces share a code


class AreaCodeFile(File, frozen=True, kw_only=True):
    codes: dict[str, AreaCode]


class State(Entry, frozen=True, kw_only=True):
    """A US state, territory or Canadian province. Of zones that share a clock today, one stands for all."""

    name: str
    zones: tuple[str, ...]


class Country(Entry, frozen=True, kw_only=True):
    name: str
    calling: str  # "44"
    zones: tuple[str, ...]


class RegionFile(File, frozen=True, kw_only=True):
    states: dict[str, State]
    countries: dict[str, Country]


class Regions(msgspec.Struct, frozen=True):
    states: Mapping[str, State]  # "US-FL"
    countries: Mapping[str, Country]  # "GB"
    by_calling_code: Mapping[str, tuple[str, ...]]  # "44" -> ("GB", "GG", ...), in the order of the file


def index_regions(file: RegionFile) -> Regions:
    by_calling_code: dict[str, tuple[str, ...]] = {}
    for name, country in file.countries.items():
        by_calling_code[country.calling] = (*by_calling_code.get(country.calling, ()), name)
    return Regions(file.states, file.countries, by_calling_code)


# --- jurisdictions --------------------------------------------------------------------------------------------------


class Rule(Entry, frozen=True, kw_only=True, tag_field="kind"):
    """One rule of a jurisdiction, in force on [effective_from or its pack's, effective_until).

    Warmline's channels fix the mode: a call is dialled by a person, a text is automated, a voicemail is prerecorded. A
    law that speaks of automated or recorded calls only therefore lists `voicemail` and not `call`.
    """

    id: str
    cite: str = ""
    channels: tuple[ChannelKind, ...]
    effective_from: date | None = None
    effective_until: date | None = None


class HoursRule(Rule, frozen=True, kw_only=True, tag="hours"):
    """When contact is allowed, by the wall clock of the person contacted. A day left out of `windows` is closed."""

    purposes: tuple[Purpose, ...]
    windows: dict[str, tuple[str, ...]]  # {"mon-fri": ["08:00-21:00"], "sat": [...]}
    forbidden_days: str = ""  # a calendar of forbidden_days.yaml: closed on its days
    zone: str = ""  # the hours bind by this zone's clock, too

    @property
    def week(self) -> Week:
        return read_week(self.windows)


class ConsentRule(Rule, frozen=True, kw_only=True, tag="consent"):
    """The least proof for a purpose. The law asks `level`; we ask `engine_default` where that is more."""

    purposes: tuple[Purpose, ...]
    allowed: bool = True  # False: no proof makes this purpose possible on these channels
    level: Level = "none"
    engine_default: Level = "none"

    @property
    def asked(self) -> Level:
        return max(self.level, self.engine_default, key=RANK.__getitem__)


class CapRule(Rule, frozen=True, kw_only=True, tag="cap"):
    """At most `count` attempts within `per_hours`, over the channels named, whatever they were about."""

    count: Count
    per_hours: Count


class AcknowledgeRule(Rule, frozen=True, kw_only=True, tag="acknowledge"):
    """What counts as an acknowledgement: an answer, sent within minutes, to what the lead has just asked for."""

    within_minutes: Count
    hours_bind_acknowledge: bool


class LifetimeRule(Rule, frozen=True, kw_only=True, tag="lifetime"):
    """How many calendar months a proof of that level lasts, from the day of the act that gave it."""

    level: Level
    months: Count


class ScrubRule(Rule, frozen=True, kw_only=True, tag="scrub"):
    """A do-not-contact registry that must have been asked not longer ago than this; `unless` are levels that exempt."""

    registry: str
    max_age_days: Count
    unless: tuple[Level, ...] = ()


class ReassignedRule(Rule, frozen=True, kw_only=True, tag="reassigned"):
    """Whoever contacts a number must have asked whether it has changed hands; `unless` are levels that exempt."""

    unless: tuple[Level, ...] = ()


class RevocationRule(Rule, frozen=True, kw_only=True, tag="revocation"):
    """How a withdrawal is honoured, and the one confirmation that may follow it. `reaches_all`: one by any of these
    channels ends marketing by every channel, whatever the workspace chose."""

    honour_within_business_days: Minutes
    confirmations: Minutes
    confirm_within_minutes: Minutes
    reaches_all: bool = False


AnyRule = (
    HoursRule | CapRule | ConsentRule | AcknowledgeRule | LifetimeRule | ScrubRule | ReassignedRule | RevocationRule
)


class Pack(File, frozen=True, kw_only=True):
    """One jurisdiction."""

    id: str  # "us.fed"; every rule's id begins with it
    name: str
    parent: str | None = None  # the id of the pack that this one narrows
    covers: tuple[str, ...]  # "US" or "US-FL": the places whose people it protects
    profile: Literal["", "conservative"] = ""  # binds only workspaces that chose this profile
    effective_from: date
    rules: tuple[AnyRule, ...]

    def in_force(self, day: date) -> tuple[AnyRule, ...]:
        """The rules that bind on `day`, the local date of the person contacted."""
        return tuple(
            rule
            for rule in self.rules
            if (rule.effective_from or self.effective_from) <= day
            and (rule.effective_until is None or day < rule.effective_until)
        )


# --- provider errors ------------------------------------------------------------------------------------------------


class ErrorClass(Entry, frozen=True, kw_only=True):
    """What an error means for the lead, for our account at the provider, and who hears of it."""

    means: str
    address: Literal["keep", "suppress_person", "bad_address", "no_sms"] = "keep"
    account: Literal["keep", "pause"] = "keep"
    tell: Literal["nobody", "person", "admin"] = "nobody"


class ErrorCode(Entry, frozen=True, kw_only=True):
    error_class: str = msgspec.field(name="class")


class ProviderErrors(File, frozen=True, kw_only=True):
    classes: dict[str, ErrorClass]
    providers: dict[str, dict[str, ErrorCode]]

    def classes_by_code(self) -> dict[str, dict[str, str]]:
        """{provider: {code: class}}. A code that is not in it belongs to the class `unknown`."""
        return {
            provider: {code: entry.error_class for code, entry in codes.items()}
            for provider, codes in self.providers.items()
        }


# --- machines that read mail ---------------------------------------------------------------------------------------------


class MailAgent(Entry, frozen=True, kw_only=True):
    """A program by its words in the User-Agent header, in lower case; `whole`: the header is that word and nothing more."""

    kind: Literal["image_proxy", "scanner", "robot"]
    words: tuple[str, ...]
    whole: bool = False


class ScannerFile(File, frozen=True, kw_only=True):
    agents: dict[str, MailAgent]


# --- holidays -------------------------------------------------------------------------------------------------------


class Holiday(Entry, frozen=True, kw_only=True):
    """A fixed day (month, day), the nth weekday of a month (nth -1 is the last), or days from Easter Sunday."""

    name: str
    month: Annotated[int, msgspec.Meta(ge=1, le=12)] = 1
    easter: int | None = None
    day: Annotated[int, msgspec.Meta(ge=1, le=31)] | None = None
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = None
    nth: Literal[-1, 1, 2, 3, 4] | None = None
    since: int = 1900  # first year


class Calendar(Entry, frozen=True, kw_only=True):
    name: str
    observed: bool  # a Saturday is also kept on the Friday before it, a Sunday on the Monday after
    days: tuple[Holiday, ...]


class HolidayFile(File, frozen=True, kw_only=True):
    calendars: dict[str, Calendar]


def holiday_dates(calendar: Calendar, first_year: int, last_year: int) -> frozenset[date]:
    """Every date the calendar keeps from the first year to the last, the substitute days of a weekend among them."""
    return frozenset(holiday_names(calendar, first_year, last_year))


def holiday_names(calendar: Calendar, first_year: int, last_year: int) -> dict[date, str]:
    """The same dates with the name of the holiday that each is kept for."""
    names: dict[date, str] = {}
    for year in range(first_year - 1, last_year + 2):
        for holiday in calendar.days:
            if year >= holiday.since:
                day = _date_in(holiday, year)
                names[day] = holiday.name
                shift = {5: -1, 6: 1}.get(day.weekday(), 0) if calendar.observed else 0
                names.setdefault(day + timedelta(days=shift), f"{holiday.name}, kept on this day")
    return {day: name for day, name in names.items() if first_year <= day.year <= last_year}


def _date_in(holiday: Holiday, year: int) -> date:
    if holiday.easter is not None:
        return easter(year) + timedelta(days=holiday.easter)
    if holiday.day is not None:
        return date(year, holiday.month, holiday.day)
    if holiday.weekday is None or holiday.nth is None:
        raise ValueError(f"holiday {holiday.name!r} has no date: write day, weekday and nth, or easter")
    wanted = DAYS.index(holiday.weekday)
    if holiday.nth == -1:
        end = date(year + holiday.month // 12, holiday.month % 12 + 1, 1) - timedelta(days=1)
        return end - timedelta(days=(end.weekday() - wanted) % 7)
    start = date(year, holiday.month, 1)
    return start + timedelta(days=(wanted - start.weekday()) % 7 + 7 * (holiday.nth - 1))


# --- reading windows ------------------------------------------------------------------------------------------------

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_week(windows: Mapping[str, tuple[str, ...]]) -> Week:
    """A week from {"mon-fri": ["09:00-12:00", "13:00-17:00"], "sat": [...]}. A day left out is closed.

    Raises ValueError for a day that is not one, or is named twice, and for a window that is not "HH:MM-HH:MM".
    """
    week: list[tuple[Window, ...]] = [()] * 7
    named: set[int] = set()
    for days, spans in windows.items():
        for index in _days(days):
            if index in named:
                raise ValueError(f"{DAYS[index]} is named twice: write each day once")
            named.add(index)
            week[index] = tuple(read_window(span) for span in spans)
    return (week[0], week[1], week[2], week[3], week[4], week[5], week[6])


def read_window(text: str) -> Window:
    """A window from "08:00-21:00"; "24:00" as its end is midnight."""
    start, dash, end = text.partition("-")
    try:
        if not dash:
            raise ValueError("no dash")
        return Window(_clock(start), time(0) if end.strip() == "24:00" else _clock(end))
    except ValueError as error:
        raise ValueError(f'{text!r} is not a window: write "08:00-21:00"') from error


def _clock(text: str) -> time:
    hour, _, minute = text.strip().partition(":")
    return time(int(hour), int(minute))


def _days(text: str) -> range:
    first, _, last = text.partition("-")
    if first not in DAYS or (last or first) not in DAYS or DAYS.index(last or first) < DAYS.index(first):
        raise ValueError(f'{text!r} is not a day or a span of days: write "sat" or "mon-fri"')
    return range(DAYS.index(first), DAYS.index(last or first) + 1)
