"""Today: what needs a person now, and the last 24 hours as pictures."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ...store import measures, orphans
from ...store.pages import today
from ..asking import asked
from ..grouping import grouped
from ..kept import kept
from ..kept_back import by_hour, kept_back

#: Seconds for which the pictures are kept: who looks at once with others costs nothing more.
FRESH = 3


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        waiting = today.waiting(ask.conn, ask.workspace_id, ask.now)
        return ask.page(
            "today.html",
            groups=grouped(waiting),
            more=len(waiting) >= today.MOST,
            troubles=measures.set_aside(ask.conn, ask.workspace_id),
            orphans=kept(("orphans", ask.workspace_id), 60, lambda: orphans.count_orphans(ask.conn, ask.workspace_id)),
            held=by_hour(kept_back(ask)),
            numbers=kept(
                ("numbers", ask.workspace_id), FRESH, lambda: today.numbers(ask.conn, ask.workspace_id, ask.now)
            ),
        )
