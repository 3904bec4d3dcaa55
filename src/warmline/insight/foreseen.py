"""What comes next for a lead, and how far each step of its playbook has come.

Pure but for its inputs: `decide` and the gate are asked as the engine asks them, at the instant at which the engine
will look next. What reaches nobody, such as a skip or a task that runs out, is followed to what comes behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from warmline.core import gate
from warmline.core.condition import ConditionError
from warmline.core.decide import Ask, End, Escalate, Expire, HandOver, Reach, Skip, decide
from warmline.core.events import SIGNAL_TITLES, Event
from warmline.core.gate import Rules, Verdict
from warmline.core.history import History, StepState
from warmline.core.message import Rendered, TemplateError, render
from warmline.core.places import Zones
from warmline.core.playbook import Call, Chore, Playbook, Send, Step
from warmline.core.recordings import Recordings
from warmline.core.schedule import Never, Waiting, due
from warmline.core.standing import Asked, facts_of, history_of
from warmline.core.timing import print_at
from warmline.core.values import values_of, variables
from warmline.core.words import print_duration
from warmline.insight.lines import Looked, named
from warmline.store.due import Known
from warmline.store.playbooks import Version
from warmline.store.stories import Run, Task, Touch
from warmline.store.workspaces import Workspace

State = Literal[
    "done", "missed", "skipped", "refused", "in_flight", "with_person", "due", "waiting", "never", "left_out"
]

#: Outcomes of a step that was over without anybody being reached, or without anybody having done it.
NOT_REACHED = frozenset({"missed", "unanswered", "expired"})

#: Each round moves time or settles a step; a playbook has far fewer of both.
ROUNDS = 200


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is read to look ahead: the lead, what binds, and the run that counts."""

    lead: Known
    workspace: Workspace
    rules: Rules
    zones: Zones
    zone: str
    run: Run
    version: Version
    now: datetime
    recordings: Recordings
    asked: Asked

    def history(self) -> History:
        """Folded anew at each call: looking ahead writes into it."""
        return history_of(
            str(self.run.id),
            self.run.seed,
            self.run.started_at,
            self.zone,
            values_of(self.lead),
            self.run.event,
            self.lead.events,
        )


class Coming(msgspec.Struct, frozen=True):
    """One thing ahead. `at` None: only an event or a person can bring it. `result` is the gate's answer for a touch at
    that time, with all its findings; `subject` and `text` are the words as they would go out now."""

    at: datetime | None
    who: str  # "machine", the key of a person, or "" for whoever takes it
    what: str  # reach, ask, skip, expire, hand_off, escalate, end, start, touch, task, parked, wait
    words: str
    step: str = ""
    channel: str = ""
    template: str = ""
    subject: str = ""
    text: str = ""
    result: str = ""
    rule: str = ""
    until: datetime | None = None
    findings: tuple[Looked, ...] = ()


class StepView(msgspec.Struct, frozen=True):
    """A step of the playbook and where it stands. `at`: when it came to that, or when it is due; None: not known."""

    name: str
    kind: Literal["send", "call", "task"]
    channels: tuple[str, ...]
    when: str  # as the playbook says it
    state: State
    at: datetime | None
    outcomes: dict[str, datetime]
    conditional: bool


def foresee(view: View | None, tasks: Sequence[Task], touches: Sequence[Touch]) -> tuple[Coming, ...]:
    """What comes next, by time: touches on their way, the open tasks of people, and what the machine will do if nothing
    happens meanwhile. No view: no run to look at."""
    ahead = [Coming(task.due_at, task.owner or "", "task", task.title, step=task.step) for task in tasks]
    if view is not None:
        ahead += [_on_its_way(view, touch) for touch in touches if touch.status in ("queued", "sending")]
        ahead += _of_run(view)
    return tuple(sorted(ahead, key=lambda one: (one.at is None, one.at or datetime.min.replace(tzinfo=UTC))))


def _on_its_way(view: View, touch: Touch) -> Coming:
    doing = "waits to be sent" if touch.status == "queued" else "is being sent"
    words = f"{touch.step} by {touch.channel} {doing}" + (f"; tried {touch.tries} times" if touch.tries > 1 else "")
    if touch.body:
        rendered = Rendered(touch.subject, touch.body)
    else:
        rendered, trouble = _preview(view, touch.template, touch.channel)
        words = f"{words}. {trouble}" if trouble else words
    return Coming(
        touch.ready_at,
        "machine",
        "touch",
        words,
        touch.step,
        touch.channel,
        touch.template,
        rendered.subject,
        rendered.text,
    )


def _of_run(view: View) -> list[Coming]:
    run = view.run
    if run.status == "scheduled":
        return [_start(view)]
    if run.status == "parked":
        return [Coming(None, "", "parked", f"Stopped by an error until it is replayed: {run.error}")]
    if run.status == "ended":
        return []
    try:
        return _look_ahead(view)
    except (ConditionError, RuntimeError) as error:
        return [Coming(run.due_at, "machine", "parked", f"Will stop with an error: {error}")]


def _start(view: View) -> Coming:
    """It waits for as long as a person has the lead: its time is looked at again each day, and says nothing then."""
    words = f"Enters the playbook {view.version.playbook.name}"
    if view.lead.status == "handed_off":
        return Coming(None, "machine", "start", f"{words}, not before a person hands the lead back")
    return Coming(view.run.due_at, "machine", "start", words)


def _look_ahead(view: View) -> list[Coming]:
    playbook, history, at = view.version.playbook, view.history(), view.now
    passed: list[Coming] = []
    held: dict[str, datetime] = {}  # step -> until when the gate holds it: what is due before that comes first
    for _ in range(ROUNDS):
        decision = decide(playbook, history, at, view.rules.office)
        if decision.end is not None:
            return [*passed, _seen(view, _end(decision.end, at))]
        news = [one for one in decision.actions if not (isinstance(one, Reach | Ask) and one.step.name in held)]
        for action in news:
            coming, gone = _coming(view, history, action, at)
            passed.append(_seen(view, coming))
            if gone is not None:
                history.apply(gone)
            elif coming.result == "hold" and coming.until is not None:
                held[coming.step] = coming.until
            else:
                return passed
        if news:
            continue
        if held and (decision.next_at is None or decision.next_at >= min(held.values())):
            return passed
        if decision.next_at is None:
            return [*passed, Coming(None, "machine", "wait", "Waits for an event: a receipt, a person, an answer")]
        at = max(decision.next_at, at)
    raise RuntimeError(f"the playbook {playbook.key} does not come to rest in {ROUNDS} looks ahead")


def _seen(view: View, coming: Coming) -> Coming:
    """What is due already happens when the engine looks next, which it has set itself."""
    if coming.at is None or coming.at > view.now or view.run.due_at is None:
        return coming
    return msgspec.structs.replace(coming, at=max(coming.at, view.run.due_at))


def _coming(
    view: View, history: History, action: Reach | Ask | Expire | Skip | HandOver | Escalate, at: datetime
) -> tuple[Coming, Event | None]:
    """The action in words; and, when it reaches nobody, the event that would record it, to look on behind it."""
    owner = view.lead.owner or ""
    match action:
        case Skip(step, reason):
            why = "its condition is not met" if reason == "condition" else "a later step has caught up with it"
            gone = _event(view, "step.skipped", at, step.name, reason=reason)
            return Coming(at, "machine", "skip", f"Skips {step.name}: {why}", step.name), gone
        case Reach():
            return _reach(view, history, action, at)
        case Ask(step, attempt, _):
            return _ask(view, history, step, attempt, at, owner)
        case Expire(step, last):
            more = "no further attempt follows" if last else "the next attempt follows"
            gone = _event(view, "task.expired", at, step.name, "call" if isinstance(step, Call) else "", last=last)
            return Coming(at, "machine", "expire", f"The open task of {step.name} runs out; {more}", step.name), gone
        case HandOver(signal, due_at, _):
            return Coming(
                at, "machine", "hand_off", f"Hands the lead to a person: {SIGNAL_TITLES[signal].lower()}", until=due_at
            ), None
        case Escalate(what):
            late = "nobody has taken the hand-off" if what == "hand_off" else "no person has reached out yet"
            told = _event(view, "escalated", at, what=what)
            return Coming(at, "machine", "escalate", f"Tells the manager if by then {late}"), told


def _reach(view: View, history: History, reach: Reach, at: datetime) -> tuple[Coming, Event | None]:
    step, channel = reach.step, reach.channel
    verdict = _gate(view, history, gate.Ask(channel, step.purpose), at, reach.template)
    rendered, trouble = _preview(view, reach.template, channel)
    words = f"Sends {step.name} by {channel}" if verdict.result == "allow" else _denied(step.name, channel, verdict)
    coming = Coming(
        at=verdict.until or at if verdict.result == "hold" else at,
        who="machine",
        what="reach",
        words=f"{words}. {trouble}" if trouble else words,
        step=step.name,
        channel=channel,
        template=reach.template,
        subject=rendered.subject,
        text=rendered.text,
        result=verdict.result,
        rule=verdict.rule,
        until=verdict.until,
        findings=named(verdict.findings),
    )
    if verdict.result == "allow" or (verdict.result == "hold" and (verdict.until is not None or reach.last)):
        return coming, None
    return coming, _event(view, "touch.refused", at, step.name, channel, reason=verdict.rule, last=reach.last)


def _ask(
    view: View, history: History, step: Call | Chore, attempt: int, at: datetime, owner: str
) -> tuple[Coming, Event | None]:
    manager = view.workspace.config.manager_of(view.lead.owner) or ""
    who = {"owner": owner, "team": "", "manager": manager}[step.by]
    if isinstance(step, Chore):
        return Coming(at, who, "ask", step.title, step.name), None
    verdict = _gate(view, history, gate.Ask("call", "marketing", office=step.hours == "office"), at)
    nth = f", attempt {attempt} of {step.attempts}" if step.attempts > 1 else ""
    words = f"Asks for a call: {step.name}{nth}" if verdict.result == "allow" else _denied(step.name, "call", verdict)
    rendered, trouble = _preview(view, step.script, "call") if step.script else (Rendered("", ""), "")
    coming = Coming(
        at=verdict.until or at if verdict.result == "hold" else at,
        who=who,
        what="ask",
        words=f"{words}. {trouble}" if trouble else words,
        step=step.name,
        channel="call",
        template=step.script,
        text=rendered.text,
        result=verdict.result,
        rule=verdict.rule,
        until=verdict.until,
        findings=named(verdict.findings),
    )
    if verdict.result != "refuse":
        return coming, None
    return coming, _event(view, "step.skipped", at, step.name, "call", reason=verdict.rule)


def _event(view: View, kind: str, at: datetime, step: str = "", channel: str = "", **data: Any) -> Event:
    return Event(kind, at, 0, str(view.run.id), step, channel, None, data)


def _gate(view: View, history: History, ask: gate.Ask, at: datetime, template: str = "") -> Verdict:
    config = view.workspace.config
    on = ask.channel == "call" or ask.channel in config.channels
    lacking = view.recordings.lacking(view.lead.owner, template) if ask.channel == "voicemail" else ""
    facts = facts_of(view.lead, view.zones, history, ask.channel, on, view.asked, lacking)
    return gate.check(ask, facts, view.rules, at)


def _denied(step: str, channel: str, verdict: Verdict) -> str:
    finding = next(one for one in verdict.findings if one.rule == verdict.rule)
    return f"{step} by {channel} {'waits' if verdict.result == 'hold' else 'will not go'}: {finding.saw}"


def _preview(view: View, name: str, channel: str) -> tuple[Rendered, str]:
    """The words as they would be now on that channel; what is wrong with the template where it can't be rendered."""
    template = view.version.templates.get(name)
    if template is None:
        return Rendered("", ""), f"The template {name} is not part of this version."
    try:
        return render(template, variables(view.lead, view.workspace.config, view.run.event, channel)), ""
    except TemplateError as error:
        return Rendered("", ""), str(error)


def _end(end: End, at: datetime) -> Coming:
    if end.after.enroll:
        later = f" after {print_duration(end.after.delay)}" if end.after.delay else ""
        follow = f", then enters {end.after.enroll}{later}"
    else:
        follow = ", then the lead is closed" if end.after.close else ", then a person decides"
    return Coming(
        at, "machine", "end", "The playbook is over" + (follow if end.reason == "finished" else ": opted out")
    )


def view_steps(view: View | None) -> tuple[StepView, ...]:
    """Every step of the run's playbook, in its order; none without a run."""
    if view is None:
        return ()
    history = view.history()
    return tuple(_step(view, view.version.playbook, history, step) for step in view.version.playbook.steps)


def _step(view: View, playbook: Playbook, history: History, step: Step) -> StepView:
    state = history.steps.get(step.name)
    stands, at = _stands(view, playbook, history, step, state)
    return StepView(
        name=step.name,
        kind="send" if isinstance(step, Send) else "call" if isinstance(step, Call) else "task",
        channels=tuple(step.channels) if isinstance(step, Send) else ("call",) if isinstance(step, Call) else (),
        when=print_at(step.at),
        state=stands,
        at=at,
        outcomes=dict(state.outcomes) if state else {},
        conditional=step.condition is not None,
    )


def _ended(outcomes: Collection[str]) -> State:
    """Of a step that is settled, with outcomes."""
    if set(outcomes) <= {"refused", "failed"}:
        return "refused"
    return "missed" if set(outcomes) <= NOT_REACHED else "done"


def _stands(
    view: View, playbook: Playbook, history: History, step: Step, state: StepState | None
) -> tuple[State, datetime | None]:
    if state is not None:
        if state.settled:
            if not state.outcomes:
                return "skipped", state.settled_at
            return _ended(state.outcomes.keys()), min(state.outcomes.values())
        if state.in_flight:
            return "in_flight", None
        if state.task_open_at is not None:
            return "with_person", state.task_open_at
    if view.run.status == "ended":
        return "left_out", None
    at = due(step, playbook, history, view.now)
    if isinstance(at, Never):
        return "never", None
    if isinstance(at, Waiting):
        return "waiting", at.until
    return "due", at
