"""Attention: what stopped and waits for a decision."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ... import rules
from ...store.pages import attention
from ..asking import Ask, asked
from ..people import managers_only
from ..posting import posted
from ..settling import BadRefError, settle


@require_safe
@managers_only
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        return _page(ask)


@posted("attention")
@managers_only
def act(request: HttpRequest, what: str, ref: str, act: str) -> HttpResponse:
    with asked(request) as ask:
        try:
            problem = settle(ask, what, ref, act)
        except BadRefError as error:
            raise Http404 from error
        return _page(ask, 422, problem, ref) if problem else ask.go(_TOLD[act], "attention")


_TOLD = {"replay": "replayed", "dismiss": "dismissed", "sent": "settled", "failed": "settled", "resume": "unparked"}


LATELY = timedelta(days=7)


def _refusals(ask: Ask) -> list[tuple[attention.Refusal, str]]:
    """What providers refused lately that an admin has to see to, with what that kind of error means."""
    classes = {name: one.means for name, one in rules.provider_errors().classes.items() if one.tell == "admin"}
    found = attention.refusals(ask.conn, ask.workspace_id, list(classes), ask.now - LATELY)
    return [(one, classes[one.reason]) for one in found]


def _page(ask: Ask, status: int = 200, problem: str = "", about: str = "") -> HttpResponse:
    return ask.page(
        "attention.html",
        status,
        mailbox=attention.mailbox(ask.conn, ask.workspace_id),
        parked=attention.parked(ask.conn, ask.workspace_id),
        unknown=attention.unknown(ask.conn, ask.workspace_id),
        quarantined=attention.quarantined(ask.conn, ask.workspace_id),
        refusals=_refusals(ask),
        problem=problem,
        about=about,
    )
