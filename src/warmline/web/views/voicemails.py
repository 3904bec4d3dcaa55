"""A voicemail that a lead left, fetched from the provider for whoever works with the lead."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ...channels import ChannelSettingsError
from ...insight.story import LeadNotFoundError, story
from .. import dialers
from ..asking import asked


@require_safe
def listen(request: HttpRequest, lead_id: UUID, recording: str) -> HttpResponse:
    """Only what is in the story of a lead of one's own workspace."""
    with asked(request) as ask:
        try:
            told = story(ask.conn, ask.workspace, lead_id, ask.now)
        except LeadNotFoundError as error:
            raise Http404 from error
        workspace = ask.workspace
    if not any(line.kind == "voicemail.left" and line.data.get("recording") == recording for line in told.lines):
        raise Http404
    try:
        found = dialers.fetch(workspace, recording)
    except ChannelSettingsError as error:
        return HttpResponse(f"{error}\n", status=502, content_type="text/plain")
    if found is None:
        return HttpResponse(
            "The provider does not give the recording. It may have been deleted there; try again later.\n",
            status=502, content_type="text/plain",
        )  # fmt: skip
    answer = HttpResponse(found.content, content_type=found.content_type)
    answer["Cache-Control"] = "private, max-age=3600"
    return answer
