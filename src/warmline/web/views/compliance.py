"""Compliance: consents with their proofs, the do-not-contact list, and replies that may be opt-outs."""

from __future__ import annotations

import io
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ... import rules
from ...core.consent import Span, spans_of
from ...insight.story import addresses_meant
from ...intake import acts
from ...intake.acts import ActError
from ...intake.registries import UnusableFileError, days_allowed, import_registry, registries_known
from ...intake.suppressed import CHANNELS
from ...intake.unread import UNREAD
from ...rules.binding import Somebody, places_known, policy_of
from ...store import numbers
from ...store.pages import leads, proofs, tasks
from ...store.proofs import consent_of
from ..asking import Ask, asked
from ..people import managers_only
from ..posting import posted

#: Bytes of a file that comes through the browser; the command line takes larger ones.
LARGEST = 20 * 2**20


@require_safe
def consents(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        text = ask.got("q")[:200]
        named = _named(ask, text)
        if text:
            ids = [one.id for one in named]
            given = proofs.of_leads(ask.conn, ask.workspace_id, ids) if ids else []
        else:
            given = proofs.lately(ask.conn, ask.workspace_id, ask.now)
        return ask.page(
            "consents.html",
            given=_with_ends(ask, given),
            text=text,
            partly=_partly(named),
            wordings=rules.consent_wordings(),
            most=proofs.MOST,
        )


class Shown(NamedTuple):
    """A consent, until when it speaks for what, and whether any of that is still to come."""

    proof: proofs.Given
    spans: tuple[Span, ...]
    in_force: bool


def _with_ends(ask: Ask, given: list[proofs.Given]) -> list[Shown]:
    policy = policy_of(ask.workspace.config, ask.now.date())
    shown = []
    for one in given:
        places = places_known(Somebody(one.lead_phone, one.region, one.country))
        spans = spans_of(consent_of(one), policy.rules(places).lifetimes)
        shown.append(Shown(one, spans, any(span.until is None or span.until > ask.now for span in spans)))
    return shown


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        return _list(ask)


@posted("do-not-contact")
def add(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        try:
            added = acts.add_to_list(
                ask.conn, ask.workspace, ask.posted("contact")[:320], ask.person.key, ask.now,
                reason=ask.posted("reason"), channels=request.POST.getlist("channels"), evidence=ask.posted("evidence"),
            )  # fmt: skip
        except ActError as error:
            return _list(ask, 422, add_problem=str(error))
        return ask.go("listed" if added else "listed-before", "do-not-contact")


@posted("do-not-contact")
@managers_only
def bring(request: HttpRequest) -> HttpResponse:
    """A whole list, from a file or pasted."""
    with asked(request) as ask:
        lines = _lines(request, "list", "warmline suppress import")
        if isinstance(lines, str):
            return _list(ask, 422, list_problem=lines)
        found = acts.import_list(
            ask.conn, ask.workspace, lines, ask.person.key, ask.now, evidence=f"list brought by {ask.person.name}"
        )
        if found.wrong or not found.added + found.known:
            return _list(ask, 422 if not found.added else 200, brought=found)
        return ask.go("list-brought", "do-not-contact")


@posted("do-not-contact")
@managers_only
def lift(request: HttpRequest, suppression: UUID) -> HttpResponse:
    with asked(request) as ask:
        try:
            acts.take_off_list(
                ask.conn, ask.workspace, suppression, ask.person.key, ask.now,
                evidence=ask.posted("evidence"), channels=request.POST.getlist("channels"),
            )  # fmt: skip
        except ActError as error:
            return _list(ask, 422, lift_problem=str(error), about=suppression)
        return ask.go("lifted", "do-not-contact")


@posted("do-not-contact")
@managers_only
def registry(request: HttpRequest) -> HttpResponse:
    """A file of a registry. What can't be it changes nothing."""
    with asked(request) as ask:
        lines = _lines(request, "file", "warmline registry import")
        if isinstance(lines, str):
            return _list(ask, 422, registry_problem=lines)
        try:
            as_of = date.fromisoformat(ask.posted("as_of"))
        except ValueError:
            return _list(ask, 422, registry_problem="Give the day on which the file was downloaded.")
        try:
            import_registry(
                ask.conn, ask.workspace, ask.posted("registry"), lines, as_of=as_of,
                area_codes=ask.posted("area_codes").replace(",", " ").split(), name=request.FILES["file"].name[:200],
                who=ask.person.key, now=ask.now,
            )  # fmt: skip
        except UnusableFileError as error:
            return _list(ask, 422, registry_problem=str(error))
        return ask.go("registry-brought", "do-not-contact")


@require_safe
def doubtful(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        return _doubtful(ask)


@posted("doubtful")
def withdraw(request: HttpRequest, lane: int, task_id: UUID) -> HttpResponse:
    """The person has read it: it is an opt-out."""
    with asked(request) as ask:
        one = tasks.one(ask.conn, ask.workspace_id, lane, task_id)
        if one is None or one.kind != "read_reply" or one.status != "open":
            return _doubtful(ask, 422, "Somebody has read it meanwhile. Look at the list again.")
        try:
            acts.opt_out(
                ask.conn, ask.workspace, one.lane, one.lead_id, ask.person.key, ask.now, evidence=one.note
            )  # fmt: skip
        except ActError as error:
            return _doubtful(ask, 422, str(error))
        return ask.go("opted-out", "doubtful", after=ask.got("after"))


def _lines(request: HttpRequest, name: str, command: str) -> io.TextIOBase | str:
    """The lines of a file, or of what was pasted beside it; or what is wrong. `command` takes larger ones."""
    file = request.FILES.get(name)
    if file is None:
        pasted = request.POST.get("pasted", "").replace("\x00", "")
        return io.StringIO(pasted) if pasted.strip() else "Choose a file, or paste a list."
    if file.size > LARGEST:
        return f"The file is larger than {LARGEST // 2**20} MB. Bring it in on the command line: {command}."
    return io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace")


def _doubtful(ask: Ask, status: int = 200, problem: str = "") -> HttpResponse:
    after = ask.got("after")
    try:
        waiting, onward = proofs.doubtful(ask.conn, ask.workspace_id, after)
    except ValueError as error:
        raise Http404 from error
    return ask.page(
        "doubtful.html",
        status,
        waiting=[(one, one.opened_at + UNREAD) for one in waiting],
        after=after,
        onward=onward,
        problem=problem,
    )


def _list(ask: Ask, status: int = 200, **more: Any) -> HttpResponse:
    text = (ask.got("q") or ask.posted("q"))[:200]
    named = _named(ask, text)
    lines = proofs.listed(ask.conn, ask.workspace_id, _meant(ask, text, named)) if text else _newest(ask)
    return ask.page(
        "do_not_contact.html",
        status,
        text=text,
        lines=lines,
        partly=_partly(named),
        lifting_shown=any(one.id == more.get("about") for one in lines),
        count=proofs.counted(ask.conn, ask.workspace_id),
        reasons=acts.REASONS,
        channels=CHANNELS,
        registries=sorted(registries_known()),
        files=_files(ask),
        today=ask.today,
        given=ask.form,
        most=proofs.MOST,
        **more,
    )


def _files(ask: Ask) -> list[tuple[numbers.Imported, int, bool]]:
    """Each file with its age in days, and whether the law that asks it still takes it."""
    allowed = days_allowed()
    imported = numbers.imported(ask.conn, ask.workspace_id)
    ages = [(one, (ask.today - one.as_of).days) for one in imported]
    return [(one, age, age <= allowed.get(one.registry, 0)) for one, age in ages]


def _newest(ask: Ask) -> list[proofs.Listed]:
    return proofs.listed(ask.conn, ask.workspace_id)


def _named(ask: Ask, text: str) -> list[leads.Line]:
    """Leads that a search names, as many as one page has."""
    meant = tuple(addresses_meant(ask.workspace, text))
    return leads.find(ask.conn, ask.workspace_id, leads.Wanted(text=text, addresses=meant)).lines if text else []


def _partly(named: list[leads.Line]) -> int:
    """How many leads were looked at where there may be others of the name; 0 where all were."""
    return len(named) if len(named) == leads.PAGE else 0


def _meant(ask: Ask, text: str, named: list[leads.Line]) -> list[str]:
    """Whom a search names: an address and its domain, a domain, or leads by name."""
    meant = addresses_meant(ask.workspace, text)
    meant += [address.rpartition("@")[2] for address in meant if "@" in address]
    for one in named:
        meant += [str(one.id), *(value for value in (one.phone, one.email) if value)]
    return [*meant, text.lower().removeprefix("@")]
