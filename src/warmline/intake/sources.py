"""A request to POST /in/{source} -> submissions, and what is wrong with those that are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hmac import compare_digest

from warmline import rules
from warmline.core.keywords import keyword_in
from warmline.core.lead import Problems, clean, normalise
from warmline.core.settings import INTAKE_EVENTS, Config, ConsentRule, Source
from warmline.core.words import suggest

from .bodies import NO_OBJECT, Row, UnreadableBodyError, read_rows
from .submission import Given, Origin, Submission, as_json

TRUE = frozenset(
    ("on", "true", "yes", "y", "1", "t", "checked", "x", "agree", "agreed", "accepted", "ja", "si", "sí", "oui")
)

#: A field of this name is invisible to people; whoever fills it in is a robot.
HONEYPOT = "_gotcha"

MOST_KEYWORD = 200

#: Nobody has agreed to anything before; and days at the beginning of the calendar are before it in another zone.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Unread:
    """One lead of a request that can't be taken. `fields`: the sender's field name ("" for the whole) -> what to do."""

    fields: Mapping[str, str]
    raw: str = ""

    @property
    def reason(self) -> str:
        """All of it on one line; what is to be done about several fields alike stands there once."""
        alike: dict[str, list[str]] = {}
        for name, text in self.fields.items():
            alike.setdefault(text, []).extend([name] if name else [])
        return "; ".join(f"{', '.join(names)}: {text}" if names else text for text, names in alike.items())


@dataclass(slots=True)
class Parsed:
    """One entry for each lead of the request, in its order. `many`: the sender sent a list."""

    entries: list[Submission | Unread] = field(default_factory=list)
    many: bool = False

    @property
    def submissions(self) -> list[Submission]:
        return [entry for entry in self.entries if isinstance(entry, Submission)]

    @property
    def problems(self) -> list[Unread]:
        return [entry for entry in self.entries if isinstance(entry, Unread)]


def parse(source: Source, config: Config, origin: Origin, body: bytes) -> Parsed:
    """Never raises, whatever the body: what can't be read is an Unread with what to write instead."""
    try:
        rows, many = read_rows(origin.content_type, body)
    except UnreadableBodyError as error:
        return Parsed([Unread({"": str(error)}, origin.body)])
    return Parsed([_read(row, source, config, origin) for row in rows], many)


def presents(source: Source, secret: str, given: str) -> bool:
    """Whether a caller showed the source's key; `secret` is its resolved value. Without a key everybody may post."""
    return not source.secret or compare_digest(secret.encode(), given.encode())


def _read(row: Row, source: Source, config: Config, origin: Origin) -> Submission | Unread:
    if row.keys() == {NO_OBJECT}:
        return Unread({"": 'A lead is an object of fields. Write: {"email": "ann@example.com"}'}, row[NO_OBJECT])
    if row.get(HONEYPOT, "").strip():
        return Unread({HONEYPOT: "It must stay empty: people can't see it, so a robot has filled it in."}, as_json(row))
    event, keyword = source.map.get("event", "event"), source.map.get("keyword", "keyword")
    kind = clean(row.get(event, "")) or source.event
    if kind not in INTAKE_EVENTS:
        return Unread({event: f'There is no event "{kind[:60]}". {suggest(kind, INTAKE_EVENTS)}'}, as_json(row))
    said = clean(row.get(keyword, ""))[:MOST_KEYWORD]
    listed = keyword_in(said, source.keywords)
    if kind == source.event == "keyword.received" and not listed:
        which = f"Known here: {', '.join(source.keywords)}." if source.keywords else "The source lists none."
        return Unread({keyword: f'"{said[:60]}" is no keyword of this source. {which}'}, as_json(row))
    told = {name: value for name, value in row.items() if name not in (event, keyword, HONEYPOT)}
    draft = normalise(told, source.map, source.country, rules.regions())
    if isinstance(draft, Problems):
        return Unread(_as_sent(draft.fields, row, source), as_json(row))
    for rule in source.consent:
        draft.fields.pop(rule.field, None)  # the proof is in the ledger, with its wording
    consents, notes = consents_of(row, source, config)
    draft.notes += notes
    return Submission(
        source=source.key,
        draft=draft,
        kind=kind,
        form=source.form if kind == source.event else "",
        keyword=listed or said,
        consents=consents,
        origin=origin,
        raw=row,
    )


def _as_sent(problems: Mapping[str, str], row: Row, source: Source) -> dict[str, str]:
    """What is missing altogether has our name: the sender knows the field by the name that the source maps to ours."""
    return {name if name in row else source.map.get(name, name): said for name, said in problems.items()}


def consents_of(row: Mapping[str, str], source: Source, config: Config) -> tuple[tuple[Given, ...], list[str]]:
    """What the submission proves: rules without a field always, rules with one when it was ticked. And what is wrong with
    the days that were given: such a proof does not count, because nobody knows whether it has run out."""
    given, notes = [], []
    for rule in source.consent:
        if rule.field and row.get(rule.field, "").strip().casefold() not in TRUE:
            continue
        words = config.wordings.get(rule.wording, "")
        if rule.at:
            text = row.get(rule.at, "").strip()
            at = _day(text)
            if at is None:
                notes.append(
                    f"No {rule.level} consent was kept: {rule.at} holds {text[:40]!r}, and no day such as 2026-11-26."
                )
                continue
            given.append(_given(rule, words, at))
        else:
            given.append(_given(rule, words))
    return tuple(given), notes


@lru_cache
def _given(rule: ConsentRule, words: str, at: datetime | None = None) -> Given:
    """One for all who were shown the same: what else is made of it is known again by it."""
    return Given(rule.level, rule.channels, rule.wording, words, rule.purpose, at)


def _day(text: str) -> datetime | None:
    """A day or an instant as ISO 8601 writes it; without a zone it is UTC's. None for one before EARLIEST, too."""
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return found if found >= EARLIEST else None
