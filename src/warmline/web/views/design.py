"""The parts every page is made of, on one page."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ..asking import asked
from ..icons import ICONS

COLOURS = ("ground", "surface", "sunken", "line-strong", "ink", "ink-soft", "accent", "good", "wait", "bad", "info")


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        dues = [ask.now + timedelta(minutes=left) for left in (240, 12, -7)]
        return ask.page("design.html", icons=ICONS, colours=COLOURS, dues=dues, values=[0, 2, 3, 1, 5, 8, 4, 6, 0, 2])
