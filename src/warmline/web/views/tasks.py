"""Tasks: the list, the page of one, calling from it, and finishing it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from ...insight.lines import named
from ...intake import acts
from ...store.pages import tasks
from ..asking import asked
from ..calling import call_now, phone_of
from ..finishing import finish, opened
from ..posting import posted


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        whose = ask.got("whose") if ask.got("whose") in ("mine", "free", "all") else "mine"
        try:
            listed, onward = tasks.listed(ask.conn, ask.workspace_id, whose, ask.person.key, ask.got("after"))
        except ValueError as error:
            raise Http404 from error
        count = tasks.counted(ask.conn, ask.workspace_id, whose, ask.person.key)
        return ask.page("tasks.html", whose=whose, listed=listed, onward=onward, count=count, most=tasks.COUNTED)


@require_safe
def one(request: HttpRequest, lane: int, task_id: UUID) -> HttpResponse:
    with asked(request) as ask:
        page = opened(ask, lane, task_id)
        if page is None:
            raise Http404
        return ask.page("task.html", page=page)


@posted("task", "lane", "task_id")
def complete(request: HttpRequest, lane: int, task_id: UUID) -> HttpResponse:
    with asked(request) as ask:
        page = opened(ask, lane, task_id)
        if page is None:
            raise Http404
        problems = finish(ask, page)
        return ask.page("task.html", 422, page=page, problems=problems) if problems else ask.go("done", "tasks")


@posted("task", "lane", "task_id")
def call(request: HttpRequest, lane: int, task_id: UUID) -> HttpResponse:
    """Ring the person's own phone, and then the lead's."""
    with asked(request) as ask:
        page = opened(ask, lane, task_id)
        if page is None:
            raise Http404
        try:
            call_now(ask, page.task)
        except acts.CallRefused as refused:
            return ask.page("task.html", 422, page=page, refused=str(refused), findings=named(refused.findings))
        except acts.ActError as error:
            return ask.page("task.html", 422, page=page, refused=str(error))
        return HttpResponseRedirect(reverse("task", args=[lane, task_id]) + "#phone")


@require_safe
def phone(request: HttpRequest, lane: int, task_id: UUID) -> HttpResponse:
    """How far the call is, for the page that waits for it."""
    with asked(request) as ask:
        task = tasks.one(ask.conn, ask.workspace_id, lane, task_id)
        if task is None:
            raise Http404
        found = phone_of(ask, task)
        answer = ask.part("parts/phone.html", task=task, phone=found)
        if found is None or not found.moves:
            answer["HX-Refresh"] = "true"  # the outcome is known: the form below begins with it, or is over
        return answer
