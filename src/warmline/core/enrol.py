"""Which playbook a lead enters when something happens, if any. Pure; one voice for each lead (invariant 2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from .condition import Condition, ConditionError
from .decide import with_custom
from .playbook import Enroll

Reason = Literal[
    "no_playbook",  # no playbook's condition holds
    "already_running",  # the lead is in that playbook now
    "outranked",  # it is in another one that is at least as strong
    "too_soon",  # `again` says not yet, or never
    "human_live",  # a person has the lead
    "opted_out",
    "closed",  # a list can't reopen what people have closed
    "repeated",  # the same trigger within a minute
]

#: In words, for pages, tasks and `warmline why`.
REASON_WORDS: Mapping[str, str] = {
    "no_playbook": "no playbook asks for such a lead",
    "already_running": "it is in that playbook already",
    "outranked": "it is in a playbook that is at least as strong",
    "too_soon": "it was in that playbook not long enough ago",
    "human_live": "a person has the lead",
    "opted_out": "it has opted out",
    "closed": "it was closed, and an import reopens nothing",
    "repeated": "the same came in a moment ago",
}

CLOSED = ("won", "lost", "closed")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A current version of a playbook that says who enters it."""

    key: str
    version_id: int
    rank: int
    enroll: Enroll


@dataclass(frozen=True, slots=True)
class Active:
    """The enrollment that speaks for the lead now."""

    playbook: str
    rank: int
    handed_off: bool = False


@dataclass(frozen=True, slots=True)
class Enter:
    """Enter `candidate`; `preempt`: what runs now ends for it."""

    candidate: Candidate
    preempt: bool
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decline:
    """`playbook` is the one that was nearest to be entered. `errors`: conditions that could not be answered."""

    reason: Reason
    playbook: str = ""
    errors: tuple[str, ...] = ()


Values = Mapping[str, Any]


Holds = Callable[[Values, Values], bool]

#: What takes few values over all the leads of a workspace, of an event and of a lead. Form fields and names are not among it.
_FEW = (("kind", "form", "source", "after_hours"), ("source", "status", "country", "region", "returning"))


class Chooser:
    """The current playbooks of a workspace, ready to be asked for many leads. Answers of conditions are remembered.

    Most conditions read little more than what kind of event it was: what those say is remembered of all of them together,
    and only the others are asked for each lead.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        asked = [(one, one.enroll.when) for one in candidates if one.enroll.when is not None]
        asked.sort(key=lambda pair: (-pair[0].rank, pair[0].key))
        self._asked = [(one, _remembering(when), _reads_few(when)) for one, when in asked]
        reads = frozenset(read for _, when in asked if _reads_few(when) for read in when.reads)
        self._of_event = tuple(name for name in _FEW[0] if ("event", name) in reads)
        self._of_lead = tuple(name for name in _FEW[1] if ("lead", name) in reads)
        self._likely: dict[tuple[Any, ...], tuple[tuple[Candidate, Holds], ...]] = {}

    def choose(
        self,
        event: Values,
        lead: Values,
        active: Active | None,
        past: Sequence[tuple[str, datetime]],
        now: datetime,
        *,
        opted_out: bool = False,
    ) -> Enter | Decline:
        """`event` and `lead` are what conditions read; `past` is every (playbook, started) of the lead, in any order.

        An opt-out counts before everything; consent that lifts it is the caller's to judge. Then a person who has the
        lead. Then playbooks by rank, of equals the first by key: the first that may be entered is.
        """
        if opted_out:
            return Decline("opted_out")
        if lead.get("status") == "handed_off" or (active is not None and active.handed_off):
            return Decline("human_live")
        if lead.get("status") in CLOSED and event.get("kind") == "lead.imported":
            return Decline("closed")
        first: Decline | None = None
        errors: tuple[str, ...] = ()
        for candidate, holds in self._likely_for(event, lead):
            try:
                wanted = holds(event, lead)
            except ConditionError as error:
                errors = (*errors, f"{candidate.key}: {error}")
                continue
            if wanted:
                why = _barred(candidate, active, past, now)
                if why is None:
                    return Enter(candidate, active is not None, errors)
                first = first or Decline(why, candidate.key)
        if first is None:
            return Decline("no_playbook", "", errors)
        return Decline(first.reason, first.playbook, errors)

    def _likely_for(self, event: Values, lead: Values) -> tuple[tuple[Candidate, Holds], ...]:
        """All whose condition does not say no to every such event of every such lead, in their order."""
        key = (*map(event.get, self._of_event), *map(lead.get, self._of_lead))
        likely = self._likely.get(key)
        if likely is None:
            if len(self._likely) >= _MOST_REMEMBERED:
                self._likely.clear()
            answered = [(one, _answer(holds, event, lead) if few else holds) for one, holds, few in self._asked]
            likely = self._likely[key] = tuple((one, holds) for one, holds in answered if holds is not _no)
        return likely


def _reads_few(condition: Condition) -> bool:
    known = {("event", name) for name in _FEW[0]} | {("lead", name) for name in _FEW[1]}
    return condition.reads <= known


def _answer(holds: Holds, event: Values, lead: Values) -> Holds:
    """What a condition says of every lead that is like this one."""
    try:
        return _yes if holds(event, lead) else _no
    except ConditionError:
        return holds  # whoever asks for a lead hears of it


def _yes(_event: Values, _lead: Values) -> bool:
    return True


def _no(_event: Values, _lead: Values) -> bool:
    return False


def _barred(
    candidate: Candidate, active: Active | None, past: Sequence[tuple[str, datetime]], now: datetime
) -> Reason | None:
    if active is not None:
        if active.playbook == candidate.key:
            return "already_running"
        if active.rank >= candidate.rank:
            return "outranked"
    again = candidate.enroll.again
    if past and (again.never or again.after is not None):
        last = max((started for playbook, started in past if playbook == candidate.key), default=None)
        if last is not None and (again.never or again.after is None or now - last < again.after):
            return "too_soon"
    return None


_MOST_REMEMBERED = 4096
_ANY_FIELD = re.compile(r"\bfields\b(?!\.[A-Za-z_])")


def _fixed(value: Any) -> Any:
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


def _remembering(condition: Condition) -> Holds:
    """`holds`, asked once for each combination of the values that the condition reads: most leads of a form agree."""
    answers: dict[tuple[Any, ...], bool] = {}
    reads = sorted(
        (variable == "lead", name)
        for variable, name in condition.reads
        if variable in ("event", "lead") and name != "fields"
    )
    custom = sorted((variable == "lead", name) for variable, name in condition.custom)
    # `lead.fields["x"]` or `"x" in event.fields` may read any custom field: then all of them make the key.
    if _ANY_FIELD.search(condition.source):
        reads += [(False, "fields"), (True, "fields")]

    def holds(event: Values, lead: Values) -> bool:
        key = tuple(
            [_fixed((lead if of_lead else event).get(name)) for of_lead, name in reads]
            + [((lead if of_lead else event).get("fields") or {}).get(name, "") for of_lead, name in custom]
        )
        answer = answers.get(key)
        if answer is None:
            if len(answers) >= _MOST_REMEMBERED:
                answers.clear()
            variables = {
                "event": with_custom(event, "event", condition),
                "lead": with_custom(lead, "lead", condition),
            }
            answer = answers[key] = condition.holds(variables)
        return answer

    return holds
