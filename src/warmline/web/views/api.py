"""The same answers as on the pages, as JSON, for whoever is signed in: why, and what may be sent."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from ...insight.may import UnreadableError
from ...insight.may import may as ask_gate
from ...insight.story import LeadNotFoundError, as_told, story
from ..asking import asked
from ..programs import problem, read_only, told


@read_only
def why(request: HttpRequest, ref: str) -> HttpResponse:
    """A lead's story, by its id, phone number or mail address: what `warmline why LEAD --json` prints."""
    with asked(request) as ask:
        try:
            return told(as_told(story(ask.conn, ask.workspace, ref, ask.now)))
        except LeadNotFoundError as error:
            return problem(404, str(error))


@read_only
def may(request: HttpRequest) -> HttpResponse:
    """What may be sent `?to=` a number or address, now or `?at=` an instant with its zone."""
    with asked(request) as ask:
        try:
            when = datetime.fromisoformat(ask.got("at")) if ask.got("at") else ask.now
            utc = when.astimezone(UTC)
        except (ValueError, OverflowError):
            return problem(422, f"{ask.got('at')[:40]!r} is no instant. Write one such as 2026-11-28T17:00-05:00.")
        if when.tzinfo is None:
            return problem(422, "The instant names no time zone. Write one such as 2026-11-28T17:00-05:00.")
        try:
            place = {name: ask.got(name) for name in ("region", "country")}
            found = ask_gate(ask.conn, ask.workspace, ask.got("to"), utc, **place)
        except UnreadableError as error:
            return problem(422, str(error))
        return told(found)
