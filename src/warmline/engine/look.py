"""One look at one enrollment: decide, ask the gate, and say what is to be written. No I/O; ids come from outside.

It has steps, so that a batch can go through each together: begin, then judge and act until it is over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from warmline.core import gate
from warmline.core.decide import Ask, Decision, End, Escalate, Expire, HandOver, Reach, Skip, decide
from warmline.core.events import SIGNAL_TITLES, Event
from warmline.core.gate import Finding, Rules, Verdict
from warmline.core.history import FOLD, History
from warmline.core.places import Zones
from warmline.core.playbook import Call
from warmline.core.standing import calendar_zone, catch_up, facts_of
from warmline.rules.binding import whereabouts
from warmline.store.due import Due, Known
from warmline.store.events import NewEvent
from warmline.store.playbooks import Version
from warmline.store.writes import Writes

from .catalog import Site

#: An enrollment that only an event can move is looked at this often all the same, and a hold for a person this often again.
REST = timedelta(days=1)

#: The soonest that a look which ended is followed by another.
A_MOMENT = timedelta(seconds=1)

#: A refusal makes `decide` answer anew (the next channel, the next step); a playbook is far shorter than this.
ROUNDS = 64

NewId = Callable[[], UUID]


class Look(msgspec.Struct):
    """The enrollment under the eye, and what has been found so far. `writes` are those of its lane."""

    due: Due
    lead: Known
    site: Site
    rules: Rules
    version: Version
    now: datetime
    zones: Zones
    history: History
    writes: Writes
    new_id: NewId
    kept: msgspec.Raw | None  # of the history, for the next look; None when nothing new came in
    decision: Decision = Decision()
    over: bool = False  # all that this look comes to is in `writes`
    touches: list[dict[str, Any]] = []  # those that it has planned
    done: list[dict[str, Any]] = []  # for the decision's record, in order
    later: list[datetime] = []  # ends of holds, expiries of tasks just opened

    @property
    def lane(self) -> int:
        return self.writes.lane

    @property
    def owner(self) -> str | None:
        """Who has the lead. One who has left has it no more, so that its tasks are for whoever is there."""
        return self.site.config.here(self.lead.owner)

    # --- what every action needs -----------------------------------------------------------------------------------

    def happened(self, kind: str, *, step: str = "", channel: str = "", touch: UUID | None = None, **data: Any) -> None:
        """Record an event and fold it in, so that what is decided next knows of it."""
        self.writes.events.append(
            NewEvent(
                lane=self.writes.lane, lead_id=self.due.lead_id, workspace_id=self.due.workspace_id, kind=kind, at=self.now,
                enrollment_id=self.due.id, step=step, channel=channel, touch_id=touch, data=data,
            )
        )  # fmt: skip
        self.history.apply(
            Event(kind, self.now, 0, self.history.enrollment, step, channel, str(touch) if touch else None, data)
        )

    def note(self, do: str, reason: str = "", **more: Any) -> None:
        self.done.append({"do": do, "reason": reason, **more})

    def heard(self, do: str, verdict: Verdict, step: str, channel: str, **more: Any) -> None:
        """Note what the gate said: what it allowed by the digest of its findings, which most leads share."""
        if verdict.result == "allow":
            digest = digest_of(verdict.findings)
            self.writes.traces[digest] = verdict.findings
            self.note(do, step=step, channel=channel, trace=digest, **more)
            return
        self.note(
            verdict.result,
            verdict.rule,
            step=step,
            channel=channel,
            findings=verdict.findings,
            until=verdict.until,
            **more,
        )

    def ask(self, kind: str, title: str, due_at: datetime, owner: str | None, **columns: Any) -> UUID:
        task_id = self.new_id()
        self.writes.tasks.append(
            {
                "lane": self.writes.lane, "id": task_id, "lead_id": self.due.lead_id, "workspace_id": self.due.workspace_id,
                "enrollment_id": self.due.id, "kind": kind, "title": title, "due_at": due_at, "owner": owner,
                "opened_at": self.now, **columns,
            }
        )  # fmt: skip
        return task_id

    def lead_becomes(self, status: str) -> None:
        if self.lead.status != status:
            self.writes.leads.append({"id": self.lead.id, "status": status})

    def called(self) -> str:
        name = f"{self.lead.first_name} {self.lead.last_name}".strip()
        return name or self.lead.phone or self.lead.email or "this lead"


def begin(due: Due, lead: Known, site: Site, version: Version, writes: Writes, now: datetime, new_id: NewId) -> Look:
    """Where the lead may be, what binds there, and its story up to now."""
    (zones, places), office = whereabouts(lead), site.policy.office
    history, kept = catch_up(
        due.folded or History(str(due.id), due.seed, due.started_at), due.seed,
        calendar_zone(zones, office.zone), lead, version.playbook.lead_reads, due.event,
    )  # fmt: skip
    at = Look(due, lead, site, site.policy.rules(places), version, now, zones, history, writes, new_id, kept)
    if site.asks_about(lead, now):
        row = {"lane": writes.lane, "lead_id": lead.id, "workspace_id": lead.workspace_id, "value": lead.phone}
        writes.wondered.append(row)
    return at


def judge(at: Look) -> Look:
    """What its playbook wants now. Raises ConditionError and other errors of this one lead's making."""
    at.decision = decide(at.version.playbook, at.history, at.now, at.site.policy.office)
    return at


def act(at: Look) -> Look:
    """Do what was decided, as far as the gate lets it. When that moves the story the lead is judged anew, else it is over."""
    at.later.clear()
    moved = [_act(at, action) for action in at.decision.actions]
    if at.decision.end is not None:
        _end(at, at.decision.end)
    elif not any(moved):
        _rest(at, at.decision)
    else:
        return at
    at.over = True
    return at


def _act(at: Look, action: Reach | Ask | Expire | Skip | HandOver | Escalate) -> bool:
    """Do one thing. True when the story moved, so that `decide` has to be asked again before the look can end."""
    match action:
        case Reach():
            return _reach(at, action)
        case Ask():
            return _ask(at, action)
        case Expire(step, last):
            at.writes.expired.append({"enrollment_id": at.due.id, "step": step.name})
            at.happened("task.expired", step=step.name, channel="call" if isinstance(step, Call) else "", last=last)
            at.note("expire", step=step.name)
        case Skip(step, reason):
            at.happened("step.skipped", step=step.name, reason=reason)
            at.note("skip", reason, step=step.name)
        case HandOver():
            _hand_over(at, action)
        case Escalate(what):
            _escalate(at, what)
    return True


def _reach(at: Look, reach: Reach) -> bool:
    step, channel = reach.step, reach.channel
    verdict = _gate(at, channel, step.purpose, template=reach.template)
    at.heard("plan", verdict, step.name, channel, template=reach.template)
    if verdict.result == "allow":
        touch_id = at.new_id()
        touch = {
            "lane": at.writes.lane, "id": touch_id, "lead_id": at.due.lead_id, "workspace_id": at.due.workspace_id,
            "enrollment_id": at.due.id, "version_id": at.due.version_id, "step": step.name, "channel": channel,
            "purpose": step.purpose, "template": reach.template, "last": reach.last, "ready_at": at.now,
        }  # fmt: skip
        at.touches.append(touch)
        at.writes.touches.append(touch)
        at.happened("touch.planned", step=step.name, channel=channel, touch=touch_id)
        return False  # it waits for its receipt now, and the other steps stay as they were decided
    if verdict.result == "refuse" or (verdict.until is None and not reach.last):
        # The next channel of `or` has its turn when this one may never go, or not before a person has acted.
        at.happened("touch.refused", step=step.name, channel=channel, reason=verdict.rule, last=reach.last)
        return True
    _hold(at, verdict)
    return False


def _ask(at: Look, ask: Ask) -> bool:
    step = ask.step
    if isinstance(step, Call):
        verdict = _gate(at, "call", "marketing", office=step.hours == "office")
        at.heard("ask", verdict, step.name, "call")
        if verdict.result == "refuse":
            at.happened("step.skipped", step=step.name, channel="call", reason=verdict.rule)
            return True
        if verdict.result == "hold":
            _hold(at, verdict)
            return False
    else:
        at.note("ask", step=step.name)
    owner = {"owner": at.owner, "team": None, "manager": at.site.config.manager_of(at.lead.owner)}[step.by]
    is_call = isinstance(step, Call)
    at.ask(
        "call" if is_call else "chore",
        f"Call {at.called()}" if is_call else step.title,  # type: ignore[union-attr] # a chore has a title
        at.now, owner, step=step.name, attempt=ask.attempt, expires_at=ask.expires_at,
        script=step.script if isinstance(step, Call) else "",
    )  # fmt: skip
    at.happened("task.opened", step=step.name, channel="call" if is_call else "")
    at.later.append(ask.expires_at)
    return False


def _gate(at: Look, channel: Any, purpose: Any, *, office: bool = True, template: str = "") -> Verdict:
    on = channel == "call" or channel in at.site.config.channels
    unrecorded = at.site.unrecorded(channel, at.lead.owner, template)
    facts = facts_of(at.lead, at.zones, at.history, channel, on, at.site.asked, unrecorded)
    return gate.check(gate.Ask(channel, purpose, office=office), facts, at.rules, at.now)


def _hold(at: Look, verdict: Verdict) -> None:
    if verdict.until is not None:
        at.later.append(verdict.until)
        return
    at.later.append(at.now + REST)
    finding = next(one for one in verdict.findings if one.rule == verdict.rule)
    at.ask("fix", f"{finding.saw}: {finding.flip}", at.now + REST, at.owner)


def _hand_over(at: Look, hand: HandOver) -> None:
    at.writes.stopped.append({"id": at.due.id, "reason": "human_live"})
    at.ask("hand_off", f"{SIGNAL_TITLES[hand.signal]}: take over {at.called()}", hand.due_at, at.owner)
    at.happened("handed.off", signal=hand.signal, due=hand.due_at.isoformat(), to=at.owner)
    at.note("hand_off", hand.signal, until=hand.due_at)
    at.lead_becomes("handed_off")


def _escalate(at: Look, what: str) -> None:
    manager = at.site.config.manager_of(at.lead.owner)
    late = "nobody took the hand-off" if what == "hand_off" else "no person has reached out yet"
    at.ask("escalation" if what == "hand_off" else "promise", f"{at.called()}: {late} in time", at.now, manager)
    at.happened("escalated", what=what, to=manager)
    at.note("escalate", what)


def _rest(at: Look, decision: Decision) -> None:
    """Nothing more to do now: sleep until the next thing that time alone can bring, or for a day when only an event can."""
    times = [*at.later, decision.next_at] if decision.next_at is not None else at.later
    # A hold that ends in the past would spin; the gate never gives one, and this makes sure.
    due_at = max(min(times, default=at.now + REST), at.now + A_MOMENT)
    for touch in at.touches:
        # Being sent changes nothing by itself, unless a step hangs on it or nothing else is left to wait for.
        touch["wakes"] = not times or touch["step"] in at.version.playbook.anchors
    status = "handed_off" if at.history.handed_off_at is not None else "running"
    at.writes.enrollments.append(
        {"id": at.due.id, "status": status, "due_at": due_at, "waits": not times, "fold": FOLD, "folded": at.kept}
    )
    _record(at, due_at)


def _end(at: Look, end: End) -> None:
    after = end.after
    at.writes.stopped.append({"id": at.due.id, "reason": end.reason})
    at.writes.enrollments.append(
        {"id": at.due.id, "status": "ended", "due_at": None, "ended_at": at.now, "end_reason": end.reason}
    )
    at.happened("ended", reason=end.reason)
    follow = at.site.current.get(after.enroll) if after.enroll else None
    if end.reason == "opted_out":
        at.lead_becomes("opted_out")
    elif follow is not None:
        begins, entered = at.now + after.delay, at.new_id()
        at.writes.entered.append(
            {
                "lane": at.writes.lane, "id": entered, "lead_id": at.due.lead_id, "workspace_id": at.due.workspace_id,
                "version_id": follow.id, "playbook": follow.key, "rank": follow.rank,
                "status": "scheduled" if after.delay else "running", "due_at": begins, "started_at": begins,
                "seed": at.new_id().int & (2**63 - 1), "event": at.due.event,
            }
        )  # fmt: skip
        if not after.delay:
            at.happened("enrolled", playbook=follow.key, version=follow.version, came_from=at.due.playbook)
            at.writes.events[-1].enrollment_id = entered  # the beginning of the new one, not a part of this one
        at.note("after", after.enroll, until=begins)
    elif after.close:
        at.happened("closed", reason="unresponsive")
        at.lead_becomes("closed")
    else:
        at.ask(
            "review",
            f"{at.called()}: the playbook is over and nobody answered. Decide what comes next",
            at.now + REST,
            at.owner,
        )
    at.note("end", end.reason)
    _record(at, None)


def _record(at: Look, due_at: datetime | None) -> None:
    # What did not go out is what people look for, so a hold or refusal names the look; what went out has touches of its own.
    first = at.done[0] if at.done else NOTHING_DUE
    for one in at.done:
        if one["do"] in ("hold", "refuse"):
            first = one
            break
    at.writes.decisions.append(
        {
            "lane": at.writes.lane, "lead_id": at.due.lead_id, "workspace_id": at.due.workspace_id, "enrollment_id": at.due.id,
            "version_id": at.due.version_id, "rules": at.rules.version, "seen": at.history.seen,
            "at": at.now, "result": first["do"], "reason": first["reason"],
            "until": due_at, "lead": {name: at.history.lead.get(name) for name in at.version.playbook.lead_reads},
            "body": at.done,
        }
    )  # fmt: skip


@lru_cache(maxsize=8192)
def digest_of(findings: tuple[Finding, ...]) -> str:
    """Names findings by what they say: equal ones have equal digests in every process."""
    return blake2b(msgspec.json.encode(findings), digest_size=12).hexdigest()


NOTHING_DUE: dict[str, Any] = {"do": "wait", "reason": ""}
