"""Leads: find, filter, page on."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ...insight.story import addresses_meant
from ...store import playbooks
from ...store.pages import leads
from .. import database
from ..asking import Ask, asked
from ..wordings import STATUSES


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        wanted = _wanted(ask)
        try:
            found = leads.find(ask.conn, ask.workspace_id, wanted)
        except ValueError as error:
            raise Http404 from error
        onward = _onward(ask, found.next)
        return ask.page("leads.html", wanted=wanted, found=found, onward=onward, page_size=leads.PAGE, **_choices(ask))


def _wanted(ask: Ask) -> leads.Wanted:
    text = ask.got("q")[:200]
    return leads.Wanted(
        text=text,
        addresses=tuple(addresses_meant(ask.workspace, text)),
        status=ask.got("status"),
        owner=ask.got("owner"),
        playbook=ask.got("playbook"),
        after=ask.got("after"),
    )


def _choices(ask: Ask) -> dict[str, object]:
    config = ask.workspace.config
    return {
        "statuses": [(key, badge.words) for key, badge in STATUSES.items()],
        "owners": [(leads.NOBODY, "Nobody"), *((key, person.name) for key, person in config.people.items())],
        "playbooks": [(one.key, one.playbook.name) for one in playbooks.current(ask.conn, ask.workspace_id)],
        "source": next(iter(config.sources), ""),
        "address": database.environment_here().public_url or config.workspace.public_url,
    }


def _onward(ask: Ask, cursor: str) -> str:
    kept = {name: ask.got(name) for name in ("q", "status", "owner", "playbook") if ask.got(name)}
    return "?" + urlencode({**kept, "after": cursor}) if cursor else ""
