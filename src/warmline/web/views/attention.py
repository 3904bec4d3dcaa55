"""Attention: what stopped and waits for a decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ... import rules
from ...store import measures, quarantine
from ...store.pages import attention
from ..asking import Ask, asked
from ..people import managers_only
from ..posting import posted
from ..settling import BadRefError, settle


@require_safe
@managers_only
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        return _page(ask)


@posted("attention")
@managers_only
def act(request: HttpRequest, what: str, ref: str, act: str) -> HttpResponse:
    with asked(request) as ask:
        try:
            problem = settle(ask, what, ref, act)
        except BadRefError as error:
            raise Http404 from error
        return _page(ask, 422, problem, ref) if problem else ask.go(_TOLD[act], "attention", **_stretch(ask))


@posted("attention")
@managers_only
def put_aside(request: HttpRequest) -> HttpResponse:
    """Whatever could not be read for one reason, as far as it was there when the page was made."""
    with asked(request) as ask:
        try:
            up_to = datetime.fromisoformat(ask.posted("up_to"))
        except ValueError as error:
            raise Http404 from error
        reason = request.POST.get("reason", "").replace("\r\n", "\n")  # browsers send lines so
        quarantine.dismiss_alike(ask.conn, ask.workspace_id, reason, up_to, ask.person.key, ask.now)
        return ask.go("dismissed-alike", "attention")


_TOLD = {"replay": "replayed", "dismiss": "dismissed", "sent": "settled", "failed": "settled", "resume": "unparked"}


LATELY = timedelta(days=7)


def _refusals(ask: Ask) -> list[tuple[attention.Refusal, str]]:
    """What providers refused lately that an admin has to see to, with what that kind of error means."""
    classes = {name: one.means for name, one in rules.provider_errors().classes.items() if one.tell == "admin"}
    found = attention.refusals(ask.conn, ask.workspace_id, list(classes), ask.now - LATELY)
    return [(one, classes[one.reason]) for one in found]


def _stretch(ask: Ask) -> dict[str, str]:
    """Which list alone is shown, and from where on: nothing for the page as it begins."""
    return {"only": ask.got("only"), "after": ask.got("after")} if ask.got("only") in attention.LISTS else {}


def _page(ask: Ask, status: int = 200, problem: str = "", about: str = "") -> HttpResponse:
    stretch = _stretch(ask)
    only, after = stretch.get("only", ""), stretch.get("after", "")
    pages = {kind: attention.Page([]) for kind in attention.LISTS}
    try:
        for kind in [only] if only else pages:
            pages[kind] = attention.page(kind, ask.conn, ask.workspace_id, after)
    except ValueError as error:
        raise Http404 from error
    return ask.page(
        "attention.html",
        status,
        mailbox=None if only else attention.mailbox(ask.conn, ask.workspace_id),
        counts_of=measures.set_aside(ask.conn, ask.workspace_id),
        refusals=[] if only else _refusals(ask),
        reasons=attention.reasons(ask.conn, ask.workspace_id) if pages["quarantined"].lines and not only else [],
        books=list(ask.names.books.items()),
        here=f"?{urlencode(stretch)}" if only else "",
        only=only,
        problem=problem,
        about=about,
        about_shown=any(str(one.id) == about for kind in pages.values() for one in kind.lines),
        **pages,
    )
