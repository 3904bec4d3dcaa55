"""Rules: what the gate held and refused, what may be sent to a number, and whose law says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ... import rules
from ...core.hours import at_local
from ...core.rulebook import Pack
from ...insight.may import May, UnreadableError, may
from ...store import measures
from ...store.measures import Count
from ..asking import Ask, asked
from ..kept import kept

DAY = timedelta(days=1)


class Box(NamedTuple):
    """What was asked in the box, the answer or what is wrong with the question."""

    to: str = ""
    at: str = ""
    found: May | None = None
    problem: str = ""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        lately = kept(
            ("reasons", ask.workspace_id), 30, lambda: measures.gate_reasons(ask.conn, ask.workspace_id, ask.now - DAY)
        )
        box = _box(ask)
        return ask.page(
            "rules.html",
            422 if box.problem else 200,
            box=box,
            held=_of(lately, "hold"),
            refused=_of(lately, "refuse"),
            packs=_packs(),
            profile=ask.workspace.config.profile,
        )


def _box(ask: Ask) -> Box:
    to, at = ask.got("to"), ask.got("at")
    if not to:
        return Box(at=at)
    try:
        when = _instant(at, ask)
        return Box(to, at, may(ask.conn, ask.workspace, to, when))
    except UnreadableError as error:
        return Box(to, at, None, str(error))
    except ValueError:
        return Box(to, at, None, f"{at[:40]} is not a day and time. Pick both from the field, or leave it empty.")


def _instant(text: str, ask: Ask) -> datetime:
    """What a date-time field of a browser sends, on the clock of the workspace; now when it is empty. Raises ValueError."""
    if not text:
        return ask.now
    local = datetime.fromisoformat(text)
    return at_local(local.date(), local.time(), ask.zone)


def _of(found: list[Count], what: str) -> list[Count]:
    return [one for one in found if one.name == what]


def _packs() -> list[Pack]:
    """Federal law first, the states, then countries and what is our own."""
    return sorted(rules.packs().values(), key=lambda one: (one.id != "us.fed", not one.id.startswith("us."), one.name))
