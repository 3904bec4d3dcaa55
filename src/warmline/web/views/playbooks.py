"""Playbooks as they are published: read only here; they are written as files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ...store import playbooks
from ...store.pages import playbooks as pages
from ..asking import Ask, asked
from ..kept import kept
from ..steps import shown


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        crowds = _crowds(ask)
        current = playbooks.current(ask.conn, ask.workspace_id)
        return ask.page(
            "playbooks.html",
            books=[(shown(one, ask.workspace.config), sum(crowds.get(one.key, {}).values())) for one in current],
        )


@require_safe
def one(request: HttpRequest, key: str) -> HttpResponse:
    with asked(request) as ask:
        version = next((one for one in playbooks.current(ask.conn, ask.workspace_id) if one.key == key), None)
        if version is None:
            raise Http404
        inside = kept(("inside", ask.workspace_id, key), 30, lambda: pages.inside(ask.conn, ask.workspace_id, key))
        count = max(sum(_crowds(ask).get(key, {}).values()), len(inside))
        return ask.page("playbook.html", book=shown(version, ask.workspace.config), inside=inside, count=count)


def _crowds(ask: Ask) -> dict[str, dict[str, int]]:
    return kept(("crowds", ask.workspace_id), 30, lambda: pages.crowds(ask.conn, ask.workspace_id))
