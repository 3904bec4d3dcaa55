"""The gate's second look at a touch, when its intent is committed: pure, on what happened since its words were written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from warmline.core import gate
from warmline.core.events import Event
from warmline.core.history import History
from warmline.core.standing import facts_of
from warmline.rules.binding import whereabouts
from warmline.store.due import Known
from warmline.store.touches import Ready

from .catalog import Site

#: What ends the run of an enrollment, or for a while.
OVER = ("ended", "preempted", "parked")


@dataclass(slots=True)
class Story:
    """A lead's story as far as it has been read, seen from the enrollment of a touch."""

    history: History
    over: str = ""  # what ended the run last, or for a while

    @property
    def seen(self) -> int:
        return self.history.seen

    def go_on(self, events: Iterable[Event]) -> None:
        """Fold in what came since. Events of a lead are numbered in the order of their commits (decision 17)."""
        for event in events:
            if event.seq > self.history.seen:
                self.history.apply(event)
                if event.enrollment == self.history.enrollment and event.kind in OVER:
                    self.over = event.kind


def story_of(touch: Ready, lead: Known, zone: str) -> Story:
    """All of it, as it was read for the words of `touch`."""
    story = Story(History(str(touch.enrollment_id), 0, touch.started_at, zone))
    story.go_on(lead.events)
    return story


def look_once_more(lead: Known, touch: Ready, story: Story, to: str, site: Site, now: datetime) -> gate.Verdict:
    """`lead` as it is now, with at least the events that `story` has not seen; `to` is the address that was written down."""
    story.go_on(lead.events)
    history = story.history
    unrecorded = site.unrecorded(touch.channel, lead.owner, touch.template)
    on = touch.channel in site.config.channels
    zones, places = whereabouts(lead)
    facts = facts_of(lead, zones, history, touch.channel, on, site.asked, unrecorded)
    if facts.address != to:
        facts.address = None  # it was corrected or taken away while the touch waited
    verdict = gate.check(gate.Ask(touch.channel, touch.purpose, str(touch.id)), facts, site.policy.rules(places), now)  # type: ignore[arg-type] # stored kinds
    if history.ended_at is not None and verdict.result != "refuse":
        if story.over == "parked":  # it is planned anew when the enrollment goes on
            return gate.Verdict("hold", "parked", None, verdict.findings)
        return gate.Verdict("refuse", "ended", None, verdict.findings)
    return verdict
