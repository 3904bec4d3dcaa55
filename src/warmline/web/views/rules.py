"""Rules: what the gate held and refused, what may be sent to a number, and whose law says so."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ... import rules
from ...core.rulebook import Pack
from ...insight.may import May, UnreadableError, may
from ..asking import Ask, asked
from ..kept_back import by_reason, kept_back
from ..moments import read_moment


class Box(NamedTuple):
    """What was asked in the box, the answer or what is wrong with the question."""

    to: str = ""
    at: str = ""
    found: May | None = None
    problem: str = ""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        lately = kept_back(ask)
        box = _box(ask)
        return ask.page(
            "rules.html",
            422 if box.problem else 200,
            box=box,
            held=by_reason(lately, "hold"),
            refused=by_reason(lately, "refuse"),
            packs=_packs(),
            profile=ask.workspace.config.profile,
        )


def _box(ask: Ask) -> Box:
    to, at = ask.got("to"), ask.got("at")
    if not to:
        return Box(at=at)
    try:
        when = read_moment(at, ask.zone) or ask.now
        return Box(to, at, may(ask.conn, ask.workspace, to, when))
    except UnreadableError as error:
        return Box(to, at, None, str(error))
    except ValueError:
        return Box(to, at, None, f"{at[:40]} is not a day and time. Pick both from the field, or leave it empty.")


def _packs() -> list[Pack]:
    """Federal law first, the states, then countries and what is our own."""
    return sorted(rules.packs().values(), key=lambda one: (one.id != "us.fed", not one.id.startswith("us."), one.name))
