"""Acts are posted. Their addresses stand in the bar when a form came back, and are opened from there all the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from .asking import SAFE
from .people import View


def posted(page: str, *parts: str) -> Callable[[View], View]:
    """POST acts. Whoever opens the address comes to the page `page`, which has these parts of the address in its own."""

    def only(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **named)
            if request.method in SAFE:
                return redirect(page, *(named[part] for part in parts))
            return HttpResponseNotAllowed(["POST"])

        return guarded

    return only
