"""A planned touch as a Message: the template of its pinned version, in the words for this lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from warmline.channels.contract import Message
from warmline.channels.email.html import mail_html, mail_text
from warmline.channels.email.tokens import sign_touch
from warmline.channels.voicemail.tokens import FETCHED_WITHIN, Heard, audio_url
from warmline.core.message import render
from warmline.core.values import variables
from warmline.store.clock import real_now
from warmline.store.due import Known
from warmline.store.ids import touch_ref
from warmline.store.playbooks import Version
from warmline.store.touches import Ready

from .accounts import public_url
from .catalog import Site


class Unsendable(Exception):
    """The touch can't go, and trying again would not help. `reason` is a key of the gate's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Composer:
    """`secret` signs unsubscribe links; every process has the same. `environ` may name the public address."""

    def __init__(self, secret: bytes, environ: Mapping[str, str]) -> None:
        self._secret = secret
        self._environ = environ

    def message(
        self, lane: int, touch: Ready, lead: Known, site: Site, version: Version, event: dict[str, Any]
    ) -> Message:
        """Raises TemplateError when a variable without a fall-back is unknown, Unsendable when there is no address."""
        to = lead.email if touch.channel == "email" else lead.phone
        if not to:
            raise Unsendable("no_address")
        rendered = render(version.templates[touch.template], variables(lead, site.config, event, touch.channel))
        ref = touch_ref(lane, touch.id)
        tags = {"playbook": version.key, "step": touch.step}
        if touch.channel == "voicemail":
            return self._voicemail(ref, to, rendered.text, touch, lead, site, tags)
        if touch.channel != "email":
            return Message(ref, touch.channel, to, rendered.text, str(lead.id), tags=tags)  # type: ignore[arg-type] # stored kinds
        place = site.config.workspace
        # Every mail has a way out, an acknowledgement too: it may be the only one the lead ever gets.
        way_out = f"{public_url(site.config, self._environ)}/u/{sign_touch(ref, 'unsubscribe', self._secret)}"
        return Message(
            ref,
            "email",
            to,
            mail_text(rendered.text, place.postal_address, way_out),
            str(lead.id),
            subject=rendered.subject,
            html=mail_html(rendered.text, rendered.subject, place.postal_address, way_out),
            follows=_mails_before(lane, touch, lead),
            unsubscribe_url=way_out,
            tags=tags,
        )

    def _voicemail(
        self, ref: str, to: str, words: str, touch: Ready, lead: Known, site: Site, tags: Mapping[str, str]
    ) -> Message:
        """The words stay the script; what is heard is the owner's recording of it, where the provider plays recordings.

        Its address is good by the wall clock: a provider fetches it in real time, whatever the business clock says.
        """
        url = ""
        if site.recordings.needed:
            recording = site.recordings.of(lead.owner, touch.template)
            if recording is None:  # it was removed while the touch waited
                raise Unsendable("no_recording")
            until = real_now() + FETCHED_WITHIN
            url = audio_url(public_url(site.config, self._environ), Heard(site.id, recording), until, self._secret)
        postal_code = str(lead.fields.get("postal_code") or "")
        return Message(ref, "voicemail", to, words, str(lead.id), tags=tags, audio_url=url, postal_code=postal_code)


def _mails_before(lane: int, touch: Ready, lead: Known) -> tuple[str, ...]:
    """The mails that this enrollment has sent, oldest first: the next one continues their thread."""
    run = str(touch.enrollment_id)
    sent = [
        event.touch
        for event in lead.events
        if event.kind == "touch.sent" and event.channel == "email" and event.enrollment == run and event.touch
    ]
    return tuple(touch_ref(lane, UUID(one)) for one in dict.fromkeys(sent) if one != str(touch.id))
