"""A lead's page: how it stands, what comes next, its whole story, and the acts of a person."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ...insight.story import LeadNotFoundError, Story, story
from ...store import merges
from ..acting import ACTS, FORMS, RefusedError, books_for, possible
from ..asking import Ask, asked
from ..posting import posted
from ..steps import progress, run_shown
from ..telling import days


@require_safe
def show(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    with asked(request) as ask:
        return _page(ask, lead_id)


@posted("lead", "lead_id")
def act(request: HttpRequest, lead_id: UUID, act: str) -> HttpResponse:
    with asked(request) as ask:
        if act not in ACTS:
            raise Http404
        try:
            done = ACTS[act](ask, _found(ask, lead_id))
        except RefusedError as error:
            return _page(ask, merges.stands_for(ask.conn, lead_id), 422, act, error)
        # What is done with a lead that was merged into another is done with that one.
        return ask.go(done, "lead", merges.stands_for(ask.conn, lead_id))


def _page(
    ask: Ask, lead_id: UUID, status: int = 200, act: str = "", problem: RefusedError | None = None
) -> HttpResponse:
    """`act` was refused because of `problem`: its form comes back open, as it was filled in."""
    told = _found(ask, lead_id)
    can = possible(told)
    form = act if act in FORMS and can.get(act.replace("-", "_"), True) else ""
    content = {
        "books": books_for(ask, told),
        "story": told,
        "days": days(told, ask.names),
        "dots": progress(told),
        "run": run_shown(told),
        "acts": can,
        "form": form,
        "given": ask.form if form else {},
    }
    return ask.page("lead.html", status, problem=problem, **content)


def _found(ask: Ask, lead_id: UUID) -> Story:
    """A lead of another workspace is as unknown as one that never was."""
    try:
        return story(ask.conn, ask.workspace, lead_id, ask.now)
    except LeadNotFoundError as error:
        raise Http404 from error
