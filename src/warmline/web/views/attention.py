"""Attention: what stopped and waits for a decision."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from ...store.pages import attention
from ..asking import Ask, asked
from ..people import managers_only
from ..settling import BadRefError, settle


@require_safe
@managers_only
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        return _page(ask)


@require_POST
@managers_only
def act(request: HttpRequest, what: str, ref: str, act: str) -> HttpResponse:
    with asked(request) as ask:
        try:
            problem = settle(ask, what, ref, act)
        except BadRefError as error:
            raise Http404 from error
        return _page(ask, 422, problem, ref) if problem else ask.go(_TOLD[act], "attention")


_TOLD = {"replay": "replayed", "dismiss": "dismissed", "sent": "settled", "failed": "settled", "resume": "unparked"}


def _page(ask: Ask, status: int = 200, problem: str = "", about: str = "") -> HttpResponse:
    return ask.page(
        "attention.html",
        status,
        parked=attention.parked(ask.conn, ask.workspace_id),
        unknown=attention.unknown(ask.conn, ask.workspace_id),
        quarantined=attention.quarantined(ask.conn, ask.workspace_id),
        problem=problem,
        about=about,
    )
