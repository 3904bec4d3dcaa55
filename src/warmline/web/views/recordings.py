"""Recordings: what people say in ringless voicemail, to listen to and to record anew."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ...channels import needs_recording
from ...intake import recordings as acts
from ...intake.sound_limits import LARGEST
from ..asking import Ask, asked
from ..posting import posted
from ..ranges import ranged


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        return _page(ask)


@require_safe
def play(request: HttpRequest, recording: UUID) -> HttpResponse:
    """The sound, for the player on the page."""
    with asked(request) as ask:
        sound = acts.sound(ask.conn, ask.workspace, recording, ask.now)
    if sound is None:
        raise Http404
    part = ranged(sound, request.headers.get("range", ""))
    return HttpResponse(part.body, "audio/wav", part.status, headers={**part.headers, "cache-control": "private"})


@posted("recordings")
def add(request: HttpRequest) -> HttpResponse:
    with asked(request) as ask:
        person, template = ask.posted("person"), ask.posted("template")
        _allow(ask, person)
        file = request.FILES.get("file")
        if file is None:
            return _page(ask, 422, ("Choose a file first.",), template)
        if file.size > LARGEST:
            return _page(ask, 422, (f"The file is larger than {LARGEST // 2**20} MB. Bring it as MP3.",), template)
        try:
            acts.record(ask.conn, ask.workspace, person, template, file.read(), ask.person.key, ask.now)
        except acts.BadRecordingError as bad:
            return _page(ask, 422, bad.problems, template)
        return ask.go("recorded", "recordings")


@posted("recordings")
def remove(request: HttpRequest, recording: UUID) -> HttpResponse:
    with asked(request) as ask:
        _allow(ask, acts.speaker(ask.conn, ask.workspace, recording))
        try:
            acts.unrecord(ask.conn, ask.workspace, recording, ask.now)
        except acts.BadRecordingError as bad:
            return _page(ask, 422, bad.problems)
        return ask.go("unrecorded", "recordings")


def _allow(ask: Ask, person: str | None) -> None:
    """Everybody speaks for themselves; a manager sees to the voices of all."""
    if ask.person.role == "rep" and person != ask.person.key:
        raise PermissionDenied("You can change your own recordings. Ask a manager for those of others.")


def _page(ask: Ask, status: int = 200, problems: tuple[str, ...] = (), about: str = "") -> HttpResponse:
    own = ask.person.key if ask.person.role == "rep" else None
    scripts = acts.scripts(ask.conn, ask.workspace)
    return ask.page(
        "recordings.html",
        status,
        scripts=scripts,
        own=own,
        mine=ask.person.key,
        needed=needs_recording(ask.workspace.config),
        lacking=[one for one in scripts if one.lacks],
        problems=problems,
        about=about if any(one.template == about for one in scripts) else "",
    )
