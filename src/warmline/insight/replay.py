"""Deciding again: every stored decision, from the events that it had seen (invariant 6).

What `decide` answers follows from the pinned version, the history up to `seen`, the time, what the conditions read of
the lead then, and what the gate said. All of that is stored. The gate's word is taken as it stands, so that one fault
shows once; and the gate is asked again wherever what it saw then can be told (replay_gate.py). Office hours and the lead's
calendar zone are those of now: a decision that hung on one that was changed since may come out otherwise, and then `same`
is false.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from warmline import rules
from warmline.core.condition import ConditionError
from warmline.core.decide import Ask, Decision, Escalate, Expire, HandOver, Reach, Skip, decide
from warmline.core.events import Event
from warmline.core.history import History
from warmline.core.playbook import Call, Office, Playbook
from warmline.core.policy import office_of
from warmline.core.standing import calendar_zone, history_of
from warmline.insight.replay_gate import GateAgain
from warmline.rules.binding import zones_known
from warmline.store import due, playbooks, stories, workspaces
from warmline.store.stories import Did, Look

#: A playbook comes to rest in far fewer.
ROUNDS = 64

#: What follows from the workspace as it was published then, and not from the story.
BESIDE = frozenset({"after"})

#: After these the engine does not decide anew: they wait for a receipt, or for a person.
RESTING = frozenset({"touch.planned", "task.opened"})


class Step(msgspec.Struct, frozen=True):
    """One action of a decision. `do`: reach, ask, expire, skip, hand_off, escalate, end, or error where a condition can't
    be answered any more; `reason`: the signal, the clock, why it ended or was skipped, the error."""

    do: str
    step: str = ""
    channel: str = ""
    template: str = ""
    reason: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """A stored decision, and what deciding again comes to. `look` is its number in the story."""

    look: int
    at: datetime
    playbook: str
    version: int
    stored: tuple[Step, ...]
    again: tuple[Step, ...]
    gate: tuple[str, ...] = ()  # what the gate, asked again, says otherwise
    asked: int = 0  # how often it could be asked again

    @property
    def same(self) -> bool:
        return self.stored == self.again and not self.gate


def replay(conn: psycopg.Connection, lane: int, lead_id: UUID) -> list[Replayed]:
    """Every decision of a lead, in order; none when there is no such lead."""
    lead = due.know(conn, lane, [lead_id]).get(lead_id)
    record = stories.read_record(conn, lane, lead_id)
    if lead is None or record is None:
        return []
    config = workspaces.load(conn, lead.workspace_id).config
    runs = {run.id: run for run in record.runs}
    versions = playbooks.versions(conn, {look.version_id for look in record.looks})
    zones = zones_known(lead)
    gate = GateAgain(conn, config, lead, zones)
    replayed = []
    for look in record.looks:
        run, version = runs[look.enrollment_id], versions[look.version_id]
        office = office_of(config, rules.holidays(), look.at.date())
        seen = [event for event in lead.events if event.seq <= look.seen]
        zone = calendar_zone(zones, office.zone)
        history = history_of(str(run.id), run.seed, run.started_at, zone, look.lead, run.event, seen)
        before = gate.asked
        again, otherwise = _again(look, version.playbook, history, office, gate)
        replayed.append(
            Replayed(
                look.seq, look.at, run.playbook, version.version, tuple(_stored(look)), tuple(again), tuple(otherwise),
                gate.asked - before,
            )
        )  # fmt: skip
    return replayed


def _again(
    look: Look, playbook: Playbook, history: History, office: Office, gate: GateAgain
) -> tuple[list[Step], list[str]]:
    again: list[Step] = []
    otherwise: list[str] = []
    said = iter(look.body)
    try:
        for _ in range(ROUNDS):
            if not _carry_out(decide(playbook, history, look.at, office), history, look, said, again, gate, otherwise):
                break
    except ConditionError as error:
        again.append(Step("error", reason=str(error)))
    return again, otherwise


def _carry_out(
    decision: Decision, history: History, look: Look, said: Iterator[Did], again: list[Step], gate: GateAgain,
    otherwise: list[str],
) -> bool:  # fmt: skip
    """Do what the engine did after each action: fold in what it recorded, by the gate's word. True when it decided anew."""
    moved = False
    for action in decision.actions:
        did = next((one for one in said if one.do not in BESIDE), None)
        step, event = _does(action, did)
        again.append(step)
        if did is not None and isinstance(action, Reach | Ask) and step.channel:
            said_now = gate.differs(look, action.step, step.channel, history, did)
            otherwise += [f"{step.step} by {step.channel}: {said_now}"] if said_now else []
        if event is not None:
            kind, channel, data = event
            touch = "planned anew" if kind == "touch.planned" else None
            history.apply(Event(kind, look.at, 0, history.enrollment, step.step, channel, touch, data))
            moved = moved or kind not in RESTING
    if decision.end is not None:
        again.append(Step("end", reason=decision.end.reason))
        return False
    return moved


def _does(
    action: Reach | Ask | Expire | Skip | HandOver | Escalate, did: Did | None
) -> tuple[Step, tuple[str, str, dict[str, Any]] | None]:
    """The action, and the event that carrying it out recorded: kind, channel, data."""
    word, reason = (did.do, did.reason) if did is not None else ("", "")
    match action:
        case Reach(step, channel, template, last):
            done = Step("reach", step.name, channel, template)
            if word == "plan":
                return done, ("touch.planned", channel, {})
            if word == "refuse" or (word == "hold" and did is not None and did.until is None and not last):
                return done, ("touch.refused", channel, {"reason": reason, "last": last})
            return done, None
        case Ask(step):
            by = "call" if isinstance(step, Call) else ""
            done = Step("ask", step.name, by)
            if word == "refuse":
                return done, ("step.skipped", by, {"reason": reason})
            return done, ("task.opened", by, {}) if word == "ask" else None
        case Expire(step, last):
            by = "call" if isinstance(step, Call) else ""
            return Step("expire", step.name), ("task.expired", by, {"last": last})
        case Skip(step, why):
            return Step("skip", step.name, reason=why), ("step.skipped", "", {"reason": why})
        case HandOver(signal, due_at, _):
            data = {"signal": signal, "due": due_at.isoformat()}
            return Step("hand_off", reason=signal), ("handed.off", "", data)
        case Escalate(what):
            return Step("escalate", reason=what), ("escalated", "", {"what": what})


def _stored(look: Look) -> Iterator[Step]:
    for did in look.body:
        if did.do in BESIDE:
            continue
        if did.do in ("plan", "hold", "refuse", "ask"):
            reach = bool(did.template)
            yield Step("reach" if reach else "ask", did.step, did.channel, did.template)
        else:
            yield Step(did.do, did.step, reason=did.reason)
