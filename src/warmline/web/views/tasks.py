"""Tasks: the list, the page of one, and finishing it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from ...store.pages import tasks
from ..asking import asked
from ..finishing import finish, opened


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        whose = ask.got("whose") if ask.got("whose") in ("mine", "free", "all") else "mine"
        listed = tasks.listed(ask.conn, ask.workspace_id, whose, ask.person.key)
        return ask.page("tasks.html", whose=whose, listed=listed)


@require_safe
def one(request: HttpRequest, lane: int, task_id: UUID) -> HttpResponse:
    with asked(request) as ask:
        page = opened(ask, lane, task_id)
        if page is None:
            raise Http404
        return ask.page("task.html", page=page)


@require_POST
def complete(request: HttpRequest, lane: int, task_id: UUID) -> HttpResponse:
    with asked(request) as ask:
        page = opened(ask, lane, task_id)
        if page is None:
            raise Http404
        problems = finish(ask, page)
        return ask.page("task.html", 422, page=page, problems=problems) if problems else ask.go("done", "tasks")
