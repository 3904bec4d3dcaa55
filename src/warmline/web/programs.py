"""What is under /api/ is read by programs: they get JSON, refusals included, where a person gets a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from .asking import SAFE
from .people import View


def is_one(request: HttpRequest) -> bool:
    """Whether a program asks: its address says so, and not what it accepts, which few programs say."""
    return request.path.startswith("/api/")


def told(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), "application/json", status, headers={"cache-control": "private"})


def problem(status: int, said: str, **headers: str) -> HttpResponse:
    """`headers` by their names, with "_" for "-"."""
    answer = told({"error": said}, status)
    for name, value in headers.items():
        answer.headers[name.replace("_", "-")] = value
    return answer


def read_only(view: View) -> View:
    """Nothing is changed here, so no form's token is asked for, and whoever posts is told what is wrong with that."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if request.method in SAFE:
            return view(request, *args, **named)
        return problem(405, "This address is only read; see the Allow header.", allow=", ".join(SAFE))

    return guarded


class SignedInMiddleware(LoginRequiredMiddleware):
    """A stranger is sent to the page that says how to sign in; a program is told."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponse:
        if is_one(request):
            said = "This is for whoever is signed in, and the request has no session that is. Sign in, and send its cookie."
            return problem(401, said, www_authenticate='Cookie realm="Warmline"')
        return super().handle_no_permission(request, view_func)
