"""Signing in by a one-time link. Looking at the link changes nothing, so that a chat's link preview can't use it up."""

from __future__ import annotations

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ...store import sign_ins
from ...store.clock import real_now
from .. import database, people
from ..posting import posted


@login_not_required
@require_GET
def explain(request: HttpRequest) -> HttpResponse:
    """What a stranger sees."""
    if request.person is not None:
        return redirect("today")
    return render(request, "sign_in.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows who the link is for and a button; POST uses it up."""
    step = sign_ins.use if request.method == "POST" else sign_ins.look
    with database.connection() as conn:
        person = step(conn, token, real_now())
    if person is None:
        return render(request, "sign_in.html", {"stale": True}, status=410)
    if request.method == "GET":
        return render(request, "enter.html", {"who": person})
    people.sign_in(request, person)
    return redirect("today")


@posted("today")
def leave(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")
