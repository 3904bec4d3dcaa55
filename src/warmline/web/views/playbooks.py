"""Playbooks as they are published: read only here; they are written as files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ...core.review import Rate, rate
from ...insight.review import reviewed
from ...store import playbooks
from ...store.pages import playbooks as pages
from ..asking import Ask, asked
from ..kept import kept
from ..steps import shown

#: Days that a review may look back.
WINDOWS = (7, 30, 90, 365)

#: Seconds for which one is kept.
FRESH = 300


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
        version = _published(ask, key)
        inside = kept(("inside", ask.workspace_id, key), 30, lambda: pages.inside(ask.conn, ask.workspace_id, key))
        count = max(sum(_crowds(ask).get(key, {}).values()), len(inside))
        return ask.page("playbook.html", book=shown(version, ask.workspace.config), inside=inside, count=count)


@require_safe
def review(request: HttpRequest, key: str) -> HttpResponse:
    """Which step works. All that happened to thousands of leads is read for it, so it is kept for some minutes."""
    with asked(request) as ask:
        version = _published(ask, key)
        days = int(ask.got("days")) if ask.got("days") in map(str, WINDOWS) else WINDOWS[1]
        found = kept(
            ("review", ask.workspace_id, version.id, days), FRESH,
            lambda: reviewed(ask.conn, ask.workspace_id, version, ask.now, timedelta(days=days)),
        )  # fmt: skip
        steps = [step.answered for step in found.review.steps if step.reached]
        sources = sorted(
            ((name, rate(answered, runs)) for name, (runs, answered) in found.review.sources.items()),
            key=lambda pair: -pair[1].of,
        )
        return ask.page(
            "review.html", found=found, review=found.review, days=days, windows=WINDOWS, widest=_widest(steps),
            sources=sources, widest_source=_widest([one for _, one in sources]),
        )  # fmt: skip


def _widest(rates: Iterable[Rate]) -> float:
    """The share at the right end of a column of bars."""
    return max((one.high for one in rates), default=1.0)


def _published(ask: Ask, key: str) -> playbooks.Version:
    version = next((one for one in playbooks.current(ask.conn, ask.workspace_id) if one.key == key), None)
    if version is None:
        raise Http404
    return version


def _crowds(ask: Ask) -> dict[str, dict[str, int]]:
    return kept(("crowds", ask.workspace_id), 30, lambda: pages.crowds(ask.conn, ask.workspace_id))
