"""Pages for what can't be shown: what happened, and what to do."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _show(request, 403, "This is not yours to open", str(exception) or "Ask a manager of your workspace.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's name
    said = "Nothing is at this address. The link may be old, or what it named belongs to another workspace."
    return _show(request, 404, "There is no such page", said)


def failed(request: HttpRequest) -> HttpResponse:
    said = "Something failed on our side, and the log has it. Try again; if it stays, tell your admin when it happened."
    return _show(request, 500, "That did not work", said)


@login_not_required
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's name
    said = "The form was open for too long, or came from another site. Go back, reload the page and send it once more."
    return _show(request, 403, "This form is no longer valid", said)


def _show(request: HttpRequest, status: int, title: str, said: str) -> HttpResponse:
    return render(request, "error.html", {"status": status, "title": title, "said": said}, status=status)
