"""What a person may do with a lead from its page: each act is one function of intake."""

from __future__ import annotations

from collections.abc import Callable

from ..core.enrol import CLOSED
from ..insight.story import LeadNotFoundError, LeadView, Story, find_lead
from ..insight.story import story as tell
from ..intake import acts
from .asking import Ask


class RefusedError(Exception):
    """The act can't be done now. The text says why and what to do instead; `other` is the lead that it speaks of."""

    def __init__(self, said: str, other: LeadView | None = None) -> None:
        super().__init__(said)
        self.other = other


Act = Callable[[Ask, Story], str]


def possible(story: Story) -> dict[str, bool]:
    """Which buttons the page shows; the acts themselves decide again. None where the lead has become a part of another."""
    if story.became is not None:
        return {}
    status = story.lead.status
    return {
        "take_over": status == "open",
        "release": status == "handed_off",
        "close": status in ("open", "handed_off"),
        "reopen": status in CLOSED,
        "enroll": status != "opted_out",
        "opt_out": status != "opted_out",
    }


def books_for(ask: Ask, story: Story) -> list[tuple[str, str]]:
    """Key and name of each playbook that the lead may be put into: all but the one that runs for it."""
    runs = {one.run.playbook for one in story.runs if one.run.status == "running"}
    return [(key, name) for key, name in ask.names.books.items() if key not in runs]


def _take_over(ask: Ask, story: Story) -> str:
    _do(acts.take_over, ask, story)
    return "taken-over"


def _release(ask: Ask, story: Story) -> str:
    _do(acts.release, ask, story)
    return "released"


def _opt_out(ask: Ask, story: Story) -> str:
    evidence = ask.posted("evidence")[:500] or f"told {ask.person.name}"
    _do(acts.opt_out, ask, story, evidence=evidence)
    return "opted-out"


def _place(ask: Ask, story: Story) -> str:
    _do(acts.set_zone, ask, story, region=ask.posted("region"), time_zone=ask.posted("time_zone"))
    return "zone-set"


def _won(ask: Ask, story: Story) -> str:
    _do(acts.close, ask, story, status="won")
    return "won"


def _lost(ask: Ask, story: Story) -> str:
    _do(acts.close, ask, story, status="lost")
    return "lost"


def _reopen(ask: Ask, story: Story) -> str:
    _do(acts.reopen, ask, story)
    return "reopened"


def _note(ask: Ask, story: Story) -> str:
    _do(acts.add_note, ask, story, note=ask.posted("note")[:4000], once=ask.posted("once")[:40])
    return "noted"


def _address(ask: Ask, story: Story) -> str:
    address = ask.posted("address")[:320]
    try:
        _do(acts.correct_address, ask, story, address=address)
    except RefusedError as error:
        other = _holder(ask, address)
        if other is None or other.id == story.lead.id:
            raise
        said = f"{address} belongs to another lead. Work on that one, or correct it there first:"
        raise RefusedError(said, other) from error
    return "address-set"


def _holder(ask: Ask, address: str) -> LeadView | None:
    """The lead that has the address; None where nobody has it."""
    try:
        return tell(ask.conn, ask.workspace, address, ask.now).lead
    except LeadNotFoundError:
        return None


def _owner(ask: Ask, story: Story) -> str:
    _do(acts.reassign, ask, story, owner=ask.posted("owner"))
    return "given"


def _merge(ask: Ask, story: Story) -> str:
    """The other lead goes into this one."""
    try:
        _, other = find_lead(ask.conn, ask.workspace, ask.posted("other")[:320])
        acts.merge(ask.conn, ask.workspace, story.lead.id, other, ask.person.key, ask.now)
    except (LeadNotFoundError, acts.ActError) as error:
        raise RefusedError(str(error)) from error
    return "merged"


def _enroll(ask: Ask, story: Story) -> str:
    _do(acts.enroll, ask, story, playbook=ask.posted("playbook"))
    return "enrolled"


#: Acts with a form of their own on the page: there it stands what was wrong with what was typed.
FORMS = ("place", "note", "owner", "address", "merge", "enroll", "opt-out")

ACTS: dict[str, Act] = {
    "take-over": _take_over,
    "release": _release,
    "opt-out": _opt_out,
    "place": _place,
    "won": _won,
    "lost": _lost,
    "reopen": _reopen,
    "note": _note,
    "address": _address,
    "owner": _owner,
    "enroll": _enroll,
    "merge": _merge,
}


def _do(act: Callable[..., object], ask: Ask, story: Story, **more: str) -> None:
    """Raises RefusedError with the words of intake."""
    try:
        act(ask.conn, ask.workspace, story.lead.lane, story.lead.id, ask.person.key, ask.now, **more)
    except acts.ActError as error:
        raise RefusedError(str(error)) from error
