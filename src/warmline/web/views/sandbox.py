"""The sandbox: every lead's phone, and the buttons to be the lead."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from ...insight.story import LeadNotFoundError, Story, story
from ...store.pages import sandbox
from .. import database
from ..asking import Ask, asked
from ..playing import CannotError, buttons, play
from ..posting import posted

#: How many leads the list shows, a stretch further at each "more": whoever is older is found on the page Leads.
STRETCHES = (sandbox.MOST, 200, 1000)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        config = ask.workspace.config
        most = next((one for one in STRETCHES if str(one) == ask.got("most")), STRETCHES[0])
        return ask.page(
            "sandbox.html",
            threads=sandbox.threads(ask.conn, ask.workspace_id, ask.now, most),
            further=next((one for one in STRETCHES if one > most), 0),
            source=next(iter(config.sources), ""),
            address=database.environment_here().public_url or config.workspace.public_url,
        )


@require_safe
def thread(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    with asked(request) as ask:
        if ask.got("part"):
            _found(ask, lead_id)
            return ask.part("parts/thread.html", items=sandbox.thread(ask.conn, ask.workspace_id, lead_id))
        return _page(ask, lead_id)


@posted("sandbox-thread", "lead_id")
def act(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    with asked(request) as ask:
        told = _found(ask, lead_id)
        try:
            play(ask, told, ask.posted("act"))
        except CannotError as error:
            return _page(ask, lead_id, 422, str(error))
        except KeyError as error:
            raise Http404 from error
        return HttpResponseRedirect(reverse("sandbox-thread", args=[lead_id]) + "?acted=1")


def _page(ask: Ask, lead_id: UUID, status: int = 200, problem: str = "") -> HttpResponse:
    told = _found(ask, lead_id)
    lead = told.lead
    return ask.page(
        "sandbox_thread.html",
        status,
        lead_id=lead_id,
        name=lead.called,
        address=lead.phone or lead.email or "",
        company=ask.workspace.name,
        items=sandbox.thread(ask.conn, ask.workspace_id, lead_id),
        channels=[name for name, known in (("sms", lead.phone), ("email", lead.email)) if known],
        acts=buttons(ask, told),
        problem=problem,
    )


def _found(ask: Ask, lead_id: UUID) -> Story:
    try:
        return story(ask.conn, ask.workspace, lead_id, ask.now)
    except LeadNotFoundError as error:
        raise Http404 from error
