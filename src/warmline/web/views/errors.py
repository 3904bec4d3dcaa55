"""Pages for what can't be shown or done: what happened, and what to do. The same as JSON for programs."""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ...channels.secret_path import masked
from ..asking import SAFE
from ..not_now import TRY_AGAIN, why_not_now
from ..programs import is_one, problem

_log = logging.getLogger("warmline.web")


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django has refused to read the request."""
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20
        said = f"A form takes {most} MB of text, and nothing was changed. Go back, and bring what is longer as a file."
        return _show(request, 413, "That is too long", said)
    said = (
        "Your browser sent something that can't be read, and nothing was changed. Go back, reload the page, try again."
    )
    return _show(request, 400, "That could not be read", said)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _show(request, 403, "This is not yours to open", str(exception) or "Ask a manager of your workspace.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's name
    said = "Nothing is at this address. The link may be old, or what it named belongs to another workspace."
    return _show(request, 404, "There is no such page", said)


def failed(request: HttpRequest) -> HttpResponse:
    """Django calls it while it handles what was raised, by a view or on the way to it."""
    error = sys.exception()
    if why := why_not_now(error):
        _log.warning("%s %s: %s: %s", request.method, masked(request.path), why, str(error).strip().partition("\n")[0])
        return _not_now(request, why)
    said = "Something failed on our side, and the log has it. Try again; if it stays, tell your admin when it happened."
    return _show(request, 500, "That did not work", said)


@login_not_required
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's name
    said = "The form was open for too long, or came from another site. Go back, reload the page and send it once more."
    return _show(request, 403, "This form is no longer valid", said)


def _not_now(request: HttpRequest, why: str) -> HttpResponse:
    """A browser that reloads what came of a form sends the form again, as it was filled in."""
    if request.method in SAFE:
        said = f"{why}, so nothing could be shown. Try again in a moment."
    else:
        said = f"{why}, so nothing was changed. Reload this page in a moment: what you typed is sent once more."
    answer = _show(request, 503, "Not at the moment", said)
    answer.headers["retry-after"] = str(TRY_AGAIN)
    return answer


def _show(request: HttpRequest, status: int, title: str, said: str) -> HttpResponse:
    if is_one(request):
        return problem(status, said)
    return render(request, "error.html", {"status": status, "title": title, "said": said}, status=status)
